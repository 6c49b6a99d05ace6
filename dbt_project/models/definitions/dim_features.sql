with

features as (

    select * from {{ source('seeds', 'features') }}

),

event_names as (

    select * from {{ ref('dim_event_names') }}

),

-- Where a feature names no event, its uses are of those that the tracking plan has for them.
feature_uses as (

    select {{ dbt.listagg("replace(event_name, '|', chr(92) || '|')", "'|'", 'order by event_name') }}
        as event_name
    from event_names
    where role = 'feature_use'

)

select
    features.feature_id,
    features.label_en,
    features.label_zh,
    features.owner,
    features.campaign_id,
    coalesce(features.event_name, feature_uses.event_name, '') as event_name,
    features.eligible_event,
    features.row_number,
    features.adopt_uses,
    features.window_days,
    features.event_name is null as is_told_by_id,
    {{ bound_instant('features.released_at', is_end=false) }} as released_at
from features
cross join feature_uses
