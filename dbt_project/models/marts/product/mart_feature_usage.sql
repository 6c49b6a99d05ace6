with

uses as (

    select * from {{ ref('fct_feature_uses') }}

),

dates as (

    select * from {{ ref('dim_days') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

first_dates as (

    select
        feature_id,
        min(event_date) as first_date
    from uses
    group by feature_id

),

-- A day on which nobody used a feature is still a row, from its first use on.
by_day as (

    select
        feature_id,
        user_id,
        count(*) as use_count,
        {{ grain_starts('event_date') }}
    from uses
    group by feature_id, user_id, event_date

    union all

    select
        first_dates.feature_id,
        null as user_id,
        0 as use_count,
        {{ grain_starts('dates.date_day') }}
    from first_dates
    inner join dates on dates.date_day > first_dates.first_date

),

by_user as (

    select
        feature_id,
        user_id,
        {{ grain_columns() }},
        sum(use_count) as use_count
    from by_day
    group by {{ grain_sets(['feature_id', 'user_id']) }}

),

counted as (

    select
        feature_id,
        grain,
        period_start_date,
        count(user_id) as user_count,
        cast(sum(use_count) as bigint) as use_count
    from by_user
    group by feature_id, grain, period_start_date

),

-- None is missing, so the one before is the one just before.
in_order as (

    select
        counted.*,
        case when grain <> 'all' then lag(user_count, 1, 0) over of_grain end
            as previous_user_count,
        lag(period_start_date) over of_grain as previous_start_date
    from counted
    window of_grain as (partition by feature_id, grain order by period_start_date)

),

retained as (

    select
        by_user.feature_id,
        by_user.grain,
        by_user.period_start_date,
        count(*) as retained_user_count
    from by_user
    inner join in_order
        on by_user.feature_id = in_order.feature_id
        and by_user.grain = in_order.grain
        and by_user.period_start_date = in_order.period_start_date
    inner join by_user as before
        on by_user.feature_id = before.feature_id
        and by_user.grain = before.grain
        and by_user.user_id = before.user_id
        and in_order.previous_start_date = before.period_start_date
    group by by_user.feature_id, by_user.grain, by_user.period_start_date

),

adopted as (

    select
        feature_id,
        {{ grain_starts('adopted_date') }}
    from {{ ref('fct_feature_adoptions') }}
    where adopted_date is not null

),

new_adopters as (

    select
        feature_id,
        {{ grain_columns() }},
        count(*) as new_adopter_count
    from adopted
    group by {{ grain_sets(['feature_id']) }}

),

active as (

    select
        grain,
        period_start_date,
        active_user_count
    from {{ ref('mart_growth_accounting') }}
    where activity_id = 'any'

    union all

    select
        'all' as grain,
        cast(null as date) as period_start_date,
        count(*) as active_user_count
    from {{ ref('fct_user_active_days') }}
    where previous_activity_date is null

),

joined as (

    select
        in_order.feature_id,
        in_order.grain,
        active.active_user_count,
        in_order.user_count,
        in_order.use_count,
        coalesce(new_adopters.new_adopter_count, 0) as new_adopter_count,
        in_order.previous_user_count,
        case when in_order.grain <> 'all' then coalesce(retained.retained_user_count, 0) end
            as retained_user_count,
        in_order.period_start_date
    from in_order
    inner join active
        on in_order.grain = active.grain
        and in_order.period_start_date is not distinct from active.period_start_date
    left join new_adopters
        on in_order.feature_id = new_adopters.feature_id
        and in_order.grain = new_adopters.grain
        and in_order.period_start_date is not distinct from new_adopters.period_start_date
    left join retained
        on in_order.feature_id = retained.feature_id
        and in_order.grain = retained.grain
        and in_order.period_start_date = retained.period_start_date

),

final as (

    select
        joined.feature_id,
        joined.grain,
        joined.active_user_count,
        joined.user_count,
        {{ rate_with_bounds('joined.user_count', 'joined.active_user_count', 'usage_rate') }},
        joined.use_count,
        {{ rate('joined.use_count', 'joined.user_count') }} as uses_per_user,
        joined.new_adopter_count,
        joined.previous_user_count,
        joined.retained_user_count,
        {{ rate_with_bounds(
            'joined.retained_user_count', 'joined.previous_user_count', 'retention_rate'
        ) }},
        {{ is_period_over('joined.grain', 'joined.period_start_date', '0') }} as is_mature,
        joined.period_start_date
    from joined
    cross join horizon

)

select * from final
