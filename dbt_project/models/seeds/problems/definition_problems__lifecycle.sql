with

lifecycle_stages as (

    select
        lifecycle_stages.*,
        row_number() over (partition by stage_id order by row_number) as copy_number
    from {{ source('seeds', 'lifecycle_stages') }} as lifecycle_stages

),

dim_lifecycle_stages as (

    select * from {{ ref('dim_lifecycle_stages') }}

),

problems as (

    select
        row_number,
        'error' as severity,
        'stage_id ' || coalesce(stage_id, '(empty)') || ' is no stage' as problem,
        'give one of introduction, growth, maturity, dormancy, churn' as mend
    from lifecycle_stages
    where
        stage_id is null
        or stage_id not in (select stage_id from dim_lifecycle_stages)
    union all
    select
        row_number,
        'error' as severity,
        'stage ' || stage_id || ' stands here again' as problem,
        'keep one row of it' as mend
    from lifecycle_stages
    where stage_id is not null and copy_number > 1
    union all
    select
        cast(null as bigint) as row_number,
        'error' as severity,
        'stage ' || stage_id || ' is missing' as problem,
        'add its row; other cells may stay empty' as mend
    from dim_lifecycle_stages
    where stage_id not in (
        select stage_id from lifecycle_stages where stage_id is not null
    )
    union all
    select
        row_number,
        'error' as severity,
        'mode ' || mode || ' is unknown' as problem,
        'give fixed or calibrated' as mend
    from lifecycle_stages
    where mode not in ('fixed', 'calibrated')
    union all
    select
        row_number,
        'warning' as severity,
        'mode calibrated says nothing on stage ' || stage_id as problem,
        'leave mode empty; only dormancy and churn have calibrated limits' as mend
    from lifecycle_stages
    where mode = 'calibrated' and stage_id in ('introduction', 'growth', 'maturity')
    {% for column in [
        'min_active_days', 'min_active_weeks', 'of_weeks', 'silent_over_days'
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no whole number from 1 on' as problem,
        'give a whole number, or leave it empty for the default' as mend
    from lifecycle_stages
    where {{ column }} is not null and {{ whole_number(column) }} is null
    {% endfor %}
    union all
    select
        lifecycle_stages.row_number,
        'error' as severity,
        'maturity asks for ' || cast(dim_lifecycle_stages.min_active_weeks as varchar)
        || ' of ' || cast(dim_lifecycle_stages.of_weeks as varchar) || ' weeks'
            as problem,
        'give a min_active_weeks that is not above of_weeks' as mend
    from dim_lifecycle_stages
    left join lifecycle_stages
        on
            dim_lifecycle_stages.stage_id = lifecycle_stages.stage_id
            and lifecycle_stages.copy_number = 1
    where dim_lifecycle_stages.min_active_weeks > dim_lifecycle_stages.of_weeks
    union all
    select
        row_number,
        'error' as severity,
        'of_weeks ' || of_weeks || ' looks back too far' as problem,
        'give 8 or less' as mend
    from lifecycle_stages
    where stage_id = 'maturity' and {{ whole_number('of_weeks') }} > 8
    union all
    select
        lifecycle_stages.row_number,
        'error' as severity,
        'churn after ' || cast(churn.silent_over_days as varchar)
        || ' silent days leaves no dormancy after '
        || cast(dormancy.silent_over_days as varchar) as problem,
        'give churn a silent_over_days above that of dormancy' as mend
    from dim_lifecycle_stages as churn
    inner join dim_lifecycle_stages as dormancy
        on
            dormancy.stage_id = 'dormancy'
            and churn.silent_over_days <= dormancy.silent_over_days
    left join lifecycle_stages
        on lifecycle_stages.stage_id = 'churn' and lifecycle_stages.copy_number = 1
    where
        churn.stage_id = 'churn'
        and churn.mode = 'fixed'
        and dormancy.mode = 'fixed'

),

named as (

    select
        'lifecycle_stages.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
