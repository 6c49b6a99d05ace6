"""What the UI is told of tables: their columns, where these come from, how many rows there are.

Numbers are plotted over materializations. Everything is asked in two queries, one for all rows
and one for all columns; what is read from SQL is kept beside the manifests until SQL changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from orchestration.project import ROOT
from orchestration.transform.dbt_runs import compiled_sql, project_hash, target_dir
from orchestration.transform.lineage import ROWS, Lineage, column_lineage, schema_of
from orchestration.ui.previews import preview

Node = Mapping[str, Any]
Columns = Mapping[tuple[str, str], Mapping[str, str]]
PERSONAL_DATA = "personal_data"


def described_schema(node: Node) -> dg.TableSchema:
    """The columns of a model or source as dbt describes them, whether it is built or not.

    The UI takes the words from here, and the types from a materialization where there is one.
    Where columns come from is known from the last build.
    """
    parents = _kept().get(node["unique_id"], {}).get("columns", {})
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                column.get("data_type") or "?",
                description=_description(column, parents.get(name, [])),
                tags=column_tags(column),
            )
            for name, column in node["columns"].items()
        ]
    )


def table_metadata(
    connection: duckdb.DuckDBPyConnection, nodes: Sequence[Node]
) -> dict[str, dict[str, Any]]:
    """Metadata of a materialization of each model, by its id in dbt's manifest."""
    if not nodes:
        return {}
    counts = _row_counts(connection, nodes)
    columns = _columns(connection)
    parents = _lineages(nodes, columns, _catalog(connection))
    found: dict[str, dict[str, Any]] = {}
    for node in nodes:
        name = node["unique_id"]
        types = columns.get((node["schema"], node["alias"]), {})
        found[name] = {
            # Without words: every build would write the same ones into the history.
            "dagster/column_schema": dg.TableSchema(
                [dg.TableColumn(column, kind) for column, kind in types.items()]
            ),
            "dagster/column_lineage": dg.TableColumnLineage(_deps(parents[name])),
        }
        if name in counts:
            found[name]["dagster/row_count"] = counts[name]
        rows = preview(connection, node)
        if rows is not None:
            found[name]["preview"] = dg.MetadataValue.md(rows)
    return found


def column_tags(column: Node) -> dict[str, str]:
    """That a column holds personal data, as its `config.meta` says."""
    kind = (column.get("config") or {}).get("meta", {}).get(PERSONAL_DATA)
    return {PERSONAL_DATA: str(kind)} if kind else {}


def _description(column: Node, parents: Iterable[Sequence[str]]) -> str | None:
    """What dbt says of a column, and of which columns it is made.

    The open UI shows no lineage of columns of its own, so it stands in their descriptions.
    """
    said = " ".join((column.get("description") or "").split())
    tables: dict[str, list[str]] = {}
    for schema, table, name in parents:
        tables.setdefault(f"{schema}.{table}", []).append("rows" if name == ROWS else name)
    made_of = "; ".join(f"{table}: {', '.join(names)}" for table, names in tables.items())
    return "\n\n".join(part for part in (said, f"← {made_of}" if made_of else "") if part) or None


def _deps(parents: Lineage) -> dict[str, list[dg.TableColumnDep]]:
    return {
        name: [
            dg.TableColumnDep(dg.AssetKey([schema, table]), column)
            for schema, table, column in columns
            if column != ROWS
        ]
        for name, columns in parents.items()
    }


def _row_counts(connection: duckdb.DuckDBPyConnection, nodes: Iterable[Node]) -> dict[str, int]:
    """Rows of each table. Those of a view cost its query: 50 s for all at 100 million events."""
    query = " union all ".join(
        f"""select '{node["unique_id"]}', count(*) from "{node["schema"]}"."{node["alias"]}" """
        for node in nodes
        if node["config"]["materialized"] != "view"
    )
    return dict(connection.execute(query).fetchall()) if query else {}


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
    """Type by column of every table and view, as the warehouse has them."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(
        "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns()"
        " where not internal and database_name = current_database()"
        " order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault((schema, table), {})[column] = kind
    return found


def _catalog(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select current_database()").fetchone()
    return str(row[0]) if row else ""


def _lineages(nodes: Sequence[Node], columns: Columns, catalog: str) -> dict[str, Lineage]:
    """The parents of the columns of each model, of those of other tables.

    Reading all SQL takes two seconds, so what was read is kept: it holds for the same project,
    of which definitions ask for the same parts, over tables of the same columns, whether a build
    adds to a table or makes it.
    """
    kept = dict(_kept())
    read = [
        project_hash(),
        os.environ.get("BUILD_ASKED"),
        sorted((k, [*v]) for k, v in columns.items()),
    ]
    hashed = hashlib.sha256(repr(read).encode()).hexdigest()
    schema = None
    for node in nodes:
        name, is_kept = node["unique_id"], kept.get(node["unique_id"], {}).get("hash") == hashed
        if not is_kept and node["language"] == "sql" and (sql := _sql(node)):
            schema = schema or schema_of(columns, catalog)
            own = (node["schema"], node["alias"])
            parents = {
                column: [parent for parent in found if parent[:2] != own]
                for column, found in column_lineage(sql, schema).items()
            }
            kept[name] = {"hash": hashed, "columns": parents}
    if schema is not None:
        path = _kept_path()
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(kept), encoding="utf-8")
        temporary.replace(path)
    return {
        node["unique_id"]: kept.get(node["unique_id"], {}).get("columns", {})
        if node["language"] == "sql"
        else _said(node)
        for node in nodes
    }


def _said(node: Node) -> Lineage:
    """What a model in Python says of its columns, `meta: {made_of: [schema.table.column]}`: its
    code does not tell."""
    return {
        name: [
            tuple(parent.split(".", 2)) for parent in column["config"]["meta"].get("made_of", [])
        ]
        for name, column in node["columns"].items()
    }


def _sql(node: Node) -> str:
    """The SQL that a model ran; empty where dbt's target folder was emptied since."""
    path = ROOT / compiled_sql(node)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _kept_path() -> Path:
    return target_dir() / "lineage.json"


def _kept() -> Mapping[str, Any]:
    """What was read of each model's SQL, by its id."""
    path = _kept_path()
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@cache
def _read(path: Path, _written_at: int) -> Mapping[str, Any]:
    return dict(json.loads(path.read_bytes()))
