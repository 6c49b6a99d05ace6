{{ with_recursive() }}

kpis as (

    select * from {{ ref('dim_kpis') }}

),

drivers as (

    select * from {{ ref('dim_kpi_drivers') }}

),

-- What is asked of a product is asked of all that it is made of.
asked as (

    {{ asked_of_drivers() }}

)

select * from asked
