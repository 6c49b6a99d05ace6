"""dbt of DuckDB, whose tables are views of files when it ends, as a build on Spark leaves them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from orchestration.engines import building
from orchestration.project import ROOT, Settings
from orchestration.store.sql import literal, quote
from orchestration.store.warehouse import connect


class Session:
    """What `bring_back` asks of Spark, of files below a folder by schema and table."""

    def __init__(self, folder: Path) -> None:
        self.tables: dict[str, list[str]] = defaultdict(list)
        self.folder = folder
        for path in folder.glob("*/*"):
            self.tables[path.parent.name].append(path.name)

    def sql(self, statement: str) -> Any:
        *_, schema = statement.split()
        if statement == "show databases":
            rows = [SimpleNamespace(namespace=name) for name in self.tables]
        elif statement.startswith("show tables"):
            rows = [SimpleNamespace(tableName=n, isTemporary=False) for n in self.tables[schema]]
        else:
            rows = []
        return SimpleNamespace(collect=lambda: rows)

    def table(self, name: str) -> Any:
        path = self.folder.joinpath(*name.split("."), "rows.parquet")
        return SimpleNamespace(inputFiles=lambda: [path.as_uri()])


def main() -> None:
    settings = Settings.from_environment()
    dbt = ROOT / "orchestration" / "transform" / "dbt_process.py"
    code = subprocess.run([sys.executable, "-P", dbt, *sys.argv[1:]], check=False).returncode
    made = settings.spark_dir / "warehouse"
    with connect(settings) as connection:
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal and"
            " schema_name not in ('raw', 'archive', 'archive_next') union all"
            " select schema_name, view_name from duckdb_views() where schema_name = 'facts'"
        ).fetchall():
            path = made / schema / name / "rows.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(f"copy {quote(schema, name)} to {literal(path)} (format parquet)")
        building.bring_back(Session(made), connection, settings)
    os._exit(code)


if __name__ == "__main__":
    main()
