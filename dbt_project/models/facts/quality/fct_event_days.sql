{# Rows end nine weeks after the last event: by then nobody expects one any more, and a name
   that came once (an id written into a name) stays a few rows. #}
with

fct_events as (

    select * from {{ ref('fct_events') }}

),

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

named as (

    select
        source_id,
        event_name,
        event_date,
        count(*) as event_count,
        max(occurred_at) as last_event_at
    from fct_events
    group by source_id, event_name, event_date

    union all

    select
        source_id,
        event_name,
        event_date,
        event_count,
        last_event_at
    from {{ archived('arc_event_days') }} as archived

),

-- The empty name is that of all events of a source together; no event has it.
counted as (

    select
        source_id,
        event_name,
        event_date,
        event_count,
        last_event_at
    from named

    union all

    select
        source_id,
        '' as event_name,
        event_date,
        sum(event_count) as event_count,
        max(last_event_at) as last_event_at
    from named
    group by source_id, event_date

),

bounds as (

    select
        counted.source_id,
        counted.event_name,
        min(counted.event_date) as first_date,
        least(
            max(horizon.data_through_date), {{ days_after('max(counted.event_date)', 63) }}
        ) as last_date,
        max(horizon.data_through_at) as data_through_at
    from counted
    cross join horizon
    where counted.event_date <= horizon.data_through_date
    group by counted.source_id, counted.event_name

),

days as (

    select
        bounds.source_id,
        bounds.event_name,
        bounds.data_through_at,
        {{ days_after('bounds.first_date', 'offsets.day_number') }} as event_date
    from bounds
    {{ explode(
        integer_array(0, days_between('bounds.first_date', 'bounds.last_date')),
        'offsets', 'day_number'
    ) }}

),

filled as (

    select
        days.source_id,
        nullif(days.event_name, '') as event_name,
        cast(coalesce(counted.event_count, 0) as bigint) as event_count,
        {{ local_midnight(days_after('days.event_date', 1)) }} <= days.data_through_at
            as is_mature,
        days.event_date,
        counted.last_event_at
    from days
    left join counted
        on days.source_id = counted.source_id
        and days.event_name = counted.event_name
        and days.event_date = counted.event_date

)

select * from filled
