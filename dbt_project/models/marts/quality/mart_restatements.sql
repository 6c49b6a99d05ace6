{# What readers were told up to the build that they see. Publishing adds what the new build
   moves, so that a reader finds it in that very build (orchestration/publish/restatements.py). #}
with

fct_restatements as (

    select * from {{ ref('fct_restatements') }}

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
    from fct_restatements

)

select * from restatements
