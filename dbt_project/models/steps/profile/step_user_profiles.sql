with

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('dim_users') }}

),

last_days as (

    select max(date_day) as last_date from {{ ref('dim_dates') }}

),

active as (

    select
        user_id,
        min(case when active_day_number = 1 then activity_date end) as first_active_date,
        max(case when next_activity_date is null then activity_date end) as last_active_date,
        max(active_day_number) as active_day_count
    from {{ ref('fct_user_active_days') }}
    where active_day_number = 1 or next_activity_date is null
    group by user_id

),

stages as (

    select
        user_id,
        stage_id
    from {{ ref('fct_user_lifecycle_spans') }}
    where valid_to_date is null

),

states as (

    select
        user_id,
        state_id
    from {{ ref('fct_user_state_spans') }}
    where valid_to_date is null

),

orders as (

    select
        user_id,
        count(*) as order_count,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    group by user_id

),

read_categories as (

    select
        reads.user_id,
        pieces.category,
        row_number() over (
            partition by reads.user_id order by count(*) desc, pieces.category
        ) as category_rank
    from {{ ref('fct_content_events') }} as reads
    inner join {{ ref('dim_content_pieces') }} as pieces on reads.content_id = pieces.content_id
    where reads.role = 'read_start' and pieces.category is not null
    group by reads.user_id, pieces.category

),

features as (

    select
        user_id,
        count(*) as feature_count
    from {{ ref('fct_feature_adoptions') }}
    where adopted_at is not null
    group by user_id

),

invites as (

    select
        user_id,
        count(accepted_user_id) as invited_count
    from {{ ref('fct_invites') }}
    group by user_id

),

consents as (

    select
        user_id,
        is_granted
    from {{ ref('fct_consent_spans') }}
    where purpose = 'marketing' and is_current

),

survival as (

    select
        silent_days,
        survival_rate
    from {{ ref('fct_silence_survival') }}

),

-- How many silences outlast the limit of churn of the last month.
limits as (

    select coalesce(min(survival.survival_rate), 1) as survival_rate
    from {{ ref('fct_lifecycle_limits') }} as limits
    inner join last_days on limits.month_start_date = {{ month_start('last_days.last_date') }}
    left join survival on limits.silent_over_days >= survival.silent_days
    where limits.stage_id = 'churn'

)

select
    users.user_id,
    stages.stage_id,
    states.state_id,
    acquisitions.channel_id as first_channel_id,
    read_categories.category as favourite_category,
    favourite_hours.favourite_hour,
    coalesce(active.active_day_count, 0) as active_day_count,
    cast({{ days_between('active.last_active_date', 'last_days.last_date') }} as integer)
        as silent_days,
    coalesce(orders.order_count, 0) as order_count,
    coalesce(features.feature_count, 0) as feature_count,
    coalesce(invites.invited_count, 0) as invited_count,
    coalesce(orders.net_amount, 0) as net_amount,
    case
        when stages.stage_id = 'churn' then 1
        when limits.survival_rate > survival.survival_rate then 1
        else limits.survival_rate / survival.survival_rate
    end as churn_risk_rate,
    coalesce(consents.is_granted, false) as has_marketing_consent,
    active.first_active_date,
    active.last_active_date,
    users.properties,
    users.created_at
from users
cross join last_days
cross join limits
left join active on users.user_id = active.user_id
left join survival
    on {{ days_between('active.last_active_date', 'last_days.last_date') }} = survival.silent_days
left join stages on users.user_id = stages.user_id
left join states on users.user_id = states.user_id
left join {{ ref('fct_user_acquisitions') }} as acquisitions on users.user_id = acquisitions.user_id
left join {{ ref('fct_favourite_hours') }} as favourite_hours on users.user_id = favourite_hours.user_id
left join read_categories
    on users.user_id = read_categories.user_id and read_categories.category_rank = 1
left join orders on users.user_id = orders.user_id
left join features on users.user_id = features.user_id
left join invites on users.user_id = invites.user_id
left join consents on users.user_id = consents.user_id
