with

rfm_segments as (

    select * from {{ source('seeds', 'rfm_segments') }}

),

typed as (

    select
        segment_id,
        row_number,
        {{ whole_number('r_score') }} as r_score,
        {{ whole_number('f_score') }} as f_score,
        {{ whole_number('m_score') }} as m_score
    from rfm_segments
    where segment_id is not null

),

-- A cell that stands twice is a definition problem; its first row holds meanwhile, so
-- that no customer is doubled.
ranked as (

    select
        typed.*,
        row_number() over (
            partition by r_score, f_score, m_score order by row_number
        ) as copy_number
    from typed
    where r_score <= 5 and f_score <= 5 and m_score <= 5

),

cells as (

    select
        segment_id,
        r_score,
        f_score,
        m_score
    from ranked
    where copy_number = 1

)

select * from cells
