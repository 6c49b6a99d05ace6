with

channel_costs as (

    {{ staged_feed_rows('channel_costs') }}

),

typed as (

    select
        {{ given_id('channel_costs', 'utm_source') }} as utm_source,
        {{ given_id('channel_costs', 'utm_medium') }} as utm_medium,
        {{ given_id('channel_costs', 'utm_campaign') }} as utm_campaign,
        {{ given_id('channel_costs', 'channel_id') }} as channel_id,
        {{ given_id('channel_costs', 'currency') }} as currency,
        properties,
        content_hash,
        {{ try_cast('cost_amount', 'decimal(18, 4)') }} as cost_amount,
        {{ try_cast('impressions', 'bigint') }} as impressions,
        {{ try_cast('clicks', 'bigint') }} as clicks,
        {{ parse_date('cost_date') }} as cost_date
    from channel_costs

)

select * from typed
