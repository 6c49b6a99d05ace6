{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['grain', 'period_start_date'],
    meta={'touched': 'int_periods_touched'},
    on_schema_change='fail',
) }}
{% set grains = {'week': week_start('event_date'), 'month': month_start('event_date')} %}
with

periods_touched as (

    select * from {{ ref('int_periods_touched') }}

),

events as (

    select
        user_id,
        event_date,
        occurred_at
    from {{ ref('fct_events') }}
    where
        is_activity
        {% if is_incremental() -%}
        and (
            {% for grain, period_start in grains.items() -%}
            {{ period_start }} in (
                select period_start_date from periods_touched where grain = '{{ grain }}'
            )
            {{ 'or ' if not loop.last -}}
            {% endfor %}
        )
        {%- endif %}

),

user_hours as (

    {{ hours_of_events('events', ['user_id']) }}

    {{ union_archived('arc_activity_hours', {
        'user_id': 'key', 'hour_of_day': 'key', 'event_count': 'sum', 'event_date': 'key',
        'hour_started_at': 'key',
    }, where="archived.activity_id = 'any'") }}

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
    group by {{ period_start }}, {{ iso_weekday('event_date') }}, hour_of_day
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    counted.grain,
    cast(counted.weekday_number as integer) as weekday_number,
    counted.hour_of_day,
    cast(counted.event_count as bigint) as event_count,
    counted.user_hour_count,
    counted.user_count,
    counted.period_start_date
from counted
{% if is_incremental() -%}
inner join periods_touched
    on counted.grain = periods_touched.grain
    and counted.period_start_date = periods_touched.period_start_date
{%- endif %}
