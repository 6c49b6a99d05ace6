with

pages as (

    select
        session_pages.*,
        {{ grain_starts('session_pages.session_date') }}
    from {{ ref('fct_session_pages') }} as session_pages
    where session_pages.element is null

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

counted as (

    select
        page,
        {{ grain_columns() }},
        count(*) as session_count,
        sum(case when is_entry then 1 else 0 end) as entry_count,
        sum(case when is_exit then 1 else 0 end) as exit_count,
        sum(case when is_bounce then 1 else 0 end) as bounce_count
    from pages
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
        {{ is_period_over('named.grain', 'named.period_start_date', '0') }} as is_mature,
        named.period_start_date
    from named
    cross join horizon

)

select * from final
