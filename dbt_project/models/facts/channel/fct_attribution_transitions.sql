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

known as (

    select
        touches.conversion_id,
        {{ month_start('touches.end_date') }} as period_start_date,
        touches.touch_number,
        touches.channel_id,
        touches.next_channel_id,
        touches.is_converted
    from touches
    inner join markov on touches.conversion_id = markov.conversion_id
    cross join horizon
    where touches.is_converted or touches.known_at <= horizon.data_through_at

),

transitions as (

    select
        conversion_id,
        period_start_date,
        '(start)' as from_channel_id,
        channel_id as to_channel_id,
        count(*) as transition_count
    from known
    where touch_number = 1
    group by conversion_id, period_start_date, channel_id

    union all

    select
        conversion_id,
        period_start_date,
        channel_id as from_channel_id,
        coalesce(next_channel_id, case when is_converted then '(conversion)' else '(null)' end)
            as to_channel_id,
        count(*) as transition_count
    from known
    group by conversion_id, period_start_date, channel_id, to_channel_id

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
    transitions.transition_count
from transitions
inner join converting_months
    on transitions.conversion_id = converting_months.conversion_id
    and transitions.period_start_date = converting_months.period_start_date
