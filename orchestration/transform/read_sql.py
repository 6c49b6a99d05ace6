"""What is read from the SQL of models: where columns come from, and when a table is empty.

Reading all SQL takes two seconds, so what was read is kept beside the manifests. It holds for the
same project and settings, of which definitions ask for the same parts, over tables of the same
columns, whether a build adds to a table or makes it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.project import ROOT, Settings
from orchestration.transform import emptiness, lineage
from orchestration.transform.dbt_process import Condition
from orchestration.transform.dbt_runs import compiled_sql, project_hash, target_dir
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
    """What is known of each model: of those in SQL, the parents of its columns in other tables."""
    kept = dict(known())
    hashed = _hash(os.environ.get("BUILD_ASKED", ""), columns)
    schema = None
    for node in nodes:
        name, is_kept = node["unique_id"], kept.get(node["unique_id"], {}).get("hash") == hashed
        if not is_kept and node["language"] == "sql" and (sql := _sql(node)):
            schema = schema or schema_of(columns, _catalog(connection))
            own = (node["schema"], node["alias"])
            scope = scope_of(sql, schema)
            parents = {
                column: [parent for parent in found if parent[:2] != own]
                for column, found in column_lineage(scope).items()
            }
            kept[name] = {"hash": hashed, "columns": parents, "empty_when": empty_when(scope)}
    if schema is not None:
        path = _path()
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(kept), encoding="utf-8")
        temporary.replace(path)
    return kept


def conditions(connection: duckdb.DuckDBPyConnection, asked: str) -> dict[str, Condition]:
    """When each model is empty, by dbt's unique ids, of those that are known as they are now."""
    hashed = _hash(asked, columns_of(connection))
    return {name: it["empty_when"] for name, it in known().items() if it["hash"] == hashed}


def known() -> Mapping[str, Any]:
    """What was read of each model's SQL, by its id."""
    path = _path()
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@cache
def _read(path: Path, _written_at: int) -> Mapping[str, Any]:
    return dict(json.loads(path.read_bytes()))


def _path() -> Path:
    return target_dir() / "read_sql.json"


def _hash(asked: str, columns: Columns) -> str:
    settings = Settings.from_environment().of_rows
    tables = sorted((name, [*of]) for name, of in columns.items())
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
