with

check_in_days as (

    select distinct
        campaign_id,
        user_id,
        event_date
    from {{ ref('fct_campaign_events') }}
    where role = 'check_in'

),

horizon as (

    select data_through_date from {{ ref('dim_horizon') }}

),

-- Days that follow each other are as far ahead of their own number.
numbered as (

    select
        check_in_days.*,
        {{ days_between("cast('1970-01-01' as date)", 'event_date') }}
        - row_number() over (partition by campaign_id, user_id order by event_date)
            as streak_key
    from check_in_days

),

streaks as (

    select
        campaign_id,
        user_id,
        streak_key,
        count(*) as day_count,
        min(event_date) as started_date,
        max(event_date) as ended_date
    from numbered
    group by campaign_id, user_id, streak_key

),

final as (

    select
        streaks.campaign_id,
        streaks.user_id,
        cast(
            row_number() over (
                partition by streaks.campaign_id, streaks.user_id order by streaks.started_date
            ) as integer
        ) as streak_number,
        cast(streaks.day_count as integer) as day_count,
        {{ days_between('streaks.ended_date', 'horizon.data_through_date') }} <= 1 as is_open,
        streaks.started_date,
        streaks.ended_date
    from streaks
    cross join horizon

)

select * from final
