-- What each unit of a measure of concentration has of a day.
with

pieces as (

    select
        content_id,
        author_id
    from {{ ref('dim_content_pieces') }}

),

reads as (

    select
        content_id,
        read_date,
        count(*) as read_count
    from {{ ref('fct_content_reads') }}
    group by content_id, read_date

),

orders as (

    select
        merchant_id,
        order_date,
        sum(gross_amount) as gross_amount,
        count(*) as order_count
    from {{ ref('step_merchant_orders') }}
    group by merchant_id, order_date

),

customers as (

    select
        user_id,
        valid_from_date,
        gross_amount - refunded_amount - lag(gross_amount - refunded_amount, 1, 0) over (
            partition by order_id order by valid_from_date
        ) as net_amount
    from {{ ref('fct_order_states') }}

)

select
    'merchant_gross_amount' as measure_id,
    merchant_id as unit_id,
    gross_amount as unit_value,
    order_date as value_date
from orders

union all

select
    'merchant_orders' as measure_id,
    merchant_id as unit_id,
    order_count as unit_value,
    order_date as value_date
from orders

union all

select
    'creator_reads' as measure_id,
    pieces.author_id as unit_id,
    reads.read_count as unit_value,
    reads.read_date as value_date
from reads
inner join pieces on reads.content_id = pieces.content_id
where pieces.author_id is not null

union all

select
    'content_reads' as measure_id,
    content_id as unit_id,
    read_count as unit_value,
    read_date as value_date
from reads

union all

select
    'customer_net_amount' as measure_id,
    user_id as unit_id,
    sum(net_amount) as unit_value,
    valid_from_date as value_date
from customers
group by user_id, valid_from_date
