with

units as (

    select * from {{ ref('step_funnel_set_units') }} where not is_opening

),

openings as (

    select * from {{ ref('step_funnel_set_units') }} where is_opening

),

funnels as (

    select * from {{ ref('dim_funnels') }} where search = 'sets'

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

step_sets as (

    select * from {{ ref('dim_funnel_step_sets') }}

),

-- What serves a step, counted per step.
unit_steps as (

    select
        units.funnel_id,
        units.user_id,
        units.thread_id,
        steps.step_number,
        units.unit_rank,
        row_number() over (
            partition by units.funnel_id, units.user_id, units.thread_id, steps.step_number
            order by units.unit_rank
        ) as step_unit_number,
        units.step_set,
        units.occurred_at
    from units
    inner join steps on units.funnel_id = steps.funnel_id
    inner join step_sets
        on steps.step_number = step_sets.first_step
        and step_sets.step_count = 1
        and (units.step_set & step_sets.step_set) <> 0

),

-- The next unit of each step is enough where none serves two. Where one does, as many as
-- there are steps: if so many came before, none of a step's later ones adds to a matching.
reaches as (

    select
        units.funnel_id,
        case when max(step_sets.step_count) > 1 then max(funnels.step_count) else 1 end
            as needed_units
    from units
    inner join funnels on units.funnel_id = funnels.funnel_id
    inner join step_sets on units.step_set = step_sets.step_set
    group by units.funnel_id

),

opened as (

    select
        openings.funnel_id,
        openings.user_id,
        openings.thread_id,
        openings.unit_rank as step_1_rank,
        openings.occurred_at as step_1_at,
        funnels.ties,
        openings.closes_at
    from openings
    inner join funnels on openings.funnel_id = funnels.funnel_id

),

looks as (

    select
        opened.funnel_id,
        opened.user_id,
        opened.thread_id,
        steps.step_number,
        opened.step_1_rank,
        opened.step_1_at,
        opened.closes_at,
        opened.step_1_at as occurred_at,
        -- Together: what shares the instant is still to come. Later: it is past.
        case opened.ties when 'later' then 2 else 0 end as place
    from opened
    inner join steps on opened.funnel_id = steps.funnel_id

    union all

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        cast(null as bigint) as step_1_rank,
        cast(null as timestamp) as step_1_at,
        cast(null as timestamp) as closes_at,
        occurred_at,
        1 as place
    from unit_steps

),

counted as (

    select
        looks.*,
        count(case when place = 1 then 1 end) over (
            partition by funnel_id, user_id, thread_id, step_number
            order by occurred_at, place
            range between unbounded preceding and current row
        ) as past_units
    from looks

),

choices as (

    select distinct
        counted.funnel_id,
        counted.user_id,
        counted.thread_id,
        counted.step_1_rank,
        unit_steps.unit_rank,
        unit_steps.step_set,
        unit_steps.occurred_at
    from counted
    inner join reaches on counted.funnel_id = reaches.funnel_id
    inner join step_sets on reaches.needed_units + 1 >= step_sets.step_set
    inner join unit_steps
        on counted.funnel_id = unit_steps.funnel_id
        and counted.user_id = unit_steps.user_id
        and counted.thread_id = unit_steps.thread_id
        and counted.step_number = unit_steps.step_number
        and counted.past_units + step_sets.step_set = unit_steps.step_unit_number
    where
        counted.place <> 1
        and counted.closes_at >= unit_steps.occurred_at
        and counted.step_1_rank <> unit_steps.unit_rank

)

select
    funnel_id,
    user_id,
    thread_id,
    step_1_rank,
    unit_rank,
    step_set,
    occurred_at
from choices
