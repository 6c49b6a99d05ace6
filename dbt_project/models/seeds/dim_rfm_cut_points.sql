with

rfm_cut_points as (

    select * from {{ source('seeds', 'rfm_cut_points') }}

),

typed as (

    select
        lower(trim(measure)) as measure,
        row_number,
        {{ whole_number('score') }} as score,
        {{ try_cast('at_least', 'decimal(38, 4)') }} as at_least,
        {{ try_cast('at_most', 'decimal(38, 4)') }} as at_most
    from rfm_cut_points

),

ranked as (

    select
        typed.*,
        row_number() over (
            partition by measure, score order by row_number
        ) as copy_number
    from typed
    where measure in ('recency', 'frequency', 'monetary') and score <= 5

),

first_rows as (

    select
        ranked.*,
        lead(at_least) over (partition by measure order by score) as better_at_least,
        lead(at_most) over (partition by measure order by score) as better_at_most
    from ranked
    where copy_number = 1

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
    from first_rows

)

select * from cut_points
