{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'activity_date': 'last_active_date'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select
        events.user_id,
        events.event_date,
        events.occurred_at,
        event_names.is_key_action
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'event_date', 'recompute_from_date') }}
    left join {{ ref('dim_event_names') }} as event_names
        on events.event_name = event_names.event_name
    where events.is_activity

),

-- A key action that is no activity is one all the same, also on a day without any.
silent_names as (

    select event_name
    from {{ ref('dim_event_names') }}
    where is_key_action and not is_activity

),

first_key_actions as (

    select
        user_id,
        min(key_action_date) as key_action_date
    from (
        select
            events.user_id,
            events.event_date as key_action_date
        from {{ ref('fct_events') }} as events
        inner join silent_names on events.event_name = silent_names.event_name
        {% if is_incremental() -%}
        -- Since the last active day before, or ever where there is none.
        inner join touched_users
            on events.user_id = touched_users.user_id
            and (
                events.event_date > touched_users.last_active_date
                or touched_users.last_active_date = touched_users.recompute_from_date
            )
        {%- endif %}

        union all

        select
            user_id,
            {{ local_date('first_key_action_at') }} as key_action_date
        from (
            {{ archived_rows('arc_users', ['first_key_action_at']) | indent(12) }}
        ) as archived
        where first_key_action_at is not null
    ) as key_actions
    group by user_id

),

sessions as (

    select
        starts.user_id,
        {{ local_date('starts.started_at') }} as first_date,
        {{ local_date('starts.ended_at') }} as last_date
    from {{ ref('int_session_starts') }} as starts
    {% if is_incremental() -%}
    inner join touched_users
        on starts.user_id = touched_users.user_id
        and starts.ended_at >= {{ local_midnight('touched_users.recompute_from_date') }}
    {%- endif %}

),

-- Sessions are counted on each day that they are of, because to count those that events name apart
-- takes as long as all the rest.
days_of_both as (

    select
        user_id,
        event_date as activity_date,
        occurred_at,
        is_key_action,
        false as is_session
    from events

    union all

    select
        sessions.user_id,
        {{ days_after('sessions.first_date', 'day_numbers.day_number') }} as activity_date,
        cast(null as timestamp) as occurred_at,
        false as is_key_action,
        true as is_session
    from sessions
    {{ explode(
        integer_array('0', days_between('sessions.first_date', 'sessions.last_date')),
        'day_numbers',
        'day_number'
    ) }}

),

days as (

    select
        user_id,
        activity_date,
        count(occurred_at) as event_count,
        count(case when is_session then 1 end) as session_count,
        count(case when is_key_action then 1 end) as key_action_count,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from days_of_both
    group by user_id, activity_date
    having count(occurred_at) > 0

    {{ union_archived(
        'arc_user_days',
        {
            'user_id': 'key', 'activity_date': 'key', 'event_count': 'sum',
            'session_count': 'sum', 'key_action_count': 'sum',
            'first_event_at': 'min', 'last_event_at': 'max',
        },
        touched='activity_date'
    ) }}

),

days_and_before as (

    select
        days.user_id,
        days.event_count,
        days.session_count,
        days.key_action_count,
        1 as active_day_number,
        days.key_action_count > 0
        or coalesce(first_key_actions.key_action_date <= days.activity_date, false)
            as has_key_action,
        cast(null as date) as previous_activity_date,
        days.activity_date,
        days.first_event_at,
        days.last_event_at
    from days
    left join first_key_actions on days.user_id = first_key_actions.user_id

    {%- if is_incremental() %}

    union all

    -- What stands before, as far back as a day looks: the last of these gets another next day.
    select
        standing.user_id,
        standing.event_count,
        standing.session_count,
        standing.key_action_count,
        standing.active_day_number,
        standing.has_key_action,
        standing.previous_activity_date,
        standing.activity_date,
        standing.first_event_at,
        standing.last_event_at
    from {{ this }} as standing
    inner join touched_users
        on standing.user_id = touched_users.user_id
        and standing.activity_date < touched_users.recompute_from_date
        and standing.activity_date >= {{ days_after('touched_users.last_active_date', '-55') }}
    {%- endif %}

),

numbered as (

    select
        days_and_before.*,
        cast({{ days_between("date '1900-01-01'", 'activity_date') }} as integer) as day_number
    from days_and_before

),

-- `recent_days`: the active days of the 56 that end on this one, as the sum of their bits.
active_days as (

    select
        user_id,
        event_count,
        session_count,
        key_action_count,
        cast(
            row_number() over (partition by user_id order by day_number)
            + first_value(active_day_number) over (partition by user_id order by day_number)
            - 1 as integer
        ) as active_day_number,
        max(case when has_key_action then 1 else 0 end) over (
            partition by user_id order by day_number
            rows between unbounded preceding and current row
        ) = 1 as has_key_action,
        cast(sum(cast(power(2, day_number % 56) as bigint)) over (
            partition by user_id order by day_number
            range between 55 preceding and current row
        ) as bigint) as recent_days,
        coalesce(
            lag(activity_date) over (partition by user_id order by day_number),
            previous_activity_date
        ) as previous_activity_date,
        activity_date,
        lead(activity_date) over (partition by user_id order by day_number)
            as next_activity_date,
        first_event_at,
        last_event_at
    from numbered

)

select active_days.*
from active_days
{{ join_touched('active_days', 'activity_date', 'last_active_date') }}
