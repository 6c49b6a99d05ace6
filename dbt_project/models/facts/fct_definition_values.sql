{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'user', 'from': 'occurred_at'}},
) }}
-- depends_on: {{ ref('int_users_recomputed') }}
with

read_values as (

    select * from {{ ref('step_definition_read_values') }}

),

-- Of several properties that may name the item of a path, the first that is there.
ranked_values as (

    select
        read_values.*,
        row_number() over (
            partition by definition, definition_id, purpose, source_id, event_id
            order by case when property_value = '' then 1 else 0 end, position
        ) as value_number
    from read_values
    where property_count > 1 and purpose = 'item'

),

kept_values as (

    select
        definition,
        definition_id,
        purpose,
        user_id,
        source_id,
        event_id,
        occurred_at,
        position,
        property_value
    from read_values
    where property_count > 1 and purpose <> 'item'

    union all

    select
        definition,
        definition_id,
        purpose,
        user_id,
        source_id,
        event_id,
        occurred_at,
        position,
        property_value
    from ranked_values
    where value_number = 1

),

joined_values as (

    select
        definition,
        definition_id,
        purpose,
        user_id,
        source_id,
        event_id,
        occurred_at,
        {{ dbt.listagg('property_value', "'::'", 'order by position') }} as property_value
    from kept_values
    group by definition, definition_id, purpose, user_id, source_id, event_id, occurred_at

)

-- Most ask for one property: its value is the whole.
select
    definition,
    definition_id,
    purpose,
    user_id,
    source_id,
    event_id,
    property_value,
    occurred_at
from read_values
where property_count = 1

union all

select
    definition,
    definition_id,
    purpose,
    user_id,
    source_id,
    event_id,
    property_value,
    occurred_at
from joined_values
