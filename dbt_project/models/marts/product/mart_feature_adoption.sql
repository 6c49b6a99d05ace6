with

features as (

    select * from {{ ref('dim_features') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

adoptions as (

    select
        adoptions.feature_id,
        adoptions.user_id,
        adoptions.eligible_date,
        adoptions.adopted_at,
        {{ add_seconds('adoptions.eligible_at', 'features.window_days * 86400') }}
        <= horizon.data_through_at as is_over,
        case
            when
                adoptions.adopted_at
                <= {{ add_seconds('adoptions.eligible_at', 'features.window_days * 86400') }}
                then {{ microseconds_between('adoptions.eligible_at', 'adoptions.adopted_at') }}
                    / 1000000.0e0
        end as seconds_to_adopt
    from {{ ref('fct_feature_adoptions') }} as adoptions
    inner join features on adoptions.feature_id = features.feature_id
    cross join horizon

),

first_dates as (

    select
        feature_id,
        min(eligible_date) as first_date
    from adoptions
    group by feature_id

),

-- A day on which nobody became eligible is still a row, from the first on.
by_day as (

    select
        feature_id,
        user_id,
        adopted_at,
        is_over,
        seconds_to_adopt,
        {{ grain_starts('eligible_date') }}
    from adoptions

    union all

    select
        first_dates.feature_id,
        null as user_id,
        null as adopted_at,
        false as is_over,
        null as seconds_to_adopt,
        {{ grain_starts('dates.date_day') }}
    from first_dates
    inner join {{ ref('dim_days') }} as dates on dates.date_day > first_dates.first_date

),

counted as (

    select
        feature_id,
        {{ grain_columns() }},
        count(user_id) as eligible_count,
        count(adopted_at) as adopter_count,
        count(case when is_over then 1 end) as mature_eligible_count,
        count(case when is_over then seconds_to_adopt end) as mature_adopter_count,
        {{ discrete_median('case when is_over then seconds_to_adopt end') }}
            as median_seconds_to_adopt
    from by_day
    group by {{ grain_sets(['feature_id']) }}

),

final as (

    select
        counted.feature_id,
        counted.grain,
        counted.eligible_count,
        counted.adopter_count,
        counted.mature_eligible_count,
        counted.mature_adopter_count,
        {{ rate_with_bounds(
            'counted.mature_adopter_count', 'counted.mature_eligible_count', 'adoption_rate'
        ) }},
        counted.median_seconds_to_adopt,
        {{ is_period_over('counted.grain', 'counted.period_start_date', 'features.window_days') }}
            as is_mature,
        counted.period_start_date
    from counted
    inner join features on counted.feature_id = features.feature_id
    cross join horizon

)

select * from final
