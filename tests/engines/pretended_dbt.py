"""dbt of DuckDB, whose tables are views of files when it ends, as a build on Spark leaves them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.engines import building, tables
from orchestration.project import ROOT, Settings
from orchestration.store.sql import literal, quote
from orchestration.store.warehouse import connect


class Cursor:
    """What `bring_back` asks of Spark, of folders by schema and table."""

    def __init__(self, made: Mapping[tables.Name, Path]) -> None:
        self.made = made

    def execute(self, statement: str) -> None:
        *_, last = statement.split()
        if statement == "show databases":
            self.told = [(schema,) for schema in {schema for schema, _ in self.made}]
        elif statement.startswith("show tables"):
            self.told = [one for one in self.made if one[0] == last]
        else:
            folder = self.made[tuple(last.split("."))]
            self.told = [("# Detailed", ""), ("Type", "EXTERNAL"), ("Location", str(folder))]

    def fetchall(self) -> list[tuple[str, ...]]:
        return self.told


def main() -> None:
    settings = Settings.from_environment()
    with connect(settings) as connection:
        stands, left_out = building.begin(connection, settings, sys.argv)
        # Of a build that was killed, which on Spark writes none.
        connection.execute("delete from raw.row_checksums")
        for (schema, name), table in stands.items():
            put_in_place(connection, schema, name, f"read_parquet('{table.folder}/*.parquet')")
    folder = tables.new_folder(settings)
    told = {"left_out": sorted(left_out), "unless_new": {}, "empty_when": {}, "states": {}}
    if plan := os.environ.get("BUILD_PLAN"):
        Path(plan).write_text(json.dumps(told), encoding="utf-8")
    dbt = ROOT / "orchestration" / "transform" / "dbt_process.py"
    code = subprocess.run(
        [sys.executable, "-P", dbt, *sys.argv[1:]],
        env={**os.environ, "DBT_TARGET": "duckdb"},
        check=False,
    ).returncode
    with connect(settings) as connection:
        made = {name: table.folder for name, table in stands.items()}
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal and"
            " schema_name not in ('raw', 'archive', 'archive_next') union all"
            " select schema_name, view_name from duckdb_views() where schema_name = 'facts'"
        ).fetchall():
            path = folder / schema / name
            path.mkdir(parents=True)
            rows = literal(str(path / "rows.parquet"))
            connection.execute(f"copy {quote(schema, name)} to {rows} (format parquet)")
            made[schema, name] = path
        building.bring_back(Cursor(made), connection, settings, folder, is_whole=code == 0)
    os._exit(code)


def put_in_place(connection: duckdb.DuckDBPyConnection, schema: str, name: str, rows: str) -> None:
    """As the table that DuckDB's dbt adds to, whatever is there."""
    for kind in connection.execute(
        "select table_type from information_schema.tables where table_schema = ?"
        " and table_name = ? and table_catalog = current_database()",
        [schema, name],
    ).fetchall():
        connection.execute(f"drop {'view' if kind == ('VIEW',) else 'table'} {quote(schema, name)}")
    connection.execute(f"create schema if not exists {quote(schema)}")
    connection.execute(f"create table {quote(schema, name)} as from {rows}")


if __name__ == "__main__":
    main()
