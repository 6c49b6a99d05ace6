{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'fct_lifecycle_touched', 'from': {'last_active_date': 'from_date'}},
    on_schema_change='fail',
) }}
with

touched as (

    select * from {{ ref('fct_lifecycle_touched') }}

),

last_days as (

    select max(date_day) as last_date from {{ ref('dim_dates') }}

),

-- Unlike in a stage, who comes back on the very day on which it would begin was silent before it.
gaps as (

    select
        days.user_id,
        days.activity_date as last_active_date,
        days.next_activity_date,
        case
            when deadlines.dormancy_from_date < deadlines.churn_from_date
                or deadlines.churn_from_date is null
                then deadlines.dormancy_from_date
        end as dormancy_from_date,
        deadlines.churn_from_date,
        coalesce(days.next_activity_date, last_days.last_date) as end_date
    from {{ ref('fct_user_active_days') }} as days
    {%- if is_incremental() %}
    inner join touched
        on days.user_id = touched.user_id
        and days.activity_date >= touched.from_date
    {%- endif %}
    inner join {{ ref('fct_lifecycle_deadlines') }} as deadlines
        on days.activity_date = deadlines.last_active_date
    cross join last_days

),

silent as (

    select *
    from gaps
    where dormancy_from_date <= end_date or churn_from_date <= end_date

),

carried as (

    select
        silent.user_id,
        silent.last_active_date
        {%- for id in ['feature', 'content', 'campaign'] %},
        max_by(
            case when ids.entity = '{{ id }}' then ids.last_id end,
            case when ids.entity = '{{ id }}' then ids.activity_date end
        ) as last_{{ id }}_id
        {%- endfor %}
    from silent
    inner join {{ ref('fct_last_ids') }} as ids
        on silent.user_id = ids.user_id
        and silent.last_active_date >= ids.activity_date
    group by silent.user_id, silent.last_active_date

),

staged as (

    {% for stage in ['dormancy', 'churn'] -%}
    select
        user_id,
        '{{ stage }}' as stage_id,
        last_active_date,
        {{ stage }}_from_date as silent_from_date,
        case
            when next_activity_date
                < {{ days_after(stage ~ '_from_date', var('winback_window_days')) }}
                then next_activity_date
        end as returned_date
    from silent
    where {{ stage }}_from_date <= end_date
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

returned as (

    select
        staged.*,
        days.first_event_at as returned_at
    from staged
    left join {{ ref('fct_user_active_days') }} as days
        on staged.user_id = days.user_id
        and staged.returned_date = days.activity_date

),

touches as (

    select distinct
        returned.user_id,
        returned.returned_at
    from returned
    inner join {{ ref('fct_campaign_events') }} as messages
        on returned.user_id = messages.user_id
        and returned.returned_at > messages.occurred_at
        and returned.returned_at <= {{ add_seconds(
            'messages.occurred_at', var('touch_window_days') * 86400
        ) }}
    where messages.role = 'message_sent'

)

select
    returned.user_id,
    returned.stage_id,
    carried.last_feature_id,
    carried.last_content_id,
    carried.last_campaign_id,
    touches.user_id is not null as is_touched,
    returned.last_active_date,
    returned.silent_from_date,
    {{ local_midnight('returned.silent_from_date') }} as silent_from_at,
    returned.returned_at
from returned
left join carried
    on returned.user_id = carried.user_id
    and returned.last_active_date = carried.last_active_date
left join touches
    on returned.user_id = touches.user_id
    and returned.returned_at = touches.returned_at
