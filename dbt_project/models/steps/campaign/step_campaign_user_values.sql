with

campaigns as (

    select campaigns.*
    from {{ ref('dim_campaigns') }} as campaigns
    where
        campaigns.is_randomized
        and exists (
            select 1
            from {{ ref('fct_campaign_variants') }} as variants
            where
                variants.campaign_id = campaigns.campaign_id
                and variants.is_control
                and variants.assigned_count > 0
        )

),

measures as (

    select * from {{ ref('step_campaign_measures') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

windows as (

    select
        assignments.campaign_id,
        measures.measure_id,
        measures.kind,
        measures.pre_days,
        assignments.variant,
        assignments.variant = campaigns.control_variant as is_control,
        assignments.user_id,
        {{ add_seconds('assignments.assigned_at', '-measures.pre_days * 86400') }} as looks_from_at,
        assignments.assigned_at,
        {{ add_seconds('assignments.assigned_at', 'measures.window_days * 86400') }} as closes_at
    from {{ ref('fct_campaign_assignments') }} as assignments
    inner join campaigns on assignments.campaign_id = campaigns.campaign_id
    inner join measures on campaigns.campaign_id = measures.campaign_id
    where assignments.variant is not null

),

closed as (

    select
        windows.*,
        coalesce(windows.closes_at <= horizon.data_through_at, false) as is_closed
    from windows
    cross join horizon

),

did as (

    select
        closed.campaign_id,
        closed.measure_id,
        closed.user_id,
        count(case when events.occurred_at >= closed.assigned_at then 1 end) as event_count,
        count(case when events.occurred_at < closed.assigned_at then 1 end) as pre_event_count,
        sum(
            case
                when events.side = 'numerator' and events.occurred_at >= closed.assigned_at
                    then events.event_value
            end
        ) as event_value,
        sum(
            case
                when events.side = 'denominator' and events.occurred_at >= closed.assigned_at
                    then events.event_value
            end
        ) as denominator_value,
        sum(
            case
                when events.side = 'numerator' and events.occurred_at < closed.assigned_at
                    then events.event_value
            end
        ) as pre_event_value
    from closed
    inner join {{ ref('fct_measure_events') }} as events
        on closed.measure_id = events.measure_id
        and closed.user_id = events.user_id
        and closed.looks_from_at <= events.occurred_at
        and closed.closes_at > events.occurred_at
    where closed.is_closed
    group by closed.campaign_id, closed.measure_id, closed.user_id

),

valued as (

    select
        closed.campaign_id,
        closed.measure_id,
        closed.kind,
        closed.pre_days,
        closed.variant,
        closed.is_control,
        closed.is_closed,
        case
            when closed.kind <> 'proportion' then coalesce(did.event_value, 0)
            when did.event_count > 0 then 1
            else 0
        end as measured_value,
        coalesce(did.denominator_value, 0) as denominator_value,
        case
            when closed.kind <> 'proportion' then coalesce(did.pre_event_value, 0)
            when did.pre_event_count > 0 then 1
            else 0
        end as pre_value
    from closed
    left join did
        on closed.campaign_id = did.campaign_id
        and closed.measure_id = did.measure_id
        and closed.user_id = did.user_id

)

select * from valued
