with

parts as (

    select
        session_pages.*,
        {{ grain_starts('session_pages.session_date') }}
    from {{ ref('fct_session_pages') }} as session_pages

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

open_sessions as (

    {{ first_open_session() }}

),

pages as (

    select
        page,
        {{ grain_columns() }},
        count(*) as page_session_count
    from parts
    where element is null
    group by {{ grain_sets(['page']) }}

),

elements as (

    select
        page,
        element,
        min(session_date) as first_date,
        row_number() over (order by sum(event_count) desc, page, element) as place
    from parts
    where element is not null
    group by page, element

),

-- A day on which an element of those that stand by name was not clicked is still a row, from its
-- first on.
by_day as (

    select
        page,
        element,
        user_id,
        event_count,
        case when is_viewed then 1 else 0 end as session_count,
        day_start_date,
        week_start_date,
        month_start_date
    from parts
    where element is not null

    union all

    select
        elements.page,
        elements.element,
        cast(null as {{ dbt.type_string() }}) as user_id,
        0 as event_count,
        0 as session_count,
        {{ grain_starts('dates.date_day') }}
    from elements
    inner join {{ ref('dim_days') }} as dates on elements.first_date < dates.date_day
    where elements.place <= {{ var('page_limit') }}

),

clicked as (

    select
        page,
        element,
        {{ grain_columns() }},
        sum(event_count) as click_count,
        count(distinct user_id) as user_count,
        sum(session_count) as clicked_session_count
    from by_day
    group by {{ grain_sets(['page', 'element']) }}

),

ranked as (

    select
        clicked.*,
        coalesce(pages.page_session_count, 0) as page_session_count,
        row_number() over (
            partition by clicked.grain, clicked.period_start_date
            order by clicked.click_count desc, clicked.page, clicked.element
        ) <= {{ var('page_limit') }} as is_named
    from clicked
    left join pages
        on clicked.page = pages.page
        and clicked.grain = pages.grain
        and clicked.period_start_date is not distinct from pages.period_start_date

),

-- Users and sessions count once for each element that is not named.
named as (

    select
        grain,
        period_start_date,
        case when is_named then page else 'Other' end as page,
        case when is_named then element else 'Other' end as element,
        cast(sum(click_count) as bigint) as click_count,
        cast(sum(user_count) as bigint) as user_count,
        cast(sum(clicked_session_count) as bigint) as clicked_session_count,
        cast(sum(page_session_count) as bigint) as page_session_count
    from ranked
    where is_named or click_count > 0
    group by
        grain,
        period_start_date,
        case when is_named then page else 'Other' end,
        case when is_named then element else 'Other' end

),

final as (

    select
        named.grain,
        named.page,
        named.element,
        named.click_count,
        named.user_count,
        named.clicked_session_count,
        named.page_session_count,
        {{ rate_with_bounds(
            'named.clicked_session_count', 'named.page_session_count', 'click_rate'
        ) }},
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
