with

sessions as (

    select * from {{ ref('fct_session_pages') }} where element is null

),

pages as (

    select
        page,
        min(session_date) as first_date,
        row_number() over (order by count(*) desc, page) as place
    from sessions
    group by page

),

-- A day on which a page of those that stand by name was not seen is still a row, from its first on.
by_day as (

    select
        page,
        1 as session_count,
        case when is_entry then 1 else 0 end as entry_count,
        case when is_exit then 1 else 0 end as exit_count,
        case when is_bounce then 1 else 0 end as bounce_count,
        {{ grain_starts('session_date') }}
    from sessions

    union all

    select
        pages.page,
        0 as session_count,
        0 as entry_count,
        0 as exit_count,
        0 as bounce_count,
        {{ grain_starts('dates.date_day') }}
    from pages
    inner join {{ ref('dim_days') }} as dates on pages.first_date < dates.date_day
    where pages.place <= {{ var('page_limit') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

open_sessions as (

    {{ first_open_session() }}

),

counted as (

    select
        page,
        {{ grain_columns() }},
        sum(session_count) as session_count,
        sum(entry_count) as entry_count,
        sum(exit_count) as exit_count,
        sum(bounce_count) as bounce_count
    from by_day
    group by {{ grain_sets(['page']) }}

),

ranked as (

    select
        counted.*,
        row_number() over (
            partition by grain, period_start_date order by session_count desc, page
        ) <= {{ var('page_limit') }} as is_named
    from counted

),

-- A session counts once for each page that is not named.
named as (

    select
        grain,
        period_start_date,
        case when is_named then page else 'Other' end as page,
        cast(sum(session_count) as bigint) as session_count,
        cast(sum(entry_count) as bigint) as entry_count,
        cast(sum(exit_count) as bigint) as exit_count,
        cast(sum(bounce_count) as bigint) as bounce_count
    from ranked
    where is_named or session_count > 0
    group by grain, period_start_date, case when is_named then page else 'Other' end

),

final as (

    select
        named.grain,
        named.page,
        named.session_count,
        named.entry_count,
        named.exit_count,
        named.bounce_count,
        {{ rate_with_bounds('named.exit_count', 'named.session_count', 'exit_rate') }},
        {{ is_period_over('named.grain', 'named.period_start_date', '0') }}
        and coalesce(
            {{ period_after('named.grain', 'named.period_start_date', '1') }}
            <= open_sessions.first_open_date,
            true
        ) as is_mature,
        named.period_start_date
    from named
    cross join horizon
    cross join open_sessions

)

select * from final
