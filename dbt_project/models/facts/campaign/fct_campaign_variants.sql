with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

shares as (

    select * from {{ ref('dim_campaign_shares') }}

),

assignments as (

    select * from {{ ref('fct_campaign_assignments') }} where variant is not null

),

assigned as (

    select
        assignments.campaign_id,
        assignments.variant,
        count(*) as assigned_count,
        count(exposures.first_exposed_at) as exposed_count
    from assignments
    left join {{ ref('fct_campaign_exposures') }} as exposures
        on assignments.campaign_id = exposures.campaign_id
        and assignments.user_id = exposures.user_id
    group by assignments.campaign_id, assignments.variant

),

variants as (

    select
        coalesce(assigned.campaign_id, shares.campaign_id) as campaign_id,
        coalesce(assigned.variant, shares.variant) as variant,
        coalesce(assigned.assigned_count, 0) as assigned_count,
        coalesce(assigned.exposed_count, 0) as exposed_count,
        shares.share
    from assigned
    full outer join shares
        on assigned.campaign_id = shares.campaign_id
        and assigned.variant = shares.variant

),

-- Where no shares are said, the arms that were drawn by lot are as large as each other.
weighed as (

    select
        variants.campaign_id,
        variants.variant,
        variants.variant = campaigns.control_variant as is_control,
        variants.assigned_count,
        variants.exposed_count,
        case
            when campaigns.variant_shares is null
                then case when campaigns.is_randomized then 1 end
            when count(variants.share) over (partition by variants.campaign_id) > 0
                then coalesce(variants.share, 0)
        end as weight
    from variants
    inner join campaigns on variants.campaign_id = campaigns.campaign_id

),

summed as (

    select
        weighed.*,
        sum(weight) over (partition by campaign_id) as weights,
        sum(case when weight > 0 then assigned_count end) over (partition by campaign_id)
            as drawn_count
    from weighed

),

final as (

    select
        campaign_id,
        variant,
        is_control,
        assigned_count,
        exposed_count,
        {{ rate('weight', 'weights') }} as expected_share,
        {{ rate('weight', 'weights') }} * cast(drawn_count as double) as expected_count
    from summed

)

select * from final
