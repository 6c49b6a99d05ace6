"""A build on Spark: what was ingested goes there, dbt makes every model of it, and it is published.

Ledger, definitions and raw rows stay in the small warehouse, which needs transactions for them. A
build on Spark is a whole one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engines.spark import SparkError
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.store.sql import literal, quote
from orchestration.transform.dbt_process import make_quick
from orchestration.transform.dbt_runs import dbt_environment, exposed_nodes, load_manifest

GIVEN = ("raw", "seeds", "archive")
"""Schemas with tables that Spark is given; it makes all others."""
POINTER = "current.json"
_GIVEN = "given"
_TOLD_LENGTH = 500


def export(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Write the tables that no model makes as files that all workers see; how many."""
    models = {
        (node["schema"], node["alias"])
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
    }
    shutil.rmtree(settings.spark_dir / _GIVEN, ignore_errors=True)
    tables = [
        (schema, name)
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            f" where not internal and schema_name in {GIVEN} order by all"
        ).fetchall()
        if (schema, name) not in models
    ]
    for schema, name in tables:
        path = settings.spark_dir / _GIVEN / schema / name
        path.mkdir(parents=True)
        connection.execute(
            f"copy {quote(schema, name)} to {literal(str(path / 'rows.parquet'))} (format parquet)"
        )
    return len(tables)


def forget(settings: Settings) -> None:
    """Take away what a build on this machine left behind, whole or broken off: the next makes all
    of it anew. Readers have what is published."""
    if (settings.spark_dir / "metastore_db").is_dir():  # Derby's, of nobody else
        for name in ("metastore_db", "warehouse"):
            shutil.rmtree(settings.spark_dir / name, ignore_errors=True)


def load(session: Any, settings: Settings) -> None:
    """Make them tables of Spark.

    Raises `SparkError` where the catalog has a database of ours that is somebody else's.
    """
    layers = {node["schema"] for node in load_manifest()["nodes"].values()} | {*GIVEN}
    for database in session.catalog.listDatabases():
        if database.name in layers and str(settings.spark_dir) not in database.locationUri:
            raise SparkError(
                f"The catalog has a database {database.name} at {database.locationUri}: nothing is "
                "written into what may be another's. Give Spark a metastore of its own, or set "
                "the folder of YUNYING_SPARK_DIR to where it lies"
            )
    for schema in sorted((settings.spark_dir / _GIVEN).iterdir()):
        session.sql(f"create database if not exists {schema.name}")
        for path in sorted(schema.iterdir()):
            session.sql(f"drop table if exists {schema.name}.{path.name}")
            session.sql(
                f"create table {schema.name}.{path.name} using parquet"
                f" location {literal(str(path))}"
            )


def transform(
    settings: Settings, asked: str, command: str = "build", select: Sequence[str] = ()
) -> dict[str, str]:
    """Every model anew, or those of a dbt selection, and with `build` their tests.

    What became of each, by `schema.table` or the name of the test: empty, or why it is not there.
    Raises `SparkError` where dbt could not begin.
    """
    from dbt.adapters.spark.impl import SparkAdapter
    from dbt.cli.main import dbtRunner

    from orchestration.engines import python_models

    class Submission:
        """How a model in Python is run: dbt-spark knows the ways of Databricks alone."""

        def __init__(self, model: dict[str, Any], credentials: Any) -> None:
            self.model = model

        def submit(self, code: str) -> None:
            from pyspark.sql import SparkSession

            # dbt-spark's materialization indents the first line.
            python_models.submit(SparkSession.builder.getOrCreate(), self.model, code.lstrip())

    SparkAdapter.python_submission_helpers = {"driver": Submission}
    SparkAdapter.default_python_submission_method = "driver"
    make_quick()
    os.environ.update(dbt_environment(settings, asked=asked) | {"DBT_TARGET": "spark"})
    result = dbtRunner().invoke(
        [
            "--no-use-colors", "--no-send-anonymous-usage-stats", "--log-level-file=none",
            "--no-version-check", "--log-level=warn", command, "--full-refresh",
            *(["--exclude-resource-type=unit_test"] if command == "build" else []),
            *(["--select", *select] if select else []),
            f"--project-dir={DBT_PROJECT_DIR}", f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={settings.spark_dir / 'target'}",
        ]
    )  # fmt: skip
    results = getattr(result.result, "results", None)
    if results is None:
        raise SparkError(f"dbt did not begin: {result.exception}")
    return {
        f"{each.node.schema}.{each.node.alias}"
        if each.node.resource_type == "model"
        else each.node.name: ""
        if str(each.status) in ("success", "pass", "warn")
        else f"{each.status}: {' '.join(str(each.message).split())[:_TOLD_LENGTH]}"
        for each in results
    }


def publish(session: Any, settings: Settings) -> str:
    """Write what is exposed as Parquet, and point readers to it once all of it is there."""
    build_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    folder = settings.spark_dir / "published"
    tables = {}
    for node in exposed_nodes(load_manifest()):
        name = f"{node['schema']}.{node['alias']}"
        path = folder / "builds" / build_id / "parquet" / node["schema"] / node["alias"]
        session.table(name).write.parquet(str(path))
        tables[name] = path.relative_to(folder).as_posix()
    told = {"build_id": build_id, "built_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    _replace(folder / POINTER, json.dumps({**told, "tables": tables}, indent=1))
    _forget(folder / "builds", settings.builds_kept)
    return build_id


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _forget(folder: Path, kept: int) -> None:
    for old in sorted(folder.iterdir())[:-kept]:
        shutil.rmtree(old)
