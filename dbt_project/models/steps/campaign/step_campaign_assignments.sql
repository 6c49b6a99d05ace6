select
    campaign_id,
    user_id,
    variant,
    assigned_at
from {{ ref('stg_feed__campaign_assignments') }}

union all

-- Who was exported, and who was held out. A list keeps the ids that it was made with.
select
    exports.campaign_id,
    coalesce(links.user_id, members.user_id) as user_id,
    case
        when members.status = 'exported' then 'treatment'
        else coalesce(campaigns.control_variant, 'control')
    end as variant,
    members.export_at as assigned_at
from {{ ref('fct_audience_members') }} as members
inner join {{ ref('dim_audience_exports') }} as exports
    on members.audience_id = exports.audience_id
    and members.export_at = exports.export_at
left join {{ ref('step_campaigns') }} as campaigns
    on exports.campaign_id = campaigns.campaign_id
left join {{ ref('int_identity_links') }} as links
    on members.user_id = {{ anonymous_user_id('links.anonymous_id') }}
where
    exports.campaign_id is not null
    and members.status in ('exported', 'holdout')
