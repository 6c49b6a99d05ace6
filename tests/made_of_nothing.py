"""What builds of tests do not make: tables that surely have no rows, which all worlds share.

A world is of a few tables, and a build makes hundreds. One build of nothing is made in a run of
the tests; each new warehouse begins with its tables, and a build makes none of them anew while the
tables without whose rows it has none are empty, as in the product.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb

from orchestration.ingest.exports import EXPORTS
from orchestration.store.sql import literal, quote
from orchestration.transform.dbt_process import ALL, ANY, Condition
from orchestration.transform.dbt_runs import load_manifest
from orchestration.transform.emptiness import ALWAYS, empty_when
from orchestration.transform.lineage import schema_of, scope_of
from orchestration.transform.read_sql import columns_of
from orchestration.transform.unchanged import lists

_SHARED = "TESTS_MADE_OF_NOTHING"
"""The folder that the processes of a run share."""
_TABLES = ("table", "incremental")


def share() -> Path:
    """A folder for this process and those that it starts; the caller removes it."""
    os.environ[_SHARED] = mkdtemp(prefix="yunying-nothing-")
    return Path(os.environ[_SHARED])


@cache
def folder(build: Callable[[Path], tuple[Path, list[Any]]]) -> Path:
    """Where it lies: the first process that asks makes it. `build` makes a warehouse in a folder,
    and gives its file and what became of each node."""
    if _SHARED not in os.environ:
        import atexit

        atexit.register(shutil.rmtree, share(), ignore_errors=True)
    shared = Path(os.environ[_SHARED])
    with (shared / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "conditions.json").exists():
            warehouse, results = build(shared / "build")
            with duckdb.connect(str(warehouse)) as connection:
                conditions = _conditions(connection, results)
                _leave_models_alone(connection)
            warehouse.replace(shared / warehouse.name)
            (shared / "conditions.json").write_text(json.dumps(conditions), encoding="utf-8")
    return shared


@cache
def conditions(shared: Path) -> dict[str, Condition]:
    """When the table or view of a model is empty, by its name."""
    return json.loads((shared / "conditions.json").read_bytes())


def kept(
    connection: duckdb.DuckDBPyConnection, known: Mapping[str, Condition]
) -> dict[str, Condition]:
    """The models whose tables stand without rows, by dbt's unique ids, and when they stay so; and
    views of logs, which nobody reads where they are not enabled."""
    models = _models()
    empty = _empty(connection)

    def of_models(condition: Condition) -> Condition:
        if isinstance(condition, list):
            return [condition[0], *map(of_models, condition[1:])]
        if condition in models:
            return models[condition]
        if condition in known:  # a view
            return of_models(known[condition])
        return [ALL if condition in empty else ANY]

    tables = {
        name: of_models(known[table])
        for table, name in models.items()
        if table in empty and table in known
    }
    return {**tables, **dict.fromkeys(_views_of_logs(), ALWAYS)}


def _conditions(connection: duckdb.DuckDBPyConnection, results: list[Any]) -> dict[str, Condition]:
    row = connection.execute("select current_database()").fetchone()
    schema = schema_of(columns_of(connection), str(row[0]) if row else "")
    is_list = lists(load_manifest())
    return {
        f"{node.schema}.{node.alias}": empty_when(scope_of(node.compiled_code, schema))
        for node in (result.node for result in results)
        if node.language == "sql"
        and not is_list(node.unique_id)
        # What it is made of hangs on definitions.
        and not re.search(r"path_positions|funnel_steps\(", node.raw_code)
    }


@cache
def _models() -> dict[str, str]:
    """dbt's unique id of each model that has a table, by the table's name."""
    return {
        f"{node['schema']}.{node['alias']}": name
        for name, node in load_manifest()["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] in _TABLES
    }


@cache
def _views_of_logs() -> tuple[str, ...]:
    logs = {export.feed.name for export in EXPORTS}
    return tuple(
        name
        for name, node in load_manifest()["nodes"].items()
        if node["resource_type"] == "model" and logs.intersection(node["fqn"])
    )


def _leave_models_alone(connection: duckdb.DuckDBPyConnection) -> None:
    """Without what ingest makes, and without views, which are text."""
    models = {
        (node["schema"], node["alias"])
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
    }
    for kind in ("view", "table"):
        for schema, name in connection.execute(
            f"select schema_name, {kind}_name from duckdb_{kind}s() where not internal"
        ).fetchall():
            if kind == "view" or (schema, name) not in models:
                connection.execute(f"drop {kind} {quote(schema, name)}")
    for schema, name in connection.execute(
        "select schema_name, sequence_name from duckdb_sequences()"
    ).fetchall():
        connection.execute(f"drop sequence {quote(schema, name)}")
    connection.execute("checkpoint")


def _empty(connection: duckdb.DuckDBPyConnection) -> set[str]:
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where database_name = current_database() and not internal"
    ).fetchall()
    looks = (
        f"select {literal(f'{schema}.{name}')} where not exists (from {quote(schema, name)})"
        for schema, name in tables
    )
    return {name for (name,) in connection.execute(" union all ".join(looks)).fetchall()}
