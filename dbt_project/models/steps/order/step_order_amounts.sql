-- An event is a row; of events that have expired, the day of their order and merchant is.
with

events as (

    select * from {{ ref('fct_events') }}

),

event_names as (

    select
        event_name,
        role
    from {{ ref('dim_event_names') }}
    where role in ('order', 'refund')

),

archived as (

    {{ archived_rows(
        'arc_order_amounts',
        ['order_id', 'role', 'merchant_id', 'amount', 'event_date', 'occurred_at']
    ) }}

),

amounts as (

    select
        -- An order event without an order id is an order of its own.
        coalesce(
            events.order_id,
            case
                when event_names.role = 'order'
                    then {{ own_order_id('events') }}
            end
        ) as order_id,
        event_names.role,
        events.user_id,
        events.merchant_id,
        events.source_id,
        events.event_id,
        coalesce(events.amount, 0) as amount,
        events.event_date,
        events.occurred_at
    from events
    inner join event_names on events.event_name = event_names.event_name

    union all

    select
        order_id,
        role,
        user_id,
        merchant_id,
        null as source_id,
        null as event_id,
        amount,
        event_date,
        occurred_at
    from archived

)

select
    order_id,
    role,
    user_id,
    merchant_id,
    source_id,
    event_id,
    cast(amount as decimal(38, 4)) as amount,
    event_date,
    occurred_at
from amounts
