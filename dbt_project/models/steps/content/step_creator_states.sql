with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

pieces as (

    select
        pieces.author_id,
        {{ grain_starts(local_date('pieces.published_at')) }}
    from {{ ref('dim_content_pieces') }} as pieces
    cross join horizon
    where pieces.author_id is not null and pieces.published_at <= horizon.data_through_at

),

active as (

    select
        author_id,
        {{ grain_columns() }},
        count(*) as published_count
    from pieces
    group by {{ grain_sets(['author_id']) }}

),

neighbours as (

    select
        active.*,
        lag(period_start_date) over by_author as last_start_date,
        lead(period_start_date) over by_author as next_start_date,
        {{ period_after('grain', 'period_start_date', -1) }} as start_date_before,
        {{ period_after('grain', 'period_start_date', 1) }} as start_date_after
    from active
    window by_author as (partition by author_id, grain order by period_start_date)

)

select
    author_id,
    grain,
    case
        when last_start_date is null then 'new'
        when last_start_date = start_date_before then 'retained'
        else 'resurrected'
    end as growth_state,
    published_count,
    period_start_date
from neighbours

union all

select
    neighbours.author_id,
    neighbours.grain,
    'lost' as growth_state,
    0 as published_count,
    neighbours.start_date_after as period_start_date
from neighbours
cross join horizon
where
    neighbours.start_date_after <= horizon.data_through_date
    and coalesce(neighbours.next_start_date > neighbours.start_date_after, true)
