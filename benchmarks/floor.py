"""How near DuckDB itself comes to a peer: the shortest query that answers, and stores nothing.

What our models do besides (every attempt, member and session kept for other marts, by any
definition, incrementally) stands on top of this, so a ratio that is asked below it is not to be
reached with the engine. The answers are compared, as in every row.
"""

from __future__ import annotations

import time

from benchmarks import funnel, growth, retention, rfm, sessions
from benchmarks.peer import KEY_ACTIONS
from benchmarks.peers import Duel, Peer, Warehouse, ask, call

REPEATS = 2
# Users as numbers, and each step the first event of its name after the one before.
SHORTEST_FUNNEL = f"""
    with
    users as materialized (
        select user_id, row_number() over () as user_number
        from (select distinct user_id from facts.fct_events)
    ),
    events as materialized (
        select users.user_number, events.event_name, events.occurred_at
        from facts.fct_events as events inner join users on events.user_id = users.user_id
        where events.event_name in {{steps}}
    ),
    step_1 as (select user_number, occurred_at from events where event_name = '{{steps[0]}}'),
    step_2 as (select user_number, occurred_at from events where event_name = '{{steps[1]}}'),
    step_3 as (select user_number, occurred_at from events where event_name = '{{steps[2]}}'),
    step_4 as (select user_number, occurred_at from events where event_name = '{{steps[3]}}'),
    reached_2 as (
        select step_1.user_number, step_1.occurred_at as step_1_at, step_2.occurred_at as step_2_at
        from step_1 asof left join step_2
            on step_1.user_number = step_2.user_number and step_1.occurred_at < step_2.occurred_at
    ),
    reached_3 as (
        select reached_2.*, step_3.occurred_at as step_3_at
        from reached_2 asof left join step_3
            on reached_2.user_number = step_3.user_number
            and coalesce(reached_2.step_2_at, timestamp '9999-12-31') < step_3.occurred_at
    ),
    reached_4 as (
        select reached_3.*, step_4.occurred_at as step_4_at
        from reached_3 asof left join step_4
            on reached_3.user_number = step_4.user_number
            and coalesce(reached_3.step_3_at, timestamp '9999-12-31') < step_4.occurred_at
    ),
    levels as (
        select
            user_number,
            max(case
                when step_4_at <= step_1_at + interval '{funnel.WINDOW_SECONDS} seconds' then 4
                when step_3_at <= step_1_at + interval '{funnel.WINDOW_SECONDS} seconds' then 3
                when step_2_at <= step_1_at + interval '{funnel.WINDOW_SECONDS} seconds' then 2
                else 1
            end) as level
        from reached_4 group by user_number
    )
    select step_number, count(*)
    from levels inner join (select unnest([1, 2, 3, 4]) as step_number) as steps
        on level >= step_number
    group by step_number
"""
SHORTEST_RETENTION = """
    with
    days as (
        select user_id, event_date from facts.fct_events where is_activity
        group by user_id, event_date
    ),
    firsts as (select user_id, min(event_date) as first_date from days group by user_id)
    select first_date, event_date - first_date as period, count(*)
    from days inner join firsts on days.user_id = firsts.user_id
    where event_date - first_date <= 30
    group by first_date, event_date - first_date
"""
SHORTEST_NAMED = """
    with
    firsts as (
        select user_id, min(event_date) as first_date
        from facts.fct_events where event_name = 'product_viewed' group by user_id
    ),
    days as (
        select distinct user_id, event_date from facts.fct_events
        where event_name = 'order_placed'
    )
    select first_date, 0 as period, count(*) from firsts group by first_date
    union all
    select first_date, event_date - first_date, count(*)
    from days inner join firsts on days.user_id = firsts.user_id
    where event_date - first_date between 1 and 30
    group by first_date, event_date - first_date
"""
SHORTEST_RECURRING = """
    with days as (
        select user_id, event_date from facts.fct_events where is_activity
        group by user_id, event_date
    )
    select days.event_date, later.event_date - days.event_date as period, count(*)
    from days inner join days as later
        on days.user_id = later.user_id
        and later.event_date between days.event_date and days.event_date + 30
    group by days.event_date, later.event_date - days.event_date
"""
SHORTEST_SESSIONS = """
    with
    neighbours as (
        select
            user_id, occurred_at,
            lag(occurred_at) over in_order as previous_at,
            lead(occurred_at) over in_order as next_at
        from facts.fct_events where is_activity
        window in_order as (partition by user_id order by occurred_at)
    ),
    bounds as (
        select
            occurred_at,
            previous_at is null or occurred_at - previous_at >= interval 30 minutes as is_start,
            next_at is null or next_at - occurred_at >= interval 30 minutes as is_end,
            row_number() over (partition by user_id order by occurred_at) as event_number,
            user_id
        from neighbours
    ),
    edges as (
        select
            user_id, occurred_at, event_number, is_start, is_end,
            lead(occurred_at) over in_order as other_at,
            lead(event_number) over in_order as other_number
        from bounds where is_start or is_end
        window in_order as (partition by user_id order by event_number)
    )
    select
        cast(occurred_at as date),
        count(*),
        cast(sum(case when is_end then 1 else other_number - event_number + 1 end) as bigint),
        cast(sum(case when is_end then 0 else epoch_us(other_at) - epoch_us(occurred_at) end)
            as bigint),
        cast(sum(epoch_us(occurred_at) % 86400000000) as bigint)
    from edges where is_start group by cast(occurred_at as date)
"""
SHORTEST_GROWTH = """
    with
    days as (
        select user_id, event_date from facts.fct_events where is_activity
        group by user_id, event_date
    ),
    periods as (
        select 'day' as grain, user_id, event_date as period, event_date - 1 as just_before
        from days
        union all
        select distinct
            'week', user_id, cast(date_trunc('week', event_date) as date),
            cast(date_trunc('week', event_date) as date) - 7
        from days
        union all
        select distinct
            'month', user_id, cast(date_trunc('month', event_date) as date),
            cast(date_trunc('month', event_date) - interval 1 month as date)
        from days
    ),
    active as (
        select
            grain, period, just_before,
            lag(period) over (partition by grain, user_id order by period) as previous
        from periods
    ),
    counted as (
        select
            grain, period, count(*) as active, count(*) filter (previous is null) as new,
            count(*) filter (previous = just_before) as kept
        from active group by grain, period
    )
    select
        grain, period, new, kept, active - new - kept,
        lag(active, 1, 0) over (partition by grain order by period) - kept, active
    from counted
"""
# Weeks of the last four with a day: this day's is one.
SHORTEST_LIFECYCLE = f"""
    with
    days as (
        select user_id, event_date, bool_or(event_name in {KEY_ACTIONS}) as is_key
        from facts.fct_events where is_activity group by user_id, event_date
    ),
    stages as (
        select
            event_date,
            lead(event_date, 1, date '{{horizon}}' + 1) over in_order as next,
            case
                when min(event_date) filter (is_key) over (partition by user_id) <= event_date
                    then case
                        when (count(*) over week_2 > 0)::int + (count(*) over week_3 > 0)::int
                            + (count(*) over week_4 > 0)::int >= 2 then 'maturity'
                        else 'growth'
                    end
                else 'introduction'
            end as active_stage
        from days
        window
            in_order as (partition by user_id order by event_date),
            week_2 as (in_order range between interval 13 days preceding
                and interval 7 days preceding),
            week_3 as (in_order range between interval 20 days preceding
                and interval 14 days preceding),
            week_4 as (in_order range between interval 27 days preceding
                and interval 21 days preceding)
    ),
    changes as (
        select
            unnest([active_stage, active_stage, 'dormancy', 'dormancy', 'churn', 'churn'])
                as stage,
            unnest([event_date, least(next, event_date + 8), event_date + 8,
                least(next, event_date + 31), event_date + 31, next]) as changed_date,
            unnest([1, -1, (next > event_date + 8)::int, -(next > event_date + 8)::int,
                (next > event_date + 31)::int, -(next > event_date + 31)::int]) as change
        from stages
    ),
    summed as (
        select stage, changed_date, sum(change) as change from changes
        where changed_date <= date '{{horizon}}' group by stage, changed_date
    )
    select stage, changed_date, cast(user_count as bigint) from (
        select
            stage, changed_date, change,
            sum(change) over (partition by stage order by changed_date) as user_count
        from summed
    ) where change <> 0
"""
SHORTEST_RFM = """
    with
    orders as (
        select user_id, order_id, event_date, cast(round(amount * 100) as bigint) as cents
        from facts.fct_events where event_name = 'order_placed'
    ),
    snapshots as (
        select cast(unnest(string_split('{snapshots}', ',')) as date) as snapshot_date
    ),
    customers as (
        select
            snapshot_date, user_id, min(snapshot_date - event_date) as recency,
            count(distinct order_id) as frequency, sum(cents) as cents
        from orders inner join snapshots
            on event_date <= snapshot_date and event_date > snapshot_date - 365
        group by snapshot_date, user_id
    ),
    scores as (
        select
            *,
            least(5, floor(2.5 * (percent_rank() over r + cume_dist() over r)) + 1)::int as r_score,
            least(5, floor(2.5 * (percent_rank() over f + cume_dist() over f)) + 1)::int as f_score,
            least(5, floor(2.5 * (percent_rank() over m + cume_dist() over m)) + 1)::int as m_score
        from customers
        window
            r as (partition by snapshot_date order by -recency),
            f as (partition by snapshot_date order by frequency),
            m as (partition by snapshot_date order by cents)
    )
    select
        snapshot_date, r_score, f_score, m_score, count(*), cast(sum(recency) as bigint),
        cast(sum(frequency) as bigint), cast(sum(cents) as bigint)
    from scores group by snapshot_date, r_score, f_score, m_score
"""
# By the name of the question, against the first of its peers.
SHORTEST = {
    **{
        f"funnel: {name}": SHORTEST_FUNNEL.format(steps=steps)
        for name, steps in funnel.FUNNELS.items()
    },
    "retention: any activity, first day": SHORTEST_RETENTION,
    "retention: viewed, then ordered": SHORTEST_NAMED,
    "retention: any activity, every day": SHORTEST_RECURRING,
    "growth accounting": SHORTEST_GROWTH,
    "lifecycle": SHORTEST_LIFECYCLE,
    "sessions": SHORTEST_SESSIONS,
    "RFM": SHORTEST_RFM,
}
QUESTIONS = {
    question.name: question
    for topic in (funnel, growth, retention, rfm, sessions)
    for question in topic.QUESTIONS
}


def duels(warehouse: Warehouse) -> list[Duel]:
    """DuckDB's shortest query over `facts.fct_events` against a peer's over the same events."""
    return [
        duel(warehouse, name, QUESTIONS[name].peers[0], shortest)
        for name, shortest in SHORTEST.items()
    ]


def duel(warehouse: Warehouse, name: str, peer: Peer, shortest: str) -> Duel:
    """A query against a peer, which must give the same; of the question that has this name."""
    answers = set()
    best = (float("inf"), float("inf"))
    given = warehouse.given()
    with warehouse.open() as connection:
        connection.execute(f"set memory_limit = '{warehouse.settings.memory_limit}'")
        connection.execute("set preserve_insertion_order = false")
        for _ in range(REPEATS):
            started, cpu_started = time.monotonic(), time.process_time()
            rows = connection.execute(shortest.format(**given)).fetchall()
            took = time.monotonic() - started, time.process_time() - cpu_started
            best = min(best, took, key=lambda both: both[1])
            answers = {tuple(map(str, row)) for row in rows}
    [(seconds, cpu, found)] = ask([call(given, peer)], REPEATS)
    if not answers or answers != {tuple(row) for row in found}:
        raise SystemExit(f"floor: {name}: the answers differ")
    return Duel(
        f"floor: {name}", peer.name, best[0], seconds, rows=len(answers), our_cpu=best[1],
        their_cpu=cpu,
    )  # fmt: skip
