with

stg_restatements as (

    select * from {{ ref('stg_restatements') }}

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
    from stg_restatements

)

select * from restatements
