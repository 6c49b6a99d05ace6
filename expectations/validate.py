"""Run suites inside the warehouse: the one place that talks to Great Expectations.

Importing this module takes seconds, because Great Expectations' import does. One call opens
the warehouse once, read-only, and evaluates every suite over one context and one data source;
a rule is one query, and rows do not leave the database, save the first that break a rule.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

# Before the import, which reads it: nothing is reported anywhere.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import duckdb
import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.result_format import ResultFormat
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions import GreatExpectationsError

from expectations import dialect
from expectations.data_docs import build_data_docs, page_of
from expectations.results import Failure, Status, SuiteResult
from expectations.rules import (
    Rule,
    Severity,
    Suite,
    evaluation_query,
)
from expectations.suites import all_suites

SHOWN_ROWS = 20
SHOWN_CHARACTERS = 200

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


class NoRowExpectation(gx.expectations.UnexpectedRowsExpectation):
    """No row breaks a rule. The query itself counts, so that a rule is one query, not two."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: object | None = None,
    ) -> dict[str, Any]:
        rows = metrics["unexpected_rows_query.table"]
        count = rows[0]["failing_row_count"] if rows else 0
        shown = [
            {name: _text(value) for name, value in row.items() if name != "failing_row_count"}
            for row in rows
        ]
        return {
            "success": not rows,
            "result": {"observed_value": count, "details": {"unexpected_rows": shown}},
        }


def validate(
    warehouse: Path,
    suites: Sequence[Suite] | None = None,
    *,
    data_docs_dir: Path | None = None,
    memory_limit: str = "3GB",
    threads: int = 2,
) -> tuple[SuiteResult, ...]:
    """Evaluate the suites, by default all there are, and write Data Docs if a folder is given.

    The warehouse is opened read-only and closed again before this returns. A suite that is
    empty, or of which anything could not be evaluated (no such table, no such column), has
    status `error`. Raises `OSError` when the warehouse does not exist or
    cannot be opened.
    """
    chosen = all_suites() if suites is None else tuple(suites)
    if not warehouse.is_file():
        raise FileNotFoundError(f"no warehouse at {warehouse}: build one first")
    dialect.register()
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(
        "warehouse",
        # The path is no part of the address: Great Expectations substitutes $NAME in that.
        connection_string=f"duckdb+{dialect.DRIVER}:///warehouse",
        kwargs={
            "connect_args": {
                "database": str(warehouse),
                "read_only": True,
                "config": {
                    "autoinstall_known_extensions": "false",
                    "memory_limit": memory_limit,
                    "threads": str(threads),
                },
            }
        },
    )
    # Each has a pool of its own, and whoever still holds a connection keeps writers out.
    engine, execution_engine = source.get_engine(), source.get_execution_engine()
    try:
        results = tuple(_evaluate(source, engine, suite) for suite in chosen)
    finally:
        execution_engine.close()
        engine.dispose()
    if data_docs_dir is not None:
        build_data_docs(data_docs_dir, chosen, results)
    return results


def _evaluate(source: Any, engine: sa.Engine, suite: Suite) -> SuiteResult:
    started = time.perf_counter()
    validation = None
    row_count = None
    if not suite.rules:
        error = f"the suite of {suite.name} has no rules: an empty suite says nothing"
        return _result(suite, None, None, (error,), started)
    try:
        with engine.connect() as connection:
            table = sa.table(suite.table, schema=suite.schema)
            row_count = connection.scalar(sa.select(sa.func.count()).select_from(table))
        asset = source.add_table_asset(suite.name, schema_name=suite.schema, table_name=suite.table)
        validation = (
            asset.add_batch_definition_whole_table("whole")
            .get_batch()
            .validate(
                gx.ExpectationSuite(
                    name=suite.name,
                    expectations=[_expectation(suite, rule) for rule in suite.rules],
                ),
                result_format=ResultFormat.COMPLETE.value,
            )
        )
        errors = tuple(_errors(validation.results))
    except _NOT_EVALUATED as error:
        errors = (f"{suite.name} could not be evaluated: {_first_line(str(error))}",)
    return _result(suite, validation, row_count, errors, started)


def _expectation(suite: Suite, rule: Rule) -> gx.expectations.Expectation:
    meta = {
        "rule": rule.name,
        "sentence": rule.sentence,
        "severity": rule.severity.value,
        "sql": suite.failing_rows_query(rule),
    }
    severity = "critical" if rule.severity is Severity.BLOCKING else "warning"
    return NoRowExpectation(
        unexpected_rows_query=evaluation_query(suite, rule, SHOWN_ROWS),
        severity=severity,
        meta=meta,
    )


def _result(
    suite: Suite,
    validation: gx.core.ExpectationSuiteValidationResult | None,
    row_count: int | None,
    errors: tuple[str, ...],
    started: float,
) -> SuiteResult:
    results = validation.results if validation else []
    by_name = {rule.name: rule for rule in suite.rules}
    evaluated = {_meta(r)["rule"]: r for r in results if not _raised(r)}
    failures = tuple(
        _failure(suite, by_name[name], r) for name, r in evaluated.items() if not r.success
    )
    unseen = () if errors else tuple(by_name.keys() - evaluated.keys())
    errors += tuple(f"{name} was not evaluated" for name in sorted(unseen))
    blocked = any(f.severity is Severity.BLOCKING for f in failures)
    return SuiteResult(
        suite=suite.name,
        schema=suite.schema,
        table=suite.table,
        status=Status.ERROR if errors else Status.FAILED if blocked else Status.PASSED,
        row_count=row_count,
        evaluated=tuple(evaluated),
        failures=failures,
        errors=errors,
        page=page_of(suite.name),
        seconds=time.perf_counter() - started,
    )


def _failure(
    suite: Suite,
    rule: Rule,
    result: gx.core.ExpectationValidationResult,
) -> Failure:
    rows = result.result["details"]["unexpected_rows"]
    return Failure(
        rule=rule.name,
        sentence=rule.sentence,
        severity=rule.severity,
        failing_row_count=result.result["observed_value"],
        failing_rows=tuple(tuple(row.items()) for row in rows),
        key_count=len(suite.keys_of(rule)),
        sql=suite.failing_rows_query(rule),
    )


def _errors(results: Iterable[gx.core.ExpectationValidationResult]) -> Iterable[str]:
    for result in results:
        if _raised(result):
            yield f"{_meta(result)['rule']} could not be evaluated: {_reason(result)}"


def _meta(result: gx.core.ExpectationValidationResult) -> dict[str, str]:
    return result.expectation_config.meta


def _raised(result: gx.core.ExpectationValidationResult) -> bool:
    return _exception(result) is not None


def _exception(result: gx.core.ExpectationValidationResult) -> Mapping[str, Any] | None:
    """What was raised: flat when an expectation raised, else by the metric that did."""
    info = result.exception_info or {}
    for each in (info, *(value for value in info.values() if isinstance(value, Mapping))):
        if each.get("raised_exception"):
            return each
    return None


def _reason(result: gx.core.ExpectationValidationResult) -> str:
    return _first_line(str((_exception(result) or {}).get("exception_message")))


def _first_line(message: str) -> str:
    """The line that says what happened, without SQLAlchemy's class and background notes."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "no reason given")
    return re.sub(r"^\(\w+\.\w+\) ", "", line)


def _text(value: object) -> str | None:
    """The value as results show it: text, cut where nobody reads on. The SQL gives it whole."""
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
