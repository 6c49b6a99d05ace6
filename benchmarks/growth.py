"""Growth accounting (days, weeks, months) and lifecycle, all days, against ClickHouse and pandas.

Ours pays for the user-days too, because they are most of the work.
"""

from __future__ import annotations

from benchmarks.peer import KEY_ACTIONS
from benchmarks.peers import EVENTS, MOST_IN_MEMORY, Peer, Question

CHDB_GROWTH = """
    with
    users as (
        select user_id, arraySort(groupUniqArray(toDate(occurred_at))) as days
        from {events} where is_activity group by user_id
    ),
    -- Neighbours that are equal are one, and the first has none before it.
    active as (
        select
            grain, pair.1 as period, pair.2 as previous,
            multiIf(grain = 'day', period - 1, grain = 'week', period - 7,
                period - interval 1 month) as just_before
        from (
            select
                grain,
                arrayJoin(arrayZip(starts, arrayPushFront(arrayPopBack(starts), toDate(0))))
                    as pair
            from users
            array join
                ['day', 'week', 'month'] as grain,
                [days, arrayCompact(arrayMap(d -> toMonday(d), days)),
                    arrayCompact(arrayMap(d -> toStartOfMonth(d), days))] as starts
        )
    ),
    counted as (
        select
            grain, period, count() as active, countIf(previous = toDate(0)) as new,
            countIf(previous = just_before) as kept
        from active group by grain, period
    )
    select
        grain, toString(period), new, kept, active - new - kept,
        lagInFrame(active, 1, 0) over (
            partition by grain order by period
            rows between unbounded preceding and current row
        ) - kept,
        active
    from counted
"""
CHDB_LIFECYCLE = f"""
    with
    users as (
        select
            user_id,
            arraySort(groupUniqArray(toDate(occurred_at))) as days,
            if(countIf(event_name in {KEY_ACTIONS}) = 0, toDate('2100-01-01'),
                minIf(toDate(occurred_at), event_name in {KEY_ACTIONS})) as acted_on
        from {{events}} where is_activity group by user_id
    ),
    stages as (
        select
            day, next,
            multiIf(
                day < acted_on, 'introduction',
                length(arrayDistinct(arrayMap(
                    d -> intDiv(day - d, 7), arrayFilter(d -> d <= day and day - d < 28, days)
                ))) >= 3, 'maturity',
                'growth'
            ) as active_stage
        from users
        array join days as day,
            arrayPushBack(arrayPopFront(days), toDate('{{horizon}}') + 1) as next
    ),
    changes as (
        select delta.1 as stage, delta.2 as at, delta.3 as change
        from stages
        array join arrayFilter(x -> x.2 <= toDate('{{horizon}}'), arrayConcat(
            [(active_stage, day, 1), (active_stage, least(next, day + 8), -1)],
            if(next > day + 8, [('dormancy', day + 8, 1),
                ('dormancy', least(next, day + 31), -1)], []),
            if(next > day + 31, [('churn', day + 31, 1), ('churn', next, -1)], [])
        )) as delta
    ),
    summed as (select stage, at, sum(change) as change from changes group by stage, at)
    select stage, toString(at), user_count from (
        select stage, at, change,
            sum(change) over (partition by stage order by at) as user_count
        from summed
    ) where change <> 0
"""
QUESTIONS = (
    Question(
        name="growth accounting",
        models=("+mart_growth_accounting",),
        answer="""
            select
                grain, period_start_date, new_user_count, retained_user_count,
                resurrected_user_count, churned_user_count, active_user_count
            from marts.mart_growth_accounting
            where activity_id = 'any' and active_user_count > 0
        """,
        peers=(
            Peer("chdb", "chdb", 2.0, {"sql": CHDB_GROWTH}),
            Peer(
                "pandas",
                "pandas_growth",
                arguments={"parquet": "{parquet}"},
                most_events=MOST_IN_MEMORY,
            ),
        ),
        given=EVENTS,
    ),
    Question(
        name="lifecycle",
        models=("+mart_lifecycle_daily",),
        # The days on which a stage grows or shrinks: between them it stays.
        answer="""
            select stage_id, activity_date, user_count from marts.mart_lifecycle_daily
            where entered_count <> left_count
        """,
        peers=(
            Peer("chdb", "chdb", 2.0, {"sql": CHDB_LIFECYCLE}),
            Peer(
                "pandas",
                "pandas_lifecycle",
                arguments={"parquet": "{parquet}", "horizon": "{horizon}"},
                most_events=MOST_IN_MEMORY,
            ),
        ),
        given=EVENTS,
    ),
)
