with

audiences as (

    select * from {{ ref('dim_audiences') }}

),

horizon as (

    select * from {{ ref('dim_horizon') }} where data_through_at is not null

),

archived as (

    select * from {{ source('archive', 'arc_audience_exports') }}

),

spans as (

    select
        audiences.audience_id,
        audiences.schedule,
        coalesce({{ local_date('audiences.starts_at') }}, horizon.first_activity_date)
            as first_date,
        horizon.data_through_date as last_date
    from audiences
    cross join horizon
    where audiences.schedule in ('day', 'week', 'month')

),

days as (

    select
        spans.audience_id,
        spans.schedule,
        {{ days_after('spans.first_date', 'day_numbers.day_number') }} as export_date
    from (select * from spans where first_date <= last_date) as spans
    {{ explode(
        integer_array('0', days_between('spans.first_date', 'spans.last_date')),
        'day_numbers',
        'day_number'
    ) }}

),

named as (

    select * from {{ ref('dim_audience_instants') }}

),

scheduled as (

    select
        audience_id,
        {{ local_midnight('export_date') }} as export_at
    from days
    where
        schedule = 'day'
        or (schedule = 'week' and export_date = {{ week_start('export_date') }})
        or (schedule = 'month' and export_date = {{ month_start('export_date') }})

    union

    select
        audience_id,
        export_at
    from named

),

latest as (

    select
        audience_id,
        max(export_at) as export_at
    from archived
    group by audience_id

),

-- What was made stays. What comes to stand in the schedule before it is not made up: no list is
-- dated back behind one that went out.
exports as (

    select
        archived.audience_id,
        archived.campaign_id,
        archived.purpose,
        archived.is_by_profile,
        archived.export_at,
        archived.made_through_at
    from archived
    cross join horizon
    where archived.export_at <= horizon.data_through_at

    union all

    select
        audiences.audience_id,
        audiences.campaign_id,
        audiences.purpose,
        audiences.is_by_profile,
        scheduled.export_at,
        horizon.data_through_at as made_through_at
    from scheduled
    inner join audiences on scheduled.audience_id = audiences.audience_id
    cross join horizon
    left join latest on scheduled.audience_id = latest.audience_id
    where
        scheduled.export_at <= horizon.data_through_at
        and (audiences.starts_at is null or scheduled.export_at >= audiences.starts_at)
        and (audiences.ends_at is null or scheduled.export_at <= audiences.ends_at)
        and (latest.export_at is null or scheduled.export_at > latest.export_at)

)

select
    audience_id,
    campaign_id,
    purpose,
    is_by_profile,
    export_at,
    lag(export_at) over (partition by audience_id order by export_at) as previous_export_at,
    made_through_at
from exports
