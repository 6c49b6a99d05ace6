{%- set stale_seconds = var('content_stale_days') * 86400 %}
with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

pieces as (

    select * from {{ ref('dim_content_pieces') }}

),

days as (

    select * from {{ ref('fct_content_days') }}

),

fresh_instants as (

    select
        content_id,
        last_read_at as fresh_at
    from days
    where last_read_at is not null

    union all

    {# A loop, because a piece is new both when it is there and when it is published. -#}
    {% for start in ['shown_at', 'published_at'] -%}
    select
        pieces.content_id,
        pieces.{{ start }} as fresh_at
    from pieces
    cross join horizon
    where pieces.{{ start }} <= horizon.data_through_at
    {{ 'union all' if not loop.last }}

    {% endfor %}

),

fresh_days as (

    select
        content_id,
        {{ local_date('max(fresh_at)') }} as fresh_date,
        {{ local_date(add_seconds('max(fresh_at)', stale_seconds)) }} as aged_date
    from fresh_instants
    group by content_id, {{ local_date('fresh_at') }}

),

aged as (

    select
        content_id,
        aged_date,
        lead(fresh_date) over (partition by content_id order by fresh_date) as fresh_date
    from fresh_days

)

select
    content_id,
    aged_date,
    fresh_date
from aged
where fresh_date is null or fresh_date > aged_date
