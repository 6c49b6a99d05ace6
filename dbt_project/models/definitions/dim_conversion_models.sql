with

conversions as (

    select * from {{ ref('dim_conversions') }}

),

exploded as (

    select distinct
        conversions.conversion_id,
        {{ alternative('parts.part') }} as model_id
    from conversions
    {{ explode(alternatives('conversions.models'), 'parts', 'part') }}

)

select * from exploded
