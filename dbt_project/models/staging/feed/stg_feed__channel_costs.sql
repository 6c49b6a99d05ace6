with

channel_costs as (

    {{ staged_feed_rows('channel_costs') }}

),

files as (

    select
        load_id,
        first_loaded_at
    from {{ source('raw', 'ingest_files') }}

),

rates as (

    select * from {{ ref('dim_currency_rates') }}

),

typed as (

    select
        {{ given_id('channel_costs', 'cost_id') }} as cost_id,
        {{ given_id('channel_costs', 'campaign_id') }} as campaign_id,
        {{ given_id('channel_costs', 'channel_id') }} as channel_id,
        {{ given_tag(given_id('channel_costs', 'utm_source')) }} as utm_source,
        {{ given_tag(given_id('channel_costs', 'utm_medium')) }} as utm_medium,
        {{ given_tag(given_id('channel_costs', 'utm_campaign')) }} as utm_campaign,
        {{ given_currency('channel_costs') }} as currency,
        channel_costs.properties,
        channel_costs.content_hash,
        channel_costs.source_file,
        channel_costs.row_number,
        {{ parse_number('channel_costs.cost_amount', 'decimal(18, 4)') }} as given_amount,
        {{ read_value('channel_costs.impressions') }} as impressions,
        {{ read_value('channel_costs.clicks') }} as clicks,
        {{ parse_date('channel_costs.cost_date') }} as cost_date,
        files.first_loaded_at
    from channel_costs
    inner join files on channel_costs.load_id = files.load_id

),

converted as (

    select
        typed.cost_id,
        typed.campaign_id,
        typed.channel_id,
        typed.utm_source,
        typed.utm_medium,
        typed.utm_campaign,
        typed.currency,
        typed.properties,
        typed.content_hash,
        typed.source_file,
        typed.row_number,
        case
            when typed.currency = '{{ reporting_currency() }}' then typed.given_amount
            else {{ in_reporting_currency('typed.given_amount') }}
        end as cost_amount,
        typed.impressions,
        typed.clicks,
        typed.cost_date,
        typed.first_loaded_at
    from typed
    left join rates
        on typed.currency = rates.currency
        and {{ local_midnight('typed.cost_date') }} >= rates.valid_from_at
        and {{ local_midnight('typed.cost_date') }} < rates.valid_to_at

)

select * from converted
