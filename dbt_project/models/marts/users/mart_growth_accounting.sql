with

dim_activities as (

    select * from {{ ref('dim_activities') }}

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

gaps as (

    select * from {{ ref('fct_active_day_gaps') }}
    union all
    select * from {{ ref('fct_activity_gaps') }}

),

-- A period without anyone is still a row.
periods as (

    select distinct
        dim_activities.activity_id,
        dim_activities.new_by,
        dim_date_periods.grain,
        dim_date_periods.is_closed,
        dim_date_periods.period_start_date
    from dim_date_periods
    cross join dim_activities

),

-- Users by their first active day of a period, beside the period of the active day
-- before it: that is their last active period, so the gaps between days serve every
-- grain.
moves as (

    select
        gaps.activity_id,
        dim_date_periods.grain,
        dim_date_periods.period_start_date,
        gaps.user_count,
        case dim_activities.new_by
            when 'created_at' then coalesce(
                dim_date_periods.period_start_date = case dim_date_periods.grain
                    when 'day' then gaps.created_date
                    when 'week' then {{ week_start('gaps.created_date') }}
                    else {{ month_start('gaps.created_date') }}
                end,
                false
            )
            else gaps.previous_activity_date is null
        end as is_new,
        coalesce(
            previous_periods.period_start_date
            = dim_date_periods.previous_period_start_date,
            false
        ) as was_active_before
    from gaps
    inner join dim_activities
        on gaps.activity_id = dim_activities.activity_id
    inner join dim_date_periods
        on gaps.activity_date = dim_date_periods.date_day
    left join dim_date_periods as previous_periods
        on
            gaps.previous_activity_date = previous_periods.date_day
            and dim_date_periods.grain = previous_periods.grain
    where
        previous_periods.period_start_date is null
        or previous_periods.period_start_date < dim_date_periods.period_start_date

),

active as (

    select
        activity_id,
        grain,
        period_start_date,
        sum(user_count) as active_user_count,
        sum(case when is_new then user_count else 0 end) as new_user_count,
        sum(case when was_active_before and not is_new then user_count else 0 end)
            as retained_user_count,
        sum(case when was_active_before then user_count else 0 end) as stayed_user_count
    from moves
    group by activity_id, grain, period_start_date

),

counted as (

    select
        periods.activity_id,
        periods.grain,
        periods.new_by,
        coalesce(active.new_user_count, 0) as new_user_count,
        coalesce(active.retained_user_count, 0) as retained_user_count,
        coalesce(active.stayed_user_count, 0) as stayed_user_count,
        coalesce(active.active_user_count, 0) as active_user_count,
        lag(coalesce(active.active_user_count, 0), 1, 0) over (
            partition by periods.activity_id, periods.grain
            order by periods.period_start_date
        ) as previous_active_user_count,
        periods.is_closed,
        periods.period_start_date
    from periods
    left join active
        on
            periods.activity_id = active.activity_id
            and periods.grain = active.grain
            and periods.period_start_date = active.period_start_date

),

growth as (

    select
        activity_id,
        grain,
        new_by,
        cast(new_user_count as bigint) as new_user_count,
        cast(retained_user_count as bigint) as retained_user_count,
        cast(active_user_count - new_user_count - retained_user_count as bigint)
            as resurrected_user_count,
        cast(previous_active_user_count - stayed_user_count as bigint)
            as churned_user_count,
        cast(active_user_count as bigint) as active_user_count,
        cast(
            (active_user_count - retained_user_count) * 1.0
            / nullif(previous_active_user_count - stayed_user_count, 0) as double
        ) as quick_ratio,
        is_closed as is_mature,
        period_start_date
    from counted

)

select * from growth
