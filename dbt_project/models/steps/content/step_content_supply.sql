{# Loops, because each moment counts on its own day, and each dimension counts them all. #}
{%- set moments = {
    'planned': 'planned_at',
    'submitted': 'first_submit_at',
    'reviewed': 'first_decision_at',
    'published': 'published_at',
} %}
with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

dates as (

    select * from {{ ref('dim_days') }}

),

stocks as (

    select * from {{ ref('step_content_stocks') }}

),

pieces as (

    select
        pieces.*,
        coalesce(pieces.published_at, pieces.shown_at) <= horizon.data_through_at as is_out,
        coalesce(pieces.published_at, pieces.shown_at) <= horizon.data_through_at
        and {{ local_date('coalesce(pieces.published_at, pieces.shown_at)') }}
        <= {{ local_date('pieces.planned_at') }} as is_on_time,
        case
            when pieces.published_at <= pieces.first_submit_at then 0
            else {{ microseconds_between('pieces.first_submit_at', 'pieces.published_at') }}
                / 1000000.0e0
        end as cycle_seconds
    from {{ ref('dim_content_pieces') }} as pieces
    cross join horizon

),

happened as (

    {% for moment, instant in moments.items() -%}
    select
        pieces.content_id,
        '{{ moment }}' as moment,
        0 as live_change,
        0 as stale_change,
        {{ local_date('pieces.' ~ instant) }} as supply_date
    from pieces
    {% if moment == 'planned' -%}
    where pieces.planned_at is not null
    {%- else -%}
    cross join horizon
    where pieces.{{ instant }} <= horizon.data_through_at
    {%- endif %}

    union all

    {% endfor -%}
    select
        content_id,
        null as moment,
        live_change,
        stale_change,
        stock_date as supply_date
    from stocks

),

-- Once in all, and once below each thing that it is.
dimensioned as (

    {% for dimension in ['all', 'origin', 'category', 'content_type'] -%}
    select
        '{{ dimension }}' as dimension,
        {{ "cast(null as " ~ dbt.type_string() ~ ")" if dimension == 'all'
            else "coalesce(pieces." ~ dimension ~ ", '')" }} as dimension_value,
        happened.moment,
        happened.live_change,
        happened.stale_change,
        pieces.is_out,
        pieces.is_on_time,
        pieces.is_first_decision_approval,
        pieces.is_original,
        pieces.cycle_seconds,
        happened.supply_date
    from happened
    inner join pieces on happened.content_id = pieces.content_id
    {{ 'union all' if not loop.last }}

    {% endfor %}

),

-- A day on which nothing happens is still a row, from the first on.
firsts as (

    select
        dimension,
        dimension_value,
        min(supply_date) as first_date
    from dimensioned
    group by dimension, dimension_value

),

with_every_day as (

    select * from dimensioned

    union all

    select
        firsts.dimension,
        firsts.dimension_value,
        null as moment,
        0 as live_change,
        0 as stale_change,
        null as is_out,
        null as is_on_time,
        null as is_first_decision_approval,
        null as is_original,
        null as cycle_seconds,
        dates.date_day as supply_date
    from firsts
    inner join dates on firsts.first_date < dates.date_day

)

select * from with_every_day
