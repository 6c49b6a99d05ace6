"""Retention by day, 0 to 30, of all cohorts: our models against ClickHouse over the same events.

python -m benchmarks.retention             1 million events
SCALE=20 python -m benchmarks.retention    20 million
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

from benchmarks import peers

COLUMNS = "retention_id,cohort_event,cohort_mode,return_event,periods"
# ClickHouse's shortest way: the days of a user as one array. `{events}` is the Parquet file.
BY_ARRAYS = """
    with days as (
        select
            user_id,
            {start} as start,
            groupUniqArrayIf(toDate(occurred_at), {is_return}) as days
        from {events}
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
SHAPES = (
    (
        "any activity, first day",
        "first,*,first_ever,*,30",
        BY_ARRAYS.format(
            events="{events}",
            start="minIf(occurred_at, is_activity)",
            is_cohort="is_activity",
            is_return="is_activity",
        ),
    ),
    (
        "product_viewed, then order_placed",
        "named,product_viewed,first_matching,order_placed,30",
        BY_ARRAYS.format(
            events="{events}",
            start="minIf(occurred_at, event_name = 'product_viewed')",
            is_cohort="event_name = 'product_viewed'",
            is_return="event_name = 'order_placed'",
        ),
    ),
    ("any activity, every day a cohort", "recurring,*,recurring,*,30", RECURRING),
)


def main() -> int:
    """Ask every question of both; fail when the answers differ."""
    events = round(float(os.environ.get("SCALE", "1")) * 1_000_000)
    peers.require()
    folder = Path(mkdtemp(prefix="yunying-bench-"))
    try:
        peers.show(duels(peers.Warehouse(folder, events)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def duels(warehouse: peers.Warehouse) -> list[peers.Duel]:
    found = []
    for name, row, sql in SHAPES:
        warehouse.ask({"retentions": f"{COLUMNS}\n{row}\n"})
        our_seconds = warehouse.run("+mart_retention_cohorts")
        ours = warehouse.rows(
            "select cohort_start_date, period_number, returned_count"
            " from marts.mart_retention_cohorts"
            " where cohort_start_at is not null and returned_count > 0"
        )
        asked = sql.format(events=f"file('{warehouse.parquet}', Parquet)")
        their_seconds, theirs = peers.ask_chdb(asked)
        rows = peers.same(ours, theirs, name)
        found.append(peers.Duel(f"retention: {name}", our_seconds, their_seconds, rows))
    return found


if __name__ == "__main__":
    sys.exit(main())
