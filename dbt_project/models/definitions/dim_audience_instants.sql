with

audiences as (

    select * from {{ ref('dim_audiences') }}

),

named as (

    select
        audiences.audience_id,
        {{ alternative('instants.part') }} as instant
    from (
        select * from audiences where schedule not in ('day', 'week', 'month')
    ) as audiences
    {{ explode(alternatives('audiences.schedule'), 'instants', 'part') }}

),

read as (

    select distinct
        audience_id,
        {{ bound_instant('instant', is_end=false) }} as export_at
    from named

)

select * from read
