{{ config(materialized='view') }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{%- set columns = [
    'funnel_id', 'user_id', 'attempt_number', 'entrant_id', 'reached_step', 'required_step_count',
    'step_count', 'is_void', 'is_ignored', 'entered_at',
] -%}
{%- for step in steps %}{% do columns.append('step_' ~ step ~ '_at') %}{% endfor -%}
{#- Named by its text, because a CTE that is read twice is kept as a whole. Loops over the total and
    the values, and over the grains, which differ only in how a day becomes a period. -#}
{%- set shown -%}
select
    best.*,
    breakdown_values.shown_value as breakdown_value
from (
    {% for prefix in ['', 'value_'] -%}
    {%- set is_last = loop.last -%}
    {% for grain, period in {
        'all': 'cast(null as date)',
        'day': 'attempts.entry_date',
        'week': week_start('attempts.entry_date'),
        'month': month_start('attempts.entry_date'),
    }.items() -%}
    {%- set outdone_at = 'attempts.' ~ prefix ~ grain ~ '_outdone_at' -%}
    select
        attempts.{{ columns | join(',\n        attempts.') }},
        '{{ grain }}' as grain,
        {{ 'attempts.breakdown_value' if prefix else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as part_value,
        {{ period }} as period_start_date,
        {{ outdone_at }} is null as is_counted,
        coalesce(
            attempts.closes_at <= horizon.data_through_at
            and ({{ outdone_at }} is null or {{ outdone_at }} > horizon.data_through_at),
            false
        ) as is_mature
    from {{ ref('fct_funnel_opened_attempts') }} as attempts
    cross join {{ ref('dim_horizon') }} as horizon
    where
        {{ 'attempts.breakdown_value is not null' if prefix else 'not attempts.is_breakdown_thread' }}
        and (
            {{ outdone_at }} is null
            or (
                attempts.closes_at <= horizon.data_through_at
                and {{ outdone_at }} > horizon.data_through_at
            )
        )
    {{ 'union all' if not (loop.last and is_last) }}
    {% endfor -%}
    {% endfor %}
) as best
left join {{ ref('fct_funnel_breakdown_values') }} as breakdown_values
    on best.funnel_id = breakdown_values.funnel_id
    and best.part_value = breakdown_values.breakdown_value
{%- endset -%}
with

-- Beyond the limit several values of an entrant are one: the best of them counts, among all
-- and among the mature ones.
others as (

    select
        shown.*,
        {% for flag in ['is_counted', 'is_mature'] -%}
        {{ flag }} and row_number() over (
            partition by
                funnel_id, grain, period_start_date, user_id, entrant_id, {{ flag }}
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                part_value, attempt_number
        ) = 1 as {{ flag }}_of_others{{ ',' if not loop.last }}
        {% endfor %}
    from (
        {{ shown | indent(8) }}
    ) as shown
    where breakdown_value = 'Other'

),

{% set counted_columns -%}
    funnel_id,
    grain,
    breakdown_value,
    user_id,
    attempt_number,
    entrant_id,
    reached_step,
    period_start_date,
    entered_at,
    {% for step in steps -%}
    step_{{ step }}_at,
    {% endfor -%}
    is_void
{%- endset -%}

counted as (

    select
        {{ counted_columns }},
        is_counted,
        is_mature
    from (
        {{ shown | indent(8) }}
    ) as shown
    where breakdown_value is null or breakdown_value <> 'Other'

    union all

    select
        {{ counted_columns }},
        is_counted_of_others as is_counted,
        is_mature_of_others as is_mature
    from others
    where is_counted_of_others or is_mature_of_others

)

-- Who has only void ones among the furthest leaves the period.
select
    funnel_id,
    grain,
    breakdown_value,
    user_id,
    attempt_number,
    entrant_id,
    reached_step,
    is_counted,
    is_mature,
    period_start_date,
    entered_at,
    {% for step in steps -%}
    step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from counted
where not is_void
