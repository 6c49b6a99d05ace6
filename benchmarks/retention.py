"""Retention by day, 0 to 30, of all cohorts, against ClickHouse over the same events."""

from __future__ import annotations

from benchmarks.peers import EVENTS, USER_DAYS, Peer, Question

COLUMNS = "retention_id,cohort_event,cohort_mode,return_event,periods"
# ClickHouse's shortest way: the days of a user as one array.
BY_ARRAYS = """
    with days as (
        select
            user_id,
            {start} as start,
            groupUniqArrayIf(toDate(occurred_at), {is_return}) as days
        from {{events}}
        group by user_id
        having countIf({is_cohort}) > 0
    )
    select toString(toDate(start)) as cohort, toInt32(day - toDate(start)) as period, count()
    from days array join arrayPushFront(arrayFilter(x -> x > toDate(start), days), toDate(start))
        as day
    where period <= 30
    group by cohort, period
"""
RECURRING = """
    with days as (
        select user_id, groupUniqArray(toDate(occurred_at)) as days
        from {events} where is_activity group by user_id
    )
    select toString(start) as cohort, toInt32(day - start) as period, count()
    from (select start, arrayFilter(x -> x >= start and x - start <= 30, days) as later
        from days array join days as start)
        array join later as day
    group by cohort, period
"""
ANY_ACTIVITY = BY_ARRAYS.format(
    start="minIf(occurred_at, is_activity)", is_cohort="is_activity", is_return="is_activity"
)
NAMED = BY_ARRAYS.format(
    start="minIf(occurred_at, event_name = 'product_viewed')",
    is_cohort="event_name = 'product_viewed'",
    is_return="event_name = 'order_placed'",
)


def _question(
    name: str, row: str, sql: str, asked: float | None = 1.0, given: tuple[str, ...] = USER_DAYS
) -> Question:
    return Question(
        name=f"retention: {name}",
        models=("+mart_retention_cohorts",),
        answer=f"""
            select cohort_start_date, period_number, returned_count
            from marts.mart_retention_cohorts
            where retention_id = '{row.split(",")[0]}' and cohort_start_at is not null
                and returned_count > 0
        """,
        seeds={"retentions": f"{COLUMNS}\n{row}\n"},
        peers=(Peer("chdb", "chdb", asked, {"sql": sql}),),
        given=given,
    )


FIRST = "first,*,first_ever,*,30"
QUESTIONS = (
    _question("any activity, first day", FIRST, ANY_ACTIVITY),
    _question("viewed, then ordered", "named,product_viewed,first_matching,order_placed,30", NAMED),
    _question("any activity, every day", "recurring,*,recurring,*,30", RECURRING),
    # User-days serve a dozen marts, so a retention does not pay for them; told, if it did:
    _question("first day, user-days made too", FIRST, ANY_ACTIVITY, None, EVENTS),
)
