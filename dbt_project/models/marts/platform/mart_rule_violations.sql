with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

violations as (

    select
        violations.*,
        {{ grain_starts('violations.occurred_date') }}
    from {{ ref('fct_rule_violations') }} as violations

),

-- Who breaks a rule is there, whether anything else is said of them or not.
active_days as (

    select
        merchant_id,
        event_date as active_date
    from {{ ref('step_merchant_days') }}
    where merchant_id is not null
    union
    select
        merchant_id,
        occurred_date as active_date
    from violations

),

active_by_day as (

    select
        merchant_id,
        {{ grain_starts('active_date') }}
    from active_days

),

active as (

    select
        {{ grain_columns() }},
        count(distinct merchant_id) as active_merchant_count
    from active_by_day
    group by {{ grain_sets([]) }}

),

offenders as (

    select
        merchant_id,
        {{ grain_columns() }},
        count(*) > 1
        or bool_or(coalesce(
            {{ add_seconds('previous_occurred_at', var('offender_window_days') * 86400) }}
            >= occurred_at,
            false
        )) as is_repeat
    from violations
    group by {{ grain_sets(['merchant_id']) }}

),

-- Once in all, and once below the rule and how grave it is.
dimensioned as (

    select
        cast(null as {{ dbt.type_string() }}) as rule_key,
        cast(null as {{ dbt.type_string() }}) as severity_key,
        violations.*
    from violations

    union all

    select
        coalesce(violations.rule_id, '') as rule_key,
        coalesce(violations.severity, '') as severity_key,
        violations.*
    from violations

),

by_merchant as (

    select
        rule_key,
        severity_key,
        merchant_id,
        {{ grain_columns() }}
    from dimensioned
    group by {{ grain_sets(['rule_key', 'severity_key', 'merchant_id']) }}

),

repeating as (

    select
        by_merchant.rule_key,
        by_merchant.severity_key,
        by_merchant.grain,
        by_merchant.period_start_date,
        count(*) as violating_merchant_count,
        count(case when offenders.is_repeat then 1 end) as repeat_offender_count
    from by_merchant
    inner join offenders
        on by_merchant.merchant_id = offenders.merchant_id
        and by_merchant.grain = offenders.grain
        and by_merchant.period_start_date is not distinct from offenders.period_start_date
    group by
        by_merchant.rule_key,
        by_merchant.severity_key,
        by_merchant.grain,
        by_merchant.period_start_date

),

counted as (

    select
        rule_key,
        severity_key,
        {{ grain_columns() }},
        count(*) as violation_count,
        count(resolved_at) as resolved_count,
        {{ discrete_median('seconds_to_resolution') }} as median_seconds_to_resolution
    from dimensioned
    group by {{ grain_sets(['rule_key', 'severity_key']) }}

),

dated as (

    select
        null as rule_key,
        null as severity_key,
        active_date as first_date
    from active_days

    union all

    select
        coalesce(rule_id, '') as rule_key,
        coalesce(severity, '') as severity_key,
        occurred_date as first_date
    from violations

),

firsts as (

    select
        rule_key,
        severity_key,
        min(first_date) as first_date,
        max(first_date) as last_date
    from dated
    group by rule_key, severity_key

),

periods as (

    {{ every_period('firsts') }}

),

filled as (

    select
        periods.grain,
        firsts.rule_key as rule_id,
        firsts.severity_key as severity,
        coalesce(counted.violation_count, 0) as violation_count,
        coalesce(repeating.violating_merchant_count, 0) as violating_merchant_count,
        coalesce(active.active_merchant_count, 0) as active_merchant_count,
        coalesce(repeating.repeat_offender_count, 0) as repeat_offender_count,
        coalesce(counted.resolved_count, 0) as resolved_count,
        counted.median_seconds_to_resolution,
        periods.period_start_date
    from firsts
    inner join periods on firsts.first_date <= periods.last_date
    left join counted
        on firsts.rule_key is not distinct from counted.rule_key
        and firsts.severity_key is not distinct from counted.severity_key
        and periods.grain = counted.grain
        and periods.period_start_date is not distinct from counted.period_start_date
    left join repeating
        on firsts.rule_key is not distinct from repeating.rule_key
        and firsts.severity_key is not distinct from repeating.severity_key
        and periods.grain = repeating.grain
        and periods.period_start_date is not distinct from repeating.period_start_date
    left join active
        on periods.grain = active.grain
        and periods.period_start_date is not distinct from active.period_start_date

),

final as (

    select
        filled.grain,
        filled.rule_id,
        filled.severity,
        filled.violation_count,
        filled.violating_merchant_count,
        filled.active_merchant_count,
        {{ rate_with_bounds(
            'filled.violating_merchant_count', 'filled.active_merchant_count', 'violation_rate'
        ) }},
        filled.repeat_offender_count,
        {{ rate_with_bounds(
            'filled.repeat_offender_count',
            'filled.violating_merchant_count',
            'repeat_offender_rate'
        ) }},
        filled.resolved_count,
        filled.violation_count - filled.resolved_count as open_count,
        filled.median_seconds_to_resolution,
        {{ is_period_over('filled.grain', 'filled.period_start_date', '0') }} as is_mature,
        filled.period_start_date
    from filled
    cross join horizon

)

select * from final
