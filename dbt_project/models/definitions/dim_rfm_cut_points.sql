with

rfm_cut_points as (

    select * from {{ source('seeds', 'rfm_cut_points') }}

),

neighbours as (

    select
        measure,
        row_number,
        score,
        cast(at_least as decimal(38, 4)) as at_least,
        cast(at_most as decimal(38, 4)) as at_most,
        cast(lead(at_least) over (partition by measure order by score) as decimal(38, 4))
            as better_at_least,
        cast(lead(at_most) over (partition by measure order by score) as decimal(38, 4))
            as better_at_most
    from rfm_cut_points

),

-- A value between two neighbours' bounds takes the lower score: `99.99` and `100.00`
-- leave no customer of 99.995 without one. Days of recency are whole, and fewer are
-- better.
cut_points as (

    select
        measure,
        row_number,
        score,
        at_least,
        at_most,
        coalesce(
            case when measure = 'recency' then better_at_most + 1 else at_least end,
            -1000000000000000
        ) as from_value,
        coalesce(
            case when measure = 'recency' then at_most + 1 else better_at_least end,
            1000000000000000
        ) as before_value
    from neighbours

)

select * from cut_points
