with

survivals as (

    select * from {{ ref('dim_survivals') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

events as (

    select
        events.survival_id,
        survivals.subject,
        case when survivals.subject = 'user' then events.user_id else events.entity_id end
            as subject_id,
        events.side,
        events.breakdown_value,
        events.source_id,
        events.event_id,
        events.occurred_at
    from {{ ref('fct_survival_events') }} as events
    inner join survivals on events.survival_id = survivals.survival_id

),

first_starts as (

    select
        survival_id,
        subject_id,
        min_by(breakdown_value, {{ struct_of(['occurred_at', 'source_id', 'event_id']) }})
            as breakdown_value,
        min(occurred_at) as started_at
    from events
    where side = 'start' and subject <> 'streak' and subject_id is not null
    group by survival_id, subject_id

),

merchants as (

    select * from {{ ref('step_merchants') }}

),

-- What is known of a thing without any event of its own.
known as (

    select
        'merchant' as subject,
        merchant_id as subject_id,
        opened_at as started_at
    from merchants
    where opened_at is not null

    union all

    select
        'content' as subject,
        content_id as subject_id,
        started_at
    from {{ ref('dim_content_pieces') }}
    where started_at is not null

),

conditioned as (

    select definition_id as survival_id
    from {{ ref('dim_selectors') }}
    where definition = 'survival' and side = 'start' and has_conditions

),

-- Who does not meet what is asked of the start has none.
entered as (

    select
        survival_id,
        subject_id,
        breakdown_value,
        started_at
    from first_starts

    union all

    select
        survivals.survival_id,
        known.subject_id,
        case when survivals.breakdown is not null then '' end as breakdown_value,
        known.started_at
    from survivals
    inner join known on survivals.subject = known.subject
    left join first_starts
        on survivals.survival_id = first_starts.survival_id
        and known.subject_id = first_starts.subject_id
    where
        first_starts.subject_id is null
        and survivals.survival_id not in (select conditioned.survival_id from conditioned)

),

first_ends as (

    select
        entered.survival_id,
        entered.subject_id,
        min(events.occurred_at) as ended_at
    from entered
    inner join events
        on entered.survival_id = events.survival_id
        and entered.subject_id = events.subject_id
        and entered.started_at <= events.occurred_at
    where events.side = 'end'
    group by entered.survival_id, entered.subject_id

),

elapsed as (

    select
        entered.survival_id,
        entered.subject_id,
        entered.breakdown_value,
        cast(floor(
            {{ microseconds_between(
                'entered.started_at', 'coalesce(first_ends.ended_at, horizon.data_through_at)'
            ) }} / 86400000000.0
        ) as bigint) as day_count,
        first_ends.ended_at is not null as has_ended,
        entered.started_at
    from entered
    cross join horizon
    left join first_ends
        on entered.survival_id = first_ends.survival_id
        and entered.subject_id = first_ends.subject_id
    where entered.started_at <= horizon.data_through_at

    union all

    select
        survival_id,
        user_id as subject_id,
        breakdown_value,
        day_count,
        not is_open as has_ended,
        {{ local_midnight('started_date') }} as started_at
    from {{ ref('fct_streaks') }}

)

select
    elapsed.survival_id,
    elapsed.subject_id,
    elapsed.breakdown_value,
    cast(least(elapsed.day_count, survivals.max_days) as integer) as survived_days,
    elapsed.has_ended and elapsed.day_count <= survivals.max_days as has_ended,
    elapsed.started_at
from elapsed
inner join survivals on elapsed.survival_id = survivals.survival_id
