with

kpis as (

    select * from {{ ref('dim_kpis') }}
    where kind in ('product', 'ratio', 'total', 'difference')

),

exploded as (

    select
        kpis.kpi_id,
        {{ alternative('parts.part') }} as driver_id,
        cast(parts.position as integer) as driver_number
    from kpis
    {{ explode_with_position(alternatives('kpis.drivers'), 'parts', 'position', 'part') }}

)

select * from exploded
