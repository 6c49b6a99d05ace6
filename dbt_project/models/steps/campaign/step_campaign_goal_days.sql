with

assignments as (

    select * from {{ ref('fct_campaign_assignments') }}

),

goals as (

    select
        campaigns.campaign_id,
        campaigns.control_variant,
        campaigns.starts_at,
        campaigns.ends_at,
        measures.measure_id,
        measures.kind,
        measures.window_days
    from {{ ref('dim_campaigns') }} as campaigns
    inner join {{ ref('step_campaign_measures') }} as measures
        on campaigns.campaign_id = measures.campaign_id
    where measures.is_goal

),

events as (

    select * from {{ ref('fct_measure_events') }} where side = 'numerator'

),

-- What everybody but the control did from the assignment on. A campaign to which nobody is assigned
-- is anybody's: what they did while it ran, with its id.
goal_events as (

    select
        goals.campaign_id,
        goals.kind,
        events.user_id,
        events.event_value,
        events.event_date
    from goals
    inner join assignments
        on goals.campaign_id = assignments.campaign_id
        and goals.control_variant <> assignments.variant
    inner join events
        on goals.measure_id = events.measure_id
        and assignments.user_id = events.user_id
        and assignments.assigned_at <= events.occurred_at
        and {{ add_seconds('assignments.assigned_at', 'goals.window_days * 86400') }}
        > events.occurred_at

    union all

    select
        goals.campaign_id,
        goals.kind,
        events.user_id,
        events.event_value,
        events.event_date
    from goals
    inner join {{ ref('fct_campaign_events') }} as campaign_events
        on goals.campaign_id = campaign_events.campaign_id
    inner join events
        on goals.measure_id = events.measure_id
        and campaign_events.source_id = events.source_id
        and campaign_events.event_id = events.event_id
    where
        goals.campaign_id not in (select assignments.campaign_id from assignments)
        and coalesce(goals.starts_at <= events.occurred_at, true)
        and coalesce(goals.ends_at > events.occurred_at, true)

),

-- A user of a proportion counts once, on the first day.
counted as (

    select
        campaign_id,
        event_date as activity_date,
        event_value as goal_value
    from goal_events
    where kind <> 'proportion'

    union all

    select
        campaign_id,
        min(event_date) as activity_date,
        1 as goal_value
    from goal_events
    where kind = 'proportion'
    group by campaign_id, user_id

)

select
    campaign_id,
    activity_date,
    sum(goal_value) as goal_value
from counted
group by campaign_id, activity_date
