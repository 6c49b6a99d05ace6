"""What a test asks of Spark, by one JVM in Spark's own environment: JSON in, JSON out.

    {"parse": {name: sql}, "make": {table: sql}, "refuse": {name: sql}, "answer": {name: query},
     "compile": true, "build": true}

`parse` gives what Spark's parser has against a text (null: nothing), `make` the columns, types and
comments of the table that a statement makes, `refuse` what Spark says when it runs a text (null: it
ran), `answer` the rows of a query as texts, `compile` the SQL of every model, by dbt for Spark,
`build` what becomes of a catalog that is not as a build left it, what the warehouse has then, and
what a model in Python writes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engines import building, python_models, tables
from orchestration.engines.spark import SessionCursor, SparkError, output
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.store.sql import literal
from tests.engines.test_python_models import CODE

# What starts quickly: bodies are compiled by nobody, and plans run in one thread.
QUICK = {
    "spark.master": "local[1]",
    "spark.ui.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # A path without a scheme is one of the cluster's own file system: here it would fail.
    "spark.hadoop.fs.defaultFS": "hdfs://127.0.0.1:1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss8m",
}


def session(folder: Path) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    asked = (
        output(os.environ)["server_side_parameters"]
        | QUICK
        | {"spark.sql.warehouse.dir": tables.location(folder / "warehouse")}
    )
    for name, text in asked.items():
        builder = builder.config(name, text)
    return builder.getOrCreate()


def compiled(folder: Path) -> dict[str, str]:
    """Every model's SQL, where nothing was built before: nobody is asked what there is."""
    from dbt.adapters.spark.impl import SparkAdapter
    from dbt.cli.main import dbtRunner

    SparkAdapter.list_relations_without_caching = lambda self, schema_relation: []
    result = dbtRunner().invoke(
        [
            "--quiet", "--no-use-colors", "--log-level-file=none", "compile", "--full-refresh",
            "--no-populate-cache", "--no-introspect", "--target=spark",
            f"--project-dir={DBT_PROJECT_DIR}", f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={folder}",
        ]
    )  # fmt: skip
    assert result.success, result.exception
    return {
        each.node.name: each.node.compiled_code
        for each in result.result
        if each.node.resource_type == "model" and each.node.language == "sql"
    }


def why_not(spark: Any, sql: str) -> str | None:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        spark._jsparkSession.sessionState().sqlParser().parsePlan(sql)
    except (PySparkException, Py4JJavaError) as error:
        return str(error).strip().splitlines()[0]
    return None


def made(spark: Any, table: str, sql: str) -> list[list[str]]:
    spark.sql(sql)
    return [[*row] for row in spark.sql(f"describe {table}").collect()]


def refused(spark: Any, sql: str) -> str | None:
    from pyspark.errors import PySparkException

    try:
        spark.sql(sql)
    except PySparkException as error:
        return str(error).strip().splitlines()[0]
    return None


def loaded(cursor: Any, settings: Settings) -> dict[str, Any]:
    """What a build begins with where others wrote into its databases, or one broke off."""
    given = settings.spark_dir / "given" / "seeds" / "kpis"
    given.mkdir(parents=True)
    duckdb.sql("select 'orders' as kpi_id").write_parquet(str(given / "rows.parquet"))
    at = literal(tables.location(settings.spark_dir / "warehouse" / "facts.db"))
    cursor.execute(f"create database facts location {at}")
    cursor.execute("create table facts.dim_dates using parquet as select 1 as somebody_elses")
    cursor.execute("create view facts.fct_events as select 1 as somebody_elses")
    cursor.execute("create table facts.of_an_analyst using parquet as select 1 as own")
    stands = settings.spark_dir / "builds" / "one" / "facts" / "dim_users"
    stands.mkdir(parents=True)
    duckdb.sql("select 'u' as user_id").write_parquet(str(stands / "part-0.parquet"))
    standing = {("facts", "dim_users"): tables.Table("`user_id` string", stands, "")}
    building.load(cursor, settings, standing)
    cursor.execute("create table facts.fct_orders using parquet as select 1 as one")
    told = {
        "tables of facts": sorted(name for _, name, _ in rows(cursor, "show tables in facts")),
        "stands": rows(cursor, "select user_id from facts.dim_users"),
        "given": rows(cursor, "select kpi_id from seeds.kpis"),
        "analyst's": rows(cursor, "select own from facts.of_an_analyst"),
    }
    # What a build has made lies in `warehouse`, whose name begins so.
    try:
        building.load(cursor, replace(settings, spark_dir=settings.spark_dir / "ware"), {})
    except SparkError as error:
        told["another's"] = str(error)
    return told


def rows(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    return list(cursor.fetchall())


MODELS: dict[str, dict[str, Any]] = {
    "sales": {"user_id": "varchar", "number": "bigint", "amount": "decimal(18, 4)",
              "sold_at": "timestamp", "sold_date": "date"},
    "of_sales": {"user_id": "varchar", "number": "bigint"},
    "nothing": {"user_id": "varchar", "at": None},
    "not_made": {"user_id": "varchar"},
}  # fmt: skip


def brought_back(cursor: Any, settings: Settings) -> dict[str, Any]:
    """What the warehouse has of tables, one without a file, of a view, and of what is not there."""
    cursor.execute(
        "create table facts.sales using parquet as select 'a' as user_id, 3 as number,"
        " cast(12.5 as decimal(18, 4)) as amount,"
        " timestamp '2024-03-01 23:30:00.000001' as sold_at, date '2024-03-01' as sold_date"
    )
    cursor.execute("create view facts.of_sales as select user_id, number from facts.sales")
    cursor.execute("create table facts.nothing (user_id string, at timestamp) using parquet")
    building.load_manifest = lambda: {
        "nodes": {
            name: {
                "resource_type": "model", "schema": "facts", "alias": name, "unique_id": name,
                "description": f"Of {name}.",
                "columns": {column: {"data_type": kind, "description": f"Its {column}."}
                            for column, kind in columns.items()},
            }
            for name, columns in MODELS.items()
        }
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        connection.execute("create schema facts; create table facts.sales (of_before int)")
        connection.execute("create view facts.not_made as select 'b' as user_id")
        connection.execute("create schema raw; create table raw.built_models (a text, b text)")
        left = settings.spark_dir / "builds" / "before" / "facts" / "sales"
        left.mkdir(parents=True)
        for _ in range(2):
            folder = tables.new_folder(settings)
            building.bring_back(cursor, connection, settings, folder, is_whole=True)
        assert not left.exists()
        return {
            "rows": {
                name: [[str(cell) for cell in row]
                       for row in connection.execute(f"from facts.{name}").fetchall()]
                for name in ("sales", "of_sales", "nothing")
            },
            "columns": connection.execute(
                "select table_name, column_name, lower(data_type), comment from duckdb_columns()"
                " where schema_name = 'facts' order by table_name, column_index"
            ).fetchall(),
            "views": connection.execute(
                "select view_name, comment from duckdb_views() where schema_name = 'facts'"
                " order by all"
            ).fetchall(),
        }  # fmt: skip


def reckoned(cursor: Any, settings: Settings) -> list[list[str]]:
    """The rows of a model in Python that reads a table of users and one that is whole."""
    cursor.execute("create database if not exists steps")
    cursor.execute(
        "create table facts.spent using parquet as select cast(user as int) as user_number,"
        " cast(1 + user % 2 as int) as name_id, timestamp '2024-03-01 12:00:00' as seen_at,"
        " cast(place as decimal(18, 4)) as amount"
        " from (select explode(sequence(0, 9)) as user), (select explode(array(1, 2)) as place)"
    )
    cursor.execute(
        "create table seeds.names using parquet as"
        " select * from (values (1, 'one'), (2, 'two')) as given(name_id, name)"
    )
    reads = {
        name: {"schema": schema, "alias": name, "columns": columns_of(types)}
        for schema, name, types in (
            ("facts", "spent", {"user_number": "integer", "name_id": "integer",
                                "seen_at": "timestamp", "amount": "decimal(18, 4)"}),
            ("seeds", "names", {"name_id": "integer", "name": "varchar"}),
        )
    }  # fmt: skip
    python_models.load_manifest = lambda: {"nodes": reads}
    model = {
        "schema": "steps", "alias": "reckoned", "depends_on": {"nodes": [*reads]},
        "config": {"meta": {"parted_by": "user_number"}},
        "columns": columns_of({"user_number": "integer", "name": "varchar",
                               "last_at": "timestamp", "amount": "double"}),
    }  # fmt: skip
    os.environ.update(settings.environment(), BUILD_TABLES=str(settings.spark_dir / "reckoned"))
    python_models.submit(cursor, model, CODE)
    found = rows(cursor, "select * from steps.reckoned order by user_number")
    return [[str(cell) for cell in row] for row in found]


def columns_of(types: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"data_type": kind} for name, kind in types.items()}


def main() -> None:
    asked = json.loads(sys.stdin.read())
    with tempfile.TemporaryDirectory(prefix="a b%20") as name:
        folder = Path(name)
        os.environ.update(Settings.from_environment().environment())
        os.environ["PYSPARK_PYTHON"] = sys.executable
        spark = session(folder)
        models = compiled(folder / "target") if asked.get("compile") else {}
        told = {
            "models": models,
            "parse": {
                of: why_not(spark, sql) for of, sql in {**models, **asked.get("parse", {})}.items()
            },
            "make": {of: made(spark, of, sql) for of, sql in asked.get("make", {}).items()},
            "refuse": {of: refused(spark, sql) for of, sql in asked.get("refuse", {}).items()},
            "answer": {
                of: [[None if cell is None else str(cell) for cell in row] for row in rows]
                for of, query in asked.get("answer", {}).items()
                for rows in [spark.sql(query).collect()]
            },
        }
        if asked.get("build"):
            settings = replace(Settings.from_environment(), spark_dir=folder)
            told["loaded"] = loaded(SessionCursor(spark), settings)
            told["brought back"] = brought_back(SessionCursor(spark), settings)
            told["reckoned"] = reckoned(SessionCursor(spark), settings)
        spark.stop()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
