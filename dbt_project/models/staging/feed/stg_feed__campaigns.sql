with

campaigns as (

    {{ staged_feed_rows('campaigns') }}

),

typed as (

    select
        {{ given_id('campaigns', 'campaign_id') }} as campaign_id,
        {{ given_id('campaigns', 'campaign_name') }} as campaign_name,
        {{ given_id('campaigns', 'campaign_type') }} as campaign_type,
        {{ given_id('campaigns', 'channel') }} as channel,
        {{ given_id('campaigns', 'currency') }} as currency,
        properties,
        content_hash,
        {{ try_cast('budget_amount', 'decimal(18, 4)') }} as budget_amount,
        {{ parse_instant('starts_at') }} as starts_at,
        {{ parse_instant('ends_at') }} as ends_at,
        {{ parse_instant('updated_at') }} as updated_at
    from campaigns

)

select * from typed
