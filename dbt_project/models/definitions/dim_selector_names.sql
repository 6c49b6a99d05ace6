with

selectors as (

    select * from {{ ref('dim_selectors') }} where not is_any_activity

),

exploded as (

    select distinct
        selectors.definition,
        selectors.definition_id,
        selectors.side,
        {{ alternative('names.part') }} as event_name
    from selectors
    {{ explode(alternatives('selectors.event_name'), 'names', 'part') }}

)

select * from exploded where event_name <> ''
