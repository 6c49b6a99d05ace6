with

attempts as (

    select
        funnel_id,
        min(entered_at) as first_entered_at
    from {{ ref('fct_funnel_attempts') }}
    group by funnel_id

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- From the first entry, or the first that may count, to the horizon, or the last that may.
ranges as (

    select
        funnels.funnel_id,
        funnels.trend_grain,
        coalesce(funnels.from_at, attempts.first_entered_at) as first_at,
        least(coalesce(funnels.to_at, horizon.data_through_at), horizon.data_through_at)
            as last_at
    from funnels
    left join attempts on funnels.funnel_id = attempts.funnel_id
    cross join horizon

),

dated_ranges as (

    select
        funnel_id,
        {{ local_date('first_at') }} as first_date,
        {{ local_date('last_at') }} as last_date
    from ranges
    where first_at <= last_at

),

days as (

    select
        dated_ranges.funnel_id,
        {{ days_after('dated_ranges.first_date', 'numbers.number') }} as date_day
    from dated_ranges
    {{ explode(
        integer_array('0', days_between('dated_ranges.first_date', 'dated_ranges.last_date')),
        'numbers', 'number'
    ) }}

),

-- By quarters, because a clock that changes by half an hour has half hours (Lord Howe).
hours as (

    select distinct
        ranges.funnel_id,
        {{ local_hour_start(add_seconds(
            '(' ~ local_hour_start('ranges.first_at') ~ ')', '900 * numbers.number'
        )) }}
            as hour_started_at
    from ranges
    {{ explode(
        integer_array('0', 'cast(floor(' ~ microseconds_between(
            local_hour_start('ranges.first_at'), 'ranges.last_at'
        ) ~ ' / 900000000.0) as integer)'),
        'numbers', 'number'
    ) }}
    where ranges.trend_grain = 'hour' and ranges.first_at <= ranges.last_at

),

periods as (

    {# A loop, because the grains differ only in how a day becomes a period. #}
    {%- for grain, start, part, length in [
        ('day', 'date_day', 'day', 1),
        ('week', week_start('date_day'), 'day', 7),
        ('month', month_start('date_day'), 'month', 1),
    ] %}
    select distinct
        funnel_id,
        '{{ grain }}' as grain,
        {{ start }} as period_start_date,
        {{ local_midnight(start) }} as period_start_at,
        {{ local_midnight(dbt.dateadd(part, length, start)) }} as period_end_at
    from days

    union all
    {% endfor %}
    select
        funnel_id,
        'hour' as grain,
        {{ local_date('hour_started_at') }} as period_start_date,
        hour_started_at as period_start_at,
        {{ add_seconds('hour_started_at', '3600') }} as period_end_at
    from hours

)

select
    periods.funnel_id,
    periods.grain,
    periods.period_end_at <= horizon.data_through_at as is_closed,
    periods.period_start_date,
    periods.period_start_at
from periods
cross join horizon
