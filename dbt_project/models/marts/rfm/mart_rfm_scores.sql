with

step_rfm_scores as (

    select * from {{ ref('step_rfm_scores') }}

),

dim_rfm_segments as (

    select * from {{ ref('dim_rfm_segments') }}

),

dim_rfm_segment_labels as (

    select * from {{ ref('dim_rfm_segment_labels') }}

),

dim_rfm_classes as (

    select * from {{ ref('dim_rfm_classes') }}

),

totals as (

    select
        snapshot_date,
        count(*) as customer_count,
        sum(r_score) as r_total,
        sum(f_score) as f_total,
        sum(m_score) as m_total
    from step_rfm_scores
    group by snapshot_date

),

-- High is above the snapshot's mean score; in whole numbers, so that a score which
-- equals the mean is never above it by rounding.
compared as (

    select
        step_rfm_scores.*,
        step_rfm_scores.r_score * totals.customer_count > totals.r_total as is_r_high,
        step_rfm_scores.f_score * totals.customer_count > totals.f_total as is_f_high,
        step_rfm_scores.m_score * totals.customer_count > totals.m_total as is_m_high
    from step_rfm_scores
    inner join totals
        on step_rfm_scores.snapshot_date = totals.snapshot_date

),

scores as (

    select
        compared.user_id,
        dim_rfm_segments.segment_id,
        dim_rfm_segment_labels.label_en as segment_label_en,
        dim_rfm_segment_labels.label_zh as segment_label_zh,
        dim_rfm_classes.class_8_id,
        dim_rfm_classes.label_en as class_8_label_en,
        dim_rfm_classes.label_zh as class_8_label_zh,
        compared.recency_days,
        compared.frequency,
        compared.monetary_amount,
        compared.r_score,
        compared.f_score,
        compared.m_score,
        compared.is_mature,
        compared.snapshot_date
    from compared
    inner join dim_rfm_classes
        on
            compared.is_r_high = dim_rfm_classes.is_r_high
            and compared.is_f_high = dim_rfm_classes.is_f_high
            and compared.is_m_high = dim_rfm_classes.is_m_high
    left join dim_rfm_segments
        on
            compared.r_score = dim_rfm_segments.r_score
            and compared.f_score = dim_rfm_segments.f_score
            and compared.m_score = dim_rfm_segments.m_score
    left join dim_rfm_segment_labels
        on dim_rfm_segments.segment_id = dim_rfm_segment_labels.segment_id

)

select * from scores
