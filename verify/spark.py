"""`make spark-verify`: every table of facts and marts by Spark equals DuckDB's.

Spark builds the raw rows of a folder, or of a small product that is drawn, and DuckDB the same
from nothing. With `--deliveries` they come bit by bit, late, altered, twice, withdrawn; Spark adds
what is new, one of its builds is killed, and after each DuckDB makes everything anew; so does Spark
in the end, when somebody asked to be forgotten, and is in none of its files then. With `--master`
it is a cluster of yours, or a server over Thrift, whose catalog has none of our databases, and has
none afterwards; without, one of this machine. Rows are compared
both ways, as often as they stand; doubles by 9 digits, as sums in another order differ beyond. Exit
code 0: all are equal. 1: some are not, or were not built. 2: it cannot be run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engines import building, spark, tables
from orchestration.ingest.definitions.hashes import note_definitions
from orchestration.ingest.loader import ingest
from orchestration.privacy.removing import drop_derived
from orchestration.project import DBT_PROJECT_DIR, ROOT, Settings, SettingsError, other_environment
from orchestration.store import watermarks
from orchestration.store.sql import literal, quote
from orchestration.store.warehouse import connect
from orchestration.transform import transforming
from orchestration.transform.dbt_runs import dbt_environment, load_manifest, target_dir
from verify.compare import BUILD_TIME_COLUMNS, NUMBER_COLUMNS, SCHEMAS, SHOWN_ROWS, histories
from verify.dbt import Dbt
from verify.deliveries import Folder, plan
from verify.source import open_source
from verify.world import write_world

_EXACT_PLACES = 12
_TOLD_LENGTH = 500
_SECONDS_BETWEEN_LOOKS = 0.1
_DBT = ROOT / "orchestration" / "engines" / "dbt_process.py"
NOT_COMPARED = BUILD_TIME_COLUMNS | NUMBER_COLUMNS


def main(arguments: Sequence[str] | None = None, dbt: Path = _DBT, target: str = "spark") -> int:
    """`dbt` is what builds, and `target` the folder of dbt's own target in which it is parsed."""
    parser = argparse.ArgumentParser(prog="python -m verify.spark", description=__doc__)
    parser.add_argument("--raw", type=Path, help="the raw folder; by default one is drawn")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 1,800 events")
    parser.add_argument("--models", default="", help="a dbt selection; by default all")
    parser.add_argument("--deliveries", type=int, default=1)
    parser.add_argument("--master", help="as YUNYING_SPARK_MASTER")
    parser.add_argument("--folder", type=Path, help="where its files are meanwhile: all see it")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="yunying-spark-", dir=options.folder) as name:
        if options.master is None:
            os.environ["SPARK_CONF_DIR"] = name  # a catalog of its own
        try:
            return 1 if _Verifying(options, Path(name), dbt, target_dir() / target).run() else 0
        except (SettingsError, spark.SparkError) as error:
            print(error, file=sys.stderr)
            return 2


class _Verifying:
    """Raw rows of the options in a folder, and what the engines make of them there."""

    def __init__(self, options: argparse.Namespace, folder: Path, dbt: Path, target: Path) -> None:
        settings = replace(
            Settings.from_environment(),
            engine="spark",
            warehouse=folder / "warehouse.duckdb",
            publish_dir=folder / "published",
            spark_dir=folder / "spark",
            spark_master=options.master,
        )
        if options.raw is None:
            write_world(folder, options.seed, options.scale)
            settings = replace(settings, raw_dir=folder / "raw", seeds_dir=folder / "seeds")
        elif options.raw.is_dir():
            settings = replace(settings, raw_dir=options.raw.resolve())
        else:
            raise SettingsError(f"RAW={options.raw}: there is no such folder")
        self._options, self._folder, self._settings = options, folder, settings
        self._select = options.models.split()
        self._dbt, self._target, self._of_duckdb = dbt, target, Dbt()
        self._began = time.monotonic()
        self._processors = _processors()

    def run(self) -> int:
        """How many tables are not equal."""
        try:
            return self._run()
        finally:
            if self._settings.spark_master is not None:
                with spark.opened(self._settings) as asking, asking() as cursor:
                    building.drop_databases(cursor, self._settings)

    def _run(self) -> int:
        if self._options.deliveries == 1:
            ingest(self._settings)
            return self._build_and_compare()
        raw = self._settings
        self._settings = replace(raw, raw_dir=self._folder / "arrived")
        draw = random.Random(f"deliveries {self._options.seed}")
        with open_source(replace(raw, warehouse=self._folder / "source.duckdb")) as source:
            arrived = Folder(self._settings, source, self._folder / "loaded")
            planned = plan(draw, source.telling, self._options.deliveries)
            struck = draw.randrange(1, len(planned))
            differing = 0
            for number, delivery in enumerate(planned):
                actions = list(delivery.actions)
                if number == struck:
                    for action in actions[::2]:
                        self._say(f"  {arrived.apply(action)}")
                    ingest(self._settings)
                    self._build(is_killed=True)
                    actions = actions[1::2]
                for action in actions:
                    self._say(f"  {arrived.apply(action)}")
                self._say(f"delivery {number + 1} of {len(planned)} is there")
                ingest(self._settings)
                differing += self._build_and_compare()
        return differing + self._forget_somebody()

    def _say(self, text: str) -> None:
        """With the seconds since the beginning, and those of processors since the last words."""
        before, self._processors = self._processors, _processors()
        seconds, taken = time.monotonic() - self._began, self._processors - before
        print(f"{seconds:6.0f} s {taken:6.0f} of processors  {text}", flush=True)

    def _forget_somebody(self) -> int:
        with connect(self._settings) as connection:
            # Of a drawn product who is named as an author or an inviter by nobody.
            (who,) = connection.execute(
                "select coalesce(max(user_id) filter (user_id = 'u_marathon'), mode(user_id))"
                " from raw.events"
            ).fetchone() or ("",)
        before = len(holding(self._settings.spark_dir, who))
        asked = self._settings.raw_dir / "erasure_requests" / "asked.jsonl"
        asked.parent.mkdir()
        asked.write_text(
            json.dumps({"user_id": who, "requested_at": "2024-01-01"}), encoding="utf-8"
        )
        ingest(self._settings)
        differing = self._build_and_compare()
        left = holding(self._settings.spark_dir, who)
        self._say(
            f"{who}, in {before} files of Spark before it was to be forgotten, is in {len(left)}"
        )
        return differing + len(left) + (not before)

    def _build_and_compare(self) -> int:
        told = self._build()
        other = replace(
            self._settings, engine="duckdb", warehouse=self._folder / "rebuilt" / "warehouse.duckdb"
        )
        shutil.rmtree(other.warehouse.parent, ignore_errors=True)
        other.warehouse.parent.mkdir()
        shutil.copyfile(self._settings.warehouse, other.warehouse)
        with connect(other) as connection:
            drop_derived(connection)
        self._of_duckdb.transform(other, lambda *_: None, anew=True, select=self._select)
        self._say("DuckDB has built everything")
        return self._compare(other.warehouse, told)

    def _build(self, *, is_killed: bool = False) -> dict[str, str]:
        """A build by Spark: what became of each model, by `schema.table`: empty, or why it is not
        there. One that is killed tells nothing.

        Raises `SparkError` where it could not go on.
        """
        settings = self._settings
        with connect(settings) as connection:
            stands = tables.standing(connection)
            run = transforming.begin(
                connection,
                settings,
                load_manifest(),
                is_partial=bool(self._select),
                there=stands,
            )
        process = subprocess.Popen(
            [
                sys.executable, str(self._dbt),
                "--no-use-colors", "--no-send-anonymous-usage-stats", "--log-level-file=none",
                "--no-version-check", "--log-level=none", "run", *run.arguments,
                *(["--select", *self._select] if self._select else []),
                f"--project-dir={DBT_PROJECT_DIR}", f"--profiles-dir={DBT_PROJECT_DIR}",
                f"--target-path={self._target}",
            ],
            env={
                **other_environment(),
                **dbt_environment(settings, asked=run.asked),
                "DBT_TARGET": spark.dbt_target(settings),
                **settings.spark_secrets(),
                "PYTHONPATH": str(ROOT),
            },
        )  # fmt: skip
        if is_killed:
            before, made = tables.written(settings), set[Path]()
            while process.poll() is None and len(made) < len(stands) // 2:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
                made = tables.written(settings) - before
            process.kill()
            process.wait()
            how = "is killed" if process.returncode < 0 else "ends"
            self._say(f"Spark's build {how} when it has made {len(made)} tables")
            return {}
        if process.wait() not in (0, 1):
            why = spark.told_path(settings)
            told = why.read_text(encoding="utf-8") if why.exists() else "dbt was killed"
            raise spark.SparkError(told)
        results = json.loads((self._target / "run_results.json").read_bytes())["results"]
        nodes = load_manifest()["nodes"]
        if process.returncode == 0:
            with connect(settings) as connection:
                if self._select:  # the lists of audiences may not be among them
                    watermarks.write(connection, run.load_id, run.configuration_hash)
                    note_definitions(connection, run.definitions)
                else:
                    transforming.complete(connection, run)
        found = {
            "{schema}.{alias}".format_map(nodes[each["unique_id"]]): ""
            if each["status"] == "success"
            else f"{each['status']}: {' '.join(str(each['message']).split())[:_TOLD_LENGTH]}"
            for each in results
        }
        self._say(f"Spark has run {len(found)} models{', anew' * run.is_rebuild}")
        return found

    def _compare(self, rebuilt: Path, told: Mapping[str, str]) -> int:
        compared = _compared(load_manifest())
        counts = dict.fromkeys(("equal", "not equal", "not run"), 0)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"attach {literal(str(self._settings.warehouse))} as s (read_only)")
            # By the name that its views know it by.
            connection.execute(f"attach {literal(str(rebuilt))} (read_only)")
            for name, why in sorted(told.items()):
                if why:
                    print(f"  {name}: {why}")
                if name not in compared:
                    continue
                outcome = "not run"
                if not why:
                    lines = difference(connection, f"{rebuilt.stem}.{name}", f"s.{name}")
                    outcome = "not equal" if lines else "equal"
                    print("".join(f"  {name}: {line}\n" for line in lines), end="")
                counts[outcome] += 1
        if not sum(counts.values()):
            raise SettingsError("no table of facts or marts was compared: give MODELS some of them")
        self._say(
            f"{counts['equal']} of {sum(counts.values())} tables are equal; "
            f"{counts['not equal']} are not, {counts['not run']} were not made"
        )
        return sum(counts.values()) - counts["equal"]


def _processors() -> float:
    """Seconds of them that this process took, and those that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _compared(manifest: Mapping[str, Any]) -> set[str]:
    """The tables and views of facts and marts, but for those that tell of builds."""
    return {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in SCHEMAS
    } - histories(manifest)


def holding(folder: Path, text: str) -> list[Path]:
    """The files below a folder that have a text as a word: in a cell, or in their own bytes."""
    word = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)".encode())
    found = []
    for path in filter(Path.is_file, folder.rglob("*")):
        held = path.read_bytes()
        if path.suffix == ".parquet":
            held = str(duckdb.sql(f"from read_parquet({literal(path)})").fetchall()).encode()
        if word.search(held):
            found.append(path)
    return found


def difference(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows_of_spark: str,
) -> list[str]:
    """What stands on one side alone, a line each: rows of DuckDB's table, and of Spark's."""
    types = {
        name: kind
        for name, kind, *_ in connection.execute(f"describe from {table}").fetchall()
        if name not in NOT_COMPARED
    }
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
