with

campaign_assignments as (

    {{ staged_feed_rows('campaign_assignments') }}

),

typed as (

    select
        campaign_id,
        user_id,
        variant,
        properties,
        content_hash,
        {{ parse_instant('assigned_at') }} as assigned_at
    from campaign_assignments

)

select * from typed
