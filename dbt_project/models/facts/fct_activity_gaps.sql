with

days as (

    select
        activity_id,
        user_id,
        lag(activity_date) over (
            partition by activity_id, user_id order by activity_date
        ) as previous_activity_date,
        activity_date
    from {{ ref('fct_activity_days') }}

),

gaps as (

    {{ activity_gaps('days') | indent(4) }}

)

select * from gaps
