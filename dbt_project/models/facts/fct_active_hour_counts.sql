{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['grain', 'weekday_number', 'period_start_date'],
    meta={'touched': 'int_periods_touched'},
    on_schema_change='fail',
) }}
{% set grains = {'week': week_start('event_date'), 'month': month_start('event_date')} %}
with

periods_touched as (

    select * from {{ ref('int_periods_touched') }}

),

user_hours as (

    select
        user_id,
        hour_of_day,
        event_count,
        event_date
    from {{ ref('fct_activity_hours') }}
    where activity_id = 'any'

),

{# A loop, because the grains differ only in how a day becomes a period. -#}
counted as (

    {% for grain, period_start in grains.items() -%}
    select
        '{{ grain }}' as grain,
        {{ iso_weekday('event_date') }} as weekday_number,
        hour_of_day,
        sum(event_count) as event_count,
        count(*) as user_hour_count,
        count(distinct user_id) as user_count,
        {{ period_start }} as period_start_date
    from user_hours
    {%- if is_incremental() %}
    where ({{ iso_weekday('event_date') }}, {{ period_start }}) in (
        select
            weekday_number,
            period_start_date
        from periods_touched
        where grain = '{{ grain }}'
    )
    {%- endif %}
    group by {{ period_start }}, {{ iso_weekday('event_date') }}, hour_of_day
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    grain,
    cast(weekday_number as integer) as weekday_number,
    hour_of_day,
    cast(event_count as bigint) as event_count,
    user_hour_count,
    user_count,
    period_start_date
from counted
