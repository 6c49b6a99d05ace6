with

feedback as (

    select * from {{ ref('fct_feedback') }}

),

dates as (

    select * from {{ ref('dim_days') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- A day without feedback is still a row, from the first on.
by_day as (

    select
        feedback.*,
        {{ grain_starts('coalesce(feedback.submitted_date, dates.date_day)') }}
    from feedback
    full join dates on feedback.submitted_date = dates.date_day
    where
        feedback.feedback_id is not null
        or dates.date_day > (select min(submitted_date) from feedback)

),

parts as (

    select distinct
        feedback.feedback_id,
        {{ alternative('parts.part') }} as tag
    from feedback
    {{ explode(alternatives("coalesce(feedback.tags, '')"), 'parts', 'part') }}

),

tags as (

    select
        feedback_id,
        tag
    from parts
    where tag <> ''

),

-- Once in all, and once below each thing that it is about.
dimensioned as (

    select
        'all' as dimension,
        cast(null as {{ dbt.type_string() }}) as dimension_value,
        by_day.*
    from by_day

    union all

    {% for dimension in ['kind', 'feature', 'content', 'merchant'] -%}
    select
        '{{ dimension }}' as dimension,
        coalesce({{ dimension if dimension == 'kind' else dimension ~ '_id' }}, '') as dimension_value,
        by_day.*
    from by_day
    where feedback_id is not null

    union all

    {% endfor -%}
    select
        'tag' as dimension,
        coalesce(tags.tag, '') as dimension_value,
        by_day.*
    from by_day
    left join tags on by_day.feedback_id = tags.feedback_id
    where by_day.feedback_id is not null

),

counted as (

    select
        dimension,
        dimension_value,
        {{ grain_columns() }},
        count(feedback_id) as feedback_count,
        count(distinct user_id) as user_count,
        count(score) as score_count,
        cast(coalesce(sum(score), 0) as decimal(38, 4)) as score_sum,
        count(case when kind = 'nps' and score >= 9 then 1 end) as promoter_count,
        count(case when kind = 'nps' and score > 6 and score < 9 then 1 end) as passive_count,
        count(case when kind = 'nps' and score <= 6 then 1 end) as detractor_count,
        count(answered_at) as answered_count,
        {{ discrete_median('seconds_to_answer') }} as median_seconds_to_answer,
        count(closed_at) as closed_count,
        count(release_id) as released_count
    from dimensioned
    group by {{ grain_sets(['dimension', 'dimension_value']) }}

),

final as (

    select
        counted.grain,
        counted.dimension,
        counted.dimension_value,
        counted.feedback_count,
        counted.user_count,
        counted.score_count,
        counted.score_sum,
        {{ rate('counted.score_sum', 'counted.score_count') }} as mean_score,
        counted.promoter_count,
        counted.passive_count,
        counted.detractor_count,
        {{ rate(
            '(counted.promoter_count - counted.detractor_count)',
            '(counted.promoter_count + counted.passive_count + counted.detractor_count)'
        ) }} as nps,
        counted.answered_count,
        counted.median_seconds_to_answer,
        counted.closed_count,
        counted.released_count,
        {{ rate('counted.released_count', 'counted.feedback_count') }} as closed_loop_rate,
        {{ is_period_over('counted.grain', 'counted.period_start_date', '0') }} as is_mature,
        counted.period_start_date
    from counted
    cross join horizon

)

select * from final
