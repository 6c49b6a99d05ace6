{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

event_names as (

    select
        event_name,
        role
    from {{ ref('dim_event_names') }}

),

rates as (

    select * from {{ ref('dim_currency_rates') }}

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
            when event_names.role in ('invite', 'invite_accept')
                then {{ json_property('events.properties', "'invite_id'") }}
        end as invite_id,
        case
            when event_names.role = 'invite_accept'
                then {{ json_property('events.properties', "'inviter_id'") }}
        end as inviter_id,
        case
            when event_names.role = 'coupon_redeemed'
                then {{ try_cast(
                    json_property('events.properties', "'discount_amount'"), 'decimal(18, 4)'
                ) }}
        end as given_discount,
        coalesce(
            events.order_id,
            case
                when event_names.role = 'order'
                    then 'event:' || events.source_id || ':' || events.event_id
            end
        ) as order_id,
        events.currency,
        events.amount,
        events.is_activity,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {% if is_incremental() -%}
    inner join touched_users
        on events.user_id = touched_users.user_id
        and events.occurred_at >= touched_users.recompute_from_at
    {% endif -%}
    left join event_names on events.event_name = event_names.event_name
    where
        events.campaign_id is not null
        and (
            events.is_activity
            or event_names.role in (
                'exposure', 'invite', 'invite_accept', 'coupon_issued', 'coupon_redeemed',
                'check_in', 'order'
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
            else {{ try_cast('cast(events.given_discount as decimal(19, 4)) * rates.rate', 'decimal(18, 4)') }}
        end as discount_amount
    from events
    left join rates
        on events.currency = rates.currency
        and events.occurred_at >= rates.valid_from_at
        and events.occurred_at < rates.valid_to_at

),

archived as (

    {{ archived_rows('arc_campaign_events', [
        'campaign_id', 'source_id', 'event_id', 'role', 'invite_id', 'inviter_id', 'order_id',
        'amount', 'discount_amount', 'is_activity', 'event_date', 'occurred_at',
    ]) }}

)

select
    campaign_id,
    user_id,
    source_id,
    event_id,
    role,
    invite_id,
    inviter_id,
    order_id,
    amount,
    discount_amount,
    is_activity,
    event_date,
    occurred_at
from converted

union all

select
    archived.campaign_id,
    archived.user_id,
    archived.source_id,
    archived.event_id,
    archived.role,
    archived.invite_id,
    archived.inviter_id,
    archived.order_id,
    archived.amount,
    archived.discount_amount,
    archived.is_activity,
    archived.event_date,
    archived.occurred_at
from archived
{% if is_incremental() -%}
inner join touched_users
    on archived.user_id = touched_users.user_id
    and archived.occurred_at >= touched_users.recompute_from_at
{%- endif %}
