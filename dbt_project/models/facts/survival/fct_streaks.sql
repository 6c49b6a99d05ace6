with

survivals as (

    select * from {{ ref('dim_survivals') }} where subject = 'streak'

),

horizon as (

    select data_through_date from {{ ref('dim_horizon') }}

),

first_events as (

    select
        events.survival_id,
        events.user_id,
        events.event_date as activity_date,
        min_by(
            events.breakdown_value, {{ struct_of(['occurred_at', 'source_id', 'event_id']) }}
        ) as breakdown_value
    from {{ ref('fct_survival_events') }} as events
    inner join survivals on events.survival_id = survivals.survival_id
    group by events.survival_id, events.user_id, events.event_date

),

numbered as (

    select
        first_events.*,
        row_number() over (
            partition by survival_id, user_id order by activity_date
        ) as day_number
    from first_events

    union all

    -- Of all activity the days are known, with their numbers.
    select
        selectors.definition_id as survival_id,
        days.user_id,
        days.activity_date,
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        days.active_day_number as day_number
    from {{ ref('fct_user_active_days') }} as days
    inner join {{ ref('dim_selectors') }} as selectors
        on selectors.definition = 'survival' and selectors.is_read_by_day

),

-- Days that follow each other are as far ahead of their own number.
keyed as (

    select
        numbered.*,
        {{ days_between("cast('1970-01-01' as date)", 'activity_date') }} - day_number as streak_key
    from numbered

)

select
    keyed.survival_id,
    keyed.user_id,
    min_by(keyed.breakdown_value, keyed.activity_date) as breakdown_value,
    cast(count(*) as integer) as day_count,
    {{ days_between('max(keyed.activity_date)', 'max(horizon.data_through_date)') }} <= 1 as is_open,
    min(keyed.activity_date) as started_date,
    max(keyed.activity_date) as ended_date
from keyed
cross join horizon
group by keyed.survival_id, keyed.user_id, keyed.streak_key
