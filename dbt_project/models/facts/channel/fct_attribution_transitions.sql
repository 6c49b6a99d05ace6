with

touches as (

    select * from {{ ref('fct_path_touches') }}

),

markov as (

    select conversion_id
    from {{ ref('dim_conversion_models') }}
    where model_id = 'markov'

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- Touches are counted once, by what the counts below ask of them.
day_steps as (

    select
        touches.conversion_id,
        touches.channel_id,
        touches.next_channel_id,
        touches.touch_number = 1 as is_first,
        touches.is_converted,
        touches.end_date,
        count(*) as step_count
    from touches
    cross join horizon
    where touches.is_converted or touches.known_at <= horizon.data_through_at
    group by
        touches.conversion_id,
        touches.channel_id,
        touches.next_channel_id,
        is_first,
        touches.is_converted,
        touches.end_date

),

steps as (

    select
        day_steps.conversion_id,
        {{ month_start('day_steps.end_date') }} as period_start_date,
        day_steps.channel_id,
        coalesce(
            day_steps.next_channel_id,
            case when day_steps.is_converted then '(conversion)' else '(null)' end
        ) as next_channel_id,
        day_steps.is_first,
        day_steps.step_count
    from day_steps
    inner join markov on day_steps.conversion_id = markov.conversion_id

),

transitions as (

    select
        conversion_id,
        period_start_date,
        '(start)' as from_channel_id,
        channel_id as to_channel_id,
        sum(step_count) as transition_count
    from steps
    where is_first
    group by conversion_id, period_start_date, channel_id

    union all

    select
        conversion_id,
        period_start_date,
        channel_id as from_channel_id,
        next_channel_id as to_channel_id,
        sum(step_count) as transition_count
    from steps
    group by conversion_id, period_start_date, channel_id, next_channel_id

),

converting_months as (

    select distinct
        conversion_id,
        period_start_date
    from transitions
    where to_channel_id = '(conversion)'

)

select
    transitions.conversion_id,
    transitions.period_start_date,
    transitions.from_channel_id,
    transitions.to_channel_id,
    cast(transitions.transition_count as bigint) as transition_count
from transitions
inner join converting_months
    on transitions.conversion_id = converting_months.conversion_id
    and transitions.period_start_date = converting_months.period_start_date
