"""The dbt project as assets: one `dbt build` for all that is selected, its tests as checks."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
import duckdb

from expectations.results import KEPT
from orchestration.defs.checks.suites import ask_for, report_suites
from orchestration.engines import spark
from orchestration.engines import tables as tables_of_spark
from orchestration.project import ROOT, Settings
from orchestration.publish.publishing import current_build, erasure_epoch
from orchestration.publish.restatements import restating, take_in
from orchestration.store import attempts
from orchestration.store.retries import connect_or_retry
from orchestration.transform import transforming, unchanged
from orchestration.transform.dbt_resource import DbtCliInvocation, WarehouseDbt, dbt_assets
from orchestration.transform.dbt_runs import (
    ARCHIVE,
    NOT_RUN,
    compiled_sql,
    dbt_environment,
    failures,
    forget_results,
    load_manifest,
    relative_to_root,
    skipped_tests,
    stayed,
    target_dir,
    without_archive,
    write_plan,
)
from orchestration.transform.dbt_tests import rows_query
from orchestration.transform.fingerprint import fingerprint
from orchestration.transform.read_sql import conditions
from orchestration.ui.executor import CHECKS, TRANSFORM
from orchestration.ui.table_metadata import table_metadata
from orchestration.ui.translator import LayerTranslator

MANIFEST = load_manifest()
SECONDS_BETWEEN_PROGRESS = 5.0
SLOW_MODEL_SECONDS = 5.0
DBT_SECONDS = "Execution Duration"
SHOWN_ROWS = 5
SHOWN_CHARACTERS = 200


@dbt_assets(
    manifest=without_archive(MANIFEST),
    dagster_dbt_translator=LayerTranslator(),
    name=TRANSFORM,
)
def transform(context: dg.AssetExecutionContext, dbt: WarehouseDbt) -> Iterator[Any]:
    """Build and test what is selected; remember how far a whole and green build came."""
    settings = Settings.from_environment()
    attempt: attempts.Attempt | None = None
    kept = unchanged.Unchanged()
    by_spark = settings.engine == "spark"
    if by_spark and not _is_whole(context):
        raise dg.Failure(
            "Spark builds all models or none: launch the job `build`.", allow_retries=False
        )
    with connect_or_retry(settings, context.log.info) as connection:
        run = transforming.begin(
            connection,
            settings,
            MANIFEST,
            is_partial=not _is_whole(context),
            there=tables_of_spark.standing(connection) if by_spark else None,
        )
        altered = tables_of_spark.altered(connection) if by_spark else None
        listed = restating(MANIFEST)
        if listed is not None:
            take_in(connection, settings, listed.table, erasure_epoch(connection))
        if _is_whole(context):
            states = unchanged.source_states(connection, MANIFEST, settings)

            def stays(standing: frozenset[str]) -> frozenset[str]:
                nonlocal kept
                read = conditions(run.asked)
                kept = unchanged.find(connection, MANIFEST, states, standing, read)
                return kept.models

            attempt = _attempt(
                context, connection, settings, run.load_id, None if run.is_rebuild else stays
            )
            if run.is_rebuild and not by_spark:
                read = conditions(run.asked, of_a_rebuild=True)
                kept = unchanged.empty_of_a_rebuild(MANIFEST, states, read)
        standing = _standing(attempt)
        attempt_id = attempt.attempt_id if attempt else ""
        left_out = (*(node["unique_id"] for node in standing), *kept.tests)
        plan = (
            write_plan(left_out, kept.unless_new, kept.empty_when, kept.states) if attempt else None
        )
        os.environ.update(dbt_environment(settings, attempt_id, run.asked, plan))
        forget_results()
        metadata = table_metadata(connection, standing)
    if run.is_rebuild:
        context.log.info(f"building everything from raw, because {altered or run.why}")
    arguments = ["build", "--exclude-resource-type", "unit_test", "--exclude", ARCHIVE]
    arguments += run.arguments
    if kept.models:
        context.log.info(f"{len(kept.models)} tables read nothing new, and stay")
    elif standing:
        context.log.info(f"going on behind the build that broke off: {len(standing)} tables stand")
    if by_spark:
        os.environ.update(_of_spark())
    invocation = dbt.cli(arguments, context=context, raise_on_error=False, target_path=target_dir())
    why = "not again: it would come out as it stands" if kept.models else "before the break"
    seen: set[str] = set()
    # Dagster stores hundreds of events: those of what stands and of checks are passed on while dbt
    # works. Tables wait for their number of rows, failed checks for the first of their rows.
    yield from _passed_before(context, _nodes(kept.tests, "test"))
    yield from _of_tables({}, standing, metadata, why, seen)
    tables: list[dg.Output[None]] = []
    failed: list[dg.AssetCheckEvaluation] = []
    for event in _with_progress(context, invocation):
        if isinstance(event, dg.Output):
            tables.append(event)
        elif isinstance(event, dg.AssetCheckEvaluation) and not event.passed:
            failed.append(event)
        else:
            yield event
    exit_code = invocation.process.wait()
    if by_spark and exit_code != 0 and spark.told_path(settings).exists():
        # The tables that it told of did not come back.
        told = spark.told_path(settings).read_text(encoding="utf-8")
        raise dg.Failure(told, allow_retries=False)
    came_out_same = stayed()
    if more := _nodes(came_out_same, "model"):
        said = "more would come out as they stand, and stay"
        if run.is_rebuild:
            said = "tables have no rows, as what they are made of has none"
        context.log.info(f"{len(more)} {said}")
        standing += more
    with connect_or_retry(settings, context.log.info) as connection:
        if attempt is not None:
            attempts.kept(connection, attempt, (node["unique_id"] for node in more))
        made = {str(_plain(event.metadata["unique_id"])): event for event in tables}
        built = [*(MANIFEST["nodes"][unique_id] for unique_id in made), *more]
        metadata |= table_metadata(connection, built)
        failed = [*_with_failing_rows(connection, failed)]
        if exit_code == 0 and attempt is not None:
            for line in transforming.what_was_computed(connection, run):
                context.log.info(f"{transforming.COMPUTED}{line}")
            transforming.complete(connection, run)
            unchanged.note(connection, states, kept)
            attempts.complete(connection, attempt)
    has_checks = any(node.name == CHECKS for node in context.job_def.nodes)
    if exit_code == 0 and attempt is not None and has_checks:
        # They are evaluated while Dagster is told of the tables.
        ask_for(context.run, settings)
    yield from _passed_before(context, _nodes(came_out_same, "test"))
    if run.is_rebuild and more:
        why = "of its contract: it has no rows"
    yield from _of_tables(made, standing, metadata, why, seen)
    yield from failed
    if exit_code != 0:
        yield from _not_run(context)
        if attempt is not None:
            report_suites(context, settings)
        log = relative_to_root(target_dir() / "dbt.log")
        why = f"dbt failed; {log} says why"
        if exit_code < 0:
            why = (
                f"dbt was killed (signal {-exit_code}); for want of memory, perhaps. Run it again."
            )
        raise dg.Failure(
            description="\n".join(failures(MANIFEST)) or why,
            allow_retries=False,
        )


def _of_spark() -> dict[str, str]:
    try:
        return spark.environment()
    except spark.SparkError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _attempt(
    context: dg.AssetExecutionContext,
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    load_id: int,
    stays: Callable[[frozenset[str]], frozenset[str]] | None,
) -> attempts.Attempt:
    """The attempt that broke off before it was published, or a new one."""
    made_of = fingerprint(settings, connection)
    published = current_build(settings)
    anew = attempts.ANEW_TAG in context.run.tags or (
        published is not None and published.fingerprint == made_of
    )
    return attempts.begin(connection, context.run_id, load_id, made_of, anew=anew, stays=stays)


def _standing(attempt: attempts.Attempt | None) -> list[Mapping[str, Any]]:
    """The models that this attempt need not build again."""
    return _nodes(attempt.built if attempt else (), "model")


def _nodes(unique_ids: Iterable[str], kind: str) -> list[Mapping[str, Any]]:
    found = (MANIFEST["nodes"].get(unique_id) for unique_id in sorted(unique_ids))
    return [node for node in found if node and node["resource_type"] == kind]


@cache
def _flow() -> Mapping[str, frozenset[str]]:
    """What each model reads that is stored, in the order of the flow."""
    nodes = MANIFEST["nodes"]
    parents = {
        unique_id: frozenset(_stored_parents(unique_id) & nodes.keys())
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }
    return {
        unique_id: parents[unique_id] for unique_id in TopologicalSorter(parents).static_order()
    }


def _stored_parents(unique_id: str) -> set[str]:
    """What a model reads, through ephemeral models, which are parts of its own query."""
    nodes = MANIFEST["nodes"]
    found: set[str] = set()
    for parent in nodes.get(unique_id, {}).get("depends_on", {}).get("nodes", []):
        node = nodes.get(parent)
        if node and node["config"].get("materialized") == "ephemeral":
            found |= _stored_parents(parent)
        else:
            found.add(parent)
    return found


def _passed_before(
    context: dg.AssetExecutionContext, tests: Iterable[Mapping[str, Any]]
) -> Iterator[dg.AssetCheckEvaluation]:
    """The tests that need not be run."""
    keys = {key.name: key for key in context.selected_asset_check_keys}
    for test in tests:
        if test["name"] in keys:
            yield dg.AssetCheckEvaluation(
                asset_key=keys[test["name"]].asset_key,
                check_name=test["name"],
                passed=True,
                metadata={"run": KEPT},
            )


def _not_run(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckEvaluation]:
    """The tests that dbt skipped, as told: Dagster would show them red, like those that failed."""
    keys = {key.name: key for key in context.selected_asset_check_keys}
    for name in skipped_tests(MANIFEST):
        if name in keys:
            yield dg.AssetCheckEvaluation(
                asset_key=keys[name].asset_key,
                check_name=name,
                passed=False,
                severity=dg.AssetCheckSeverity.WARN,
                description=NOT_RUN,
            )


def _is_whole(context: dg.AssetExecutionContext) -> bool:
    assets = context.assets_def
    return set(context.selected_asset_keys) == set(assets.keys) and set(
        context.selected_asset_check_keys
    ) == set(assets.check_keys)


def _with_progress(
    context: dg.AssetExecutionContext, invocation: DbtCliInvocation
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation | dg.AssetObservation]:
    """Pass dbt's events on, and say now and then how far it is."""
    models, checks = len(context.selected_asset_keys), len(context.selected_asset_check_keys)
    built = checked = 0
    said_at = time.monotonic()
    for event in invocation.stream():
        if isinstance(event, dg.AssetCheckResult):
            checked += 1
            node = MANIFEST["nodes"][_plain(event.metadata["unique_id"])]
            event = _evaluation(event, compiled_sql=compiled_sql(node))
        elif isinstance(event, dg.Output):
            built += 1
            seconds = float(_plain(event.metadata.get(DBT_SECONDS)) or 0.0)
            if seconds >= SLOW_MODEL_SECONDS:
                name = event.output_name.replace("__", ".", 1)
                context.log.info(f"{name} took {seconds:.1f} s")
        if time.monotonic() - said_at >= SECONDS_BETWEEN_PROGRESS:
            said_at = time.monotonic()
            context.log.info(f"{built} of {models} tables built, {checked} of {checks} tests run")
        yield event
    context.log.info(f"{built} of {models} tables built, {checked} of {checks} tests run")


def _of_tables(
    made: Mapping[str, dg.Output[None]],
    standing: Sequence[Mapping[str, Any]],
    metadata: Mapping[str, Mapping[str, Any]],
    why: str,
    told: set[str],
) -> Iterator[dg.Output[None] | dg.MaterializeResult[None]]:
    """Each table's event, with what the UI shows of it, in the order of the flow; `told` are those
    that were told of, and more afterwards.

    Its numbers of rows and seconds are plotted from build to build. What stands and was not built
    has an event too, because what depends on it waits for one.
    """
    stands = {node["unique_id"]: node for node in standing}
    translator = LayerTranslator()
    for unique_id, parents in _flow().items():
        if unique_id in told:
            continue
        if event := made.get(unique_id):
            seconds = round(float(_plain(event.metadata.get(DBT_SECONDS)) or 0.0), 3)
            yield event.with_metadata({**metadata[unique_id], "seconds": seconds})
        elif unique_id in stands and parents <= told:
            yield dg.MaterializeResult(
                asset_key=translator.get_asset_key(stands[unique_id]),
                metadata={**metadata[unique_id], "built": why},
            )
        else:
            continue
        told.add(unique_id)


def _with_failing_rows(
    connection: duckdb.DuckDBPyConnection, failed: list[dg.AssetCheckEvaluation]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Add to each failed test the first of its rows, as what it ran gives them."""
    for event in failed:
        try:
            sql = (ROOT / str(_plain(event.metadata["compiled_sql"]))).read_text(encoding="utf-8")
            sql = rows_query(MANIFEST["nodes"][_plain(event.metadata["unique_id"])], sql)
            cursor = connection.execute(f"select * from (\n{sql}\n) limit {SHOWN_ROWS}")
            names = [column[0] for column in cursor.description or ()]
            lines = [failing_row(names, row) for row in cursor.fetchall()]
        except (OSError, duckdb.Error):
            lines = []  # it could not be evaluated, and its own message says why
        if lines:
            event = _evaluation(
                event,
                failing_rows=dg.MetadataValue.md("\n".join(lines)),
                query=dg.MetadataValue.md(f"```sql\n{sql.strip()}\n```"),
            )
        yield event


def _evaluation(
    event: dg.AssetCheckResult | dg.AssetCheckEvaluation, **metadata: Any
) -> dg.AssetCheckEvaluation:
    """The same with more beside it, and no `AssetCheckResult`: of each of those Dagster makes an
    output, for what may depend on it, and asks its storage of which materialization it is, a sixth
    of its time."""
    assert event.asset_key is not None
    assert event.check_name is not None
    return dg.AssetCheckEvaluation(
        asset_key=event.asset_key,
        check_name=event.check_name,
        passed=event.passed,
        severity=event.severity,
        description=event.description,
        metadata={**event.metadata, **metadata},
    )


def failing_row(names: Sequence[str], row: Sequence[Any]) -> str:
    """A row in one line: the columns that are not null, long values cut."""
    cells = zip(names, row, strict=True)
    texts = [
        f"{name} = {' '.join(str(value).split())[:SHOWN_CHARACTERS]}"
        for name, value in cells
        if value is not None
    ]
    return f"- {'; '.join(texts)}"


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
