with

rfm_segment_labels as (

    select
        segment_id,
        label_en,
        label_zh
    from {{ source('seeds', 'rfm_segment_labels') }}

)

select * from rfm_segment_labels
