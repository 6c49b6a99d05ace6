with

channel_costs as (

    {{ staged_feed_rows('channel_costs') }}

),

typed as (

    select
        utm_source,
        utm_medium,
        utm_campaign,
        channel_id,
        currency,
        properties,
        content_hash,
        {{ try_cast('cost_amount', 'decimal(18, 4)') }} as cost_amount,
        {{ try_cast('impressions', 'bigint') }} as impressions,
        {{ try_cast('clicks', 'bigint') }} as clicks,
        {{ parse_date('cost_date') }} as cost_date
    from channel_costs

)

select * from typed
