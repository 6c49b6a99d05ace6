"""A whole temporary warehouse from a few rows: feeds and seeds in, ingest and dbt run over them.

    warehouse = build_warehouse(tmp_path, events=[{"event_name": "open", ...}])
    rows = query(warehouse, "select * from marts.mart_active_users_daily")

Called again with the same folder it adds files, as a second delivery would, and builds on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb

from orchestration.ingest.seeds import Seeds, read_seeds
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.store.sql import NO_ROWS
from orchestration.store.warehouse import connect
from orchestration.transform import transforming
from orchestration.transform.dbt_process import (
    Condition,
    keep_what_comes_out_as_it_was,
    make_quick,
)
from orchestration.transform.dbt_runs import dbt_environment, load_manifest, manifest_path
from tests import made_of_nothing
from verify.dbt import FLAGS, as_parsed

# The stem names DuckDB's catalog, which is part of every parsed relation: one name for all
# temporary warehouses lets them share one parse.
WAREHOUSE = "warehouse.duckdb"


def settings_of(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings with everything inside `folder`: raw, seeds, warehouse.duckdb, published."""
    return Settings.from_environment(
        {
            "YUNYING_RAW_DIR": str(folder / "raw"),
            "YUNYING_SEEDS_DIR": str(folder / "seeds"),
            "YUNYING_WAREHOUSE": str(folder / WAREHOUSE),
            "YUNYING_PUBLISH_DIR": str(folder / "published"),
            "YUNYING_MEMORY_LIMIT": "2GB",
            "YUNYING_THREADS": "2",
            **(environment or {}),
        }
    )


def build_warehouse(
    folder: Path,
    events: Sequence[Mapping[str, Any]] | None = None,
    feeds: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    seeds: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    full_refresh: bool = False,
    select: str | None = None,
    only: str | None = None,
    run_tests: bool = False,
    variables: Mapping[str, Any] | None = None,
) -> Path:
    """Write feeds (JSON lines) and seeds (CSV text by file name), ingest, run dbt; return the file.

    A new warehouse begins with the tables that models make of nothing, and what surely stays empty
    is not made anew. `environment` are further `YUNYING_*` settings. `select` is a dbt selection; a
    partial run leaves no watermark, so the next whole one takes up the same loads again. `only` is
    one as well, of a world that needs no other tables: its runs count as whole. With `run_tests`
    dbt's data tests run too. `variables` are dbt's, instead of those of the project. Raises
    `AssertionError` with dbt's messages when it fails.
    """
    settings = settings_of(folder, environment)
    settings.raw_dir.mkdir(parents=True, exist_ok=True)
    settings.seeds_dir.mkdir(parents=True, exist_ok=True)
    write_feeds(folder, {**(feeds or {}), **({"events": events} if events else {})})
    for name, text in (seeds or {}).items():
        path = settings.seeds_dir / f"{name.removesuffix('.csv')}.csv"
        path.write_text(text, encoding="utf-8")
    if not settings.warehouse.exists():
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made_of_nothing.folder(_build_nothing) / WAREHOUSE, settings.warehouse)
    ingest_raw(settings)
    transform(settings, full_refresh, select, only, run_tests, variables)
    return settings.warehouse


def read_definitions(
    folder: Path, seeds: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Seeds:
    """The definitions of `seeds` (CSV text by file name) as they are read and checked."""
    settings = settings_of(folder, environment)
    settings.seeds_dir.mkdir(parents=True, exist_ok=True)
    for name, text in seeds.items():
        (settings.seeds_dir / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_seeds(settings)


def write_feeds(folder: Path, feeds: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Add one JSON-lines file to each feed; the files of a feed are numbered as they come."""
    for feed, rows in feeds.items():
        target = folder / "raw" / feed
        target.mkdir(parents=True, exist_ok=True)
        path = target / f"{len(list(target.iterdir())) + 1:04d}.jsonl"
        lines = (json.dumps(row, ensure_ascii=False, default=str) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def ingest_raw(settings: Settings) -> Any:
    """Take what is in the raw and seeds folders into the warehouse."""
    from orchestration.ingest.loader import ingest

    return ingest(settings)


def _build_nothing(folder: Path) -> tuple[Path, list[Any]]:
    settings = settings_of(folder)
    ingest_raw(settings)
    with connect(settings) as connection:
        asked = transforming.begin(connection, settings, load_manifest()).asked
    return settings.warehouse, run_dbt(settings, ["run", "--full-refresh"], asked).result.results


def transform(
    settings: Settings,
    full_refresh: bool = False,
    select: str | None = None,
    only: str | None = None,
    run_tests: bool = False,
    variables: Mapping[str, Any] | None = None,
) -> None:
    """Run dbt as the orchestrated build does, in this process, and write the watermark."""
    selected = select or only
    with connect(settings) as connection:
        run = transforming.begin(
            connection,
            settings,
            load_manifest(),
            anew=full_refresh,
            is_partial=selected is not None,
        )
        empty_when = {}
        if not variables and settings.event_sources == settings_of(Path()).event_sources:
            known = made_of_nothing.conditions(made_of_nothing.folder(_build_nothing))
            empty_when = made_of_nothing.kept(connection, known)
    arguments = ["build", "--exclude-resource-type", "unit_test"] if run_tests else ["run"]
    arguments += run.arguments
    if selected:
        arguments += ["--select", selected]
    if selected and run_tests:  # not those that ask for tables which are not selected
        arguments.append("--indirect-selection=cautious")
    if variables:
        arguments += ["--vars", json.dumps(variables)]
    run_dbt(settings, arguments, run.asked, empty_when)
    if select is None:
        with connect(settings) as connection:
            transforming.complete(connection, run)


def run_dbt(
    settings: Settings,
    arguments: Sequence[str],
    asked: str = "",
    empty_when: Mapping[str, Condition] | None = None,
) -> Any:
    """Run a dbt command over the settings, as a build does; raise `AssertionError` with its
    messages if it fails. Models of `empty_when` have no rows, and stay while it is met."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    make_quick()
    _remember()
    with environment_of(settings, asked), _keeping(empty_when or {}):
        result = dbtRunner(manifest=as_parsed(_parsed())).invoke(
            [*FLAGS, *arguments, "--threads=1", *_project_flags()]
        )
        # dbt keeps its connection, and with it DuckDB's lock and settings, until then.
        opened = DuckDBConnectionManager.env()
        reset_adapters()
        opened.close()
    if not result.success:
        raise AssertionError(f"dbt {' '.join(arguments)} failed:\n{_messages(result)}")
    return result


def query(warehouse: Path, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        cursor = connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def environment_of(settings: Settings, asked: str = "") -> Iterator[None]:
    """The process's environment set to these settings alone, as it was before afterwards."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("YUNYING_"):
            del os.environ[name]
    # Each core has a process of tests: threads of one would wait for those of another. Builds in
    # processes of their own have two, of dbt and of DuckDB.
    os.environ.update(dbt_environment(replace(settings, threads=1), asked=asked))
    os.environ["DBT_TARGET_PATH"] = str(dbt_target())
    os.environ["DBT_LOG_PATH"] = str(dbt_target())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _keeping(empty_when: Mapping[str, Condition]) -> Iterator[None]:
    from dbt.task.runnable import GraphRunnableTask

    call = GraphRunnableTask.call_runner
    if empty_when:
        states = dict.fromkeys(empty_when, NO_ROWS)
        keep_what_comes_out_as_it_was({}, empty_when, states, hashed_rows=0)
    try:
        yield
    finally:
        GraphRunnableTask.call_runner = call


@cache
def dbt_target() -> Path:
    """dbt's target folder of this test process, removed with it."""
    import atexit

    folder = Path(mkdtemp(prefix="yunying-dbt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    put_what_is_parsed(folder)
    return folder


def put_what_is_parsed(target: Path) -> None:
    """Have dbt parse nothing again in this folder: the first process of a run parses for all."""
    manifest = manifest_path()
    parsed = manifest.parents[1] / "parse" / "partial_parse.msgpack"
    (target / "manifests").mkdir(parents=True)
    for file, to in ((manifest, target / "manifests"), (parsed, target)):
        if file.exists():
            shutil.copy2(file, to)


@cache
def _remember() -> None:
    """What a second build of this process would find out again, and need not: the columns of a
    query, which hang on its text."""
    from dbt.adapters.duckdb import DuckDBAdapter
    from dbt.compilation import Compiler
    from dbt.flags import get_flags

    columns_of, columns = DuckDBAdapter.get_column_schema_from_query, {}
    write_node = Compiler._write_node

    def columns_once(self: DuckDBAdapter, sql: str) -> Any:
        if sql not in columns:
            columns[sql] = columns_of(self, sql)
        return columns[sql]

    DuckDBAdapter.get_column_schema_from_query = columns_once
    # Files of SQL that nobody asked for.
    Compiler._write_node = lambda self, node, **kwargs: (
        write_node(self, node, **kwargs) if get_flags().WHICH == "compile" else node
    )


@cache
def _parsed() -> Any:
    """dbt's parsed project, which no setting shapes: paid once a process."""
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke([*FLAGS, "parse", *_project_flags()])
    if not result.success:
        raise AssertionError(f"the dbt project does not parse: {result.exception}")
    return result.result


def _project_flags() -> list[str]:
    return [
        f"--project-dir={DBT_PROJECT_DIR}",
        f"--profiles-dir={DBT_PROJECT_DIR}",
        f"--target-path={dbt_target()}",
    ]


def _messages(result: Any) -> str:
    lines = [str(result.exception)] if result.exception else []
    for node in getattr(result.result, "results", None) or []:
        if str(node.status) not in ("success", "pass", "skipped", "warn"):
            lines.append(f"{node.node.name}: {node.status}: {node.message}")
    return "\n".join(lines)


def compiled_sql_by_model() -> dict[str, str]:
    """SQL of each model of the last run of this process, as it was sent to the database."""
    folder = dbt_target() / "compiled" / "yunying" / "models"
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.rglob("*.sql")}


def python_step(path: str) -> Any:
    """A step that Python takes, `<folder>/<name>`, as a module: its functions know no engine."""
    spec = importlib.util.spec_from_file_location(
        path.rpartition("/")[2], DBT_PROJECT_DIR / "models" / "steps" / f"{path}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
