with

exports as (

    select * from {{ ref('dim_audience_exports') }}

),

members as (

    select * from {{ ref('mart_audience_members') }}

),

counts as (

    select
        exports.audience_id,
        exports.campaign_id,
        {#- A loop, because each group of a list is counted in the same way. #}
        {%- for status in ['no_consent', 'capped', 'holdout', 'exported'] %}
        count(case when members.status = '{{ status }}' then 1 end) as {{ status }}_count,
        {%- endfor %}
        {%- for change in ['added', 'kept', 'removed'] %}
        count(case when members.change = '{{ change }}' then 1 end) as {{ change }}_count,
        {%- endfor %}
        exports.export_at,
        exports.made_through_at
    from exports
    left join members
        on exports.audience_id = members.audience_id
        and exports.export_at = members.export_at
    group by
        exports.audience_id, exports.campaign_id, exports.export_at, exports.made_through_at

)

select
    counts.audience_id,
    audiences.label_en,
    audiences.label_zh,
    counts.campaign_id,
    counts.no_consent_count + counts.capped_count + counts.holdout_count + counts.exported_count
        as matched_count,
    counts.no_consent_count,
    counts.capped_count,
    counts.holdout_count,
    counts.exported_count,
    counts.added_count,
    counts.kept_count,
    counts.removed_count,
    counts.export_at,
    counts.made_through_at
from counts
left join {{ ref('dim_audiences') }} as audiences on counts.audience_id = audiences.audience_id
