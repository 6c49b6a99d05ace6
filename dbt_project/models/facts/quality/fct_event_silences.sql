with

fct_event_days as (

    select
        source_id,
        coalesce(event_name, '') as event_name,
        event_count,
        is_mature,
        event_date,
        last_event_at
    from {{ ref('fct_event_days') }}

),

fct_event_day_norms as (

    select
        source_id,
        coalesce(event_name, '') as event_name,
        expected_count,
        event_date
    from {{ ref('fct_event_day_norms') }}
    where history_day_count >= {{ var('volume_min_history_days') }}

),

dim_horizon as (

    select * from {{ ref('dim_horizon') }}

),

-- From each day with events to the next one, by the day of the week that it began on.
gaps as (

    select
        source_id,
        event_name,
        event_date,
        {{ iso_weekday('event_date') }} as weekday_number,
        {{ days_between('event_date', 'lead(event_date) over (
            partition by source_id, event_name order by event_date
        )') }} as gap_days
    from fct_event_days
    where event_count > 0

),

numbered as (

    select
        gaps.*,
        row_number() over (
            partition by source_id, event_name, weekday_number order by event_date desc
        ) as gap_number
    from gaps
    where gap_days is not null

),

usual_gaps as (

    select
        source_id,
        event_name,
        weekday_number,
        cast(median(gap_days) as double) as usual_gap_days
    from numbered
    where gap_number <= 8
    group by source_id, event_name, weekday_number

),

latest as (

    select
        source_id,
        event_name,
        max(event_date) as last_event_date,
        max(last_event_at) as last_event_at
    from fct_event_days
    where event_count > 0
    group by source_id, event_name

),

-- What the closed days since would have brought, each by its own day of the week.
missed as (

    select
        days.source_id,
        days.event_name,
        -- Of decimals: a sum of doubles depends on its order.
        sum(cast(norms.expected_count as decimal(18, 2))) as missed_event_count
    from fct_event_days as days
    inner join latest
        on days.source_id = latest.source_id
        and days.event_name = latest.event_name
    inner join fct_event_day_norms as norms
        on days.source_id = norms.source_id
        and days.event_name = norms.event_name
        and days.event_date = norms.event_date
    where days.is_mature and days.event_date > latest.last_event_date
    group by days.source_id, days.event_name

),

silences as (

    select
        latest.source_id,
        nullif(latest.event_name, '') as event_name,
        cast(greatest(
            {{ days_between('latest.last_event_date', 'dim_horizon.data_through_date') }} - 1, 0
        ) as bigint) as silent_day_count,
        usual_gaps.usual_gap_days,
        cast(coalesce(missed.missed_event_count, 0) as double) as missed_event_count,
        latest.last_event_date,
        latest.last_event_at,
        dim_horizon.data_through_at
    from latest
    cross join dim_horizon
    left join usual_gaps
        on latest.source_id = usual_gaps.source_id
        and latest.event_name = usual_gaps.event_name
        and {{ iso_weekday('latest.last_event_date') }} = usual_gaps.weekday_number
    left join missed
        on latest.source_id = missed.source_id
        and latest.event_name = missed.event_name

)

select * from silences
