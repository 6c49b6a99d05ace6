{# Loops over the steps that some funnel has: the time of each is a column of its attempts, and
   what is counted of each becomes one, so that an attempt is one row until it is counted. #}
{%- set steps = funnel_steps() -%}
with

funnels as (

    select * from {{ ref('dim_funnels') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

entry_periods as (

    select * from {{ ref('fct_funnel_entry_periods') }}

),

-- Of each step the nearest earlier required one.
previous_steps as (

    select
        funnel_id,
        {% for step in steps -%}
        max(case when step_number = {{ step }} then previous_step_number end)
            as previous_of_{{ step }}{{ ',' if not loop.last }}
        {% endfor %}
    from steps
    group by funnel_id

),

counted as (

    select
        funnel_id,
        grain,
        breakdown_value,
        count(*) as entrant_count,
        {% for step in steps -%}
        count(step_{{ step }}_at) as reached_{{ step }},
        {% endfor -%}
        period_start_date
    from {{ ref('fct_funnel_counted_attempts') }}
    where is_counted
    group by funnel_id, grain, period_start_date, breakdown_value

),

timed as (

    select
        counted_attempts.*,
        {% for step in steps[1:] -%}
        {{ microseconds_between(
            step_time('counted_attempts', 'previous_steps.previous_of_' ~ step, step - 1),
            'counted_attempts.step_' ~ step ~ '_at'
        ) }} as microseconds_{{ step }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_funnel_counted_attempts') }} as counted_attempts
    inner join previous_steps on counted_attempts.funnel_id = previous_steps.funnel_id
    where counted_attempts.is_mature

),

mature as (

    select
        funnel_id,
        grain,
        breakdown_value,
        count(*) as entrant_count,
        {% for step in steps -%}
        count(step_{{ step }}_at) as reached_{{ step }},
        {% endfor -%}
        {% for step in steps[1:] -%}
        {{ step_seconds('microseconds_' ~ step, '_' ~ step) | indent(8) }}
        {% endfor -%}
        period_start_date
    from timed
    group by funnel_id, grain, period_start_date, breakdown_value

),

-- Of funnels whose times are not those of the attempts that count.
times as (

    select
        counted_attempts.funnel_id,
        counted_attempts.grain,
        counted_attempts.breakdown_value,
        timed_attempts.step_number,
        {{ step_seconds('timed_attempts.microseconds_from_previous') | indent(8) }}
        counted_attempts.period_start_date
    from {{ ref('fct_funnel_counted_attempts') }} as counted_attempts
    inner join {{ ref('fct_funnel_timed_attempts') }} as timed_attempts
        on counted_attempts.funnel_id = timed_attempts.funnel_id
        and counted_attempts.grain = timed_attempts.grain
        and counted_attempts.user_id = timed_attempts.user_id
        and counted_attempts.entrant_id = timed_attempts.entrant_id
        and counted_attempts.breakdown_value
        is not distinct from timed_attempts.breakdown_value
        and counted_attempts.period_start_date
        is not distinct from timed_attempts.period_start_date
    where
        counted_attempts.is_mature
        and {{ step_time('counted_attempts', 'timed_attempts.step_number') }} is not null
    group by
        counted_attempts.funnel_id, counted_attempts.grain, counted_attempts.period_start_date,
        counted_attempts.breakdown_value, timed_attempts.step_number

),

-- The total over all periods always exists, also where nobody entered.
periods as (

    select
        funnel_id,
        grain,
        period_start_date,
        breakdown_value
    from counted

    union

    select
        funnel_id,
        grain,
        period_start_date,
        breakdown_value
    from mature

    union

    select
        funnel_id,
        'all' as grain,
        cast(null as date) as period_start_date,
        cast(null as {{ dbt.type_string() }}) as breakdown_value
    from funnels

),

closed as (

    select
        periods.*,
        funnels.conversion_time,
        case
            when periods.grain = 'all' then coalesce(funnels.to_at <= horizon.data_through_at, false)
            else {{ is_period_over('periods.grain', 'periods.period_start_date', '0') }}
        end as is_period_closed
    from periods
    inner join funnels on periods.funnel_id = funnels.funnel_id
    cross join horizon

),

by_step as (

    select
        closed.funnel_id,
        closed.grain,
        closed.breakdown_value,
        steps.step_number,
        steps.event_name as step_event_name,
        coalesce(counted.entrant_count, 0) as entrant_count,
        coalesce({{ of_step('counted.reached', 'steps.step_number') }}, 0) as reached_count,
        coalesce(mature.entrant_count, 0) as mature_entrant_count,
        coalesce({{ of_step('mature.reached', 'steps.step_number') }}, 0)
            as mature_reached_count,
        case
            when steps.previous_step_number is not null
                then coalesce({{ of_step('mature.reached', 'steps.previous_step_number') }}, 0)
        end as mature_previous_count,
        {% for name in ['mean', 'median', 'p90'] -%}
        case
            when closed.conversion_time = 'counted_attempt'
                then {{ of_step('mature.' ~ name ~ '_seconds', 'steps.step_number', 2) }}
            else times.{{ name }}_seconds
        end as {{ name }}_seconds,
        {% endfor -%}
        steps.is_optional,
        closed.is_period_closed
            and coalesce(entry_periods.is_every_window_closed, true) as is_mature,
        closed.period_start_date
    from closed
    inner join steps on closed.funnel_id = steps.funnel_id
    left join counted
        on closed.funnel_id = counted.funnel_id
        and closed.grain = counted.grain
        and closed.period_start_date is not distinct from counted.period_start_date
        and closed.breakdown_value is not distinct from counted.breakdown_value
    left join mature
        on closed.funnel_id = mature.funnel_id
        and closed.grain = mature.grain
        and closed.period_start_date is not distinct from mature.period_start_date
        and closed.breakdown_value is not distinct from mature.breakdown_value
    left join times
        on closed.funnel_id = times.funnel_id
        and closed.grain = times.grain
        and steps.step_number = times.step_number
        and closed.period_start_date is not distinct from times.period_start_date
        and closed.breakdown_value is not distinct from times.breakdown_value
    left join entry_periods
        on closed.funnel_id = entry_periods.funnel_id
        and closed.grain = entry_periods.grain
        and closed.period_start_date is not distinct from entry_periods.period_start_date
        and closed.breakdown_value is not distinct from entry_periods.breakdown_value

)

select
    funnel_id,
    grain,
    breakdown_value,
    step_number,
    step_event_name,
    entrant_count,
    reached_count,
    mature_entrant_count,
    mature_reached_count,
    mature_previous_count,
    {{ rate('mature_reached_count', 'mature_entrant_count') }} as rate_from_start,
    {{ rate('mature_reached_count', 'mature_previous_count') }} as rate_from_previous,
    cast(mean_seconds as double) as mean_seconds_from_previous,
    cast(median_seconds as double) as median_seconds_from_previous,
    cast(p90_seconds as double) as p90_seconds_from_previous,
    is_optional,
    is_mature,
    period_start_date
from by_step
