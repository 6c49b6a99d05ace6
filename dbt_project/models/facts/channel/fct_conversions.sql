{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['conversion_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'converter', 'from': 'converted_at'}},
) }}
with

conversions as (

    select * from {{ ref('dim_conversions') }}

),

names as (

    select
        names.definition_id as conversion_id,
        names.event_name,
        selectors.has_conditions
    from {{ ref('dim_selector_names') }} as names
    inner join {{ ref('dim_selectors') }} as selectors
        on names.definition = selectors.definition
        and names.definition_id = selectors.definition_id
        and names.side = selectors.side
    where names.definition = 'conversion' and {{ is_of_scope('names') }}

),

chosen_events as (

    select * from {{ ref('fct_definition_chosen_events') }} where definition = 'conversion'

),

-- Of everybody, because events of two users may share an order.
named as (

    select
        names.conversion_id,
        names.has_conditions,
        events.user_id,
        events.source_id,
        events.event_id,
        events.order_id,
        events.amount,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    inner join names on events.event_name = names.event_name

),

archived as (

    {{ archived_rows('arc_conversion_events', [
        'conversion_id', 'source_id', 'event_id', 'order_id', 'amount', 'property_amount',
        'occurred_at',
    ]) }}

),

occurred as (

    select
        named.conversion_id,
        named.user_id,
        named.source_id,
        named.event_id,
        named.order_id,
        named.amount,
        cast(null as decimal(18, 4)) as property_amount,
        named.occurred_at
    from named
    left join chosen_events
        on named.conversion_id = chosen_events.definition_id
        and named.source_id = chosen_events.source_id
        and named.event_id = chosen_events.event_id
    where not named.has_conditions or chosen_events.event_id is not null

    union all

    select
        conversion_id,
        user_id,
        source_id,
        event_id,
        order_id,
        amount,
        property_amount,
        occurred_at
    from archived

),

-- Events that share an order are one conversion, at the first.
ranked as (

    select
        occurred.*,
        row_number() over (
            partition by conversion_id, order_id order by {{ event_order() }}
        ) as event_number
    from occurred

),

numbered as (

    select
        ranked.*,
        row_number() over in_order as conversion_number,
        lag(occurred_at) over in_order as previous_converted_at
    from ranked
    where order_id is null or event_number = 1
    window in_order as (partition by conversion_id, user_id order by {{ event_order() }})

),

counted as (

    select
        numbered.*,
        conversions.counting = 'each' or numbered.conversion_number = 1 as is_counted,
        conversions.value_kind,
        {{ add_seconds(
            local_midnight(dbt.dateadd('day', 1, local_date('numbered.occurred_at'))),
            'conversions.refund_days * 86400'
        ) }} as day_ripe_at,
        {{ add_seconds('numbered.occurred_at', 'conversions.refund_days * 86400') }} as refundable_to_at
    from numbered
    inner join conversions on numbered.conversion_id = conversions.conversion_id
    {{ join_recomputed('converter', 'numbered', 'occurred_at') }}

),

-- What is known of the order when refunds no longer count; of its lines, when the figures of the day
-- of the conversion are ripe.
order_amounts as (

    select
        counted.conversion_id,
        counted.order_id,
        sum(case when amounts.role = 'order' then amounts.amount else -amounts.amount end)
            as net_amount,
        bool_or(amounts.role = 'order') as is_order
    from counted
    inner join {{ ref('step_order_amounts') }} as amounts
        on counted.order_id = amounts.order_id
        and (
            amounts.occurred_at <= counted.refundable_to_at
            or (amounts.role = 'order' and amounts.occurred_at < counted.day_ripe_at)
        )
    where counted.value_kind = 'net_amount'
    group by counted.conversion_id, counted.order_id

),

property_values as (

    select
        definition_id as conversion_id,
        source_id,
        event_id,
        {{ parse_number('property_value', 'decimal(18, 4)') }} as property_amount
    from {{ ref('fct_definition_values') }}
    where definition = 'conversion' and purpose = 'value'

),

valued as (

    select
        counted.*,
        cast(
            coalesce(
                case
                    when counted.value_kind = 'none' then 0
                    when counted.value_kind <> 'net_amount'
                        then coalesce(property_values.property_amount, counted.property_amount)
                    when order_amounts.is_order then order_amounts.net_amount
                    else counted.amount
                end,
                0
            ) as decimal(38, 4)
        ) as value_amount
    from counted
    left join order_amounts
        on counted.conversion_id = order_amounts.conversion_id
        and counted.order_id = order_amounts.order_id
    left join property_values
        on counted.conversion_id = property_values.conversion_id
        and counted.source_id = property_values.source_id
        and counted.event_id = property_values.event_id

)

select
    conversion_id,
    source_id,
    event_id as conversion_event_id,
    user_id,
    order_id,
    value_amount,
    is_counted,
    {{ local_date('occurred_at') }} as conversion_date,
    previous_converted_at,
    occurred_at as converted_at
from valued
