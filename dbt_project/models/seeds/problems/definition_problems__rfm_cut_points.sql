with

rfm_cut_points as (

    select
        rfm_cut_points.*,
        lower(trim(measure)) as measure_id,
        {{ whole_number('score') }} as whole_score
    from {{ source('seeds', 'rfm_cut_points') }} as rfm_cut_points

),

copies as (

    select
        rfm_cut_points.*,
        row_number() over (
            partition by measure_id, whole_score order by row_number
        ) as copy_number
    from rfm_cut_points

),

-- The bound on the worse side decides, as `dim_rfm_cut_points` reads it: days not
-- above, for recency; orders or money not below, for the others.
neighbours as (

    select
        dim_rfm_cut_points.*,
        case when measure = 'recency' then at_most else at_least end as worse_bound,
        case when measure = 'recency' then at_least else at_most end as better_bound,
        lag(score) over (partition by measure order by score) as lower_score,
        lead(case when measure = 'recency' then at_most else at_least end) over (
            partition by measure order by score
        ) as next_worse_bound
    from {{ ref('dim_rfm_cut_points') }} as dim_rfm_cut_points

),

problems as (

    select
        row_number,
        'error' as severity,
        'measure ' || coalesce(measure, '(empty)') || ' is unknown' as problem,
        'give recency, frequency or monetary' as mend
    from rfm_cut_points
    where coalesce(measure_id, '') not in ('recency', 'frequency', 'monetary')
    union all
    select
        row_number,
        'error' as severity,
        'score ' || coalesce(score, '(empty)') || ' is none' as problem,
        'give a whole number from 1 to 5' as mend
    from rfm_cut_points
    where coalesce(whole_score, 9) > 5
    union all
    select
        row_number,
        'error' as severity,
        'score ' || score || ' of ' || measure_id || ' stands here again' as problem,
        'keep one row of it' as mend
    from copies
    where copy_number > 1 and whole_score <= 5
    {% for column in ['at_least', 'at_most'] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no number' as problem,
        'give a number' as mend
    from rfm_cut_points
    where {{ column }} is not null and {{ try_cast(column, 'decimal(38, 4)') }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'score ' || cast(score as varchar) || ' of ' || measure
        || ' has no bound on its worse side' as problem,
        'give at_most for recency, at_least for frequency and monetary; only the '
        || 'lowest score may leave it empty' as mend
    from neighbours
    where lower_score is not null and worse_bound is null
    union all
    select
        row_number,
        'error' as severity,
        'some values of ' || measure || ' are worse than the lowest score allows'
            as problem,
        'leave that bound of the lowest score empty' as mend
    from neighbours
    where
        lower_score is null
        and case measure
            when 'recency' then worse_bound < 364
            when 'frequency' then worse_bound > 1
            else worse_bound > 0
        end
    union all
    select
        row_number,
        'error' as severity,
        'score ' || cast(score as varchar) || ' of ' || measure
        || ' overlaps the next one, or stands on its wrong side' as problem,
        'give bounds that get better from score to score' as mend
    from neighbours
    where
        case
            when measure = 'recency' then
                next_worse_bound >= coalesce(better_bound, worse_bound)
                or better_bound > worse_bound
            else
                next_worse_bound <= worse_bound
                or next_worse_bound < better_bound
                or better_bound < worse_bound
        end

),

named as (

    select
        'rfm_cut_points.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
