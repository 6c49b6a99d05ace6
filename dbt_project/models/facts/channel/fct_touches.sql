{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'touch', 'from': 'touched_at', 'asks': ['channel']}},
) }}
with

landings as (

    select of_all.*
    from {{ ref('fct_landings') }} as of_all
    {{ join_recomputed('touch', 'of_all', 'touched_at') }}

),

tag_channels as (

    select * from {{ ref('dim_tag_channels') }}

),

ruled as (

    select
        landings.touch_id,
        landings.user_id,
        landings.session_id,
        landings.source_id,
        landings.event_id,
        tag_channels.channel_id,
        tag_channels.utm_source,
        tag_channels.utm_medium,
        tag_channels.utm_campaign,
        landings.touched_at
    from landings
    inner join tag_channels
        on landings.utm_source is not distinct from tag_channels.given_source
        and landings.utm_medium is not distinct from tag_channels.given_medium
        and landings.utm_campaign is not distinct from tag_channels.utm_campaign
        and landings.referrer_host is not distinct from tag_channels.referrer_host

),

-- A referrer may say the same as the tags beside it.
neighbours as (

    select
        ruled.*,
        row_number() over in_order as landing_number,
        lag(utm_source) over in_order as utm_source_before,
        lag(utm_medium) over in_order as utm_medium_before,
        lag(utm_campaign) over in_order as utm_campaign_before
    from ruled
    window in_order as (
        partition by user_id, session_id order by touched_at, source_id, event_id
    )

)

select
    touch_id,
    user_id,
    session_id,
    source_id,
    event_id,
    channel_id,
    utm_source,
    utm_medium,
    utm_campaign,
    {{ local_date('touched_at') }} as touch_date,
    touched_at
from neighbours
where
    landing_number = 1
    or utm_source is distinct from utm_source_before
    or utm_medium is distinct from utm_medium_before
    or utm_campaign is distinct from utm_campaign_before
