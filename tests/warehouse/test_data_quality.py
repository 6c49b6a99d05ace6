"""Quarantine that comes back, and days and silences of events against another arithmetic."""

from __future__ import annotations

import json
import random
import statistics
from collections import Counter
from datetime import date, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.store import watermarks
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import configuration_hash, load_manifest
from orchestration.ui.previews import preview
from tests.support import build_warehouse, query, settings_of
from tests.warehouse.draws import seed

ENVIRONMENT = {"YUNYING_TIMEZONE": "Asia/Shanghai"}
FIRST, LAST = date(2024, 1, 3), date(2024, 4, 17)
# A person with strings that stand nowhere else, in every field of rows that end in quarantine.
PERSON = {
    "user_id": "Zhuo Wenjun",
    "anonymous_id": "zither-1",
    "page": "/u/Zhuo Wenjun",
    "properties": {"mail": "wenjun@example.com"},
}
BAD = [
    {**PERSON, "event_name": "open", "occurred_at": "31/12/2024 by wenjun@example.com"},
    {**PERSON, "event_name": "open", "occurred_at": "30/11/2024 by other@example.org"},
    {**PERSON, "event_name": "open", "occurred_at": "soon"},
    {**PERSON, "occurred_at": "2024-02-01"},
    {**PERSON, "event_name": "buy", "occurred_at": "2024-02-01", "amount": "1,234.50"},
    {**PERSON, "event_name": "buy", "occurred_at": "2024-02-01", "amount": "8", "currency": "eur"},
    {"event_name": "buy", "occurred_at": "2024-02-01"},
    {**PERSON, "event_name": "open", "occurred_at": "2924-02-01"},
    {**PERSON, "event_name": "open", "occurred_at": "2024-02-01", "received_at": "2924-02-01"},
]


def days() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def counts() -> dict[tuple[str, date], int]:
    """Events by name and local day: weekly rhythms, days that break them, names that end."""
    draw = random.Random(f"{seed()} volumes")
    planned: dict[tuple[str, date], int] = {}
    for day in days():
        is_weekend = day.weekday() >= 5
        planned["open", day] = draw.randrange(8, 14) if is_weekend else draw.randrange(30, 50)
        planned["work", day] = 0 if is_weekend or day > date(2024, 4, 5) else draw.randrange(12, 20)
        planned["rare", day] = draw.choice((0, 0, 0, 1, 2))
        planned["ended", day] = 15 if day < date(2024, 1, 20) else 0
        planned["sale", day] = 60 if day in (date(2024, 3, 8), date(2024, 4, 12)) else 0
    for day in draw.sample(days()[60:], 4):
        planned["open", day] = draw.choice((0, 1, 150))
    return {key: count for key, count in planned.items() if count}


def events() -> list[dict[str, Any]]:
    zone = timedelta(hours=8)
    return [
        {
            "event_id": f"{name} {day} {number}",
            "event_name": name,
            "user_id": f"u{number}",
            "occurred_at": (datetime.combine(day, datetime.min.time()) - zone).isoformat(),
        }
        for (name, day), count in counts().items()
        for number in range(count)
    ]


def build(folder: Path, **wanted: Any) -> Path:
    """These tables alone, as a complete build that the next one goes on from."""
    # Active days too: whom a build touches depends on those that stood before.
    selected = "+path:models/marts/quality +fct_user_active_days"
    warehouse = build_warehouse(folder, environment=ENVIRONMENT, select=selected, **wanted)
    with connect(settings_of(folder, ENVIRONMENT)) as connection:
        wanted_hash = configuration_hash(settings_of(folder, ENVIRONMENT), load_manifest())
        watermarks.write(connection, watermarks.newest_load_id(connection), wanted_hash)
    return warehouse


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quality")
    bad = folder / "raw" / "events" / "bad.jsonl"
    bad.parent.mkdir(parents=True)
    lines = [*(json.dumps(row) for row in BAD), '{"event_name": "open", "user_id": "Zhuo Wenj']
    bad.write_text("\n".join(lines) + "\n", encoding="utf-8")
    costs = [{"cost_date": "2024-02-01", "utm_source": "Zhuo Wenjun"}]
    build(folder, events=events(), feeds={"channel_costs": costs})
    return folder


@pytest.fixture(scope="module")
def warehouse(folder: Path) -> Path:
    return folder / "warehouse.duckdb"


def reasons(warehouse: Path) -> dict[tuple[str, str], int]:
    rows = query(warehouse, "select * from marts.mart_quarantined_rows")
    return {(row["feed"], row["reason"]): row["row_count"] for row in rows}


ALL_REASONS = {
    ("events", "unparseable_occurred_at"): 3,
    ("events", "missing_event_name"): 1,
    ("events", "invalid_amount"): 1,
    ("events", "foreign_currency"): 1,
    ("events", "missing_actor"): 1,
    ("events", "future_occurred_at"): 1,
    ("events", "future_received_at"): 1,
    ("events", "malformed_row"): 1,
    ("channel_costs", "missing_cost_amount"): 1,
}


def test_1_quarantine_is_listed_by_file_and_reason_with_its_mend(warehouse: Path) -> None:
    assert reasons(warehouse) == ALL_REASONS
    rows = query(warehouse, "select * from marts.mart_quarantined_rows where feed = 'events'")
    assert {row["source_file"] for row in rows} == {"events/bad.jsonl"}
    assert all(row["mend_en"] and row["mend_zh"] for row in rows)
    assert all(row["file_row_count"] == 10 for row in rows)
    [unparseable] = [row for row in rows if row["reason"] == "unparseable_occurred_at"]
    assert (unparseable["first_row_number"], unparseable["last_row_number"]) == (1, 3)
    assert unparseable["quarantined_rate"] == pytest.approx(0.3)


def test_1_an_event_is_hashed_by_what_it_says(warehouse: Path) -> None:
    """Of events with an id the hash is made when asked for, as ingest makes it of the others."""
    apart = {"source_file", "row_number", "load_id", "content_hash", "received_at", "asked_hash"}
    rows = query(
        warehouse,
        """
        select events.*, typed.content_hash as asked_hash
        from staging.stg_events__typed as typed
        inner join raw.events as events using (load_id, row_number)
        where events.malformed_payload is null
        order by events.event_id is not null, load_id, row_number
        limit 100
        """,
    )
    for row in rows:
        said = [f"\x1e{name}={text}" for name, text in sorted(row.items())
                if name not in apart and text is not None]  # fmt: skip
        assert row["asked_hash"] == md5("".join(said).encode(), usedforsecurity=False).hexdigest()
        assert row["content_hash"] == (row["asked_hash"] if row["event_id"] is None else None)
    assert {row["event_id"] is None for row in rows} == {True, False}


def test_1_samples_show_the_shape_of_values_and_nobody(warehouse: Path) -> None:
    samples = query(
        warehouse, "select * from marts.mart_quarantined_samples order by reason, sample_number"
    )
    told = {row["reason"]: row["sample"] for row in reversed(samples)}
    assert told["invalid_amount"] == "9,999.99"
    assert told["foreign_currency"] == "EUR"
    assert told["missing_cost_amount"] == "cost_date, utm_source"
    assert "event_name" not in told["missing_event_name"]
    assert "occurred_at" in told["missing_event_name"]
    dates = [row for row in samples if row["reason"] == "unparseable_occurred_at"]
    assert [(row["sample"], row["row_count"]) for row in dates] == [
        ("99/99/9999 x x@x.x", 2),
        ("x", 1),
    ]
    assert (dates[0]["source_file"], dates[0]["row_number"]) == ("events/bad.jsonl", 1)
    text = repr(samples) + repr(query(warehouse, "select * from marts.mart_quarantined_rows"))
    text += repr(query(warehouse, "select * from facts.fct_quarantined_rows"))
    for strange in ("Wenj", "wenjun", "zither", "other@"):
        assert strange not in text


def test_1_the_ui_shows_counts_and_samples_and_no_table_of_people(warehouse: Path) -> None:
    nodes = {node["name"]: node for node in load_manifest()["nodes"].values()}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counted = preview(connection, nodes["mart_quarantined_rows"])
        sampled = preview(connection, nodes["mart_quarantined_samples"])
        assert preview(connection, nodes["mart_event_freshness"]) is None
        people = nodes["fct_events"]
        asking = {**people, "config": {"meta": {"preview": {"order_by": "1", "rows": 1}}}}
        with pytest.raises(ValueError, match="user_id"):
            preview(connection, asking)
    assert counted is not None
    assert sampled is not None
    assert "unparseable_occurred_at" in counted.splitlines()[2]
    assert len(counted.splitlines()) == 2 + len(ALL_REASONS)
    assert "99/99/9999 x x@x.x" in sampled


class Norm:
    """Median and scale of the square roots of up to eight same days of the week before."""

    def __init__(self, earlier: list[int]) -> None:
        roots = [count**0.5 for count in earlier]
        self.count = len(roots)
        self.middle = statistics.median(roots)
        spread = statistics.median([abs(root - self.middle) for root in roots])
        self.scale = max(1.4826 * spread, 0.5)

    def is_usual(self, count: int) -> bool:
        return abs(count**0.5 - self.middle) <= 3.5 * self.scale


def expected() -> dict[tuple[str | None, date], tuple[int, Norm | None]]:
    """Number of events and norm of each row that the mart should have."""
    planned = counts()
    rows: dict[tuple[str | None, date], tuple[int, Norm | None]] = {}
    for name in (None, "open", "work", "rare", "ended", "sale"):
        series = Counter[date]()
        for (other, day), count in planned.items():
            if name in (None, other):
                series[day] += count
        last = min(LAST, max(series) + timedelta(days=63))
        for day in days():
            if min(series) <= day <= last:
                weeks = [day - timedelta(days=7 * back) for back in range(1, 9)]
                earlier = [series[other] for other in weeks if other >= min(series)]
                rows[name, day] = (series[day], Norm(earlier) if earlier else None)
    return rows


def test_1_days_of_events_are_judged_by_their_weekday(warehouse: Path) -> None:
    rows = {
        (row["event_name"], row["event_date"]): row
        for row in query(warehouse, "select * from marts.mart_event_volume_daily")
    }
    wanted = expected()
    assert rows.keys() == wanted.keys()
    anomalies = set()
    for key, (count, norm) in wanted.items():
        row = rows[key]
        assert row["event_count"] == count, key
        assert row["is_mature"] == (key[1] < LAST), key
        assert row["history_day_count"] == (norm.count if norm else 0), key
        if norm:
            assert row["expected_count"] == pytest.approx(norm.middle**2, abs=0.006), key
            inside = [n for n in range(3000) if norm.is_usual(n)]
            assert (row["lower_count"], row["upper_count"]) == (inside[0], inside[-1]), key
        is_told = (
            norm is not None
            and key[1] < LAST
            and norm.count >= 4
            and max(count, norm.middle**2) >= 10
            and not norm.is_usual(count)
        )
        assert row["is_anomalous"] == is_told, key
        anomalies |= {key} if is_told else set()
    assert ("work", date(2024, 4, 8)) in anomalies, "a name that ends is seen on its first day"
    assert ("sale", date(2024, 4, 12)) in anomalies, "so is one that comes suddenly"
    assert not any(name == "work" and day.weekday() >= 5 for name, day in anomalies)
    assert sum(name == "open" for name, _ in anomalies) >= 4
    first = rows["work", date(2024, 4, 8)]
    assert first["explanation_en"].startswith(
        "work of feed: 0 on Monday 2024-04-08, fewer than usual. The 8 Mondays before had about "
    )
    assert "周一" in first["explanation_zh"]
    assert "比往常少" in first["explanation_zh"]


def test_1_silence_is_late_when_its_weekdays_do_not_explain_it(warehouse: Path) -> None:
    rows = {
        row["event_name"]: row
        for row in query(warehouse, "select * from marts.mart_event_freshness")
    }
    wanted, planned = expected(), counts()
    assert rows.keys() == {None, "open", "work", "rare", "ended", "sale"}
    for name, row in rows.items():
        last = max(day for other, day in planned if name in (None, other))
        assert row["last_event_date"] == last
        silent = max((LAST - last).days - 1, 0)
        assert row["silent_day_count"] == silent
        missed = sum(
            norm.middle**2
            for (other, day), (_, norm) in wanted.items()
            if other == name and last < day < LAST and norm is not None and norm.count >= 4
        )
        assert row["missed_event_count"] == pytest.approx(missed, abs=0.5), name
        assert row["is_late"] == (missed >= 10 and silent <= 63), name
        assert (row["explanation_en"] is not None) == row["is_late"]
    late = {name for name, row in rows.items() if row["is_late"]}
    assert late == {"work"}, "one that is rare, one long ended and one of two days are not late"
    assert rows["work"]["usual_gap_days"] == 3.0
    assert rows["work"]["explanation_en"].startswith(
        "work of feed: none since Friday 2024-04-05, on 11 whole days. About "
    )


def test_2_a_mended_file_leaves_quarantine_with_the_next_build(
    folder: Path, warehouse: Path
) -> None:
    mended = [
        {**row, "event_id": f"m{number}", "event_name": "mended", "occurred_at": "2024-02-02"}
        for number, row in enumerate(BAD[:5])
    ]
    path = folder / "raw" / "events" / "bad.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*mended, *BAD[5:]]))
    with connect(settings_of(folder, ENVIRONMENT)) as connection:
        last = watermarks.last(connection)
    wanted_hash = configuration_hash(settings_of(folder, ENVIRONMENT), load_manifest())
    assert last is not None
    assert last.configuration_hash == wanted_hash, "the build is an incremental one"
    build(folder)
    assert reasons(warehouse) == {
        ("events", "invalid_amount"): 1,
        ("events", "foreign_currency"): 1,
        ("events", "missing_actor"): 1,
        ("events", "future_occurred_at"): 1,
        ("events", "future_received_at"): 1,
        ("channel_costs", "missing_cost_amount"): 1,
    }
    staged = "select count(*) as n from facts.fct_events where event_name = 'mended'"
    assert query(warehouse, staged) == [{"n": 4}]


def test_3_a_new_rate_stages_what_an_earlier_build_refused(folder: Path, warehouse: Path) -> None:
    rates = "currency,rate,valid_from_date\nEUR,1.25,2024-01-01\n"
    build(folder, seeds={"currency_rates": rates})
    assert ("events", "foreign_currency") not in reasons(warehouse)
    [row] = query(warehouse, "select amount from facts.fct_events where currency = 'EUR'")
    assert row["amount"] == 10
    wrong = query(
        warehouse,
        "select * from staging.stg_ingest_ledger"
        " where rows_in <> rows_staged + rows_duplicate + rows_quarantined",
    )
    assert wrong == []
