{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
{%- set columns = [
    'user_id', 'campaign_id', 'source_id', 'event_id', 'role', 'order_id', 'amount',
    'discount_amount', 'is_activity', 'event_date', 'occurred_at',
] %}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

-- Properties of those roles alone that have them: each is read of the whole text.
events as (

    select
        events.campaign_id,
        events.user_id,
        events.source_id,
        events.event_id,
        event_names.role,
        case
            when event_names.role = 'coupon_redeemed'
                then {{ bounded_number(
                    json_property('events.properties', "'discount_amount'"), 'decimal(18, 4)', 0
                ) }}
        end as given_discount,
        coalesce(
            events.order_id,
            case
                when event_names.role = 'order'
                    then {{ own_order_id('events') }}
            end
        ) as order_id,
        events.currency,
        events.amount,
        events.is_activity,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'occurred_at') }}
    left join {{ ref('dim_event_names') }} as event_names
        on events.event_name = event_names.event_name
    where
        events.campaign_id is not null
        and (
            events.is_activity
            or event_names.role in (
                'exposure', 'invite', 'invite_accept', 'coupon_issued', 'coupon_redeemed',
                'check_in', 'order', 'message_sent'
            )
        )

),

-- What was taken off is in the currency of the event, as its amount was.
converted as (

    select
        events.*,
        case
            when events.currency is null or events.currency = '{{ reporting_currency() }}'
                then events.given_discount
            else {{ in_reporting_currency('events.given_discount') }}
        end as discount_amount
    from events
    left join {{ ref('dim_currency_rates') }} as rates
        on events.currency = rates.currency
        and events.occurred_at >= rates.valid_from_at
        and events.occurred_at < rates.valid_to_at

)

select
    {{ columns | join(',\n    ') }}
from converted

{{ union_archived('arc_campaign_events', columns, touched='occurred_at') }}
