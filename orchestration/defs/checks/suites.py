"""One blocking asset check for each suite, all of them evaluated in one step, after dbt.

One step, because they are evaluated in one process, which is made ready beforehand. After dbt,
because suites of raw compare with what staging and facts made of it; so they cannot hold
back dbt, which reads raw, and Dagster's `blocking` is not theirs. They hold back publishing all
the same: the step fails with them, and publishing waits for it.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import dagster as dg

from expectations import process
from expectations.results import KEPT, Failure, SuiteResult, page_of
from expectations.suites import FOLDER, SuiteFile, suite_files
from orchestration.project import Settings
from orchestration.publish.builds import builds_dir, kept_builds, rolled_back_builds
from orchestration.store import attempts, watermarks
from orchestration.store.retries import connect_or_retry
from orchestration.transform.fingerprint import fingerprint
from orchestration.ui.executor import CHECKS
from orchestration.ui.links import checks_page

CHECK_NAME = "plausible"


def _spec(suite: SuiteFile) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CHECK_NAME,
        asset=[suite.schema, suite.table],
        blocking=suite.schema != "raw",
        description=f"Great Expectations over {suite.name}. {suite.about}",
        metadata={
            "suite": ", ".join(
                f"expectations/suites/{path.relative_to(FOLDER)}" for path in suite.paths
            ),
            "page": checks_page(page_of(suite.name)),
        },
    )


@dg.multi_asset_check(name=CHECKS, specs=[_spec(suite) for suite in suite_files()], can_subset=True)
def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the selected suites inside the warehouse, and write their pages."""
    settings = Settings.from_environment()
    selected = {tuple(key.asset_key.path) for key in context.selected_asset_check_keys}
    if not process.is_asked(settings.warehouse.parent):
        with connect_or_retry(settings, context.log.info):
            pass  # nobody else holds the file now: what follows opens it read-only
    ask_for(context.run, settings, selected)
    results = process.answer(settings.warehouse.parent)
    kept = sum(result.is_kept for result in results)
    context.log.info(f"{len(results) - kept} suites evaluated; nothing is new to {kept}")
    for result in results:
        if result.errors or result.failures:
            context.log.warning(f"{result.suite}: {result.status}\n{result.text}")
        yield check_result(result, settings.data_docs_dir)
    failed = [result.suite for result in results if result.errors or result.blocking_failures]
    if failed:
        raise dg.Failure(
            "\n".join(f"check {suite} failed" for suite in failed), allow_retries=False
        )
    if len(results) == len(suite_files()):
        with connect_or_retry(settings, context.log.info) as connection:
            if attempts.were_made(connection):
                load_id = watermarks.newest_load_id(connection)
                attempts.checked(connection, load_id, fingerprint(settings, connection))


def ask_for(
    run: dg.DagsterRun, settings: Settings, tables: Collection[tuple[str, str]] | None = None
) -> None:
    """Have suites evaluated, those of some tables or all: the process goes on by itself."""
    taken_back = rolled_back_builds(settings)
    process.ask(
        settings.warehouse,
        [
            suite.name
            for suite in suite_files()
            if tables is None or (suite.schema, suite.table) in tables
        ],
        folder=settings.warehouse.parent,
        builds=[
            builds_dir(settings) / build.build_id
            for build in kept_builds(settings)
            if build not in taken_back
        ],
        is_anew=attempts.ANEW_TAG in run.tags,
        memory_limit=settings.memory_limit,
        threads=settings.threads,
    )


def report_suites(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Evaluate every suite over the tables as they stand, in a run that ends before its checks.

    Dagster would show all of them red, as executions that failed, and hide the check that did.
    """
    ask_for(context.run, settings)
    for result in process.answer(settings.warehouse.parent):
        check = check_result(result, settings.data_docs_dir)
        if result.errors or result.blocking_failures:
            context.log.warning(f"{result.suite}: {result.status}\n{result.text}")
        context.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(result.suite.split(".")),
                check_name=CHECK_NAME,
                passed=check.passed,
                severity=check.severity,
                description=check.description,
                metadata=check.metadata,
            )
        )


def check_result(result: SuiteResult, docs: Path) -> dg.AssetCheckResult:
    """A suite's result as Dagster shows it: failing rows as a table, SQL to look at them.

    What only warns does not pass, with severity WARN: it is told and stops nothing.
    """
    blocking = bool(result.errors or result.blocking_failures)
    return dg.AssetCheckResult(
        asset_key=result.suite.split("."),
        check_name=CHECK_NAME,
        passed=not (blocking or result.warnings),
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        description=result.text,
        metadata={
            "status": result.status.value,
            "evaluated_expectations": len(result.evaluated),
            "failing_row_count": sum(failure.failing_row_count for failure in result.failures),
            **({} if result.row_count is None else {"rows": result.row_count}),
            **{
                failure.rule: dg.MarkdownMetadataValue(markdown(failure))
                for failure in result.failures
            },
            "page": checks_page(result.page),
            "data_docs": dg.MetadataValue.path(docs / result.page),
            **({"run": KEPT} if result.is_kept else {"seconds": round(result.seconds, 3)}),
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
