with

days as (

    select
        days.*,
        row_number() over (
            partition by merchant_id, role, order_id order by event_date, user_id
        ) as order_day_number
    from {{ ref('step_merchant_days') }} as days
    where merchant_id is not null

),

order_days as (

    select * from {{ ref('fct_merchant_order_days') }}
    where merchant_id is not null

)

-- An order is fulfilled, or cancelled, once.
select
    merchant_id,
    case role
        when 'fulfil' then 'fulfilled_count'
        when 'cancel' then 'cancelled_count'
        when 'complaint' then 'complaint_count'
        when 'rating' then 'rating_sum'
    end as figure,
    case
        when role = 'rating' then score * event_count
        when role = 'complaint' or order_id is null then event_count
        when order_day_number = 1 then 1
    end as figure_value,
    event_date as counted_date
from days

union all

select
    merchant_id,
    'rating_count' as figure,
    event_count as figure_value,
    event_date as counted_date
from days
where score is not null

union all

{% for amount in ['gross_amount', 'refunded_amount'] -%}
select
    merchant_id,
    '{{ amount }}' as figure,
    {{ amount }} as figure_value,
    moved_date as counted_date
from order_days

union all

{% endfor -%}
select
    merchant_id,
    'order_count' as figure,
    1 as figure_value,
    first_date as counted_date
from {{ ref('step_merchant_orders') }}

union all

select
    merchant_id,
    'violation_count' as figure,
    1 as figure_value,
    occurred_date as counted_date
from {{ ref('fct_rule_violations') }}

union all

select
    merchant_id,
    'open_violation_count' as figure,
    1 as figure_value,
    occurred_date as counted_date
from {{ ref('fct_rule_violations') }}
where resolved_at is null
