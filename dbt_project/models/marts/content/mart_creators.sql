with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

states as (

    select * from {{ ref('step_creator_states') }}

),

pieces as (

    select * from {{ ref('dim_content_pieces') }}

),

earned as (

    select
        event_date as earned_date,
        sum(amount) as reward_amount,
        0 as finished_read_count
    from {{ ref('fct_content_events') }}
    where role = 'creator_reward'
    group by event_date

    union all

    select
        reads.read_date as earned_date,
        0 as reward_amount,
        count(*) as finished_read_count
    from {{ ref('fct_content_reads') }} as reads
    inner join pieces on reads.content_id = pieces.content_id
    where reads.is_finished and pieces.author_id is not null
    group by reads.read_date

),

first_dates as (

    select min(period_start_date) as first_date from states
    where grain = 'day'

    union all

    select min(earned_date) as first_date from earned

),

-- A day without any of it is still a row, from the first on.
days as (

    select * from earned

    union all

    select
        dates.date_day as earned_date,
        0 as reward_amount,
        0 as finished_read_count
    from {{ ref('dim_days') }} as dates
    where dates.date_day > (select min(first_date) from first_dates)

),

by_day as (

    select
        days.*,
        {{ grain_starts('days.earned_date') }}
    from days

),

earned_by_period as (

    select
        {{ grain_columns() }},
        sum(reward_amount) as reward_amount,
        sum(finished_read_count) as finished_read_count
    from by_day
    group by {{ grain_sets([]) }}
    having count(*) > 0

),

creators as (

    select
        grain,
        period_start_date,
        sum(case when growth_state = 'new' then 1 else 0 end) as new_creator_count,
        sum(case when growth_state = 'retained' then 1 else 0 end) as retained_creator_count,
        sum(case when growth_state = 'resurrected' then 1 else 0 end) as resurrected_creator_count,
        sum(case when growth_state = 'lost' then 1 else 0 end) as lost_creator_count,
        sum(published_count) as published_count
    from states
    group by grain, period_start_date

),

counted as (

    select
        coalesce(creators.grain, earned.grain) as grain,
        coalesce(creators.new_creator_count, 0) as new_creator_count,
        coalesce(creators.retained_creator_count, 0) as retained_creator_count,
        coalesce(creators.resurrected_creator_count, 0) as resurrected_creator_count,
        coalesce(creators.lost_creator_count, 0) as lost_creator_count,
        coalesce(creators.published_count, 0) as published_count,
        coalesce(earned.reward_amount, 0) as reward_amount,
        coalesce(earned.finished_read_count, 0) as finished_read_count,
        coalesce(creators.period_start_date, earned.period_start_date) as period_start_date
    from creators
    full join earned_by_period as earned
        on creators.grain = earned.grain
        and creators.period_start_date is not distinct from earned.period_start_date

),

final as (

    select
        counted.grain,
        cast(
            counted.new_creator_count + counted.retained_creator_count
            + counted.resurrected_creator_count as bigint
        ) as active_creator_count,
        cast(counted.new_creator_count as bigint) as new_creator_count,
        cast(counted.retained_creator_count as bigint) as retained_creator_count,
        cast(counted.resurrected_creator_count as bigint) as resurrected_creator_count,
        cast(counted.lost_creator_count as bigint) as lost_creator_count,
        cast(counted.published_count as bigint) as published_count,
        cast(counted.reward_amount as decimal(38, 4)) as reward_amount,
        cast(counted.finished_read_count as bigint) as finished_read_count,
        {{ rate('counted.reward_amount', 'counted.finished_read_count') }}
            as reward_per_finished_read,
        -- A read may be finished until its window has passed.
        {{ is_period_over(
            'counted.grain', 'counted.period_start_date', var('read_window_seconds') ~ ' / 86400.0e0'
        ) }} as is_mature,
        counted.period_start_date
    from counted
    cross join horizon

)

select * from final
