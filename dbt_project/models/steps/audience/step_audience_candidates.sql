with

exports as (

    select * from {{ ref('step_audience_exports') }}

),

people as (

    select * from {{ ref('step_audience_people') }}

),

messages as (

    select
        events.user_id,
        events.occurred_at,
        coalesce(events.received_at, events.occurred_at) as received_at
    from {{ ref('fct_events') }} as events
    inner join {{ ref('dim_event_names') }} as event_names
        on events.event_name = event_names.event_name
    where event_names.role = 'message_sent'

),

capped as (

    select
        exports.audience_id,
        exports.export_at,
        messages.user_id
    from messages
    inner join exports
        on messages.occurred_at > exports.capped_from_at
        and messages.occurred_at <= exports.export_at
        and messages.received_at <= exports.export_at
    where exports.cap_messages is not null
    group by exports.audience_id, exports.export_at, messages.user_id, exports.cap_messages
    having count(*) >= exports.cap_messages

),

hashed as (

    select
        people.*,
        exports.purpose,
        exports.consent_default,
        exports.holdout_rate,
        exports.is_by_profile,
        {{ hashed_share("exports.holdout_salt || ':' || people.user_id") }} as bucket
    from people
    inner join exports
        on people.audience_id = exports.audience_id
        and people.export_at = exports.export_at

)

select
    hashed.audience_id,
    hashed.user_id,
    case
        when not coalesce(consents.is_granted, hashed.consent_default) then 'no_consent'
        when capped.user_id is not null then 'capped'
        when hashed.bucket < hashed.holdout_rate then 'holdout'
        else 'exported'
    end as status,
    hashed.properties,
    hashed.bucket,
    hashed.is_by_profile,
    hashed.created_at,
    hashed.export_at
from hashed
left join {{ ref('fct_consent_spans') }} as consents
    on hashed.user_id = consents.user_id
    and hashed.purpose = consents.purpose
    and hashed.export_at >= consents.valid_from_at
    and hashed.export_at < coalesce(consents.valid_to_at, cast('9999-12-31' as timestamp))
left join capped
    on hashed.audience_id = capped.audience_id
    and hashed.export_at = capped.export_at
    and hashed.user_id = capped.user_id
