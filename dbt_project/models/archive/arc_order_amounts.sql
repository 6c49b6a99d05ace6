with

-- Whose the first event of a day was: an order's first event says whose it is.
ranked as (

    select
        amounts.*,
        row_number() over (
            partition by order_id, role, merchant_id, event_date order by {{ event_order() }}
        ) as event_number
    from {{ ref('step_order_amounts') }} as amounts
    where event_date < {{ cut('cutoff_date') }}

)

select
    order_id,
    role,
    merchant_id,
    max(case when event_number = 1 then user_id end) as user_id,
    cast(sum(amount) as decimal(38, 4)) as amount,
    event_date,
    min(occurred_at) as occurred_at
from ranked
group by order_id, role, merchant_id, event_date
