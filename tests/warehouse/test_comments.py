"""What dbt documents stands as comments in the warehouse, where publishing takes it from."""

from __future__ import annotations

from orchestration.transform.dbt_runs import load_manifest
from tests import support
from tests.warehouse.users_world import build

RELATIONS = """
    select schema_name || '.' || table_name as name, comment from duckdb_tables()
    union all
    select schema_name || '.' || view_name as name, comment from duckdb_views() where not internal
"""
COLUMNS = """
    select schema_name || '.' || table_name || '.' || column_name as name, comment
    from duckdb_columns() where not internal
"""


def test_every_description_is_a_comment() -> None:
    warehouse = build("plain")
    relations, columns = (
        {row["name"]: row["comment"] for row in support.query(warehouse, sql)}
        for sql in (RELATIONS, COLUMNS)
    )
    built = {
        f"{node['schema']}.{node['alias']}": node
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
    }
    built = {name: node for name, node in built.items() if name in relations}
    described = {
        f"{name}.{column['name']}": column["description"]
        for name, node in built.items()
        for column in node["columns"].values()
    }
    assert len(built) > 80
    assert {name: relations[name] for name in built} == {
        name: node["description"] for name, node in built.items()
    }
    assert {name: columns[name] for name in described} == described
