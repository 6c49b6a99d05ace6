"""A build on Spark: what was ingested goes there, dbt makes every model of it, and it is published.

Ledger, definitions and raw rows stay in the small warehouse, which needs transactions for them. A
build on Spark is a whole one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from pyarrow import parquet

from orchestration.engines.spark import SparkError, StoppedError
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.publish.builds import sync, sync_tree
from orchestration.publish.restatements import PERSON_ID_COLUMNS
from orchestration.store.keyed_hash import keyed_hash
from orchestration.store.sql import literal, quote
from orchestration.transform.dbt_process import make_quick
from orchestration.transform.dbt_runs import dbt_environment, exposed_nodes, load_manifest, purposes

GIVEN = ("raw", "seeds", "archive")
"""Schemas with tables that Spark is given; it makes all others."""
POINTER = "current.json"
BUILD = "build.json"
UNFINISHED = ".unfinished-"
_GIVEN = "given"
_TOLD_LENGTH = 500
_TABLES_AT_A_TIME = 4


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
        for name in ("metastore_db", "warehouse", "work"):
            shutil.rmtree(settings.spark_dir / name, ignore_errors=True)


def load(session: Any, settings: Settings) -> None:
    """Make them tables of Spark, beside nothing that an earlier build or anybody else made of ours.

    Raises `SparkError` where the catalog has a database of ours that is somebody else's.
    """
    ours: dict[str, set[str]] = {schema: set() for schema in GIVEN}
    for node in load_manifest()["nodes"].values():
        if node["resource_type"] == "model":
            ours.setdefault(node["schema"], set()).add(node["alias"])
    given = sorted((settings.spark_dir / _GIVEN).glob("*/*"))
    for path in given:
        ours[path.parent.name].add(path.name)
    for database in session.catalog.listDatabases():
        if database.name in ours:
            if str(settings.spark_dir) not in database.locationUri:
                raise SparkError(
                    f"The catalog has a database {database.name} at {database.locationUri}: "
                    "nothing is written into what may be another's. Give Spark a metastore of its "
                    "own, or set the folder of YUNYING_SPARK_DIR to where it lies"
                )
            _clear(session, database, ours[database.name])
    for schema in sorted({path.parent.name for path in given}):
        session.sql(f"create database if not exists {schema}")
    for path in given:
        session.sql(
            f"create table {path.parent.name}.{path.name} ({_columns(path)}) using parquet"
            f" location {literal(str(path))}"
        )


def _columns(folder: Path) -> str:
    """Of the file in it, as Spark declares them: to find out by itself it would start a job."""
    from pyspark.sql.pandas.types import from_arrow_type

    (file,) = folder.glob("*.parquet")
    return ", ".join(
        f"`{field.name}` {from_arrow_type(field.type).simpleString()}"
        for field in parquet.read_schema(file)
    )


def _clear(session: Any, database: Any, names: Collection[str]) -> None:
    """Take tables and views away, and files of a table that was not made to its end: Spark makes
    none where there are some."""
    views = {row.viewName for row in session.sql(f"show views in {database.name}").collect()}
    for row in session.sql(f"show tables in {database.name}").collect():
        if row.tableName in names:
            kind = "view" if row.tableName in views else "table"
            session.sql(f"drop {kind} {database.name}.{row.tableName}")
    folder = Path(database.locationUri.removeprefix("file:"))
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)


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
        if each.node.resource_type in ("model", "test")  # of an exposure nothing is to be done
    }


def publish(session: Any, settings: Settings, erasure_epoch: int) -> str:
    """Write what is exposed as Parquet, and point readers to it once all of it is there.

    No id of a person leaves that would not leave DuckDB's. Builds from before an erasure that this
    one comes after go, and so does what an earlier publish that was stopped left.
    Raises `StoppedError` where a table is not as it was built.
    """
    manifest = load_manifest()
    now = datetime.now(UTC)
    build_id = f"{now:%Y%m%dT%H%M%S%f}"
    builds = settings.spark_dir / "published" / "builds"
    for path in builds.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)
    unfinished = builds / f"{UNFINISHED}{build_id}"
    tables = {}
    asked = purposes(manifest)

    def write(node: Mapping[str, Any]) -> None:
        of_build = Path("parquet", node["schema"], node["alias"])
        rows = _leaving(session, settings, node, asked.get((node["schema"], node["alias"])))
        rows.write.parquet(str(unfinished / of_build))
        tables[f"{node['schema']}.{node['alias']}"] = f"builds/{build_id}/{of_build.as_posix()}"

    try:
        with ThreadPoolExecutor(_TABLES_AT_A_TIME) as pool:
            list(pool.map(write, exposed_nodes(manifest)))
        told = {
            "build_id": build_id,
            "built_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "erasure_epoch": erasure_epoch,
            "tables": dict(sorted(tables.items())),
        }
        (unfinished / BUILD).write_text(json.dumps(told, indent=1), encoding="utf-8")
        sync_tree(unfinished)
        unfinished.rename(builds / build_id)
        _point(builds.parent / POINTER, builds / build_id / BUILD)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _forget(builds, build_id, erasure_epoch, settings.builds_kept)
    return build_id


def _leaving(session: Any, settings: Settings, node: Mapping[str, Any], purpose: str | None) -> Any:
    """The rows of a table as they leave the cluster: an id of a person is a keyed hash where there
    is a key, and empty where the person does not agree to what the table is for."""
    name = f"{node['schema']}.{node['alias']}"
    rows = session.table(name)
    if rows.columns != [*node["columns"]]:
        raise StoppedError(
            f"Somebody else has written {name} since it was built: keep other tools from the "
            "databases of this project, and build again"
        )
    for column in sorted(PERSON_ID_COLUMNS & {*rows.columns}):
        rows = _with_ids_that_leave(session, settings, rows, column, purpose)
    return rows


def _with_ids_that_leave(
    session: Any, settings: Settings, rows: Any, column: str, purpose: str | None
) -> Any:
    from pyspark.sql import functions

    columns, leaving = rows.columns, functions.col(column)
    if settings.pseudonym_key is not None:
        # By a function of ours: of one of Spark's the key would stand in its plan, and in its logs.
        leaving = functions.udf(partial(_hashed, settings.pseudonym_key))(leaving)
    if purpose is not None:
        refused = session.sql(
            "select distinct user_id as refused_id from facts.fct_consent_spans"
            f" where purpose = {literal(purpose)} and is_current and not is_granted"
        )
        rows = rows.join(refused, rows[column] == refused["refused_id"], "left")
        leaving = functions.when(functions.col("refused_id").isNull(), leaving)
    return rows.withColumn(column, leaving).select(columns)


def _hashed(key: str, text: str | None) -> str | None:
    return None if text is None else keyed_hash(key, text)


def _point(pointer: Path, build: Path) -> None:
    temporary = pointer.with_suffix(".tmp")
    shutil.copy(build, temporary)
    sync(temporary)
    temporary.replace(pointer)
    sync(pointer.parent)


def _forget(builds: Path, current: str, erasure_epoch: int, kept: int) -> None:
    """Keep so many builds that were whole, and none from before an erasure."""
    whole = sorted(path for path in builds.iterdir() if (path / BUILD).exists())
    told = {path: json.loads((path / BUILD).read_bytes()) for path in whole}
    for path in builds.iterdir():
        is_kept = path in whole[-kept:] and told[path]["erasure_epoch"] >= erasure_epoch
        if not is_kept and path.name != current:
            shutil.rmtree(path)
