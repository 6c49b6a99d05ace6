with

attempts as (

    select * from {{ ref('fct_funnel_attempts') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

-- A total for every funnel, and one part for each value where it is broken down.
parted as (

    select
        attempts.*,
        cast(null as {{ dbt.type_string() }}) as part_value
    from attempts
    where not attempts.is_breakdown_thread

    union all

    select
        attempts.*,
        attempts.breakdown_value as part_value
    from attempts
    inner join funnels on attempts.funnel_id = funnels.funnel_id
    where
        attempts.breakdown_value is not null
        and attempts.is_breakdown_thread = (funnels.breakdown_attribution = 'all')

),

entrants as (

    select
        funnel_id,
        part_value,
        count(distinct user_id) as entrant_count
    from parted
    where part_value is not null
    group by funnel_id, part_value

),

ranked_values as (

    select
        funnel_id,
        part_value,
        row_number() over (
            partition by funnel_id order by entrant_count desc, part_value
        ) as value_rank
    from entrants

),

kept as (

    select
        parted.*,
        case
            when parted.part_value is null then null
            when ranked_values.value_rank <= funnels.breakdown_limit then parted.part_value
            else 'Other'
        end as kept_value
    from parted
    inner join funnels on parted.funnel_id = funnels.funnel_id
    left join ranked_values
        on parted.funnel_id = ranked_values.funnel_id
        and parted.part_value = ranked_values.part_value

),

dated as (

    select
        kept.*,
        {{ local_date('kept.entered_at') }} as entry_date
    from kept

),

periods as (

    {# A loop, because the grains differ only in how a day becomes a period. #}
    {%- for grain, period in {
        'all': 'cast(null as date)',
        'day': 'entry_date',
        'week': week_start('entry_date'),
        'month': month_start('entry_date'),
    }.items() %}
    select
        dated.*,
        '{{ grain }}' as grain,
        {{ period }} as period_start_date
    from dated
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- The attempt that got furthest, then the earliest; a void one only where all of the
-- furthest are, and then the user leaves the period.
ranked as (

    select
        periods.*,
        row_number() over (
            partition by funnel_id, grain, period_start_date, kept_value, user_id
            order by
                reached_step desc, is_void, entered_at, attempt_number, breakdown_value
        ) as attempt_rank,
        bool_and(is_mature) over (
            partition by funnel_id, grain, period_start_date, kept_value, user_id
        ) as is_entrant_mature
    from periods

)

select
    funnel_id,
    grain,
    period_start_date,
    kept_value as breakdown_value,
    user_id,
    attempt_number,
    reached_step,
    is_entrant_mature as is_mature,
    entered_at,
    {% for step in range(1, var('funnel_max_steps') + 1) -%}
    step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from ranked
where attempt_rank = 1 and not is_void
