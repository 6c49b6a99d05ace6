with

active_days as (

    select * from {{ ref('fct_user_active_days') }}

),

dim_maturity_blocks as (

    select * from {{ ref('dim_maturity_blocks') }}

),

dim_lifecycle_stages as (

    select * from {{ ref('dim_lifecycle_stages') }}

),

dim_event_names as (

    select * from {{ ref('dim_event_names') }}

),

rules as (

    select
        max(dim_lifecycle_stages.min_active_days) as min_active_days,
        max(dim_lifecycle_stages.min_active_weeks) as min_active_weeks,
        (select count(*) from dim_event_names where is_key_action) > 0
            as has_key_actions
    from dim_lifecycle_stages

),

stages as (

    select
        active_days.user_id,
        case
            when rules.has_key_actions and not active_days.has_key_action
                then 'introduction'
            when
                not rules.has_key_actions
                and active_days.active_day_number < rules.min_active_days
                then 'introduction'
            {# one term a block: dim_maturity_blocks has 8 #}
            when
                {% for block_number in range(1, 9) %}
                {{ '+ ' if not loop.first }}case
                    when
                        (active_days.recent_days
                        & dim_maturity_blocks.block_{{ block_number }}_bits) > 0
                        then 1
                    else 0
                end
                {% endfor %}
                >= rules.min_active_weeks
                then 'maturity'
            else 'growth'
        end as stage_id,
        active_days.activity_date,
        active_days.next_activity_date
    from active_days
    inner join dim_maturity_blocks
        on active_days.activity_date = dim_maturity_blocks.date_day
    cross join rules

)

select * from stages
