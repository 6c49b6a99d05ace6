"""What a build keeps: tables and tests that read nothing new, and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.project import (
    DBT_PROJECT_DIR,
    ROOT,
    SHIPPED_SEEDS_DIR,
    Settings,
    other_environment,
)
from orchestration.publish.builds import DATABASE
from orchestration.store.warehouse import connect
from orchestration.transform import unchanged
from orchestration.transform.dbt_runs import load_manifest, without_archive
from tests import support
from tests.support import dbt_target, settings_of, write_feeds
from verify.compare import compare, histories

SOURCES = ("source.p.events", "source.p.funnels")


def model(*reads: str, kept_as: str = "table", sql: str = "select 1") -> dict[str, Any]:
    return {
        "schema": "facts",
        "alias": "",
        "raw_code": sql,
        "config": {"materialized": kept_as},
        "depends_on": {"nodes": list(reads)},
    }


MODELS: dict[str, dict[str, Any]] = {
    "model.p.events": model("source.p.events"),
    "model.p.step": model("model.p.events", kept_as="ephemeral"),
    "model.p.days": model("model.p.step", "model.p.funnels"),
    "model.p.funnels": model("source.p.funnels"),
    "model.p.labels": model("model.p.funnels"),
    "model.p.view": model("model.p.days", kept_as="view"),
    "model.p.touched": model("source.p.funnels", sql="where {{ completed_load_id() }}"),
    "model.p.of_touched": model("model.p.touched"),
    "test.p.labels": model("model.p.labels"),
    "test.p.warned": model("model.p.labels"),
    "test.p.view": model("model.p.view"),
}
MANIFEST = {
    "sources": {name: {"schema": "s", "identifier": name.rpartition(".")[2]} for name in SOURCES},
    "nodes": {name: {**node, "alias": name.rpartition(".")[2]} for name, node in MODELS.items()},
}
STANDING = [name for name in MODELS if name.startswith("model.") and name != "model.p.step"]
STATES = {"project": "p", **dict.fromkeys(SOURCES, "1")}


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """All stands; tests have passed, but for one that warned."""
    with duckdb.connect() as connection:
        connection.execute("create schema raw; create schema facts")
        connection.execute("create table raw.source_states (source text, state text)")
        connection.execute("create table raw.passed_tests (test text)")
        for name, state in STATES.items():
            connection.execute("insert into raw.source_states values (?, ?)", [name, state])
        connection.execute("insert into raw.passed_tests values ('test.p.labels'), ('test.p.view')")
        for name in STANDING:
            connection.execute(f"create table facts.{name.rpartition('.')[2]} (x int)")
        yield connection


def found(warehouse: duckdb.DuckDBPyConnection, **changed: str) -> tuple[set[str], set[str]]:
    states = STATES | {f"source.p.{name}" if name != "project" else name: state
                       for name, state in changed.items()}  # fmt: skip
    kept = unchanged.find(warehouse, MANIFEST, states, STANDING)
    return (
        {name.removeprefix("model.p.") for name in kept.models},
        {name.removeprefix("test.p.") for name in kept.tests},
    )


def test_what_reads_nothing_new_stays_and_a_view_always(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert found(warehouse, events="2") == ({"funnels", "labels", "view"}, {"labels"})
    assert found(warehouse, funnels="2") == ({"events", "view"}, set())
    assert found(warehouse, events="2", funnels="2") == ({"view"}, set())


def test_what_depends_on_the_build_before_never_stays(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    models, tests = found(warehouse)
    assert models == {"events", "days", "funnels", "labels", "view"}
    assert tests == {"labels", "view"}


def test_nothing_stays_of_another_project_nor_a_table_that_is_gone(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert found(warehouse, project="q") == (set(), set())
    warehouse.execute("drop table facts.labels")
    assert found(warehouse, events="2")[0] == {"funnels", "view"}


def test_each_macro_that_asks_of_the_build_before_is_known() -> None:
    """All but `refuse_a_part`, which every model calls, and which changes no row."""
    asks = {
        macro["name"]
        for macro in load_manifest()["macros"].values()
        if macro["package_name"] == "yunying"
        and re.search(r"build_watermarks|\brows_before\b", macro["macro_sql"])
    }
    callers = {
        macro["name"]
        for macro in load_manifest()["macros"].values()
        if macro["package_name"] == "yunying" and unchanged.OF_EACH_BUILD.search(macro["macro_sql"])
    }
    known = {name for name in asks | callers if unchanged.OF_EACH_BUILD.fullmatch(name)}
    assert (asks | callers) - known <= {"refuse_a_part"}
    texts = [path.read_text() for path in (DBT_PROJECT_DIR / "models").rglob("*.sql")]
    assert not [text for text in texts if "build_watermarks" in text
                and not unchanged.OF_EACH_BUILD.search(text)]  # fmt: skip


def run(settings: Settings) -> str:
    """What a whole build by the command says."""
    folder = settings.warehouse.parent
    process = subprocess.run(
        [sys.executable, "-m", "orchestration.commands.build"],
        cwd=ROOT,
        env={
            **other_environment(),
            **settings.environment(),
            "DAGSTER_HOME": str(folder / "dagster"),
            "DBT_TARGET_PATH": str(dbt_target()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout
    return process.stdout


def told(settings: Settings) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as published:
        sql = "select reason, definition_id from marts.mart_recomputations order by all"
        return published.execute(sql).fetchall()


def test_builds_that_keep_tables_give_what_a_rebuild_gives(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    shutil.copytree(SHIPPED_SEEDS_DIR, settings.seeds_dir)

    def deliver(day: int) -> None:
        write_feeds(tmp_path, {"events": [
            {"event_name": name, "user_id": f"u{number}", "event_id": f"{day}-{number}-{name}",
             "occurred_at": f"2024-03-{day:02} 1{number}:00:00", "order_id": f"{day}-{number}",
             "amount": 10 + number}
            for number in range(4) for name in ("product_viewed", "order_placed")
        ]})  # fmt: skip

    deliver(1)
    assert "read nothing new" not in run(settings)
    deliver(2)
    said = run(settings)
    kept = int(re.findall(r"(\d+) tables read nothing new", said)[0])
    assert kept > 30
    # dbt made the others, and ran their tests alone.
    results = json.loads((dbt_target() / "run_results.json").read_bytes())["results"]
    made = Counter(result["unique_id"].split(".")[0] for result in results)
    nodes = without_archive(load_manifest())["nodes"].values()
    kinds = Counter(n["resource_type"] for n in nodes if n["config"]["materialized"] != "ephemeral")
    assert made["model"] == kinds["model"] - kept
    assert 0 < made["test"] < kinds["test"]
    assert {reason for reason, _ in told(settings)} == {"events"}
    # A definition that changes is all that the next build tells of.
    file = settings.seeds_dir / "retentions.csv"
    text = file.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("purchase_weekly,"))
    file.write_text(text.replace(line, line.replace(",12,", ",6,")), encoding="utf-8")
    said = run(settings)
    assert int(re.findall(r"(\d+) tables read nothing new", said)[0]) > 30
    assert told(settings) == [("changed_definition", "purchase_weekly")]
    with connect(settings) as connection:
        tests = {n for n in load_manifest()["nodes"] if n.startswith("test.")}
        published = duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True)
        with published:
            checks = published.execute("select count(*) from build_checks").fetchone()
        assert unchanged.passed_tests(connection) <= tests
        # Kept or run, each test is told of.
        assert checks is not None
        assert checks[0] >= len(tests)
    anew = tmp_path / "anew"
    shutil.copytree(settings.raw_dir, anew / "raw")
    shutil.copytree(settings.seeds_dir, anew / "seeds")
    rebuilt = support.build_warehouse(anew)
    found = compare(settings.warehouse, rebuilt, histories=histories(load_manifest()))
    assert [str(one) for one in found.differences] == []
    assert found.tables > 70
