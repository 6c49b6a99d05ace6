with

rfm_segments as (

    select
        segment_id,
        r_score,
        f_score,
        m_score
    from {{ source('seeds', 'rfm_segments') }}

)

select * from rfm_segments
