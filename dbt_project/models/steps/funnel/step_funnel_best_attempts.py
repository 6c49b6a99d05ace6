"""The attempt that counts of each user in each period, as the kernel finds it among all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from timelines import periods, ranges

ATTEMPTS_AT_ONCE = 4_000_000
GRAINS = {
    periods.DAY: "day",
    periods.WEEK: "week",
    periods.MONTH: "month",
    periods.ALL: "all",
}
COLUMNS = (
    "funnel_id, user_number, attempt_number, required_step_count, step_count, breakdown_value,"
    " is_breakdown_thread, is_void, is_ignored, entry_date, closes_at"
)
TEXT = pa.dictionary(pa.int32(), pa.string())
FOUND = pa.schema(
    {
        "funnel_id": TEXT,
        "grain": TEXT,
        "part_value": TEXT,
        "user_number": pa.int32(),
        "attempt_number": pa.int32(),
        "is_breakdown_thread": pa.bool_(),
        "period_start_date": pa.date32(),
        "matures_at": pa.timestamp("us"),
    }
)


def model(dbt: Any, session: Any) -> Any:
    dbt.config(materialized="table")
    funnels = {
        name: Funnel(count_by == "users", attribution == "all")
        for name, count_by, attribution in dbt.ref("dim_funnels")
        .project("funnel_id, count_by, breakdown_attribution")
        .fetchall()
    }
    attempts = dbt.ref("fct_funnel_opened_attempts")
    recomputed = dbt.ref("step_funnel_recomputed_periods")
    if not dbt.ref("int_scope__causes").filter("reason = 'rebuild'").limit(1).fetchall():
        attempts = session.sql(
            "select attempts.* from attempts inner join recomputed"
            " on attempts.funnel_id = recomputed.funnel_id"
            " and attempts.user_number = recomputed.user_number"
            " and attempts.entry_date >= recomputed.from_date"
        )
    week_start = 6 if dbt.config.meta_get("week_start") == "sunday" else 0
    threads = int(session.sql("select current_setting('threads')").fetchone()[0])
    # In DuckDB, which writes to disk what it has no memory for; and a relation of it, because dbt
    # writes anything else outside of its own transaction.
    found = FOUND.empty_table()
    session.sql("create or replace temporary table best_found as from found")
    for part in parts(attempts):
        for found in best(part, funnels, week_start, threads):
            session.sql("insert into best_found from found")
    return session.sql("from best_found")


class Funnel(NamedTuple):
    is_by_users: bool
    """Else each attempt is an entrant of its own."""
    is_by_value: bool
    """Parts hold the attempts among the events of a value; else those that count under it."""


def parts(attempts: Any) -> Iterator[pa.Table]:
    """All attempts of a range of users, by funnel, user and number."""
    counted = attempts.aggregate("user_number, count(*) as attempts").order("user_number")
    users = counted.to_arrow_table()
    numbers = users["user_number"].to_numpy()
    offsets = np.concatenate(([0], np.cumsum(users["attempts"].to_numpy())))
    for first, end in ranges.ranges(offsets, ATTEMPTS_AT_ONCE):
        yield (
            attempts.filter(f"user_number between {numbers[first]} and {numbers[end - 1]}")
            .project(COLUMNS)
            .order("funnel_id, user_number, attempt_number")
            .to_arrow_table()
            .combine_chunks()
        )


def best(
    part: pa.Table, funnels: Mapping[str, Funnel], week_start: int, threads: int
) -> Iterator[pa.Table]:
    names = coded(part["funnel_id"])
    counts = np.bincount(names.indices.to_numpy(), minlength=len(names.dictionary))
    starts = np.cumsum(counts) - counts
    for name, start, count in zip(names.dictionary.to_pylist(), starts, counts, strict=True):
        attempts = part.slice(start, count)
        is_thread = attempts["is_breakdown_thread"].to_numpy()
        values = coded(attempts["breakdown_value"])
        value = values.indices.fill_null(-1).to_numpy()
        of_parts = (value >= 0) & (is_thread == funnels[name].is_by_value)
        for chosen, part_of in ((~is_thread, None), (of_parts, value)):
            if chosen.any():
                rows = np.flatnonzero(chosen)
                yield counted(
                    name,
                    attempts.take(rows),
                    None if part_of is None else part_of[rows],
                    values.dictionary,
                    funnels[name].is_by_users,
                    week_start,
                    threads,
                )


def coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.combine_chunks().dictionary_encode()


def counted(
    name: str,
    attempts: pa.Table,
    part: np.ndarray | None,
    values: pa.Array,
    is_by_users: bool,
    week_start: int,
    threads: int,
) -> pa.Table:
    def numbers(column: str, kind: Any) -> np.ndarray:
        return np.ascontiguousarray(attempts[column].to_numpy().astype(kind))

    user = numbers("user_number", np.int32)
    day = numbers("entry_date", "M8[D]").astype(np.int32)
    best = periods.best_attempts(
        user if is_by_users else np.arange(len(user), dtype=np.int32),
        part if is_by_users else None,
        periods.counting_order(
            numbers("required_step_count", np.int8),
            numbers("step_count", np.int8),
            numbers("is_void", np.bool_),
            numbers("is_ignored", np.bool_),
        ),
        day,
        attempts["closes_at"].cast(pa.int64()).to_numpy(),
        week_start,
        threads,
    )
    grains = pa.array(GRAINS.values())
    nobody = np.full(len(best.row), -1)
    period = np.where(best.grain == periods.ALL, 0, best.period).astype("M8[D]")
    return pa.table(
        [
            texts(np.zeros(len(best.row), np.int32), pa.array([name])),
            texts(best.grain, grains),
            texts(nobody if part is None else part[best.row], values),
            pa.array(user[best.row]),
            attempts["attempt_number"].take(best.row).combine_chunks(),
            attempts["is_breakdown_thread"].take(best.row).combine_chunks(),
            pa.array(period, mask=best.grain == periods.ALL),
            pa.array(best.matures_at.view("M8[us]")),
        ],
        schema=FOUND,
    )


def texts(codes: np.ndarray, values: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=codes < 0), values)
