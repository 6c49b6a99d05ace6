"""What the UI is told of tables: their columns, where these come from, how many rows there are.

Numbers are plotted over materializations. Everything is asked in two queries, one for all rows
and one for all columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from orchestration.transform.lineage import ROWS, Lineage
from orchestration.transform.read_sql import columns_of, known, read_sql
from orchestration.ui.previews import preview

Node = Mapping[str, Any]
PERSONAL_DATA = "personal_data"


def described_schema(node: Node) -> dg.TableSchema:
    """The columns of a model or source as dbt describes them, whether it is built or not.

    The UI takes the words from here, and the types from a materialization where there is one.
    Where columns come from is known from the last build.
    """
    parents = known().get(node["unique_id"], {}).get("columns", {})
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
    columns = columns_of(connection)
    read = read_sql(connection, nodes, columns)
    parents = {
        node["unique_id"]: read.get(node["unique_id"], {}).get("columns", {})
        if node["language"] == "sql"
        else _said(node)
        for node in nodes
    }
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


def _said(node: Node) -> Lineage:
    """What a model in Python says of its columns, `meta: {made_of: [schema.table.column]}`: its
    code does not tell."""
    return {
        name: [
            tuple(parent.split(".", 2)) for parent in column["config"]["meta"].get("made_of", [])
        ]
        for name, column in node["columns"].items()
    }
