with

fct_rfm_customers as (

    select * from {{ ref('fct_rfm_customers') }}

),

dim_rfm_cut_points as (

    select * from {{ ref('dim_rfm_cut_points') }}

),

-- Worst first: the longest silence, the fewest orders, the least money. Of the places
-- that equal customers take, the middle, so that they share a score: hence no
-- tie-breaker.
ranked as (

    select
        user_id,
        recency_days,
        frequency,
        monetary_amount,
        5 * (
            percent_rank() over (partition by snapshot_date order by recency_days desc)
            + cume_dist() over (partition by snapshot_date order by recency_days desc)
        ) / 2 as r_place,
        5 * (
            percent_rank() over (partition by snapshot_date order by frequency)
            + cume_dist() over (partition by snapshot_date order by frequency)
        ) / 2 as f_place,
        5 * (
            percent_rank() over (partition by snapshot_date order by monetary_amount)
            + cume_dist() over (partition by snapshot_date order by monetary_amount)
        ) / 2 as m_place,
        is_mature,
        snapshot_date
    from fct_rfm_customers

),

-- Fixed cut points replace the ranks of the measures that have some.
cut_measures as (

    select
        count(case when measure = 'recency' then 1 end) > 0 as has_recency_cuts,
        count(case when measure = 'frequency' then 1 end) > 0 as has_frequency_cuts,
        count(case when measure = 'monetary' then 1 end) > 0 as has_monetary_cuts
    from dim_rfm_cut_points

),

scored as (

    select
        ranked.user_id,
        ranked.recency_days,
        ranked.frequency,
        ranked.monetary_amount,
        case
            when cut_measures.has_recency_cuts then recency_cuts.score
            else cast(least(5, floor(ranked.r_place) + 1) as integer)
        end as r_score,
        case
            when cut_measures.has_frequency_cuts then frequency_cuts.score
            else cast(least(5, floor(ranked.f_place) + 1) as integer)
        end as f_score,
        case
            when cut_measures.has_monetary_cuts then monetary_cuts.score
            else cast(least(5, floor(ranked.m_place) + 1) as integer)
        end as m_score,
        ranked.is_mature,
        ranked.snapshot_date
    from ranked
    cross join cut_measures
    left join dim_rfm_cut_points as recency_cuts
        on
            recency_cuts.measure = 'recency'
            and ranked.recency_days >= recency_cuts.from_value
            and ranked.recency_days < recency_cuts.before_value
    left join dim_rfm_cut_points as frequency_cuts
        on
            frequency_cuts.measure = 'frequency'
            and ranked.frequency >= frequency_cuts.from_value
            and ranked.frequency < frequency_cuts.before_value
    left join dim_rfm_cut_points as monetary_cuts
        on
            monetary_cuts.measure = 'monetary'
            and ranked.monetary_amount >= monetary_cuts.from_value
            and ranked.monetary_amount < monetary_cuts.before_value

)

select * from scored
