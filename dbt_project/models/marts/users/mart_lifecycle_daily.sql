with

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

dim_lifecycle_stages as (

    select * from {{ ref('dim_lifecycle_stages') }}

),

fct_user_lifecycle_spans as (

    select * from {{ ref('fct_user_lifecycle_spans') }}

),

entries as (

    select
        stage_id,
        valid_from_date,
        count(*) as entered_count,
        count(case when is_resurrected then 1 end) as resurrected_count
    from fct_user_lifecycle_spans
    group by stage_id, valid_from_date

),

-- On the first day out, which is the first day of the next stage.
exits as (

    select
        stage_id,
        valid_to_date,
        count(*) as left_count
    from fct_user_lifecycle_spans
    where valid_to_date is not null
    group by stage_id, valid_to_date

),

changes as (

    select
        dim_lifecycle_stages.stage_id,
        dim_lifecycle_stages.label_en,
        dim_lifecycle_stages.label_zh,
        coalesce(entries.entered_count, 0) as entered_count,
        coalesce(exits.left_count, 0) as left_count,
        coalesce(entries.resurrected_count, 0) as resurrected_count,
        dim_dates.is_day_closed,
        dim_dates.date_day
    from dim_dates
    cross join dim_lifecycle_stages
    left join entries
        on
            dim_dates.date_day = entries.valid_from_date
            and dim_lifecycle_stages.stage_id = entries.stage_id
    left join exits
        on
            dim_dates.date_day = exits.valid_to_date
            and dim_lifecycle_stages.stage_id = exits.stage_id

),

lifecycle as (

    select
        stage_id,
        label_en,
        label_zh,
        cast(sum(entered_count - left_count) over (
            partition by stage_id order by date_day
            rows between unbounded preceding and current row
        ) as bigint) as user_count,
        entered_count,
        left_count,
        resurrected_count,
        is_day_closed as is_mature,
        date_day as activity_date
    from changes

)

select * from lifecycle
