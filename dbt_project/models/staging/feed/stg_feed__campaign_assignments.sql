with

campaign_assignments as (

    {{ staged_feed_rows('campaign_assignments') }}

),

typed as (

    select
        {{ given_id('campaign_assignments', 'campaign_id') }} as campaign_id,
        known_user_id as user_id,
        coalesce({{ given_id('campaign_assignments', 'variant') }}, 'treatment') as variant,
        properties,
        content_hash,
        {{ parse_instant('assigned_at') }} as assigned_at
    from campaign_assignments

)

select * from typed
