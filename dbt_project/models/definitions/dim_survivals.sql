with

survivals as (

    select * from {{ source('seeds', 'survivals') }}

),

typed as (

    select
        survival_id,
        label_en,
        label_zh,
        subject,
        start_event,
        end_event,
        breakdown,
        row_number,
        max_days,
        breakdown_limit
    from survivals

)

select * from typed
