with

assignments as (

    select
        assignments.campaign_id,
        assignments.user_id,
        assignments.variant,
        coalesce(assignments.assigned_at, campaigns.starts_at) as assigned_at
    from {{ ref('step_campaign_assignments') }} as assignments
    left join {{ ref('dim_campaigns') }} as campaigns
        on assignments.campaign_id = campaigns.campaign_id

)

-- By sums, which need no sort: of several variants none is the user's.
select
    campaign_id,
    user_id,
    case when min(variant) = max(variant) then min(variant) end as variant,
    min(variant) <> max(variant) as is_in_several_variants,
    min(assigned_at) as assigned_at
from assignments
{% if horizon() -%}
where assigned_at is null or assigned_at <= {{ horizon() }}
{% endif -%}
group by campaign_id, user_id
