"""Sessions, against ClickHouse, pandas and retentioneering.

Asked twice. Plain: where sessions begin, and the sessions. And with every event of the feed, all
columns, written with its session, as `facts.fct_events` holds them: ours as a table, ClickHouse's
as a Parquet file. Answers are compared by the day that sessions start on: how many, their events,
and sums of microseconds.
"""

from __future__ import annotations

from benchmarks.peers import MOST_IN_MEMORY, Peer, Question

ANSWER = """
    select
        session_date, count(*), sum(event_count),
        sum(epoch_us(ended_at) - epoch_us(started_at)),
        sum(epoch_us(started_at) - epoch_us(cast(session_date as timestamp)))
    from facts.fct_sessions group by session_date
"""
# ClickHouse's shortest way: the instants of a user as one array, split where 30 minutes passed.
# None of the generated sessions lasts 72 hours, where ours would be cut.
CHDB_SESSIONS = """
    with
    users as (
        select arraySort(groupArray(toUnixTimestamp64Micro(occurred_at))) as instants
        from {events} where is_activity group by user_id
    ),
    sessions as (
        select session[1] as began, length(session) as size, session[-1] - began as lasted
        from users
        array join arraySplit(
            (instant, gap) -> gap >= 1800000000, instants, arrayDifference(instants)
        ) as session
    )
    select
        toString(toDate(intDiv(began, 86400000000))), count(), sum(size), sum(lasted),
        sum(began % 86400000000)
    from sessions group by intDiv(began, 86400000000)
"""
# The events with a number of their session, as a file; then the sessions from that file.
CHDB_LABELLED = """
    insert into function file('{parquet}.labelled', Parquet)
    select *, sum(is_start) over (
        partition by user_id order by occurred_at
        rows between unbounded preceding and current row
    ) as session_number
    from (
        select *, is_activity and toUnixTimestamp64Micro(occurred_at) - coalesce(max(
            if(is_activity, toUnixTimestamp64Micro(occurred_at), 0)
        ) over (
            partition by user_id order by occurred_at
            rows between unbounded preceding and 1 preceding
        ), 0) >= 1800000000 as is_start
        from {events}
    )
    settings engine_file_truncate_on_insert = 1;
    select
        toString(toDate(intDiv(began, 86400000000))), count(), sum(size), sum(lasted),
        sum(began % 86400000000)
    from (
        select
            min(toUnixTimestamp64Micro(occurred_at)) as began, count() as size,
            max(toUnixTimestamp64Micro(occurred_at)) - began as lasted
        from file('{parquet}.labelled', Parquet) where is_activity
        group by user_id, session_number
    ) group by intDiv(began, 86400000000)
"""
PARQUET = {"parquet": "{parquet}"}
QUESTIONS = (
    Question(
        name="sessions",
        models=("int_session_starts", "fct_sessions"),
        answer=ANSWER,
        peers=(
            Peer("chdb", "chdb", 2.0, {"sql": CHDB_SESSIONS}),
            Peer("pandas", "pandas_sessions", 0.1, PARQUET, most_events=MOST_IN_MEMORY),
            Peer(
                "retentioneering",
                "retentioneering_sessions",
                1 / 20,
                PARQUET,
                most_events=MOST_IN_MEMORY,
            ),
        ),
        given=(),
    ),
    Question(
        name="sessions, all events written with theirs",
        models=("int_session_starts", "fct_events", "fct_sessions"),
        answer=ANSWER,
        peers=(Peer("chdb", "chdb", None, {"sql": CHDB_LABELLED}),),
        given=(),
    ),
)
