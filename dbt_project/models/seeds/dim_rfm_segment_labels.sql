with

rfm_segment_labels as (

    select * from {{ source('seeds', 'rfm_segment_labels') }}

),

ranked as (

    select
        segment_id,
        label_en,
        label_zh,
        row_number() over (partition by segment_id order by row_number) as copy_number
    from rfm_segment_labels
    where segment_id is not null

),

labels as (

    select
        segment_id,
        label_en,
        label_zh
    from ranked
    where copy_number = 1

)

select * from labels
