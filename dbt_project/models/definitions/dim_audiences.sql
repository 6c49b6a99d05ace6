with

audiences as (

    select * from {{ source('seeds', 'audiences') }}

),

-- Of the profile what is known is known of the horizon alone.
of_profiles as (

    select distinct definition_id
    from {{ source('seeds', 'filters') }}
    where
        definition = 'audience'
        and property <> 'user_id'
        and property in ('tags', '{{ profile_columns() | join("', '") }}')

)

select
    audience_id,
    label_en,
    label_zh,
    campaign_id,
    schedule,
    purpose,
    coalesce(holdout_salt, audience_id) as holdout_salt,
    row_number,
    cap_messages,
    cap_days,
    holdout_rate,
    consent_default,
    of_profiles.definition_id is not null as is_by_profile,
    {{ bound_instant('starts_at', is_end=false) }} as starts_at,
    {{ bound_instant('ends_at', is_end=true) }} as ends_at
from audiences
left join of_profiles on audiences.audience_id = of_profiles.definition_id
