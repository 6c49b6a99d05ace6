with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

silences as (

    select * from {{ ref('fct_silences') }}

),

open_feedback as (

    select distinct
        silences.user_id,
        silences.silent_from_date
    from {{ ref('fct_feedback') }} as feedback
    inner join silences
        on feedback.user_id = silences.user_id
        and feedback.submitted_at <= silences.silent_from_at
    where feedback.closed_at is null or feedback.closed_at > silences.silent_from_at

),

told as (

    select
        silences.*,
        {{ local_midnight(days_after('silences.silent_from_date', var('winback_window_days'))) }}
            <= horizon.data_through_at as is_closed,
        open_feedback.user_id is not null as has_open_feedback
    from silences
    cross join horizon
    left join open_feedback
        on silences.user_id = open_feedback.user_id
        and silences.silent_from_date = open_feedback.silent_from_date

),

-- Once in all, and once below each thing that may say why.
dimensioned as (

    {% for dimension, value in {
        'all': 'cast(null as ' ~ dbt.type_string() ~ ')',
        'last_feature': "coalesce(last_feature_id, '')",
        'last_content': "coalesce(last_content_id, '')",
        'last_campaign': "coalesce(last_campaign_id, '')",
        'open_feedback': "case when has_open_feedback then 'true' else 'false' end",
    }.items() -%}
    select
        stage_id,
        '{{ dimension }}' as dimension,
        {{ value }} as dimension_value,
        silent_from_date,
        1 as silent_count,
        case when returned_at is not null then 1 else 0 end as returned_count,
        case when is_closed then 1 else 0 end as mature_silent_count,
        case when is_closed and returned_at is not null then 1 else 0 end as mature_returned_count,
        case when is_touched then 1 else 0 end as touched_returned_count
    from told

    union all

    {% endfor -%}
    -- A day on which nobody falls silent is still a row, from the first on.
    select
        stages.stage_id,
        'all' as dimension,
        null as dimension_value,
        dates.date_day as silent_from_date,
        0 as silent_count,
        0 as returned_count,
        0 as mature_silent_count,
        0 as mature_returned_count,
        0 as touched_returned_count
    from {{ ref('dim_days') }} as dates
    inner join (
        select
            stage_id,
            min(silent_from_date) as first_date
        from silences
        group by stage_id
    ) as stages on dates.date_day >= stages.first_date

),

{% set counts = [
    'silent_count', 'returned_count', 'mature_silent_count', 'mature_returned_count',
    'touched_returned_count',
] -%}
by_day as (

    select
        stage_id,
        dimension,
        dimension_value
        {%- for count in counts %},
        sum({{ count }}) as {{ count }}
        {%- endfor %},
        {{ grain_starts('silent_from_date') }}
    from dimensioned
    group by stage_id, dimension, dimension_value, silent_from_date

),

counted as (

    select
        stage_id,
        dimension,
        dimension_value,
        {{ grain_columns() }}
        {%- for count in counts %},
        cast(sum({{ count }}) as bigint) as {{ count }}
        {%- endfor %}
    from by_day
    group by {{ grain_sets(['stage_id', 'dimension', 'dimension_value']) }}

),

final as (

    select
        counted.grain,
        counted.stage_id,
        counted.dimension,
        counted.dimension_value
        {%- for count in counts %},
        counted.{{ count }}
        {%- endfor %},
        {{ rate_with_bounds(
            'counted.mature_returned_count', 'counted.mature_silent_count', 'return_rate'
        ) }},
        {{ is_period_over(
            'counted.grain', 'counted.period_start_date', var('winback_window_days')
        ) }} as is_mature,
        counted.period_start_date
    from counted
    cross join horizon

)

select * from final
