{{ config(materialized='view') }}
with

restatements_log as (

    select * from {{ source('raw', 'restatements_log') }}

),

restatements as (

    select
        build_id,
        previous_build_id,
        table_name,
        row_key,
        column_name,
        reasons,
        reason_en,
        reason_zh,
        old_value,
        new_value,
        is_gone,
        restated_at
    from restatements_log

)

select * from restatements
