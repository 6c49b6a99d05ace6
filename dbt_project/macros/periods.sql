{# Periods of a granularity (`hour`, `day`, `week`, `month`) as whole numbers that grow by one
   from each to the next, so that a distance is a subtraction. `granularity`, `day` (in
   the reporting zone) and `instant` (UTC) are expressions. #}
{% macro period_index(granularity, day, instant) -%}
    cast(case {{ granularity }}
        when 'hour' then floor((
            {{ microseconds_between("cast('1970-01-01' as timestamp)", instant) }}
            + {{ microseconds_of_hour_offset(instant) }}
        ) / 3600000000.0)
        when 'day' then {{ days_between("cast('1970-01-01' as date)", day) }}
        when 'week' then {{ days_between(week_start("cast('1970-01-08' as date)"), week_start(day)) }} / 7
        when 'month' then extract(year from {{ day }}) * 12 + extract(month from {{ day }})
    end as bigint)
{%- endmacro %}

{# UTC instant at which the period that holds an instant begins. #}
{% macro period_start_at(granularity, day, instant) -%}
    case {{ granularity }}
        when 'hour' then {{ add_microseconds(
            dbt.date_trunc('hour', add_microseconds(instant, microseconds_of_hour_offset(instant))),
            '-' ~ microseconds_of_hour_offset(instant)
        ) }}
        when 'day' then {{ local_midnight(day) }}
        when 'week' then {{ local_midnight(week_start(day)) }}
        when 'month' then {{ local_midnight(month_start(day)) }}
    end
{%- endmacro %}

{# What the reporting zone's offset has beyond whole hours (India: half an hour). Hours are
   counted in UTC plus this, so that no clock change doubles or drops one. #}
{% macro microseconds_of_hour_offset(instant) -%}
    {%- if reporting_timezone() == 'UTC' -%}
        0
    {%- else -%}
        mod({{ microseconds_between(instant, local_timestamp(instant)) }} + 86400000000, 3600000000)
    {%- endif -%}
{%- endmacro %}

{# Seconds of a rolling period: an hour, 24 hours, 7 or 30 days. #}
{% macro rolling_period_seconds(granularity) -%}
    case {{ granularity }}
        when 'hour' then 3600
        when 'day' then 86400
        when 'week' then 604800
        when 'month' then 2592000
    end
{%- endmacro %}

{# The number of the rolling period, from one instant on, that another lies in. #}
{% macro rolling_period(granularity, from_at, at) -%}
    cast(floor(
        {{ microseconds_between(from_at, at) }}
        / ({{ rolling_period_seconds(granularity) }} * 1000000.0)
    ) as bigint)
{%- endmacro %}

{# Periods of a cohort member that have closed by the horizon (a relation `horizon`): period k has
   when this is above k. #}
{% macro closed_period_count(member) -%}
    case
        when {{ member }}.window_mode = 'rolling' then {{ rolling_period(
            member ~ '.granularity', member ~ '.cohort_event_at', 'horizon.data_through_at'
        ) }}
        else {{ period_index(
            member ~ '.granularity', 'horizon.data_through_date', 'horizon.data_through_at'
        ) }} - {{ member }}.period_index
    end
{%- endmacro %}

{# A date some days after another; the number of days may be an expression. #}
{% macro days_after(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{# UTC instant at which the clock hour of the reporting zone began that holds one. #}
{% macro local_hour_start(instant) -%}
    {{ instant }} - (
        {{ local_timestamp(instant) }}
        - {{ dbt.date_trunc('hour', local_timestamp(instant)) }}
    )
{%- endmacro %}

{# Grains of a mart: `all`, and each day, week and month of a date. Rows are given the periods of
   their date, grouped by `grain_sets`, and `grain_columns` says which group is which. #}
{% macro grain_starts(day) -%}
    {{ day }} as day_start_date,
    {{ week_start(day) }} as week_start_date,
    {{ month_start(day) }} as month_start_date
{%- endmacro %}

{% macro grain_columns() -%}
    case
        when grouping(day_start_date) = 0 then 'day'
        when grouping(week_start_date) = 0 then 'week'
        when grouping(month_start_date) = 0 then 'month'
        else 'all'
    end as grain,
    coalesce(day_start_date, week_start_date, month_start_date) as period_start_date
{%- endmacro %}

{% macro grain_sets(keys, with_all=true) -%}
    grouping sets (
        {%- for start in ([''] if with_all else []) + ['day_start_date', 'week_start_date', 'month_start_date'] %}
        ({{ (keys + ([start] if start else [])) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# Every period, of each grain, from the first date of a relation of the query (`first_date`) to the
   horizon (a relation `horizon`), or to a `last_date` beyond it, as clocks may run ahead; with its
   last day: a query. A period in which nothing happened is still one. #}
{% macro every_period(firsts) -%}
    select
        {{ grain_columns() }},
        max(date_day) as last_date
    from (
        select {{ grain_starts('days.date_day') }}, days.date_day
        from (
            {{ date_series('first_date', 'last_date', '(
                select
                    min(' ~ firsts ~ '.first_date) as first_date,
                    greatest(
                        max(horizon.data_through_date), max(' ~ firsts ~ '.last_date)
                    ) as last_date
                from ' ~ firsts ~ '
                cross join horizon
            ) as bounds', 'date_day') | indent(12) }}
        ) as days
    ) as of_days
    group by {{ grain_sets([]) }}
{%- endmacro %}

{# The first day of the period of a grain some periods after another; `all` has none. #}
{% macro period_after(grain, start_date, count) -%}
    cast(case {{ grain }}
        when 'day' then {{ dbt.dateadd('day', count, start_date) }}
        when 'week' then {{ dbt.dateadd('day', 7 * count, start_date) }}
        when 'month' then {{ dbt.dateadd('month', count, start_date) }}
    end as date)
{%- endmacro %}

{# Whether a period of a grain, which starts on a day, and so many times 24 hours after it are over
   by the horizon (a relation `horizon`). `all` never is. #}
{% macro is_period_over(grain, start_date, days) -%}
    coalesce(
        {{ add_seconds(
            "case " ~ grain
            ~ " when 'day' then " ~ local_midnight(dbt.dateadd('day', 1, start_date))
            ~ " when 'week' then " ~ local_midnight(dbt.dateadd('day', 7, start_date))
            ~ " when 'month' then " ~ local_midnight(dbt.dateadd('month', 1, start_date))
            ~ " end",
            '(' ~ days ~ ') * 86400'
        ) }} <= horizon.data_through_at,
        false
    )
{%- endmacro %}

{# The day on which the first session began that may still go on by the horizon (a relation
   `horizon`), as `first_open_date`; empty where all have ended. What is counted by when a session
   began may change from that day on. #}
{% macro first_open_session() -%}
    select min(sessions.session_date) as first_open_date
    from {{ ref('fct_sessions') }} as sessions
    cross join horizon
    where
        {{ dbt.dateadd('minute', var('session_gap_minutes'), 'sessions.ended_at') }}
        >= horizon.data_through_at
        and {{ dbt.dateadd('hour', var('session_max_hours'), 'sessions.started_at') }}
        >= horizon.data_through_at
{%- endmacro %}
