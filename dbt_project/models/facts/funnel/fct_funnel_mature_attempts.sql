{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- Of all others the best attempt is the best of the closed ones: no need to look again.
open_entrants as (

    select
        best_attempts.funnel_id,
        best_attempts.part_value,
        best_attempts.user_id,
        best_attempts.entrant_id
    from {{ ref('fct_funnel_best_attempts') }} as best_attempts
    inner join {{ ref('dim_funnels') }} as funnels
        on best_attempts.funnel_id = funnels.funnel_id
        and funnels.count_by = 'users'
    inner join horizon on best_attempts.matures_at > horizon.data_through_at
    where best_attempts.grain = 'all'

),

entries as (

    select
        entries.funnel_id,
        entries.part_value,
        entries.user_id,
        entries.entrant_id,
        entries.is_breakdown_thread,
        entries.entry_date,
        entries.closes_at,
        case
            when entries.closes_at <= horizon.data_through_at
                then {{ attempt_counting_order('entries') }}
        end as counting_order
    from {{ ref('step_funnel_entries') }} as entries
    inner join open_entrants
        on entries.funnel_id = open_entrants.funnel_id
        and entries.user_id = open_entrants.user_id
        and entries.entrant_id = open_entrants.entrant_id
        and entries.part_value is not distinct from open_entrants.part_value
    cross join horizon

),

periods as (

    {{ in_entry_periods('entries') }}

),

best_closed as (

    select
        periods.funnel_id,
        periods.grain,
        periods.part_value,
        periods.user_id,
        periods.entrant_id,
        periods.is_breakdown_thread,
        min(periods.counting_order) as counting_order,
        periods.period_start_date
    from periods
    cross join horizon
    group by
        periods.funnel_id, periods.grain, periods.part_value, periods.user_id,
        periods.entrant_id, periods.is_breakdown_thread, periods.period_start_date
    having
        max(periods.closes_at) > max(horizon.data_through_at)
        and count(periods.counting_order) > 0

)

select
    best_closed.funnel_id,
    best_closed.grain,
    best_closed.part_value,
    best_closed.user_id,
    attempts.attempt_number,
    best_closed.entrant_id,
    attempts.reached_step,
    attempts.required_step_count,
    attempts.step_count,
    attempts.is_void,
    attempts.is_ignored,
    best_closed.period_start_date,
    attempts.entered_at,
    {% for step in steps -%}
    attempts.step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from best_closed
inner join {{ ref('fct_funnel_opened_attempts') }} as attempts
    on best_closed.funnel_id = attempts.funnel_id
    and best_closed.user_id = attempts.user_id
    and best_closed.counting_order = {{ attempt_counting_order('attempts') }}
    and best_closed.is_breakdown_thread = attempts.is_breakdown_thread
    and (
        not best_closed.is_breakdown_thread
        or best_closed.part_value = attempts.breakdown_value
    )
