with

property_values as (

    select
        definition_id as conversion_id,
        source_id,
        event_id,
        {{ parse_number('property_value', 'decimal(18, 4)') }} as property_amount
    from {{ ref('fct_definition_values') }}
    where definition = 'conversion' and purpose = 'value'

),

expiring as (

    select
        conversions.conversion_id,
        conversions.source_id,
        conversions.conversion_event_id as event_id,
        conversions.user_id,
        conversions.order_id,
        conversions.value_amount as amount,
        property_values.property_amount,
        conversions.converted_at as occurred_at
    from {{ ref('fct_conversions') }} as conversions
    left join property_values
        on conversions.conversion_id = property_values.conversion_id
        and conversions.source_id = property_values.source_id
        and conversions.conversion_event_id = property_values.event_id
    where conversions.converted_at < {{ cut('cutoff_at') }}

)

select * from expiring
