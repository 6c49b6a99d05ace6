"""Promise 1: however files arrive, every table of facts and marts equals a rebuild from raw.

`make verify` in small: a product's months, cut into files that overlap, come late, are replaced
and withdrawn, correct each other, over builds that are killed. `YUNYING_TEST_SEED` draws others.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import duckdb
import pytest

from orchestration.commands.withdraw import withdraw
from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.transform.dbt_runs import load_manifest
from tests.support import put_what_is_parsed, settings_of
from tests.warehouse.draws import seed
from verify.builder import Kill, builder
from verify.compare import compare, histories
from verify.deliveries import CUT_OFF, PUT, REPEAT, VANISH, WITHDRAW, plan
from verify.rounds import Round
from verify.source import FORMATS, open_source
from verify.world import SEEDS, draw_world, write_world

SCALE = 0.6
DELIVERIES = 2
# Within ingest, and within a model of staging, once its list of what is touched stands.
KILLS = {0: [Kill("ingest", 1, 0.0)], 1: [Kill("start", 45, 0.0)]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    """A warehouse that was built delivery by delivery, and killed on the way."""
    folder = tmp_path_factory.mktemp("incremental")
    write_world(folder, seed(), SCALE)
    settings = settings_of(folder, {"YUNYING_TIMEZONE": "Asia/Shanghai"})
    source_settings = replace(settings, warehouse=folder / "source.duckdb")
    put_what_is_parsed(folder / "target")
    said: list[str] = []
    with open_source(source_settings) as source, builder(folder) as worker:
        one = Round(folder / "round", settings, source, worker, said.append)
        draw = Random(f"deliveries {seed()}")
        for number, delivery in enumerate(plan(draw, source.telling, DELIVERIES)):
            one.deliver(draw, delivery, KILLS.get(number, ()))
        yield one


def test_kills_struck_and_no_row_is_lost(built: Round) -> None:
    assert len(built.outcome.kills) == sum(map(len, KILLS.values()))
    assert built.outcome.problems == []
    with duckdb.connect(str(built.settings.warehouse), read_only=True) as connection:
        total = connection.execute(
            "select sum(rows_staged), sum(rows_duplicate), sum(rows_quarantined)"
            " from staging.stg_ingest_ledger where feed = 'events'"
        ).fetchone()
    assert total is not None
    staged, duplicates, quarantined = total
    assert staged > 800
    assert duplicates > 10
    assert quarantined >= 3


def test_incremental_builds_equal_a_rebuild(built: Round) -> None:
    built.compare_with_rebuild()
    assert not built.outcome.problems, f"seed {seed()}:\n" + "\n".join(built.outcome.problems)
    assert built.outcome.tables > 40
    assert built.outcome.rows > 10_000


def test_incremental_builds_equal_one_load_of_all_files(built: Round) -> None:
    """What raw holds is right too, after a kill in ingest, replaced and withdrawn files."""
    built.compare_with_one_load()
    assert not built.outcome.problems, f"seed {seed()}:\n" + "\n".join(built.outcome.problems)


def test_a_build_computes_what_its_rows_touch_and_moves_nothing_else(
    built: Round, tmp_path: Path
) -> None:
    """An event of somebody new, and one of somebody else that takes the id of the marathon's.

    Withdrawn, they leave everything as it was.
    """
    before = tmp_path / "before.duckdb"
    shutil.copyfile(built.settings.warehouse, before)
    ((taken,),) = query(
        before,
        "select event_id from facts.fct_events as events"
        " where user_id = 'u_marathon' and received_at is null and anonymous_id is null"
        " and order_id is null and event_id like 'm%' and event_id not like '%~%'"
        # Not one that another event shares already.
        " and not exists (select 1 from facts.fct_events as others"
        "  where others.event_id like events.event_id || '~%')"
        " order by all limit 1",
    )
    at = {"event_name": "open", "occurred_at": "2023-12-01T12:00:00", "received_at": "2023-12-01"}
    events = [
        {**at, "event_id": "quiet", "user_id": "u_quiet", "anonymous_id": "d_quiet"},
        {**at, "event_id": taken, "user_id": "u_taker"},
    ]
    path = built.settings.raw_dir / "events" / "quiet.jsonl"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    built.build()
    now = built.settings.warehouse
    touched = query(now, "select user_id from intermediate.int_users_touched order by all")
    assert touched == [("u_marathon",), ("u_quiet",), ("u_taker",)]
    owners = (
        f"select user_id, event_id = '{taken}' from facts.fct_events"
        f" where event_id = '{taken}' or event_id like '{taken}~%' order by all"
    )
    assert query(now, owners) == [("u_marathon", False), ("u_taker", True)]
    # The marathon's own event is kept beside it under another id: only that moves.
    assert moved_users(before, now, "facts.fct_events") == {"u_marathon", "u_quiet", "u_taker"}
    for table in ("facts.fct_sessions", "facts.fct_user_days"):
        assert moved_users(before, now, table) == {"u_quiet", "u_taker"}
    withdraw(built.settings, "events/quiet.jsonl")
    built.build()
    assert query(now, owners) == [("u_marathon", True)]
    # The ledger goes on telling of a file that was withdrawn.
    differences = compare(now, before, histories=histories(load_manifest())).differences
    assert [str(one) for one in differences] == []


def query(warehouse: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def moved_users(left: Path, right: Path, table: str) -> set[object]:
    """Users whose rows of a table differ."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as l (read_only)")
        connection.execute(f"attach '{right}' as r (read_only)")
        rows = connection.execute(
            f"select user_id from (from l.{table} except all from r.{table}) union "
            f"select user_id from (from r.{table} except all from l.{table})"
        ).fetchall()
    return {user for (user,) in rows}


def test_what_differs_is_found_with_its_rows(tmp_path: Path) -> None:
    paths = [tmp_path / "left.duckdb", tmp_path / "right.duckdb"]
    for path, rows in zip(
        paths, ("(1, 'a'), (1, 'a'), (2, 'b')", "(1, 'a'), (2, 'c')"), strict=True
    ):
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema facts")
            connection.execute(
                f"create table facts.fct_x as from (values {rows}) as t (n, build_id)"
            )
    comparison = compare(*paths)
    assert (comparison.tables, comparison.rows) == (1, 3)
    (difference,) = comparison.differences
    assert (difference.left_rows, difference.right_rows) == (2, 1)
    assert "n=2, build_id=c" in str(difference) or "build_id=c, n=2" in str(difference)
    (difference,) = compare(*paths, apart={"build_id"}).differences
    assert (difference.left_rows, difference.right_rows) == (1, 0)
    with duckdb.connect(str(paths[1])) as connection:
        connection.execute("create table facts.fct_y as select 1 as n")
    assert [one.table for one in compare(*paths, histories={"facts.fct_x"}).differences] == [
        "facts.fct_y"
    ]


def test_a_world_has_events_of_every_role() -> None:
    rows = csv.DictReader(SEEDS["event_names"].splitlines())
    roles = {row["event_name"]: row["role"] for row in rows}
    events = draw_world(Random(f"world {seed()}"), SCALE)["events"]
    drawn = {roles.get(row["event_name"]) for row in events if isinstance(row, dict)}
    assert set(BY_NAME["event_names"].field("role").enum) - drawn == set()


def test_deliveries_bring_every_part_and_every_kind_of_trouble() -> None:
    columns = {"events": [f"column_{n}" for n in range(12)], "users": ["a", "b"]}
    kinds: Counter[str] = Counter()
    for number in range(200):
        parts: Counter[int] = Counter()
        seen: set[str] = set()
        for delivery in plan(Random(number), columns, 4):
            paths = [action.path for action in delivery.actions]
            assert len(set(paths)) == len(paths)
            for action in delivery.actions:
                kinds[
                    "replaced" if action.kind == PUT and action.path in seen else action.kind
                ] += 1
                if action.kind == PUT and action.path not in seen and action.content is not None:
                    assert action.path.partition(".")[2] in FORMATS
                    if action.content.feed == "events":
                        parts.update(action.content.parts)
            seen.update(paths)
        assert set(parts.values()) == {1}
        assert len(parts) == 48
    assert min(kinds[k] for k in (PUT, "replaced", REPEAT, WITHDRAW, VANISH, CUT_OFF)) >= 150
