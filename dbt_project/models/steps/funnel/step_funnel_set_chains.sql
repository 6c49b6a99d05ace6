{# A loop over the steps that a funnel may have: the time and the event of each are columns. #}
{%- set steps = range(2, funnel_step_count('sets') + 1) -%}
with

choices as (

    select * from {{ ref('step_funnel_set_choices') }}

),

openings as (

    select * from {{ ref('step_funnel_set_units') }} where is_opening

),

funnels as (

    select * from {{ ref('dim_funnels') }} where search = 'sets'

),

step_sets as (

    select * from {{ ref('dim_funnel_step_sets') }}

),

opened as (

    select
        openings.*,
        funnels.step_count,
        funnels.breakdown_attribution
    from openings
    inner join funnels on openings.funnel_id = funnels.funnel_id

),

-- The opening event first, then what may follow, in order.
offered as (

    select
        funnel_id,
        user_id,
        thread_id,
        unit_rank as step_1_rank,
        unit_rank,
        step_set,
        cast(0 as bigint) as place
    from opened

    union all

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        unit_rank,
        step_set,
        row_number() over (
            partition by funnel_id, user_id, thread_id, step_1_rank
            order by unit_rank
        ) as place
    from choices

),

overlapping as (

    select distinct offered.funnel_id
    from offered
    inner join step_sets
        on offered.step_set = step_sets.step_set
        and step_sets.step_count > 1

),

-- Where no event serves two steps, each step's first event is one step more.
single_sizes as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        unit_rank,
        place,
        row_number() over (
            partition by funnel_id, user_id, thread_id, step_1_rank, step_set
            order by place
        ) as step_unit_number
    from offered
    where funnel_id not in (select funnel_id from overlapping)

),

-- Else the most steps that distinct events serve are, over every set of steps, the least of
-- the steps outside it and the events that serve one inside (König's theorem).
set_counts as (

    select
        offered.funnel_id,
        offered.user_id,
        offered.thread_id,
        offered.step_1_rank,
        offered.unit_rank,
        offered.place,
        funnels.step_count,
        funnels.step_count - step_sets.step_count
        + sum(case when (offered.step_set & step_sets.step_set) <> 0 then 1 else 0 end) over (
            partition by
                offered.funnel_id, offered.user_id, offered.thread_id, offered.step_1_rank,
                step_sets.step_set
            order by offered.place
            rows between unbounded preceding and current row
        ) as bound
    from offered
    inner join overlapping on offered.funnel_id = overlapping.funnel_id
    inner join funnels on offered.funnel_id = funnels.funnel_id
    inner join step_sets on funnels.step_count >= step_sets.last_step

),

sizes as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        unit_rank,
        place,
        row_number() over (
            partition by funnel_id, user_id, thread_id, step_1_rank
            order by place
        ) as step_count
    from single_sizes
    where step_unit_number = 1

    union all

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        unit_rank,
        place,
        least(min(bound), max(step_count)) as step_count
    from set_counts
    group by funnel_id, user_id, thread_id, step_1_rank, unit_rank, place

),

first_of_size as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        step_count,
        min(unit_rank) as unit_rank
    from sizes
    where place > 0
    group by funnel_id, user_id, thread_id, step_1_rank, step_count

),

reached as (

    select
        first_of_size.*,
        choices.occurred_at
    from first_of_size
    inner join choices
        on first_of_size.funnel_id = choices.funnel_id
        and first_of_size.user_id = choices.user_id
        and first_of_size.thread_id = choices.thread_id
        and first_of_size.step_1_rank = choices.step_1_rank
        and first_of_size.unit_rank = choices.unit_rank
    where first_of_size.step_count > 1

),

pivoted as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        max(step_count) as step_count,
        {% for step in steps -%}
        max(case when step_count = {{ step }} then unit_rank end) as step_{{ step }}_rank,
        max(case when step_count = {{ step }} then occurred_at end) as step_{{ step }}_at
        {{- ',' if not loop.last }}
        {% endfor %}
    from reached
    group by funnel_id, user_id, thread_id, step_1_rank

)

select
    opened.funnel_id,
    opened.user_id,
    opened.thread_id,
    opened.thread_breakdown_value,
    cast(coalesce(pivoted.step_count, 1) as integer) as step_count,
    opened.unit_rank as step_1_rank,
    case opened.breakdown_attribution
        {%- for step in steps %}
        when 'step_{{ step }}' then pivoted.step_{{ step }}_rank
        {%- endfor %}
    end as value_rank,
    opened.occurred_at as step_1_at,
    {% for step in steps -%}
    pivoted.step_{{ step }}_at,
    {% endfor -%}
    opened.closes_at
from opened
left join pivoted
    on opened.funnel_id = pivoted.funnel_id
    and opened.user_id = pivoted.user_id
    and opened.thread_id = pivoted.thread_id
    and opened.unit_rank = pivoted.step_1_rank
