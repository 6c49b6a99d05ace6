"""`make spark-verify`: every table of facts and marts by Spark equals DuckDB's.

Both build the same raw rows from nothing: those of a folder, or of a small product that is drawn.
Rows are compared both ways, as often as they stand; doubles by 9 digits, as sums in another order
differ beyond. Exit code 0: all are equal. 1: some are not, or were not built. 2: it cannot be run.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engines import building, spark
from orchestration.ingest.loader import ingest
from orchestration.project import DBT_PROJECT_DIR, Settings, SettingsError
from orchestration.store.sql import literal, quote
from orchestration.store.warehouse import connect
from orchestration.transform import transforming
from orchestration.transform.dbt_process import make_quick
from orchestration.transform.dbt_runs import dbt_environment, load_manifest
from verify.compare import BUILD_TIME_COLUMNS, NUMBER_COLUMNS, SCHEMAS, SHOWN_ROWS, histories
from verify.dbt import Dbt
from verify.world import write_world

_EXACT_PLACES = 12
_TOLD_LENGTH = 500
NOT_COMPARED = BUILD_TIME_COLUMNS | NUMBER_COLUMNS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m verify.spark", description=__doc__)
    parser.add_argument("--raw", type=Path, help="the raw folder; by default one is drawn")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 1,800 events")
    parser.add_argument("--models", default="", help="a dbt selection; by default all")
    options = parser.parse_args(arguments)
    # On a cluster of this machine, with a catalog of its own: nobody's tables are touched.
    with tempfile.TemporaryDirectory(prefix="yunying-spark-") as name:
        os.environ["SPARK_CONF_DIR"] = name
        return _verify(options, Path(name))


def _verify(options: argparse.Namespace, folder: Path) -> int:
    try:
        settings = replace(
            Settings.from_environment(),
            warehouse=folder / "warehouse.duckdb",
            publish_dir=folder / "published",
            spark_dir=folder / "spark",
            spark_master=None,
        )
        if options.raw is None:
            write_world(folder, options.seed, options.scale)
            settings = replace(settings, raw_dir=folder / "raw", seeds_dir=folder / "seeds")
        elif options.raw.is_dir():
            settings = replace(settings, raw_dir=options.raw.resolve())
        else:
            raise SettingsError(f"RAW={options.raw}: there is no such folder")
        spark.check_java()
        differing = _build_and_compare(settings, options.models.split())
    except (SettingsError, spark.SparkError) as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if differing else 0


def _build_and_compare(settings: Settings, select: Sequence[str]) -> int:
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)

    ingest(settings)
    with connect(settings) as connection:
        building.export(connection, settings)
        asked = transforming.asked_of_a_build(connection)
    Dbt().transform(settings, lambda *_: None, anew=True)
    say("DuckDB has built")
    with spark.cluster(settings) as master, spark.session(settings, master) as session:
        building.load(session, settings)
        told = _run_models(settings, asked, select)
        say(f"Spark has run {len(told)} models")
        compared = _compared(load_manifest())
        counts = dict.fromkeys(("equal", "not equal", "not run"), 0)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            # By the name that its views know it by.
            connection.execute(f"attach {literal(str(settings.warehouse))} (read_only)")
            for name, why in sorted(told.items()):
                if why:
                    print(f"  {name}: {why}")
                if name not in compared:
                    continue
                outcome = "not run"
                if not why:
                    schema, table = name.split(".")
                    files = settings.spark_dir / "warehouse" / f"{schema}.db" / table
                    if not files.is_dir():  # a view
                        session.table(name).write.parquet(str(files))
                    lines = difference(connection, f"{settings.warehouse.stem}.{name}", files)
                    outcome = "not equal" if lines else "equal"
                    print("".join(f"  {name}: {line}\n" for line in lines), end="")
                counts[outcome] += 1
    if not sum(counts.values()):
        raise SettingsError("no table of facts or marts was compared: give MODELS some of them")
    say(
        f"{counts['equal']} of {sum(counts.values())} tables are equal; "
        f"{counts['not equal']} are not, {counts['not run']} were not made"
    )
    return sum(counts.values()) - counts["equal"]


def _run_models(settings: Settings, asked: str, select: Sequence[str]) -> dict[str, str]:
    """Every model anew by Spark, or those of a dbt selection: what became of each, by
    `schema.table`: empty, or why it is not there.

    Raises `SparkError` where dbt could not begin.
    """
    from dbt.cli.main import dbtRunner

    building.teach_dbt_python()
    make_quick()
    os.environ.update(dbt_environment(settings, asked=asked) | {"DBT_TARGET": "spark"})
    result = dbtRunner().invoke(
        [
            "--no-use-colors", "--no-send-anonymous-usage-stats", "--log-level-file=none",
            "--no-version-check", "--log-level=warn", "run", "--full-refresh",
            *(["--select", *select] if select else []),
            f"--project-dir={DBT_PROJECT_DIR}", f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={settings.spark_dir / 'target'}",
        ]
    )  # fmt: skip
    results = getattr(result.result, "results", None)
    if results is None:
        raise spark.SparkError(f"dbt did not begin: {result.exception}")
    return {
        f"{each.node.schema}.{each.node.alias}": ""
        if str(each.status) == "success"
        else f"{each.status}: {' '.join(str(each.message).split())[:_TOLD_LENGTH]}"
        for each in results
    }


def _compared(manifest: Mapping[str, Any]) -> set[str]:
    """The tables and views of facts and marts, but for those that tell of builds."""
    return {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in SCHEMAS
    } - histories(manifest)


def difference(connection: duckdb.DuckDBPyConnection, table: str, files: Path) -> list[str]:
    """What stands on one side alone, a line each: rows of a table of DuckDB, and of Parquet."""
    types = {
        name: kind
        for name, kind, *_ in connection.execute(f"describe from {table}").fetchall()
        if name not in NOT_COMPARED
    }
    rows_of_spark = f"read_parquet({literal(str(files / '*.parquet'))})"
    theirs = {
        name for name, *_ in connection.execute(f"describe from {rows_of_spark}").fetchall()
    } - NOT_COMPARED
    if apart := sorted(theirs ^ types.keys()):
        return [f"columns of one side alone: {', '.join(apart)}"]
    listed = ", ".join(
        f"{_comparable(name, kind)} as {quote(name)}" for name, kind in types.items()
    )
    sides = {
        "DuckDB": f"select {listed} from {table}",
        "Spark": f"select {listed} from {rows_of_spark}",
    }
    lines = []
    for one, other in (("DuckDB", "Spark"), ("Spark", "DuckDB")):
        connection.execute(
            f"create or replace temp table alone as {sides[one]} except all {sides[other]}"
        )
        rows = connection.execute("from alone order by all").fetchall()
        if rows:
            lines.append(f"{len(rows)} rows of {one} alone")
        for row in rows[:SHOWN_ROWS]:
            told = (f"{c}={v}" for c, v in zip(types, row, strict=True) if v is not None)
            lines.append("  " + ", ".join(told))
    return lines


def _comparable(name: str, kind: str) -> str:
    column = quote(name)
    scale = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind)
    # A decimal of so many places was a double, of which engines take other digits than the first.
    if kind == "DOUBLE" or (scale and int(scale[1]) > _EXACT_PLACES):
        # No number is none, and minus nothing is nothing.
        return f"cast(printf('%.9g', nullif(cast({column} as double), 'nan') + 0.0) as double)"
    return f"cast({column} as {kind})"


if __name__ == "__main__":
    sys.exit(main())
