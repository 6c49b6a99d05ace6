{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'fct_lifecycle_touched', 'from': {'valid_from_date': 'span_from_date'}},
    on_schema_change='fail',
) }}
with

touched as (

    select * from {{ ref('fct_lifecycle_touched') }}

),

active_day_stages as (

    select stages.*
    from {{ ref('step_user_active_day_stages') }} as stages
    {%- if is_incremental() %}
    inner join touched
        on stages.user_id = touched.user_id
        and stages.activity_date >= touched.from_date
    {%- endif %}

),

fct_lifecycle_deadlines as (

    select * from {{ ref('fct_lifecycle_deadlines') }}

),

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

last_days as (

    select max(date_day) as last_date from dim_dates

),

-- Silences that went past a limit, with the day after them; a limit at or below that of
-- churn leaves no dormancy.
silences as (

    select
        active_day_stages.user_id,
        fct_lifecycle_deadlines.dormancy_from_date,
        fct_lifecycle_deadlines.churn_from_date,
        coalesce(
            active_day_stages.next_activity_date,
            cast({{ dbt.dateadd('day', 1, 'last_days.last_date') }} as date)
        ) as end_date
    from active_day_stages
    cross join last_days
    inner join fct_lifecycle_deadlines
        on
            active_day_stages.activity_date
            = fct_lifecycle_deadlines.last_active_date

),

stage_days as (

    select
        user_id,
        stage_id,
        activity_date as stage_date
    from active_day_stages
    union all
    select
        user_id,
        'dormancy' as stage_id,
        dormancy_from_date as stage_date
    from silences
    where
        dormancy_from_date < end_date
        and dormancy_from_date < coalesce(churn_from_date, end_date)
    union all
    select
        user_id,
        'churn' as stage_id,
        churn_from_date as stage_date
    from silences
    where churn_from_date < end_date
    {%- if is_incremental() %}
    union all
    -- Spans that stand: what came before is as it was.
    select
        standing.user_id,
        standing.stage_id,
        standing.valid_from_date as stage_date
    from {{ this }} as standing
    inner join touched
        on standing.user_id = touched.user_id
        and standing.valid_from_date < touched.from_date
    {%- endif %}

),

compared_days as (

    select
        user_id,
        stage_id,
        lag(stage_id) over (
            partition by user_id order by stage_date
        ) as previous_stage_id,
        stage_date
    from stage_days

),

spans as (

    select
        user_id,
        stage_id,
        previous_stage_id,
        previous_stage_id is not null
            and previous_stage_id in ('dormancy', 'churn')
            and stage_id not in ('dormancy', 'churn') as is_resurrected,
        lag(stage_date) over (
            partition by user_id, previous_stage_id, stage_id order by stage_date
        ) as same_move_before_date,
        stage_date as valid_from_date,
        lead(stage_date) over (
            partition by user_id order by stage_date
        ) as valid_to_date
    from compared_days
    where previous_stage_id is null or stage_id <> previous_stage_id

)

select spans.*
from spans
{%- if is_incremental() %}
inner join touched
    on spans.user_id = touched.user_id
    and spans.valid_from_date >= touched.span_from_date
{%- endif %}
