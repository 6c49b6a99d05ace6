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

-- Of the rows of one id, the one of the file that was loaded last counts. Rows without an id that
-- say the same are one, however they write it: 10 and 10.0 on 2025-03-05 and 2025/3/5.
ranked as (

    select
        channel_costs.*,
        row_number() over (
            partition by
                cost_id,
                case
                    when cost_id is null then {{ struct_of([
                        'campaign_id', 'channel_id', 'utm_source', 'utm_medium', 'utm_campaign',
                        'currency', 'properties', 'cost_amount', 'impressions', 'clicks', 'cost_date',
                    ]) }}
                end
            order by
                case when cost_id is null then content_hash end,
                first_loaded_at desc, source_file desc, row_number desc
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
where ranked.recency_rank = 1
