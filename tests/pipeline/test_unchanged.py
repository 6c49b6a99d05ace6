"""What a build keeps: tables and tests that read nothing new, and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.privacy import archive
from orchestration.project import (
    DBT_PROJECT_DIR,
    ROOT,
    SHIPPED_SEEDS_DIR,
    Settings,
    other_environment,
)
from orchestration.publish.builds import DATABASE
from orchestration.store.sql import NO_ROWS
from orchestration.store.warehouse import connect
from orchestration.transform import unchanged
from orchestration.transform.dbt_process import STAYED, Condition
from orchestration.transform.dbt_runs import BY_USER, load_manifest, without_archive
from tests.support import dbt_target, settings_of, write_feeds
from verify.compare import compare, histories

SOURCES = tuple(
    f"source.p.{name}"
    for name in ("events", "funnels", "paths", "definition_hashes", "restated_days")
)


def model(
    *reads: str,
    kept_as: str = "table",
    sql: str = "select 1",
    keys: Sequence[str] = (),
    asks: Sequence[str] = (),
) -> dict[str, Any]:
    by_user = {
        "incremental_strategy": BY_USER,
        "unique_key": [*keys, "user_id"],
        "meta": {"recomputed": {"asks": asks}},
    }
    return {
        "schema": "facts",
        "alias": "",
        "raw_code": sql,
        "config": {"materialized": kept_as, **(by_user if keys else {})},
        "depends_on": {"nodes": list(reads)},
    }


SCOPE = "model.p.scope"
MODELS: dict[str, dict[str, Any]] = {
    "model.p.events": model("source.p.events"),
    "model.p.step": model("model.p.events", kept_as="ephemeral"),
    "model.p.days": model("model.p.step", "model.p.funnels"),
    "model.p.funnels": model("source.p.funnels"),
    "model.p.labels": model("model.p.funnels"),
    "model.p.view": model("model.p.days", kept_as="view"),
    "model.p.paths": model("source.p.paths"),
    "model.p.touched": model("source.p.events", sql="where {{ completed_load_id() }}"),
    "model.p.loads": model(
        "source.p.events", sql="{{ completed_load_id(), delete_pending_loads }}"
    ),
    "model.p.copies": model("model.p.touched"),
    "model.p.duplicates": model("model.p.touched", "model.p.copies", keys=["event_id"]),
    SCOPE: model(
        "model.p.touched", "model.p.funnels", "model.p.paths", "source.p.definition_hashes"
    ),
    "model.p.told": model(SCOPE),
    "model.p.behind": model("model.p.events", SCOPE, sql="-- depends_on: {{ ref('scope') }}"),
    "model.p.asked": model("model.p.events", SCOPE, kept_as="ephemeral"),
    "model.p.selectors": model("model.p.funnels", "model.p.paths"),
    "model.p.matches": model("model.p.asked", "model.p.selectors", keys=["definition"]),
    "model.p.attempts": model("model.p.asked", "model.p.matches", keys=["funnel_id"]),
    "model.p.items": model("model.p.asked", "model.p.matches", keys=["path_id"]),
    "model.p.credits": model("model.p.items", "model.p.funnels", keys=["path_id"], asks=["funnel"]),
    "model.p.items_mart": model("model.p.items", "model.p.paths"),
    "test.p.labels": model("model.p.labels"),
    "test.p.warned": model("model.p.labels"),
    "test.p.view": model("model.p.view"),
    "test.p.told": model("model.p.told"),
}
MANIFEST = {
    "sources": {
        name: {"schema": "s", "name": name[9:], "identifier": name[9:]} for name in SOURCES
    },
    "nodes": {name: {**node, "alias": name.rpartition(".")[2]} for name, node in MODELS.items()},
}
STANDING = [
    name
    for name, node in MODELS.items()
    if name.startswith("model.") and node["config"]["materialized"] != "ephemeral"
]
# What reads no definition, what of them reads funnels or paths alone, and what hangs on them.
OF_EVENTS = {"events", "loads", "behind", "duplicates"}
OF_FUNNELS, OF_PATHS = (
    {"funnels", "labels", "attempts"},
    {"paths", "items", "credits", "items_mart"},
)
STATES = {"project": "p", "asked": "a", **dict.fromkeys(SOURCES, "1")}


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """All stands; tests have passed, but for one that warned."""
    with duckdb.connect() as connection:
        connection.execute("create schema raw; create schema facts; create schema seeds")
        connection.execute(
            "create table seeds.definition_hashes as select * from (values"
            " ('funnel', 'f', 'said', 'said'), ('path', 'p', 'said', 'said'))"
            " as of (definition, definition_id, definition_hash, computed_hash)"
        )
        connection.execute("create table raw.source_states (source text, state text)")
        connection.execute("create table raw.passed_tests (test text)")
        for name, state in STATES.items():
            connection.execute("insert into raw.source_states values (?, ?)", [name, state])
        for name in ("labels", "view", "told"):
            connection.execute("insert into raw.passed_tests values (?)", [f"test.p.{name}"])
        for name in STANDING:
            connection.execute(f"create table facts.{name.rpartition('.')[2]} (x int)")
        yield connection


def kept_of(
    warehouse: duckdb.DuckDBPyConnection,
    conditions: Mapping[str, Condition] | None = None,
    **changed: str,
) -> unchanged.Unchanged:
    states = STATES | {name if name in STATES else f"source.p.{name}": state
                       for name, state in changed.items()}  # fmt: skip
    return unchanged.find(warehouse, MANIFEST, states, STANDING, conditions or {})


def found(warehouse: duckdb.DuckDBPyConnection, **changed: str) -> tuple[set[str], set[str]]:
    kept = kept_of(warehouse, **changed)
    return (
        {name.removeprefix("model.p.") for name in kept.models},
        {name.removeprefix("test.p.") for name in kept.tests},
    )


def test_what_reads_nothing_new_stays_and_a_view_always(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert found(warehouse, events="2") == (
        {"funnels", "labels", "paths", "selectors", "view"}, {"labels"}
    )  # fmt: skip
    assert found(warehouse, events="2", funnels="2") == ({"paths", "view"}, set())


def test_lists_of_one_build_never_stay_and_what_asks_them_for_keys_does(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    models, tests = found(warehouse)
    assert models == {
        *OF_EVENTS, *OF_FUNNELS, *OF_PATHS, "days", "selectors", "matches", "view"
    }  # fmt: skip
    assert tests == {"labels", "view"}


@pytest.mark.parametrize("said", ["'other'", "null"])
def test_a_definition_that_changes_or_goes_leaves_what_is_computed_of_other_kinds(
    warehouse: duckdb.DuckDBPyConnection, said: str
) -> None:
    sql = f"update seeds.definition_hashes set definition_hash = {said} where definition = 'path'"
    warehouse.execute(sql)
    models, tests = found(warehouse, paths="2", definition_hashes="2")
    assert models == {*OF_EVENTS, *OF_FUNNELS, "days", "view"}
    assert tests == {"labels", "view"}
    # A label changes what is shown of it; what is computed of it stays.
    warehouse.execute("update seeds.definition_hashes set definition_hash = computed_hash")
    models, _ = found(warehouse, paths="2")
    assert models == {*OF_EVENTS, *OF_FUNNELS, "days", "view", "matches", "items", "credits"}


def test_what_is_computed_by_a_kind_and_asks_another_goes_with_either(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    sql = "update seeds.definition_hashes set definition_hash = null where definition = 'funnel'"
    warehouse.execute(sql)
    models, _ = found(warehouse, funnels="2", definition_hashes="2")
    assert models == {*OF_EVENTS, *OF_PATHS, "view"} - {"credits"}


def test_nothing_stays_of_another_project_nor_a_table_that_is_gone(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert found(warehouse, project="q") == (set(), set())
    # Whoever restates days says that something is damaged.
    assert found(warehouse, restated_days="2") == (set(), set())
    warehouse.execute("drop table facts.labels")
    assert found(warehouse, events="2")[0] == {"funnels", "paths", "selectors", "view"}


def test_what_hangs_on_something_new_waits_for_what_of_it_is_made(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    kept = kept_of(warehouse, events="2")
    assert {
        name.rpartition(".")[2]: {read.rpartition(".")[2] for read in reads}
        for name, reads in kept.unless_new.items()
    } == {
        "days": {"events"},
        "behind": {"events"},
        "duplicates": {"touched", "copies"},
        "matches": {"events"},
        "attempts": {"events", "matches"},
        "items": {"events", "matches"},
        "credits": {"items"},
        "items_mart": {"items"},
        "view": {"days"},  # its test: a view is a part of what reads it
    }
    assert "test.p.view" in kept.unless_new
    assert kept_of(warehouse, events="2", asked="b").unless_new == {}


def test_what_is_empty_waits_for_rows_of_what_it_would_be_made_of(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    days = "model.p.days"
    for name in (days, "model.p.paths"):
        warehouse.execute("insert into raw.source_states values (?, ?)", [name, NO_ROWS])

    def wanted(condition: Condition, **changed: str) -> Condition | None:
        kept = kept_of(warehouse, {days: condition}, events="2", **changed)
        assert kept.empty_when.keys() <= {days}
        return kept.empty_when.get(days)

    # What is made is looked at then; of what stands it is known, and of a table itself.
    assert wanted("facts.events") == "model.p.events"
    assert wanted(["any", "facts.paths", "facts.funnels"]) == ["any", ["all"], ["any"]]
    assert wanted(["all", "facts.days", "facts.events"]) == ["all", ["all"], "model.p.events"]
    assert wanted("elsewhere.table") == ["any"]
    # Of a source too, whose state is its rows or begins with their number.
    assert wanted("s.funnels") == ["any"]
    assert wanted("s.funnels", funnels=NO_ROWS) == wanted("s.funnels", funnels="0 x") == ["all"]
    assert wanted("s.funnels", funnels="none") == ["any"]
    # Not a list of one build, nor what has rows, nor where definitions ask for other parts.
    assert kept_of(warehouse, {SCOPE: ["all"], "model.p.attempts": ["all"]}).empty_when == {}
    assert wanted("facts.events", asked="b") is None


def test_each_macro_that_asks_of_the_build_before_is_known() -> None:
    """All but those that every model calls, which refuse a build and change no row."""
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
    assert (asks | callers) - known == {
        "refuse_a_part", "default__refuse_other_rows", unchanged.ADDS_LOADS,
    }  # fmt: skip
    texts = [path.read_text() for path in (DBT_PROJECT_DIR / "models").rglob("*.sql")]
    assert not [text for text in texts if "build_watermarks" in text
                and not unchanged.OF_EACH_BUILD.search(text)]  # fmt: skip


def test_no_view_is_made_of_what_the_definitions_ask_for() -> None:
    """They are text that stays, and that would be another one once others ask for more."""
    nodes, macros = load_manifest()["nodes"], load_manifest()["macros"]
    steps = {name for name in nodes if nodes[name]["config"]["materialized"] == "ephemeral"}
    parts = macros | {name: nodes[name] for name in steps}
    found = {}
    for unique_id, node in nodes.items():
        pending, seen = [node], set()
        while pending:
            reads = {name for names in pending.pop()["depends_on"].values() for name in names}
            new = reads & parts.keys() - seen
            seen |= new
            pending += [parts[name] for name in new]
        if "macro.yunying.asked" in seen:
            found[unique_id] = node["config"]["materialized"]
    assert found
    assert "view" not in found.values()


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


def described(warehouse: Path) -> list[tuple[Any, ...]]:
    """Columns of all tables, their types and words, and the words of the tables."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            "select schema_name, table_name, column_index, column_name, data_type, columns.comment,"
            " tables.comment from duckdb_columns() as columns"
            " join duckdb_tables() as tables using (schema_name, table_name)"
            " where schema_name in ('facts', 'marts') order by all"
        ).fetchall()


def test_builds_that_keep_tables_give_what_a_rebuild_gives(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    shutil.copytree(SHIPPED_SEEDS_DIR, settings.seeds_dir)

    def deliver(day: int, *names: str) -> None:
        write_feeds(tmp_path, {"events": [
            {"event_name": name, "user_id": f"u{number}", "event_id": f"{day}-{number}-{name}",
             "occurred_at": f"2024-03-{day:02} 1{number}:00:00", "order_id": f"{day}-{number}",
             "amount": 10 + number}
            for number in range(4) for name in names
        ]})  # fmt: skip

    def change(file: str, before: str, after: str) -> None:
        path = settings.seeds_dir / f"{file}.csv"
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        path.write_text(text.replace(before, after), encoding="utf-8")

    def kept(said: str) -> int:
        return int((re.findall(r"(\d+) tables read nothing new", said) or ["0"])[0])

    deliver(1, "product_viewed", "order_placed")
    assert kept(run(settings)) == 0
    deliver(2, "product_viewed")
    change("paths", "campaign_received,,after,4", "order_placed,,after,4")
    # No order is new: a table of them would stay, were it as the last build had made it.
    with connect(settings) as connection:
        connection.execute("update facts.fct_orders set gross_amount = 0")
    stayed = kept(run(settings))
    assert stayed > 30
    # dbt looked at the others, and at their tests alone.
    results = json.loads((dbt_target() / "run_results.json").read_bytes())["results"]
    came_out_same = {r["unique_id"].rpartition(".")[2] for r in results if r["message"] == STAYED}
    assert "int_identity_links" in came_out_same
    assert "fct_orders" not in came_out_same
    # It is another day; nobody has sent a page, so no page was left on it.
    assert "mart_page_exits" in came_out_same
    assert not {"dim_horizon", "mart_active_users_daily"} & came_out_same
    with connect(settings) as connection:
        stands = connection.execute("select count(*) from raw.built_models").fetchone()
    made = Counter(result["unique_id"].split(".")[0] for result in results)
    nodes = without_archive(load_manifest())["nodes"].values()
    kinds = Counter(n["resource_type"] for n in nodes if n["config"]["materialized"] != "ephemeral")
    assert made["model"] == kinds["model"] - stayed
    assert stands == (kinds["model"],)
    assert 0 < made["test"] < kinds["test"]
    assert {*told(settings)} == {("events", None), ("changed_definition", "after_campaign")}
    # A definition that changes is all that the next build tells of, and costs what is made of it.
    change("retentions", "order_placed,week,,calendar,on,12,", "order_placed,week,,calendar,on,6,")
    change("rfm_segments", "5,5,5,champions", "5,5,5,loyal")
    assert kept(run(settings)) > 110
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
    # Lists that were made stand, and a rebuild reads them.
    shutil.copytree(archive.kept_dir(settings), archive.kept_dir(settings_of(anew)))
    # The first build told without which rows a table has none.
    of_nothing = re.search(r"(\d+) tables have no rows", run(settings_of(anew)))
    assert of_nothing
    assert int(of_nothing[1]) > 30
    results = json.loads((dbt_target() / "run_results.json").read_bytes())["results"]
    left = Counter(r["unique_id"].split(".")[0] for r in results if r["message"] == STAYED)
    assert left["model"] == int(of_nothing[1])
    assert left["test"] > 20
    rebuilt = settings_of(anew).warehouse
    found = compare(settings.warehouse, rebuilt, histories=histories(load_manifest()))
    assert [str(one) for one in found.differences] == []
    assert found.tables > 70
    assert described(rebuilt) == described(settings.warehouse)
