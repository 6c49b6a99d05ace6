with

acquisitions as (

    select * from {{ ref('fct_user_acquisitions') }}

),

order_states as (

    select * from {{ ref('fct_order_states') }}

),

channel_costs as (

    select * from {{ ref('fct_channel_costs') }}

),

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

-- The last day that a user can be judged on is the last that has closed.
members as (

    select
        acquisitions.user_id,
        acquisitions.channel_id,
        {{ month_start('acquisitions.acquisition_date') }} as cohort_start_date,
        acquisitions.acquisition_date,
        {{ days_between('acquisitions.acquisition_date', 'horizon.data_through_date') }} - 1
            as last_day_number
    from acquisitions
    cross join horizon

),

-- Money counts on the day it moved.
changes as (

    select
        user_id,
        valid_from_date,
        gross_amount - lag(gross_amount, 1, 0) over in_order
        - (refunded_amount - lag(refunded_amount, 1, 0) over in_order) as net_amount
    from order_states
    window in_order as (partition by order_id order by valid_from_date)

),

member_values as (

    select
        members.cohort_start_date,
        members.channel_id,
        members.last_day_number,
        {{ days_between('members.acquisition_date', 'changes.valid_from_date') }} as day_number,
        sum(changes.net_amount) as net_amount
    from members
    inner join changes
        on members.user_id = changes.user_id
        and members.acquisition_date <= changes.valid_from_date
    group by
        members.cohort_start_date,
        members.channel_id,
        members.last_day_number,
        {{ days_between('members.acquisition_date', 'changes.valid_from_date') }}

),

member_counts as (

    select
        cohort_start_date,
        channel_id,
        last_day_number,
        count(*) as user_count
    from members
    group by cohort_start_date, channel_id, last_day_number

),

-- What joins on a day and stays until those who were acquired then can no longer be judged.
steps as (

    select
        cohort_start_date,
        channel_id,
        0 as day_number,
        user_count as eligible_count,
        0 as net_amount
    from member_counts
    where last_day_number >= 0

    union all

    select
        cohort_start_date,
        channel_id,
        last_day_number + 1 as day_number,
        -user_count as eligible_count,
        0 as net_amount
    from member_counts
    where last_day_number >= 0

    union all

    select
        cohort_start_date,
        channel_id,
        day_number,
        0 as eligible_count,
        net_amount
    from member_values
    where day_number <= last_day_number

    union all

    select
        cohort_start_date,
        channel_id,
        last_day_number + 1 as day_number,
        0 as eligible_count,
        -net_amount as net_amount
    from member_values
    where day_number <= last_day_number

),

costs as (

    select
        channel_id,
        {{ month_start('cost_date') }} as cohort_start_date,
        sum(cost_amount) as cost_amount
    from channel_costs
    group by channel_id, {{ month_start('cost_date') }}

),

-- Each channel, and all together, whose channel is null.
cohorts as (

    select
        channel_id,
        cohort_start_date,
        sum(user_count) as cohort_size
    from member_counts
    group by grouping sets ((channel_id, cohort_start_date), (cohort_start_date))

),

cohort_steps as (

    select
        channel_id,
        cohort_start_date,
        day_number,
        sum(eligible_count) as eligible_count,
        sum(net_amount) as net_amount
    from steps
    group by grouping sets (
        (channel_id, cohort_start_date, day_number), (cohort_start_date, day_number)
    )

),

cohort_costs as (

    select
        channel_id,
        cohort_start_date,
        sum(cost_amount) as cost_amount
    from costs
    group by grouping sets ((channel_id, cohort_start_date), (cohort_start_date))

),

days as (

    select
        cohorts.channel_id,
        cohorts.cohort_start_date,
        cohorts.cohort_size,
        coalesce(cohort_costs.cost_amount, 0) as cost_amount,
        numbers.day_number
    from cohorts
    left join cohort_costs
        on cohorts.channel_id is not distinct from cohort_costs.channel_id
        and cohorts.cohort_start_date = cohort_costs.cohort_start_date
    {{ explode(integer_array('0', var('cohort_value_days')), 'numbers', 'day_number') }}

),

counted as (

    select
        days.channel_id,
        days.cohort_start_date,
        days.cohort_size,
        days.cost_amount,
        days.day_number,
        sum(coalesce(cohort_steps.eligible_count, 0)) over so_far as eligible_count,
        sum(coalesce(cohort_steps.net_amount, 0)) over so_far as mature_net_amount
    from days
    left join cohort_steps
        on days.channel_id is not distinct from cohort_steps.channel_id
        and days.cohort_start_date = cohort_steps.cohort_start_date
        and days.day_number = cohort_steps.day_number
    window so_far as (
        partition by days.channel_id, days.cohort_start_date
        order by days.day_number
        rows between unbounded preceding and current row
    )

),

valued as (

    select
        counted.*,
        {{ rate('mature_net_amount', 'eligible_count') }} as net_amount_per_user,
        {{ rate('cost_amount', 'cohort_size') }} as cost_per_new_user
    from counted

),

final as (

    select
        valued.channel_id,
        cast(valued.day_number as integer) as day_number,
        cast(valued.cohort_size as bigint) as cohort_size,
        cast(valued.eligible_count as bigint) as eligible_count,
        cast(valued.mature_net_amount as decimal(38, 4)) as mature_net_amount,
        cast(valued.cost_amount as decimal(38, 4)) as cost_amount,
        valued.net_amount_per_user,
        valued.cost_per_new_user,
        cast(
            min(
                case
                    when
                        valued.eligible_count = valued.cohort_size
                        and valued.cost_amount > 0
                        and valued.net_amount_per_user >= valued.cost_per_new_user
                        then valued.day_number
                end
            ) over (partition by valued.channel_id, valued.cohort_start_date) as integer
        ) as payback_days,
        valued.eligible_count = valued.cohort_size
        and {{ is_period_over("'month'", 'valued.cohort_start_date', '0') }} as is_mature,
        valued.cohort_start_date
    from valued
    cross join horizon

)

select * from final
