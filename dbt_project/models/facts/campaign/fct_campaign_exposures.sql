with

campaign_events as (

    select * from {{ ref('fct_campaign_events') }}

),

assignments as (

    select * from {{ ref('fct_campaign_assignments') }}

)

select
    exposures.campaign_id,
    exposures.user_id,
    bool_or(coalesce(exposures.occurred_at < assignments.assigned_at, false))
        as is_before_assigned,
    bool_or(assignments.user_id is null) as is_unassigned,
    -- One before the assignment is none of the arm's; without an assignment each counts.
    min(
        case
            when coalesce(exposures.occurred_at >= assignments.assigned_at, true)
                then exposures.occurred_at
        end
    ) as first_exposed_at
from campaign_events as exposures
left join assignments
    on exposures.campaign_id = assignments.campaign_id
    and exposures.user_id = assignments.user_id
where exposures.role = 'exposure'
group by exposures.campaign_id, exposures.user_id
