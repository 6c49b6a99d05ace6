"""Reads, exposures and what a piece earns: odd input, horizons, other clocks, builds that add."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import build_warehouse, query
from verify.compare import compare

ROLES = (
    "exposure", "click", "read_start", "read_progress", "read_finish", "share", "share_open",
    "like",
)  # fmt: skip
SEEDS = {"event_names": "event_name,role\nend,\n" + "".join(f"{role},{role}\n" for role in ROLES)}
MARTS = "+mart_content_performance +mart_content_positions +mart_content_age_curves"


def event(number: int, role: str, user: str, at: str, piece: str = "k", **says: Any) -> Any:
    """An event of 2025 by its month, day and time; what it says are properties."""
    return {
        "event_id": f"{number:03d}", "event_name": role, "user_id": user, "content_id": piece,
        "occurred_at": f"2025-{at}Z", "properties": says,
    }  # fmt: skip


READS = [
    # Finished by what it says in the last instant of its window; not by what comes after.
    event(1, "read_start", "a", "03-01T00:00:00", dwell_seconds=12),
    event(2, "read_progress", "a", "03-02T00:00:00", progress=0.9),
    event(3, "read_finish", "a", "03-02T00:00:01"),
    # Of the later of two, though the first is not over; one before all is of none.
    event(4, "read_finish", "b", "03-01T00:00:00"),
    event(5, "read_start", "b", "03-01T00:01:00"),
    event(6, "read_start", "b", "03-01T00:02:00"),
    event(7, "read_progress", "b", "03-01T00:02:30", progress=0.89),
    # Of one instant, by their ids.
    event(8, "read_start", "c", "03-01T00:00:00"),
    event(9, "read_finish", "c", "03-01T00:00:00"),
    event(11, "read_finish", "d", "03-01T00:00:00"),
    event(12, "read_start", "d", "03-01T00:00:00"),
    # Half a day, and a week, in a tab that was left open, by our clock and by that of the page.
    event(13, "read_start", "e", "03-01T00:00:00", "K"),
    event(14, "read_progress", "e", "03-01T12:00:00", "K", progress="95%", dwell_seconds=604800),
    event(15, "read_start", "f", "03-01T00:00:00", "K"),
    event(16, "read_progress", "f", "03-01T12:00:00", "K", progress=0.5),
    # What cannot be says nothing.
    event(17, "read_start", "g", "03-01T00:00:00", progress=90, dwell_seconds=-5),
    event(18, "read_start", "h", "03-01T00:00:00", progress="NaN", dwell_seconds="long"),
    event(19, "read_start", "i", "03-01T00:00:00", progress="-10%", dwell_seconds="Infinity"),
    event(20, "read_start", "j", "03-01T00:00:00", progress="101%"),
    # The instant in the place of the time.
    event(21, "read_start", "l", "03-01T00:00:00", dwell_seconds=1740787200000),
]
SHOWN = [
    # Positions from 0, of half a place, and of none.
    event(30, "exposure", "a", "03-01T23:45:00", position=0),
    event(31, "exposure", "b", "03-01T23:45:00", position=1.5),
    event(32, "exposure", "c", "03-01T23:45:00", position="top"),
    event(33, "exposure", "d", "03-01T23:45:00", position="2"),
    # Clicked in the last instant of the window; the next at once after it is another's.
    event(34, "click", "d", "03-02T00:15:00"),
    event(35, "exposure", "e", "03-01T23:45:00", position=1),
    event(36, "click", "e", "03-02T00:15:01"),
    event(37, "exposure", "f", "03-01T23:45:00", position=1),
    event(38, "exposure", "f", "03-01T23:50:00", position=3),
    event(39, "click", "f", "03-01T23:51:00"),
    event(40, "click", "f", "03-01T23:52:00"),
    event(41, "exposure", "g", "03-04T10:00:00", position=1),
]
SPREAD = [
    # Read before it is published: in all, not in a window, and on the first day of its life.
    event(50, "read_start", "early", "02-27T00:00:00", "p"),
    event(51, "like", "early", "02-27T00:00:01", "p"),
    event(52, "read_start", "a", "03-01T00:00:00", "p"),
    event(53, "read_start", "a", "03-02T00:00:00", "p"),
    event(54, "read_start", "b", "03-02T00:00:01", "p"),
    event(55, "like", "early", "03-01T12:00:00", "p"),
    event(56, "read_start", "early", "03-04T00:00:00", "p"),
    # A share that its sharer opens is opened; nobody came by it.
    event(57, "share", "a", "03-01T00:01:00", "p", share_id="s"),
    event(58, "share_open", "a", "03-01T00:02:00", "p", share_id="s"),
    event(59, "share_open", "c", "03-01T00:03:00", "p", share_id="s"),
    event(60, "read_start", "c", "03-01T00:03:00", "p"),
    # Who came by a share long ago did so in each window.
    event(61, "share_open", "d", "02-20T00:00:00", "p"),
    event(62, "read_start", "d", "03-05T00:00:00", "p"),
]
CONTENTS = [{"content_id": "p", "published_at": "2025-03-01", "origin": "pgc", "category": "x"}]
END = event(999, "end", "z", "03-05T12:00:00")


def built(folder: Path, *deliveries: Any, **environment: str) -> Path:
    for events in deliveries or ([*READS, *SHOWN, *SPREAD, END],):
        warehouse = build_warehouse(
            folder,
            events=events,
            feeds={} if (folder / "raw" / "contents").exists() else {"contents": CONTENTS},
            seeds=SEEDS,
            environment=environment,
            only=MARTS,
            run_tests=len(deliveries) < 2,
        )
    return warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("content"))


@pytest.fixture(scope="module")
def reads(warehouse: Path) -> dict[str, dict[str, Any]]:
    rows = query(warehouse, "select * from facts.fct_content_reads where content_id <> 'p'")
    return {row["event_id"]: row for row in rows}


def test_what_is_read_on_is_of_the_latest_read_of_its_window(
    reads: dict[str, dict[str, Any]],
) -> None:
    assert {number for number, row in reads.items() if row["is_finished"]} == {"001", "008", "013"}
    assert len(reads) == sum(row["event_name"] == "read_start" for row in READS)


def test_dwell_is_said_or_timed_and_never_above_the_cap(reads: dict[str, dict[str, Any]]) -> None:
    known = {"001": 12, "006": 30, "008": 0, "013": 1800, "015": 1800, "021": 1800}
    assert {number: row["dwell_seconds"] for number, row in reads.items()} == {
        number: Decimal(known[number]) if number in known else None for number in reads
    }


def test_ids_of_pieces_are_as_they_are_written(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select content_id, read_count from marts.mart_content_performance"
        " where window_days is null order by content_id",
    )
    assert [tuple(row.values()) for row in rows] == [("K", 2), ("k", 10), ("p", 7)]


def positions(warehouse: Path, grain: str = "all") -> dict[Any, tuple[Any, ...]]:
    rows = query(warehouse, "select * from marts.mart_content_positions where grain = ?", [grain])
    return {
        (row["position"], str(row["period_start_date"])): (
            row["exposure_count"], row["clicked_exposure_count"], row["mature_exposure_count"],
            row["click_rate"], row["is_mature"],
        )
        for row in rows
    }  # fmt: skip


def test_an_exposure_is_clicked_before_the_next_and_in_its_window(warehouse: Path) -> None:
    assert positions(warehouse) == {
        (None, "None"): (3, 0, 3, 0.0, False),
        (1, "None"): (3, 0, 3, 0.0, False),
        (2, "None"): (1, 1, 1, 1.0, False),
        (3, "None"): (1, 1, 1, 1.0, False),
    }


def test_a_position_has_each_day_since_it_was_first_seen(warehouse: Path) -> None:
    days = positions(warehouse, "day")
    of_one = {day: row for (position, day), row in days.items() if position == 1}
    assert {day: row[0] for day, row in of_one.items()} == {
        "2025-03-01": 2, "2025-03-02": 0, "2025-03-03": 0, "2025-03-04": 1, "2025-03-05": 0,
    }  # fmt: skip
    assert of_one["2025-03-02"] == (0, 0, 0, None, True)
    assert of_one["2025-03-05"][-1] is False


def test_a_day_is_ripe_when_its_last_click_windows_are_over(tmp_path: Path) -> None:
    early = built(tmp_path, YUNYING_HORIZON="2025-03-02T00:14:59")
    day = positions(early, "day")
    assert day[2, "2025-03-01"] == (1, 0, 0, None, False)
    assert day[3, "2025-03-01"] == (1, 1, 0, None, False)


def performance(warehouse: Path, *columns: str) -> dict[Any, Any]:
    rows = query(
        warehouse,
        f"select window_days, {', '.join(columns)} from marts.mart_content_performance"
        " where content_id = 'p'",
    )
    return {row.pop("window_days"): tuple(row.values()) for row in rows}


def test_what_is_before_the_start_counts_so_far_alone(warehouse: Path) -> None:
    counts = performance(
        warehouse, "read_count", "reader_count", "interaction_count", "interacting_reader_count",
        "share_open_count", "shared_in_reader_count",
    )  # fmt: skip
    assert counts == {
        1: (3, 2, 2, 1, 2, 1),
        7: (6, 5, 2, 2, 2, 2),
        30: (6, 5, 2, 2, 2, 2),
        None: (7, 5, 3, 2, 3, 2),
    }


def test_a_window_is_ripe_when_what_is_read_of_it_is_over(warehouse: Path) -> None:
    assert performance(warehouse, "is_mature", "origin") == {
        days: (days == 1, "pgc") for days in (1, 7, 30, None)
    }


def test_half_of_the_reads_may_be_before_the_start(warehouse: Path, tmp_path: Path) -> None:
    assert performance(warehouse, "half_life_seconds") == {
        1: (None,), 7: (None,), 30: (None,), None: (86400.0,),
    }  # fmt: skip
    early = built(tmp_path, YUNYING_HORIZON="2025-03-01T00:00:00")
    assert performance(early, "half_life_seconds")[None] == (0.0,)


def test_reads_by_age_add_up_to_those_of_the_lifetime(warehouse: Path, tmp_path: Path) -> None:
    def curve(warehouse: Path) -> list[tuple[Any, ...]]:
        rows = query(
            warehouse,
            "select age_days, read_count, cumulative_read_count, is_mature"
            " from marts.mart_content_age_curves where content_id = 'p' order by age_days",
        )
        return [tuple(row.values()) for row in rows]

    assert curve(warehouse) == [
        (0, 3, 3, True), (1, 2, 5, True), (2, 0, 5, True), (3, 1, 6, True), (4, 1, 7, False),
    ]  # fmt: skip
    last = [
        event(70, "read_start", "a", "05-30T00:00:00", "p"),
        event(71, "read_start", "b", "05-30T00:00:01", "p"),
    ]
    whole = curve(built(tmp_path, [*SPREAD, *last]))
    assert len(whole) == 90
    assert whole[-1] == (89, 1, 8, True)


def test_days_are_of_the_reporting_zone(tmp_path: Path) -> None:
    warehouse = built(tmp_path, YUNYING_TIMEZONE="Asia/Shanghai", YUNYING_WEEK_START="sunday")
    days = positions(warehouse, "day")
    assert days[2, "2025-03-02"] == (1, 1, 1, 1.0, True)
    assert {day for position, day in positions(warehouse, "week") if position == 2} == {
        "2025-03-02"
    }
    [row] = query(
        warehouse,
        "select read_date from facts.fct_content_reads where event_id = '053'",
    )
    assert str(row["read_date"]) == "2025-03-02"


def test_builds_that_add_are_as_one(tmp_path: Path) -> None:
    """What comes late opens reads and exposures before others, closes some, and signs people in."""
    rows = [*READS, *SHOWN, *SPREAD]
    signed_in = {**event(80, "read_start", "late", "03-01T00:01:30"), "anonymous_id": "d"}
    device = [
        {**each, "user_id": None, "anonymous_id": "d"}
        for each in (
            event(81, "exposure", "", "03-01T08:00:00", position=1),
            event(82, "click", "", "03-01T08:10:00"),
            event(83, "read_finish", "", "03-01T09:00:00"),
        )
    ]
    late = [
        event(84, "read_start", "a", "03-01T23:00:00"),
        event(85, "exposure", "d", "03-02T00:14:00", position=4),
        event(86, "share_open", "b", "02-01T00:00:00", "p"),
        signed_in,
    ]
    parts = tmp_path / "parts"
    added = built(parts, [*rows[::2], *device, END], [*rows[1::2], *late])
    whole = built(tmp_path / "whole", [*rows, *device, END, *late])
    differences = compare(whole, added, is_part=True).differences
    assert [each for each in differences if "content" in each.table] == []
    [row] = query(added, "select is_finished from facts.fct_content_reads where event_id = '080'")
    assert row["is_finished"]
