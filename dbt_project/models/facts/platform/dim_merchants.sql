{%- set retained_from_seconds = var('merchant_retained_from_days') * 86400 %}
{%- set retained_to_seconds = var('merchant_retained_to_days') * 86400 %}
with

known as (

    select * from {{ ref('step_merchants') }}

),

happened as (

    select
        merchant_id,
        min(first_event_at) as first_event_at,
        min(case when role = 'listing' then first_event_at end) as first_listed_at
    from {{ ref('step_merchant_days') }}
    where merchant_id is not null
    group by merchant_id

),

orders as (

    select * from {{ ref('step_merchant_orders') }}

),

sold as (

    select
        merchant_id,
        min(ordered_at) as first_sold_at
    from orders
    where gross_amount > 0
    group by merchant_id

),

retained as (

    select
        orders.merchant_id,
        min(orders.ordered_at) as retained_at
    from orders
    inner join sold on orders.merchant_id = sold.merchant_id
    where
        orders.ordered_at >= {{ add_seconds('sold.first_sold_at', retained_from_seconds) }}
        and orders.ordered_at <= {{ add_seconds('sold.first_sold_at', retained_to_seconds) }}
    group by orders.merchant_id

),

violating as (

    select distinct merchant_id from {{ ref('fct_rule_violations') }}

),

named as (

    select merchant_id from known
    union
    select merchant_id from happened
    union
    select merchant_id from violating

)

select
    named.merchant_id,
    known.merchant_name,
    known.category,
    known.level_id,
    known.country,
    coalesce(known.opened_at, happened.first_event_at) as signed_up_at,
    happened.first_event_at,
    happened.first_listed_at,
    sold.first_sold_at,
    retained.retained_at
from named
left join known on named.merchant_id = known.merchant_id
left join happened on named.merchant_id = happened.merchant_id
left join sold on named.merchant_id = sold.merchant_id
left join retained on named.merchant_id = retained.merchant_id
