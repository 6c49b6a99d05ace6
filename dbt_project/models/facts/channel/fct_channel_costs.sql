with

channel_costs as (

    select *
    from {{ ref('stg_feed__channel_costs') }}
    {% if horizon() -%}
    where cost_date <= {{ local_date(horizon()) }}
    {%- endif %}

),

tag_channels as (

    select * from {{ ref('dim_tag_channels') }}

),

-- Of the rows of one id, the one of the file that was loaded last counts.
ranked as (

    select
        channel_costs.*,
        row_number() over (
            partition by cost_id
            order by first_loaded_at desc, source_file desc, row_number desc
        ) as recency_rank
    from channel_costs

)

select
    ranked.content_hash as cost_key,
    ranked.cost_id,
    ranked.campaign_id,
    case
        when ranked.channel_id is not null then ranked.channel_id
        when ranked.utm_source is null and ranked.utm_medium is null and ranked.utm_campaign is null
            then 'unassigned'
        else tag_channels.channel_id
    end as channel_id,
    ranked.utm_source,
    ranked.utm_medium,
    ranked.utm_campaign,
    ranked.cost_amount,
    coalesce(ranked.impressions, 0) as impression_count,
    coalesce(ranked.clicks, 0) as click_count,
    ranked.cost_date
from ranked
left join tag_channels
    on ranked.utm_source is not distinct from tag_channels.given_source
    and ranked.utm_medium is not distinct from tag_channels.given_medium
    and ranked.utm_campaign is not distinct from tag_channels.utm_campaign
    and tag_channels.referrer_host is null
where ranked.cost_id is null or ranked.recency_rank = 1
