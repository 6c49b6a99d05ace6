with

campaigns as (

    select
        campaign_id,
        variant_shares
    from {{ ref('dim_campaigns') }}
    where variant_shares is not null

),

parts as (

    select
        campaigns.campaign_id,
        {{ alternative('parts.part') }} as part
    from campaigns
    {{ explode(alternatives('campaigns.variant_shares'), 'parts', 'part') }}

),

-- The name ends at the last colon: it may have some of its own.
read_parts as (

    select
        campaign_id,
        {{ trimmed("regexp_extract(part, '^(.*):([^:]*)$', 1)") }} as variant,
        {{ parse_number(trimmed("regexp_extract(part, '^(.*):([^:]*)$', 2)"), 'decimal(28, 12)') }} as share
    from parts
    where part <> ''

),

-- One that is none leaves all of the campaign's in doubt.
doubtful as (

    select campaign_id
    from read_parts
    group by campaign_id
    having
        count(case when variant <> '' and share >= 0 then 1 end) < count(*)
        or count(distinct variant) < count(*)
        or sum(share) <= 0

)

select distinct
    read_parts.campaign_id,
    read_parts.variant,
    case when doubtful.campaign_id is null then read_parts.share end as share
from read_parts
left join doubtful on read_parts.campaign_id = doubtful.campaign_id
where read_parts.variant <> ''
