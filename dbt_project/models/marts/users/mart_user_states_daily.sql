with

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

dim_user_states as (

    select * from {{ ref('dim_user_states') }}

),

fct_active_day_gaps as (

    select * from {{ ref('fct_active_day_gaps') }}

),

-- Users by two active days with nothing between them; without a later one the silence
-- is still on: those of the day who are in no pair.
silences as (

    select
        user_count,
        previous_activity_date as last_active_date,
        activity_date as end_date
    from fct_active_day_gaps
    where previous_activity_date is not null
    union all
    select
        user_count,
        activity_date as last_active_date,
        cast(null as date) as end_date
    from fct_active_day_gaps
    union all
    select
        -user_count as user_count,
        previous_activity_date as last_active_date,
        cast(null as date) as end_date
    from fct_active_day_gaps
    where previous_activity_date is not null

),

-- The part of a silence that is spent in a state begins and ends a number of days after
-- the last active one, unless the user is back before.
silent_spans as (

    select
        dim_user_states.state_id,
        silences.user_count,
        {{ days_after('silences.last_active_date', 'dim_user_states.from_days') }}
            as from_date,
        least(
            coalesce(silences.end_date, cast('9999-12-31' as date)),
            coalesce({{ days_after(
                'silences.last_active_date', 'dim_user_states.before_days'
            ) }}, cast('9999-12-31' as date))
        ) as to_date
    from silences
    inner join dim_user_states
        on
            not dim_user_states.is_active
            and (
                silences.end_date is null
                or {{ days_between('silences.last_active_date', 'silences.end_date') }}
                > dim_user_states.from_days
            )

),

-- An active day is in its state for that day.
active_spans as (

    select
        dim_user_states.state_id,
        fct_active_day_gaps.user_count,
        fct_active_day_gaps.activity_date as from_date,
        {{ days_after('fct_active_day_gaps.activity_date', '1') }} as to_date
    from fct_active_day_gaps
    inner join dim_user_states
        on
            dim_user_states.is_active
            and case
                when fct_active_day_gaps.previous_activity_date is null
                    then dim_user_states.from_days is null
                else {{ days_between(
                    'fct_active_day_gaps.previous_activity_date',
                    'fct_active_day_gaps.activity_date'
                ) }} between dim_user_states.from_days
                and coalesce(dim_user_states.before_days - 1, 2147483647)
            end

),

spans as (

    select state_id, user_count, from_date, to_date from silent_spans
    union all
    select state_id, user_count, from_date, to_date from active_spans

),

changes as (

    select state_id, user_count, from_date as change_date from spans
    union all
    select state_id, -user_count as user_count, to_date as change_date from spans

),

daily_changes as (

    select
        state_id,
        change_date,
        sum(user_count) as user_count
    from changes
    group by state_id, change_date

),

user_states as (

    select
        dim_user_states.state_id,
        dim_user_states.label_en,
        dim_user_states.label_zh,
        cast(sum(coalesce(daily_changes.user_count, 0)) over (
            partition by dim_user_states.state_id order by dim_dates.date_day
            rows between unbounded preceding and current row
        ) as bigint) as user_count,
        dim_user_states.is_active,
        dim_dates.is_day_closed as is_mature,
        dim_dates.date_day as activity_date
    from dim_dates
    cross join dim_user_states
    left join daily_changes
        on
            dim_dates.date_day = daily_changes.change_date
            and dim_user_states.state_id = daily_changes.state_id

)

select * from user_states
