{# In days since the last active day; the cuts are those that wau and mau count, so both
   are exact sums of states whatever the cuts are. #}
{% set week_days = var('active_week_days') %}
{% set month_days = var('active_month_days') %}

with

states as (

    select
        'new' as state_id,
        'New' as label_en,
        '新增' as label_zh,
        1 as state_number,
        cast(null as integer) as from_days,
        cast(null as integer) as before_days,
        true as is_active
    union all
    select 'current', 'Current', '持续活跃', 2, 1, {{ week_days }}, true
    union all
    select
        'reactivated', 'Reactivated', '重新活跃', 3, {{ week_days }}, {{ month_days }}, true
    union all
    select 'resurrected', 'Resurrected', '回流', 4, {{ month_days }}, null, true
    union all
    select 'at_risk_wau', 'At risk of WAU', '周活流失风险', 5, 1, {{ week_days }}, false
    union all
    select
        'at_risk_mau',
        'At risk of MAU',
        '月活流失风险',
        6,
        {{ week_days }},
        {{ month_days }},
        false
    union all
    select 'dormant', 'Dormant', '沉睡', 7, {{ month_days }}, null, false

)

select * from states
