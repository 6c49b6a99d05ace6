"""Reads, exposures and what a piece earns: odd input, horizons, other clocks, builds that add."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import build_warehouse, query

ROLES = (
    "exposure", "click", "read_start", "read_progress", "read_finish", "share", "share_open", "like",
)  # fmt: skip
SEEDS = {"event_names": "event_name,role\nend,\n" + "".join(f"{role},{role}\n" for role in ROLES)}
FACTS = "+fct_content_reads"


def event(number: int, role: str, user: str, at: str, piece: str = "k", **says: Any) -> Any:
    """An event of March 2025 by the day and the time of the day; what it says are properties."""
    return {
        "event_id": f"{number:03d}", "event_name": role, "user_id": user, "content_id": piece,
        "occurred_at": f"2025-03-{at}Z", "properties": says,
    }  # fmt: skip


READS = [
    # Finished by what it says in the last instant of its window; not by what comes after.
    event(1, "read_start", "a", "01T00:00:00", dwell_seconds=12),
    event(2, "read_progress", "a", "02T00:00:00", progress=0.9),
    event(3, "read_finish", "a", "02T00:00:01"),
    # Of the later of two, though the first is not over; one before all is of none.
    event(4, "read_finish", "b", "01T00:00:00"),
    event(5, "read_start", "b", "01T00:01:00"),
    event(6, "read_start", "b", "01T00:02:00"),
    event(7, "read_progress", "b", "01T00:02:30", progress=0.89),
    # Of one instant, by their ids.
    event(8, "read_start", "c", "01T00:00:00"),
    event(9, "read_finish", "c", "01T00:00:00"),
    event(11, "read_finish", "d", "01T00:00:00"),
    event(12, "read_start", "d", "01T00:00:00"),
    # A week in a tab that was left open, by the clock of the page, and by ours.
    event(13, "read_start", "e", "01T00:00:00", "K"),
    event(14, "read_progress", "e", "01T12:00:00", "K", progress="95%", dwell_seconds=604800),
    event(15, "read_start", "f", "01T00:00:00", "K"),
    event(16, "read_progress", "f", "01T12:00:00", "K", progress=0.5),
    # What cannot be says nothing.
    event(17, "read_start", "g", "01T00:00:00", progress=90, dwell_seconds=-5),
    event(18, "read_start", "h", "01T00:00:00", progress="NaN", dwell_seconds="long"),
    event(19, "read_start", "i", "01T00:00:00", progress="-10%", dwell_seconds="Infinity"),
]
END = event(999, "end", "z", "05T00:00:00")


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    warehouse = build_warehouse(
        tmp_path_factory.mktemp("reads"),
        events=[*READS, END],
        seeds=SEEDS,
        select=FACTS,
        run_tests=True,
    )
    return {
        row["event_id"]: row for row in query(warehouse, "select * from facts.fct_content_reads")
    }


def test_what_is_read_on_is_of_the_latest_read_of_its_window(
    reads: dict[str, dict[str, Any]],
) -> None:
    assert {number for number, row in reads.items() if row["is_finished"]} == {"001", "008", "013"}
    assert len(reads) == sum(row["event_name"] == "read_start" for row in READS)


def test_dwell_is_said_or_timed_and_never_above_the_cap(reads: dict[str, dict[str, Any]]) -> None:
    assert {number: row["dwell_seconds"] for number, row in reads.items()} == {
        "001": 12, "005": None, "006": 30, "008": 0, "012": None, "013": 1800, "015": 1800,
        "017": None, "018": None, "019": None,
    }  # fmt: skip


def test_ids_of_pieces_are_as_they_are_written(reads: dict[str, dict[str, Any]]) -> None:
    assert {row["content_id"] for row in reads.values()} == {"k", "K"}
