with

rfm_segments as (

    select
        rfm_segments.*,
        {{ whole_number('r_score') }} as r,
        {{ whole_number('f_score') }} as f,
        {{ whole_number('m_score') }} as m
    from {{ source('seeds', 'rfm_segments') }} as rfm_segments

),

dim_rfm_segments as (

    select * from {{ ref('dim_rfm_segments') }}

),

dim_rfm_segment_labels as (

    select * from {{ ref('dim_rfm_segment_labels') }}

),

valid_cells as (

    select
        rfm_segments.*,
        row_number() over (partition by r, f, m order by row_number) as copy_number
    from rfm_segments
    where r <= 5 and f <= 5 and m <= 5 and segment_id is not null

),

scores as (

    select 1 as score union all select 2 union all select 3 union all select 4
    union all select 5

),

cells as (

    select
        r_scores.score as r_score,
        f_scores.score as f_score,
        m_scores.score as m_score
    from scores as r_scores
    cross join scores as f_scores
    cross join scores as m_scores

),

problems as (

    select
        'rfm_segments.csv' as file,
        row_number,
        'error' as severity,
        'scores ' || coalesce(r_score, '(empty)')
        || ', ' || coalesce(f_score, '(empty)')
        || ', ' || coalesce(m_score, '(empty)') || ' are no cell' as problem,
        'give whole numbers from 1 to 5' as mend
    from rfm_segments
    where coalesce(r, 9) > 5 or coalesce(f, 9) > 5 or coalesce(m, 9) > 5
    union all
    select
        'rfm_segments.csv' as file,
        row_number,
        'error' as severity,
        'segment_id is empty' as problem,
        'give the segment of the cell' as mend
    from rfm_segments
    where segment_id is null
    union all
    select
        'rfm_segments.csv' as file,
        row_number,
        'error' as severity,
        'cell ' || r_score || ', ' || f_score || ', ' || m_score || ' stands here again'
            as problem,
        'keep one row of it' as mend
    from valid_cells
    where copy_number > 1
    union all
    select
        'rfm_segments.csv' as file,
        cast(null as bigint) as row_number,
        'error' as severity,
        'cell ' || cast(cells.r_score as varchar) || ', '
        || cast(cells.f_score as varchar) || ', ' || cast(cells.m_score as varchar)
        || ' is missing' as problem,
        'add its row: each of the 125 cells belongs to a segment' as mend
    from cells
    left join dim_rfm_segments
        on
            cells.r_score = dim_rfm_segments.r_score
            and cells.f_score = dim_rfm_segments.f_score
            and cells.m_score = dim_rfm_segments.m_score
    where dim_rfm_segments.segment_id is null
    union all
    select
        'rfm_segment_labels.csv' as file,
        min(rfm_segments.row_number) as row_number,
        'warning' as severity,
        'segment ' || rfm_segments.segment_id || ' has no label' as problem,
        'add a row with its label_en and label_zh' as mend
    from rfm_segments
    left join dim_rfm_segment_labels
        on rfm_segments.segment_id = dim_rfm_segment_labels.segment_id
    where
        rfm_segments.segment_id is not null
        and dim_rfm_segment_labels.segment_id is null
    group by rfm_segments.segment_id

)

select * from problems
