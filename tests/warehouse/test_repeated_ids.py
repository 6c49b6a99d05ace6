"""Rows that share an id: copies of one event, or other events, against a walk over all rows.

Deliveries of few ids, people and instants come and go in any order. After each build staging is
what the walk says of the rows that are there, and whoever's events moved was computed again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from hashlib import md5
from pathlib import Path
from random import Random
from typing import Any

from orchestration.commands.withdraw import withdraw
from orchestration.store import watermarks
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import configuration_hash, load_manifest
from tests.support import build_warehouse, query, settings_of
from tests.warehouse.draws import seed

DELIVERIES, ROWS = 5, 14
STAGING = "+stg_ingest_ledger"
Row = dict[str, Any]


def draw_row(draw: Random) -> Row:
    minute = draw.choice(["00", "01"])
    row: Row = {
        "event_id": draw.choice(["0", "0", "1", "2", "2", f"own {draw.randrange(10**6)}"]),
        "event_name": draw.choice(["open", "open", "view", None]),
        "occurred_at": f"2024-06-01 10:{minute}:00",
        "user_id": draw.choice(["u1", "u2", None, " ", "null"]),
        "anonymous_id": draw.choice(["d1", "d2", None]),
        "received_at": draw.choice([f"2024-06-0{draw.randrange(1, 9)} 12:00:00", None]),
        "page": draw.choice(["/a", "/b", None]),
    }
    return {name: value for name, value in row.items() if value is not None}


def walk(files: dict[str, list[Row]], hashes: dict[tuple[str, int], str]) -> list[tuple[Any, ...]]:
    """File, row, id, the id that is shared, and whether it is staged, of every row of use."""
    sharing: defaultdict[str, list[Row]] = defaultdict(list)
    for file, rows in files.items():
        for number, row in enumerate(rows, start=1):
            user = row.get("user_id", "").strip()
            whole = {
                **row,
                "user_id": None if user in ("", "null") else user,
                "place": (file, number),
                "rank": (
                    "received_at" not in row, row.get("received_at"), hashes[file, number],
                    file, number,
                ),
            }  # fmt: skip
            if "event_name" in row and (whole["user_id"] or "anonymous_id" in row):
                sharing[row["event_id"]].append(whole)
    found = []
    for event_id, rows in sharing.items():
        events: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            same = [
                other["user_id"]
                for other in rows
                if other["user_id"]
                and all(other[name] == row[name] for name in ("event_name", "occurred_at"))
                and other.get("anonymous_id") == row.get("anonymous_id")
            ]
            actor = row["user_id"] or (min(same) if same else f"anon:{row['anonymous_id']}")
            events["\x1e".join((row["event_name"], actor, row["occurred_at"]))].append(row)
        first = min(rows, key=lambda row: row["rank"])
        for content, copies in events.items():
            copies.sort(key=lambda row: row["rank"])
            is_first = first in copies
            own = event_id if is_first else f"{event_id}~{md5(content.encode()).hexdigest()[:12]}"
            shared = event_id if len(events) > 1 else None
            found += [
                (*copy["place"], own, shared, place == 0) for place, copy in enumerate(copies)
            ]
    return sorted(found, key=str)


def staged(warehouse: Path) -> list[tuple[Any, ...]]:
    columns = "source_file, row_number, event_id, shared_event_id"
    rows = query(
        warehouse,
        f"select {columns}, true from staging.stg_events union all"
        f" select {columns}, false from staging.stg_events__duplicates",
    )
    return sorted((tuple(row.values()) for row in rows), key=str)


def events_of(warehouse: Path) -> set[tuple[Any, ...]]:
    rows = query(warehouse, "select user_id, anonymous_id, event_id from staging.stg_events")
    return {tuple(row.values()) for row in rows}


def content_hashes(warehouse: Path) -> dict[tuple[str, int], str]:
    """What breaks ties is a hash of raw texts, as it is written for rows without an id."""
    rows = query(warehouse, "select * from staging.stg_events__typed")
    return {(row["source_file"], row["row_number"]): row["content_hash"] for row in rows}


def test_repeated_ids_are_those_of_the_walk_whatever_comes_and_goes(tmp_path: Path) -> None:
    draw = Random(f"repeated ids {seed()}")
    settings = settings_of(tmp_path)
    files: dict[str, list[Row]] = {}
    shared = 0
    before: set[tuple[Any, ...]] = set()
    for number in range(DELIVERIES):
        name = f"events/{draw.randrange(10**6)}.jsonl"
        files[name] = [draw_row(draw) for _ in range(ROWS)]
        path = settings.raw_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in files[name]), encoding="utf-8")
        if number >= 2:
            gone = draw.choice(sorted(files.keys() - {name}))
            withdraw(settings, gone)
            del files[gone]
            (settings.raw_dir / gone).unlink()
        warehouse = build_warehouse(tmp_path, select=STAGING)
        found = staged(warehouse)
        assert found == walk(files, content_hashes(warehouse)), f"seed {seed()}, build {number}"
        shared += sum(1 for row in found if row[3] is not None)
        assert not query(
            warehouse,
            "select * from staging.stg_ingest_ledger"
            " where rows_in <> rows_staged + rows_duplicate + rows_quarantined",
        )
        now = events_of(warehouse)
        if number:
            touched = query(
                warehouse, "select user_id, anonymous_id from staging.stg_events__touched"
            )
            assert {row[:2] for row in now ^ before} <= {tuple(row.values()) for row in touched}
        before = now
        with connect(settings) as connection:
            watermarks.write(
                connection,
                watermarks.newest_load_id(connection),
                configuration_hash(settings, load_manifest()),
            )
    assert shared > 40
