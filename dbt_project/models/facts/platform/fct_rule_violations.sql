with

violations as (

    select violations.*
    from {{ ref('stg_feed__rule_violations') }} as violations
    cross join {{ ref('dim_horizon') }} as horizon
    where violations.occurred_at <= horizon.data_through_at

),

ranked as (

    select
        violations.*,
        row_number() over (
            partition by violation_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from violations

),

known as (

    select
        ranked.*,
        coalesce(violation_id, 'row:' || content_hash) as known_id
    from ranked
    where violation_id is null or recency_rank = 1

)

select
    known_id as violation_id,
    merchant_id,
    user_id,
    rule_id,
    severity,
    case
        when resolved_at <= occurred_at then 0
        else {{ microseconds_between('occurred_at', 'resolved_at') }} / 1000000.0e0
    end as seconds_to_resolution,
    {{ local_date('occurred_at') }} as occurred_date,
    lag(occurred_at) over (
        partition by merchant_id order by occurred_at, known_id
    ) as previous_occurred_at,
    occurred_at,
    resolved_at
from known
