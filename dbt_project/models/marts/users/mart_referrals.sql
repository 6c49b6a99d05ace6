with

invites as (

    select * from {{ ref('fct_invites') }}

),

dates as (

    select * from {{ ref('dim_days') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- A day without an invite is still a row, from the first on.
by_day as (

    select
        invites.*,
        {{ add_seconds('invites.invited_at', var('invite_window_days') * 86400) }}
            <= horizon.data_through_at as is_closed,
        {{ grain_starts('coalesce(invites.invited_date, dates.date_day)') }}
    from invites
    full join dates on invites.invited_date = dates.date_day
    cross join horizon
    where
        invites.event_id is not null
        or dates.date_day > (select min(invited_date) from invites)

),

counted as (

    select
        {{ grain_columns() }},
        count(distinct user_id) as inviter_count,
        count(event_id) as invite_count,
        count(accepted_at) as accepted_count,
        count(case when is_closed then event_id end) as mature_invite_count,
        count(case when is_closed then accepted_at end) as mature_accepted_count,
        {{ discrete_median(
            'case when is_closed then ' ~ microseconds_between('invited_at', 'accepted_at') ~ ' end'
        ) }} as median_microseconds_to_accept,
        {{ discrete_median(
            'case when is_closed then '
            ~ microseconds_between('inviter_first_event_at', 'accepted_at') ~ ' end'
        ) }} as median_cycle_microseconds
    from by_day
    group by {{ grain_sets([]) }}

),

gaps as (

    select * from {{ ref('fct_active_day_gaps') }}

),

-- Who was active in a period was so for the first time in it once.
active_users as (

    select
        periods.grain,
        periods.period_start_date,
        cast(sum(gaps.user_count) as bigint) as active_user_count
    from gaps
    inner join {{ ref('dim_date_periods') }} as periods
        on gaps.activity_date = periods.date_day
    where
        gaps.previous_activity_date is null
        or gaps.previous_activity_date < periods.period_start_date
    group by periods.grain, periods.period_start_date

    union all

    select
        'all' as grain,
        cast(null as date) as period_start_date,
        cast(sum(user_count) as bigint) as active_user_count
    from gaps
    where previous_activity_date is null

),

joined as (

    select
        counted.*,
        coalesce(active_users.active_user_count, 0) as active_user_count
    from counted
    left join active_users
        on counted.grain = active_users.grain
        and counted.period_start_date is not distinct from active_users.period_start_date
    where exists (select 1 from invites)

),

final as (

    select
        joined.grain,
        joined.active_user_count,
        joined.inviter_count,
        joined.invite_count,
        {{ rate('joined.mature_invite_count', 'joined.active_user_count') }} as invites_per_user,
        joined.accepted_count,
        joined.mature_invite_count,
        joined.mature_accepted_count,
        {{ rate_with_bounds(
            'joined.mature_accepted_count', 'joined.mature_invite_count', 'acceptance_rate'
        ) }},
        {{ rate('joined.mature_accepted_count', 'joined.active_user_count') }} as k_factor,
        joined.median_microseconds_to_accept / 1000000.0e0 as median_seconds_to_accept,
        joined.median_cycle_microseconds / 1000000.0e0 as median_cycle_seconds,
        {{ is_period_over(
            'joined.grain', 'joined.period_start_date', var('invite_window_days')
        ) }} as is_mature,
        joined.period_start_date
    from joined
    cross join horizon

)

select * from final
