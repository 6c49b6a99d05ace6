"""The same commit compiles to the same SQL, whatever the warehouse holds."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from orchestration.project import DBT_PROJECT_DIR
from orchestration.store.sql import quote, row_count
from orchestration.store.warehouse import connect
from orchestration.transform import read_sql
from orchestration.transform.dbt_process import ANY, STAYED, Condition, is_met
from orchestration.transform.dbt_runs import load_manifest, without_archive
from orchestration.transform.emptiness import empty_when
from orchestration.transform.lineage import schema_of, scope_of
from orchestration.transform.read_sql import columns_of, of_python
from orchestration.transform.unchanged import lists
from tests.support import compiled_sql_by_model, run_dbt, settings_of

ASKS = re.compile(
    r"\brun_query\b|\bget_relation\b|\bload_relation\b|\bload_result\b|\bload_cached_relation\b"
    r"|\bget_columns_in_relation\b|\blist_relations\b|\bdbt_utils\b"
)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def compiled(folder: Path, *arguments: str) -> dict[str, str]:
    run_dbt(settings_of(folder), ["compile", *arguments])
    return compiled_sql_by_model()


def test_no_model_or_macro_names_what_asks_the_warehouse() -> None:
    """How an engine makes tables is no part of what is compiled."""
    asking = [
        f"{path.relative_to(DBT_PROJECT_DIR)}: {found[0]}"
        for folder in ("models", "macros", "data_tests")
        for path in sorted((DBT_PROJECT_DIR / folder).rglob("*.sql"))
        if not any(path.match(f"macros/engines/*/{name}.sql") for name in ("tables", "incremental"))
        and (found := ASKS.search(COMMENT.sub("", path.read_text(encoding="utf-8"))))
    ]
    assert asking == []


def test_no_setting_is_read_while_the_project_is_parsed() -> None:
    """dbt would parse anew what reads it, whenever a dbt by hand follows a build or goes before."""
    reading = {
        path.relative_to(DBT_PROJECT_DIR).as_posix(): found
        for folder in ("models", "macros", "data_tests")
        for path in sorted((DBT_PROJECT_DIR / folder).rglob("*.*"))
        if path.suffix != ".pyc"
        and (found := re.findall(r"env_var\([^()]*\)[^)}]*", path.read_text(encoding="utf-8")))
        and not all("if execute" in asked for asked in found)
    }
    del reading["macros/incremental.sql"]  # behind what is empty until dbt runs
    assert reading == {}


@pytest.fixture(scope="module")
def first_and_later(
    tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """The SQL of a first build, and of one behind it."""
    return compiled(tmp_path_factory.mktemp("first")), compiled(empty_warehouse.parent)


def test_an_empty_and_a_full_warehouse_give_the_same_sql(
    tmp_path: Path, empty_warehouse: Path, first_and_later: tuple[dict[str, str], dict[str, str]]
) -> None:
    """But for where dbt itself says that there was a build before: `is_incremental()`."""
    assert compiled(tmp_path, "--full-refresh") == compiled(
        empty_warehouse.parent, "--full-refresh"
    )
    before, after = first_and_later
    other = {name for name, sql in after.items() if before[name] != sql}
    asking = {
        node["name"]
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "incremental"
        and "is_incremental()" in node["raw_code"] + "".join(_macros(node))
    }
    assert other
    assert other <= asking


def test_a_table_is_empty_when_its_sql_says_so_in_a_first_build_and_in_a_later_one(
    empty_warehouse: Path, first_and_later: tuple[dict[str, str], dict[str, str]]
) -> None:
    with connect(settings_of(empty_warehouse.parent), read_only=True) as connection:
        schema = schema_of(columns_of(connection), empty_warehouse.stem)
        empty = {
            f"{of}.{name}"
            for of, name in connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
            if row_count(connection, quote(of, name)) == 0
        }
    is_list, told = lists(load_manifest()), 0
    for unique_id, node in without_archive(load_manifest())["nodes"].items():
        if node["name"] not in first_and_later[0] or unique_id.startswith("test."):
            continue
        name = f"{node['schema']}.{node['alias']}"
        first, later = (empty_when(scope_of(of[node["name"]], schema)) for of in first_and_later)
        if is_met(later, empty) and node["config"]["materialized"] in ("table", "incremental"):
            told += 1
            assert name in empty
        # What a later build adds a first one to be empty of: the table itself, or no more.
        if not is_list(unique_id):
            assert all(is_met(later, tables | {name}) for tables in _ways(first)), name
    assert told > 60
    assert len(of_python()) > 2
    for unique_id, condition in of_python().items():
        assert is_met(condition, empty)
        assert "{schema}.{alias}".format_map(load_manifest()["nodes"][unique_id]) in empty


def _ways(condition: Condition) -> set[frozenset[str]]:
    """The least sets of tables that have to be empty."""
    if isinstance(condition, str):
        return {frozenset({condition})}
    parts = [_ways(part) for part in condition[1:]]
    if condition[0] == ANY:
        return _least(set().union(*parts))
    found = {frozenset[str]()}
    for part in parts:
        found = _least({one | other for one in found for other in part})
    return found


def _least(sets: set[frozenset[str]]) -> set[frozenset[str]]:
    return {one for one in sets if not any(other < one for other in sets)}


def _macros(node: dict[str, object]) -> list[str]:
    macros = load_manifest()["macros"]
    return [macros[name]["macro_sql"] for name in node["depends_on"]["macros"]]  # type: ignore[index]


@pytest.mark.parametrize(
    ("results", "is_known"),
    [
        ([{"status": "success", "message": "OK"}], True),
        ([{"status": "success", "message": STAYED}], False),
        ([{"status": "skipped", "message": None}], False),
        ([], False),
    ],
)
def test_what_a_rebuild_did_not_compile_says_nothing_of_rebuilds(
    results: list[dict[str, str | None]],
    is_known: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its SQL lies there as a build left it that added, and has no rows where nothing is new."""
    node = load_manifest()["nodes"]["model.yunying.fct_retention_member_returns"]
    told = [{"unique_id": node["unique_id"], **result} for result in results]
    monkeypatch.setattr(read_sql, "_path", lambda: tmp_path / "read_sql.json")
    monkeypatch.setattr(read_sql, "run_arguments", lambda: {"full_refresh": True})
    monkeypatch.setattr(read_sql, "run_results", lambda: told)
    monkeypatch.setattr(read_sql, "_sql", lambda _node: "select user_id from w.intermediate.a")
    columns = {("intermediate", "a"): {"user_id": "varchar"}}
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        read_sql.read_sql(connection, [node], columns)
    assert node["unique_id"] in read_sql.conditions("")
    assert (node["unique_id"] in read_sql.conditions("", of_a_rebuild=True)) is is_known
