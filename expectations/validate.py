"""Run suites inside the warehouse, each by a checkpoint of Great Expectations.

Importing this module takes seconds, because Great Expectations' import does. One call opens
the warehouse once, read-only. What is asked of the columns of a table is bundled by Great
Expectations into one query; which rows are wrong is asked only of a suite in which something is.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

# Before the import, which reads it: nothing is reported anywhere.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import duckdb
import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.core.result_format import ResultFormat
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from expectations import dialect, kept
from expectations.results import SHOWN_ROWS, Status, SuiteResult, failures, page_of, raised, rule_of
from expectations.suites import suite_files

_LEADS = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The last result · 最近的结果</title>
<meta http-equiv="refresh" content="0; url={0}"></head>
<body><a href="{0}">The last result · 最近的结果</a></body></html>
"""

# What a suite that cannot be evaluated raises; anything else is a bug of ours and surfaces.
_NOT_EVALUATED = (
    GreatExpectationsError,
    sa.exc.SQLAlchemyError,
    duckdb.Error,
    ConnectionError,
    LookupError,
    TypeError,
    ValueError,
)


# It tells of what it does as asked: that ours takes the place of its own, below.
logging.getLogger("great_expectations").setLevel(logging.ERROR)


class UnexpectedRowsExpectation(gx.expectations.UnexpectedRowsExpectation):
    """Great Expectations' own, in its place: of one query while nothing is wrong, not of two.

    Its own counts the rows of the query and fetches some, whatever the format of the result,
    and shows them only where every unexpected value of the table is asked for.
    """

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None
    ) -> Any:
        wanted = super().get_validation_dependencies(execution_engine, runtime_configuration)
        if wanted.result_format["result_format"] == ResultFormat.BOOLEAN_ONLY:
            wanted.remove_metric_configuration("unexpected_rows_query.row_count")
        return wanted

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: object | None = None,
    ) -> dict[str, Any]:
        rows = metrics["unexpected_rows_query.table"]
        return {
            "success": not rows,
            "result": {
                "observed_value": metrics.get("unexpected_rows_query.row_count", len(rows)),
                "details": {"unexpected_rows": rows[:SHOWN_ROWS]},
            },
        }


def validate(
    warehouse: Path,
    suites: Sequence[gx.ExpectationSuite] | None = None,
    *,
    folder: Path | None = None,
    builds: Sequence[Path] = (),
    memory_limit: str = "2.5GB",
    threads: int = 2,
) -> tuple[SuiteResult, ...]:
    """Evaluate the suites, by default all there are; keep results and Data Docs in a folder.

    `folder` has `validations`, the store of the last result of each suite, and `data_docs`, the
    pages of them. The warehouse is opened read-only and closed again before this returns. A
    suite that is empty, or of which anything could not be evaluated (no such table, no such
    column), has status `error`. Raises `OSError` when the warehouse does not exist or cannot be
    opened, `SuiteError` when a file of a suite cannot be used.
    """
    return Checks(folder, suites).run(
        warehouse, None, builds=builds, is_anew=True, memory_limit=memory_limit, threads=threads
    )


class Checks:
    """A context with its suites, made ready before there is a warehouse to read."""

    def __init__(
        self, folder: Path | None = None, suites: Sequence[gx.ExpectationSuite] | None = None
    ) -> None:
        dialect.register()
        self._folder = folder
        self._building = None if folder is None else folder / f".data_docs-{os.getpid()}"
        self._context = gx.get_context(
            mode="ephemeral", project_config=_config(folder, self._building)
        )
        self._context.enable_analytics(enable=False)
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        given = [file.load() for file in suite_files()] if suites is None else suites
        self._suites = [self._context.suites.add(suite) for suite in given]

    def run(
        self,
        warehouse: Path,
        names: Sequence[str] | None,
        *,
        builds: Sequence[Path] = (),
        is_anew: bool = False,
        memory_limit: str,
        threads: int,
    ) -> tuple[SuiteResult, ...]:
        """Evaluate the suites of these names, or all of them; see `validate`.

        What passed stays while nothing is new to it, but `is_anew`.
        """
        if not warehouse.is_file():
            raise FileNotFoundError(f"no warehouse at {warehouse}: build one first")
        chosen = [s for s in self._suites if names is None or s.name in names]
        config = {
            "autoinstall_known_extensions": "false",
            "memory_limit": memory_limit,
            "threads": str(threads),
        }
        try:
            with duckdb.connect(str(warehouse), read_only=True, config=config) as connection:
                asked = kept.Asked(connection, builds)
                parameters = {suite.name: asked.parameters(suite) for suite in chosen}
                counts = {suite.name: asked.row_count(suite.name) for suite in chosen}
                states = {suite.name: asked.state(suite) for suite in chosen if self._folder}
        except duckdb.Error as error:
            raise OSError(f"{warehouse} cannot be read: {error}") from error
        passed = {} if self._folder is None else kept.passed(self._folder)
        stay = {
            name
            for name, state in states.items()
            if not is_anew and state and passed.get(name) == state and self._has_result(name)
        }
        due = [suite for suite in chosen if suite.name not in stay]
        evaluated = {suite.name for suite in due}
        passed = {name: state for name, state in passed.items() if name not in evaluated}
        if self._folder is not None:
            kept.note(self._folder, passed)
        how = {"database": str(warehouse), "read_only": True, "config": config}
        source = self._source(due, how)
        # Each has a pool of its own, and whoever still holds a connection keeps writers out.
        engine, execution_engine = source.get_engine(), source.get_execution_engine()
        try:
            run = _Run(self._context, source, parameters, counts)
            results = [
                run.kept(suite) if suite.name in stay else run.evaluate(suite) for suite in chosen
            ]
        finally:
            execution_engine.close()
            engine.dispose()
        if self._folder is not None and self._building is not None:
            self._keep_last_results()
            self._build_data_docs(self._folder, self._building, evaluated)
            well = {r.suite: states[r.suite] for r in results if not (r.errors or r.failures)}
            kept.note(self._folder, passed | well)
        return tuple(results)

    def _source(self, suites: Sequence[gx.ExpectationSuite], connect_args: Any) -> Any:
        """The warehouse and its tables, given at once: each that is added has all written anew."""
        assets = [
            {
                "name": suite.name,
                "type": "table",
                "schema_name": suite.name.split(".")[0],
                "table_name": suite.name.split(".")[1],
                "batch_definitions": [{"name": "all", "id": str(uuid4())}],
            }
            for suite in suites
        ]
        source = SQLDatasource(
            name="warehouse",
            # The path is no part of the address: Great Expectations substitutes $NAME in that.
            connection_string=f"duckdb+{dialect.DRIVER}:///warehouse",
            kwargs={"connect_args": connect_args},
            assets=assets,
        )
        return self._context.add_datasource(datasource=source)

    def _has_result(self, name: str) -> bool:
        """Of the suite, in the store and on its page."""
        assert self._folder is not None
        page = self._folder / "data_docs" / page_of(name)
        stored = self._folder.joinpath("validations", *name.split("."))
        return page.is_file() and any(stored.rglob("*.json"))

    def _build_data_docs(self, folder: Path, building: Path, evaluated: Collection[str]) -> None:
        for left in folder.glob(".data_docs-*"):
            shutil.rmtree(left)  # of a run that was killed
        site = folder / "data_docs"
        if site.is_dir():
            shutil.copytree(site, building)
        for name in evaluated:
            shutil.rmtree(building.joinpath("validations", *name.split(".")), ignore_errors=True)
        results = self._context.validation_results_store.list_keys()
        drawn = [key for key in results if key.expectation_suite_identifier.name in evaluated]
        drawn += [key.expectation_suite_identifier for key in drawn]
        if drawn or not site.is_dir():
            self._context.build_data_docs(resource_identifiers=drawn)
        # Fonts and pictures of its own pages, which ours do not show.
        shutil.rmtree(building / "static", ignore_errors=True)
        shutil.rmtree(building / "suites", ignore_errors=True)
        (building / "suites").mkdir()
        # Of each suite a page at an address that stays, though its results come and go.
        for key in results:
            name = key.expectation_suite_identifier.name
            path = "/".join((*name.split("."), *key.run_id.to_tuple(), key.batch_identifier))
            text = _LEADS.format(f"../validations/{path}.html")
            (building / page_of(name)).write_text(text, encoding="utf-8")
        _replace(building, site)

    def _keep_last_results(self) -> None:
        """Of each suite that there is, its last result alone."""
        store = self._context.validation_results_store
        known = {suite.name for suite in self._suites}
        last: dict[str, ValidationResultIdentifier] = {}
        for key in sorted(store.list_keys(), key=lambda key: key.run_id.run_time):
            name = key.expectation_suite_identifier.name
            older = last.get(name) if name in known else key
            last[name] = key
            if older is not None:
                store.remove_key(older)


class _Run:
    """One evaluation of suites over one warehouse."""

    def __init__(
        self,
        context: Any,
        source: Any,
        parameters: Mapping[str, dict[str, Any]],
        counts: Mapping[str, int | None],
    ) -> None:
        self._context, self._source = context, source
        self._parameters, self._counts = parameters, counts
        self._id = RunIdentifier(run_name="checks", run_time=datetime.now(UTC))

    def kept(self, suite: gx.ExpectationSuite) -> SuiteResult:
        return SuiteResult(
            suite=suite.name,
            status=Status.PASSED,
            row_count=self._counts[suite.name],
            evaluated=tuple(rule_of(e.configuration.to_json_dict()) for e in suite.expectations),
            failures=(),
            errors=(),
            page=page_of(suite.name),
            seconds=0.0,
            is_kept=True,
        )

    def evaluate(self, suite: gx.ExpectationSuite) -> SuiteResult:
        started = time.perf_counter()
        try:
            if not suite.expectations:
                raise ValueError("it has no rules, and an empty suite says nothing")
            if self._counts[suite.name] is None:
                raise LookupError("the table is not there, or cannot be read")
            if self._counts[suite.name] == 0:
                _leave_out_figures(suite)
            batch = self._source.get_asset(suite.name).get_batch_definition("all")
            validation = self._run_checkpoint(suite, batch)
            errors: tuple[str, ...] = ()
        except _NOT_EVALUATED as error:
            errors = (f"{suite.name} could not be evaluated: {_first_line(str(error))}",)
            validation = self._not_evaluated(suite, errors[0])
        return self._result(suite, validation, errors, started)

    def _run_checkpoint(
        self, suite: gx.ExpectationSuite, batch: Any
    ) -> ExpectationSuiteValidationResult:
        definition = self._context.validation_definitions.add(
            gx.ValidationDefinition(name=suite.name, data=batch, suite=suite)
        )
        checkpoint = self._context.checkpoints.add(
            gx.Checkpoint(
                name=suite.name,
                validation_definitions=[definition],
                result_format=ResultFormat.BOOLEAN_ONLY,
            )
        )
        wanted = {"expectation_parameters": self._parameters[suite.name], "run_id": self._id}
        result = checkpoint.run(**wanted)
        if not result.success:
            # The same run, so that the store holds this result in place of the first.
            checkpoint.result_format = {
                "result_format": ResultFormat.SUMMARY,
                "unexpected_index_column_names": list(_keys(suite)),
                "return_unexpected_index_query": True,
                "partial_unexpected_count": SHOWN_ROWS,
            }
            checkpoint.save()
            result = checkpoint.run(**wanted)
        (validation,) = result.run_results.values()
        return validation

    def _not_evaluated(
        self, suite: gx.ExpectationSuite, error: str
    ) -> ExpectationSuiteValidationResult:
        """A result that says so of each expectation: no older one stays in its place."""
        raising = {"raised_exception": True, "exception_message": error, "exception_traceback": ""}
        results = [
            ExpectationValidationResult(
                success=False,
                expectation_config=expectation.configuration,
                result={},
                exception_info=raising,
            )
            for expectation in suite.expectations
        ]
        validation = ExpectationSuiteValidationResult(
            success=False,
            results=results,
            suite_name=suite.name,
            meta={"run_id": self._id, "validation_time": self._id.run_time},
            statistics={
                "evaluated_expectations": len(results),
                "successful_expectations": 0,
                "unsuccessful_expectations": len(results),
                "success_percent": 0.0,
            },
        )
        name = ExpectationSuiteIdentifier(suite.name)
        self._context.validation_results_store.set(
            ValidationResultIdentifier(name, self._id, f"warehouse-{suite.name}"), validation
        )
        return validation

    def _result(
        self,
        suite: gx.ExpectationSuite,
        validation: ExpectationSuiteValidationResult,
        errors: tuple[str, ...],
        started: float,
    ) -> SuiteResult:
        document = _as_stored(suite, validation)
        why = {rule_of(r["expectation_config"]): raised(r) for r in document["results"]}
        errors = errors or tuple(
            f"{name} could not be evaluated: {_first_line(said)}"
            for name, said in why.items()
            if said is not None
        )
        found = failures(document, _keys(suite))
        result = SuiteResult(
            suite=suite.name,
            status=Status.PASSED,
            row_count=self._counts[suite.name],
            evaluated=tuple(name for name, said in why.items() if said is None),
            failures=found,
            errors=errors,
            page=page_of(suite.name),
            seconds=time.perf_counter() - started,
        )
        status = Status.FAILED if result.blocking_failures else Status.PASSED
        return replace(result, status=Status.ERROR if errors else status)


def _leave_out_figures(suite: gx.ExpectationSuite) -> None:
    """An empty table has no mean that could be compared with that of recent builds."""
    for expectation in list(suite.expectations):
        is_figure = isinstance(expectation, ColumnAggregateExpectation)
        if is_figure and "recent" in (expectation.meta or {}):
            suite.delete_expectation(expectation)


def _config(folder: Path | None, data_docs: Path | None) -> DataContextConfig:
    """A project in memory, but for the results and the pages."""
    defaults = InMemoryStoreBackendDefaults()
    if folder is not None:
        backend = {"class_name": "TupleFilesystemStoreBackend"}
        defaults.stores[defaults.validation_results_store_name]["store_backend"] = {
            **backend, "base_directory": str(folder / "validations"),
        }  # fmt: skip
        view = {"module_name": "expectations.data_docs", "class_name": "Page"}
        pages = {"module_name": "expectations.data_docs"}
        defaults.data_docs_sites = {
            "Data quality · 数据质量": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {**backend, "base_directory": str(data_docs)},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "view": view},
                "site_section_builders": {
                    "expectations": {
                        "renderer": {**pages, "class_name": "SuitePage"}, "view": view,
                    },
                    "validations": {
                        "renderer": {**pages, "class_name": "ResultPage"}, "view": view,
                    },
                    "profiling": "None",
                },
            }
        }  # fmt: skip
    return DataContextConfig(store_backend_defaults=defaults)


def _as_stored(
    suite: gx.ExpectationSuite, validation: ExpectationSuiteValidationResult
) -> dict[str, Any]:
    """The result with the keys of the store's file, and values as the database gave them."""
    return {
        "suite_name": suite.name,
        "results": [
            {
                "success": result.success,
                "expectation_config": result.expectation_config.to_json_dict(),
                "result": result.result,
                "exception_info": result.exception_info,
            }
            for result in validation.results
        ],
    }


def _keys(suite: gx.ExpectationSuite) -> tuple[str, ...]:
    """The columns that name a row of the suite's table, as the suite says."""
    return tuple((suite.meta or {}).get("keys", ()))


def _first_line(message: str) -> str:
    """The line that says what happened, without SQLAlchemy's class and background notes."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "no reason given")
    return re.sub(r"^\(\w+\.\w+\) ", "", line)


def _replace(site: Path, target_dir: Path) -> None:
    """Put the new site in the old one's place: a reader finds one or the other."""
    old = Path(mkdtemp(prefix=".data_docs-old-", dir=target_dir.parent))
    try:
        if target_dir.exists():
            target_dir.rename(old / "site")
        site.rename(target_dir)
    finally:
        shutil.rmtree(old, ignore_errors=True)
