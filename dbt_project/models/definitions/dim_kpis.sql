with

kpis as (

    select * from {{ source('seeds', 'kpis') }}

),

typed as (

    select
        kpi_id,
        label_en,
        label_zh,
        parent_kpi_id,
        stage,
        owner,
        direction,
        kind,
        event_name,
        property,
        mart_column,
        drivers,
        segment_by,
        method,
        grains,
        row_number,
        is_mix_split
    from kpis

)

select * from typed
