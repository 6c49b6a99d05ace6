"""One blocking asset check for each suite, evaluated in two steps: before dbt, and after.

Not a step for each, because importing Great Expectations takes longer than evaluating every
suite. Not one for all, because what arrived is judged before dbt reads it: with one step, dbt
would have to run in two parts around it.
"""

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from expectations.data_docs import build_data_docs
from expectations.results import Failure, SuiteResult
from expectations.rules import Suite
from expectations.suites import all_suites
from orchestration.project import Settings
from orchestration.retries import connect_or_retry

CHECK_NAME = "plausible"


def data_docs_dir(settings: Settings) -> Path:
    """Where the suites' pages are written: beside the warehouse, with ids of people in them."""
    return settings.warehouse.parent / "data_docs"


def _results_dir(settings: Settings) -> Path:
    """Each suite's last result, kept so that the pages of one step can show the other's too."""
    return settings.warehouse.parent / "data_docs_results"


def _spec(suite: Suite) -> dg.AssetCheckSpec:
    sentences = "\n".join(f"- {rule.severity}: {rule.sentence}." for rule in suite.rules)
    return dg.AssetCheckSpec(
        CHECK_NAME,
        asset=[suite.schema, suite.table],
        blocking=True,
        description=f"Great Expectations over {suite.name}. No row of these kinds:\n\n{sentences}",
        metadata={"suite": f"expectations/suites/{suite.schema}/{suite.table}.py"},
    )


def _step(name: str, suites: Sequence[Suite]) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(name=name, specs=[_spec(suite) for suite in suites], can_subset=True)
    def step(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        selected = {tuple(key.asset_key.path) for key in context.selected_asset_check_keys}
        chosen = [suite for suite in suites if (suite.schema, suite.table) in selected]
        settings = Settings.from_environment()
        with connect_or_retry(settings, context.log.info):
            pass  # nobody else holds the file now: what follows opens it read-only
        for result in _evaluate(settings, chosen):
            if result.errors or result.failures:
                context.log.warning(f"{result.suite}: {result.status}\n{result.text}")
            yield check_result(result, data_docs_dir(settings))

    return step


raw_checks = _step("raw_checks", [suite for suite in all_suites() if suite.schema == "raw"])
checks = _step("checks", [suite for suite in all_suites() if suite.schema != "raw"])


def _evaluate(settings: Settings, suites: Sequence[Suite]) -> Sequence[SuiteResult]:
    """Evaluate the suites inside the warehouse, and write the pages of all that have a result."""
    # Here, not above: its import takes seconds.
    from expectations.validate import validate

    results = validate(
        settings.warehouse, suites, memory_limit=settings.memory_limit, threads=settings.threads
    )
    folder = _results_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        (folder / f"{result.suite}.pickle").write_bytes(pickle.dumps(result))
    known = [suite for suite in all_suites() if (folder / f"{suite.name}.pickle").exists()]
    kept = [pickle.loads((folder / f"{suite.name}.pickle").read_bytes()) for suite in known]
    build_data_docs(data_docs_dir(settings), known, kept)
    return results


def check_result(result: SuiteResult, docs: Path) -> dg.AssetCheckResult:
    """A suite's result as Dagster shows it: failing rows as a table, SQL to look at them.

    What only warns does not pass, with severity WARN: it is told and stops nothing.
    """
    blocking = bool(result.errors or result.blocking_failures)
    return dg.AssetCheckResult(
        asset_key=[result.schema, result.table],
        check_name=CHECK_NAME,
        passed=not (blocking or result.warnings),
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        description=result.text,
        metadata={
            "status": result.status.value,
            "evaluated_expectations": len(result.evaluated),
            "failing_rows": sum(failure.failing_row_count for failure in result.failures),
            **({} if result.row_count is None else {"rows": result.row_count}),
            **{
                failure.rule: dg.MarkdownMetadataValue(markdown(failure))
                for failure in result.failures
            },
            "data_docs": dg.MetadataValue.path(docs / result.page),
            "seconds": round(result.seconds, 3),
        },
    )


def markdown(failure: Failure) -> str:
    """The failing rows that are known, keys first, and where the others are."""
    lines = [f"{failure.sentence}: {failure.failing_row_count:,} rows ({failure.severity})."]
    if failure.failing_rows:
        columns = [column for column, _ in failure.failing_rows[0]]
        lines += ["", _row(columns), _row("---" for _ in columns)]
        lines += [_row(value for _, value in row) for row in failure.failing_rows]
    return "\n".join([*lines, "", "```sql", failure.sql, "```"])


def _row(cells: Iterator[str | None] | list[str]) -> str:
    shown = (
        "null" if cell is None else " ".join(cell.replace("|", r"\|").split()) for cell in cells
    )
    return f"| {' | '.join(shown)} |"
