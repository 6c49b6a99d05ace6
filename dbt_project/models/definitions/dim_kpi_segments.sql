with recursive

kpis as (

    select * from {{ ref('dim_kpis') }}

),

drivers as (

    select * from {{ ref('dim_kpi_drivers') }}

),

-- What is asked of a product is asked of all that it is made of.
asked as (

    select
        kpi_id,
        segment_by
    from kpis
    where segment_by is not null

    union

    select
        drivers.driver_id as kpi_id,
        asked.segment_by
    from asked
    inner join drivers on asked.kpi_id = drivers.kpi_id

)

select * from asked
