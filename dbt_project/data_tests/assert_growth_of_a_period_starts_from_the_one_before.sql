-- active(t-1) = retained(t) + churned(t), and the activity `any` by day is dau. Where new is
-- by creation, users who were active before they were created are new, not retained.
with

periods as (

    select
        growth.*,
        lag(growth.active_user_count, 1, 0) over (
            partition by growth.activity_id, growth.grain
            order by growth.period_start_date
        ) as previous_active_user_count,
        active_users.dau
    from {{ ref('mart_growth_accounting') }} as growth
    left join {{ ref('mart_active_users_daily') }} as active_users
        on
            growth.activity_id = 'any'
            and growth.grain = 'day'
            and growth.period_start_date = active_users.activity_date

)

select * from periods
where
    previous_active_user_count < retained_user_count + churned_user_count
    or (
        previous_active_user_count > retained_user_count + churned_user_count
        and new_by = 'first_activity'
    )
    or active_user_count <> coalesce(dau, active_user_count)
