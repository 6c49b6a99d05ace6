with

campaigns as (

    {{ staged_feed_rows('campaigns') }}

),

typed as (

    select
        campaign_id,
        campaign_name,
        campaign_type,
        channel,
        currency,
        properties,
        content_hash,
        {{ try_cast('budget_amount', 'decimal(18, 4)') }} as budget_amount,
        {{ parse_instant('starts_at') }} as starts_at,
        {{ parse_instant('ends_at') }} as ends_at,
        {{ parse_instant('updated_at') }} as updated_at
    from campaigns

)

select * from typed
