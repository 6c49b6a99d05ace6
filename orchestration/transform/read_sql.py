"""What is read from the SQL of models: where columns come from, and when a table is empty.

Reading all SQL takes two seconds, so what was read is kept beside the manifests. It holds for the
same project and settings, of which definitions ask for the same parts; where columns come from,
over tables of the same columns.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.project import ROOT, Settings
from orchestration.transform import emptiness, lineage
from orchestration.transform.dbt_process import STAYED, Condition
from orchestration.transform.dbt_runs import (
    compiled_sql,
    load_manifest,
    project_hash,
    run_arguments,
    run_results,
    target_dir,
)
from orchestration.transform.emptiness import empty_when
from orchestration.transform.lineage import column_lineage, schema_of, scope_of

Columns = Mapping[tuple[str, str], Mapping[str, str]]


def columns_of(connection: duckdb.DuckDBPyConnection) -> Columns:
    """Type by column of every table and view, as the warehouse has them."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(
        "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns()"
        " where not internal and database_name = current_database()"
        " order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault((schema, table), {})[column] = kind
    return found


def read_sql(
    connection: duckdb.DuckDBPyConnection, nodes: Sequence[Mapping[str, Any]], columns: Columns
) -> Mapping[str, Any]:
    """What is known of each model: of those in SQL, the parents of its columns in other tables.

    After a run that made everything anew also when tests have nothing to look at. What such a run
    did not compile lies there as another left it, which may have added: it says nothing of a
    rebuild.
    """
    kept = dict(known())
    if Settings.from_environment().engine != "duckdb":  # SQL of others is read otherwise
        return kept
    made_anew = compiled_anew()
    asked = os.environ.get("BUILD_ASKED", "")
    hashed, made_of = _hash(asked, columns), _hash(asked)
    schema = None
    for node in (*nodes, *(test for test in _tests(nodes) if test["unique_id"] in made_anew)):
        name, is_model = node["unique_id"], node["resource_type"] == "model"
        it, is_anew = kept.get(name, {}), name in made_anew
        is_kept = it.get("hash" if is_model else "made_of") == (hashed if is_model else made_of)
        is_kept = is_kept and (it.get("is_anew", False) or not is_anew)
        if not is_kept and node["language"] == "sql" and (sql := _sql(node)):
            schema = schema or schema_of(columns, _catalog(connection))
            own = (node["schema"], node["alias"])
            scope = scope_of(sql, schema)
            kept[name] = {"made_of": made_of, "empty_when": empty_when(scope), "is_anew": is_anew}
            if is_model:
                kept[name]["hash"] = hashed
                kept[name]["columns"] = {
                    column: [parent for parent in found if parent[:2] != own]
                    for column, found in column_lineage(scope).items()
                }
    if schema is not None:
        path = _path()
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(kept), encoding="utf-8")
        temporary.replace(path)
    return kept


def compiled_anew() -> set[str]:
    """The nodes that the last run compiled, if it made everything anew."""
    if not run_arguments().get("full_refresh"):
        return set()
    return {
        result["unique_id"]
        for result in run_results()
        if result["message"] != STAYED and result["status"] != "skipped"
    }


def _tests(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The tests of models."""
    models = {node["unique_id"] for node in nodes}
    for node in load_manifest()["nodes"].values():
        if node["resource_type"] == "test" and models.intersection(node["depends_on"]["nodes"]):
            yield node


def conditions(asked: str, *, of_a_rebuild: bool = False) -> dict[str, Condition]:
    """When each model is empty, by dbt's unique ids, of those that are known as they are now.

    SQL that adds to a table has no rows where nothing is new. In a rebuild that says nothing: then
    those are meant, and those of tests, that were read from SQL of one.
    """
    made_of = _hash(asked)
    return of_python() | {
        name: it["empty_when"]
        for name, it in known().items()
        if it.get("made_of") == made_of and (it["is_anew"] or not of_a_rebuild)
    }


def of_python() -> dict[str, Condition]:
    """A model in Python that reads one table gives no row of none."""
    nodes = load_manifest()["nodes"]
    found: dict[str, Condition] = {}
    for name, node in nodes.items():
        parents = node.get("depends_on", {}).get("nodes", [])
        if node.get("language") == "python" and len(parents) == 1 and parents[0] in nodes:
            found[name] = "{schema}.{alias}".format_map(nodes[parents[0]])
    return found


def known() -> Mapping[str, Any]:
    """What was read of each model's SQL, by its id."""
    path = _path()
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@cache
def _read(path: Path, _written_at: int) -> Mapping[str, Any]:
    return dict(json.loads(path.read_bytes()))


def _path() -> Path:
    return target_dir() / "read_sql.json"


def _hash(asked: str, columns: Columns | None = None) -> str:
    settings = Settings.from_environment().of_rows
    tables = sorted((name, [*of]) for name, of in (columns or {}).items())
    code = [Path(str(module.__file__)).read_bytes() for module in (emptiness, lineage)]
    made_of = [project_hash(), settings, asked, tables, code]
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def _sql(node: Mapping[str, Any]) -> str:
    """The SQL that a model ran; empty where dbt's target folder was emptied since."""
    path = ROOT / compiled_sql(node)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _catalog(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select current_database()").fetchone()
    return str(row[0]) if row else ""
