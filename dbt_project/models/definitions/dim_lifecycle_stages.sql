with

lifecycle_stages as (

    select * from {{ source('seeds', 'lifecycle_stages') }}

),

-- What an empty cell is hangs on the stage.
defaults as (

    select
        'introduction' as stage_id,
        'Introduction' as label_en,
        '引入期' as label_zh,
        1 as stage_number,
        2 as min_active_days,
        cast(null as integer) as min_active_weeks,
        cast(null as integer) as of_weeks,
        cast(null as integer) as silent_over_days
    union all
    select 'growth', 'Growth', '成长期', 2, null, null, null, null
    union all
    select 'maturity', 'Maturity', '成熟期', 3, null, 3, 4, null
    union all
    select 'dormancy', 'Dormancy', '休眠期', 4, null, null, null, 7
    union all
    select 'churn', 'Churn', '流失期', 5, null, null, null, 30

),

stages as (

    select
        defaults.stage_id,
        coalesce(lifecycle_stages.label_en, defaults.label_en) as label_en,
        coalesce(lifecycle_stages.label_zh, defaults.label_zh) as label_zh,
        case
            when lifecycle_stages.mode = 'calibrated' and defaults.silent_over_days is not null
                then 'calibrated'
            else 'fixed'
        end as mode,
        defaults.stage_number,
        case when defaults.min_active_days is not null then
            coalesce(lifecycle_stages.min_active_days, defaults.min_active_days)
        end as min_active_days,
        case when defaults.min_active_weeks is not null then
            coalesce(lifecycle_stages.min_active_weeks, defaults.min_active_weeks)
        end as min_active_weeks,
        case when defaults.of_weeks is not null then
            coalesce(lifecycle_stages.of_weeks, defaults.of_weeks)
        end as of_weeks,
        case when defaults.silent_over_days is not null then
            coalesce(lifecycle_stages.silent_over_days, defaults.silent_over_days)
        end as silent_over_days
    from defaults
    inner join lifecycle_stages on defaults.stage_id = lifecycle_stages.stage_id

)

select * from stages
