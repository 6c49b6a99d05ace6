-- On the last day of its life a piece has all reads up to the end of it.
with

lives as (

    select
        content_id,
        cumulative_read_count
    from {{ ref('mart_content_age_curves') }}
    where age_days = {{ var('content_lifetime_days') - 1 }}

),

pieces as (

    select
        content_id,
        {{ add_seconds('started_at', var('content_lifetime_days') * 86400) }} as ended_at
    from {{ ref('dim_content_pieces') }}

),

counted as (

    select
        pieces.content_id,
        count(*) as read_count
    from {{ ref('fct_content_reads') }} as reads
    inner join pieces on reads.content_id = pieces.content_id
    where reads.started_at <= pieces.ended_at
    group by pieces.content_id

)

select lives.*
from lives
left join counted on lives.content_id = counted.content_id
where lives.cumulative_read_count <> coalesce(counted.read_count, 0)
