"""The executor of every run: its steps in one process, under the warehouse's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import dagster as dg

# What it asks a step for each of its outputs has no public name.
from dagster._core.execution.context.system import (  # noqa: TID251
    InputAssetVersionInfo,
    StepExecutionContext,
)

from expectations import process
from orchestration.project import Settings
from orchestration.store.dagster_home import relax_history
from orchestration.store.lock import warehouse_lock
from orchestration.transform import dbt_ahead
from orchestration.ui.run_records import recorded

STARTED_BY_TAG = "yunying/started_by"
TRANSFORM = "transform"
"""The step that runs dbt."""
CHECKS = "checks"
"""The step that evaluates suites."""
NO_RUN = ""
"""Where Dagster puts events that belong to no run."""


def job_name(run: dg.DagsterRun) -> str:
    """The job, or that assets were launched by hand."""
    return "some assets" if run.job_name.startswith("__") else run.job_name


def started_by(run: dg.DagsterRun) -> str:
    """Who or what started a run."""
    # First: a run that is executed again has the tags of the one before.
    if run.parent_run_id:
        return f"re-execution of {run.parent_run_id}"
    for tag, words in (
        (STARTED_BY_TAG, ""),
        ("dagster/schedule_name", "schedule "),
        ("dagster/sensor_name", "sensor "),
        ("dagster/backfill", "backfill "),
    ):
        if tag in run.tags:
            return f"{words}{run.tags[tag]}"
    return "the UI"


def _once(ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A question without parameters that an object answers once."""
    name = f"answer of {ask.__name__}"

    def asked_once(self: Any) -> Any:
        if name not in vars(self):
            vars(self)[name] = ask(self)
        return vars(self)[name]

    return asked_once


def _from_what_was_stored(fetch: Callable[..., Any]) -> Callable[..., Any]:
    """Which version an asset has that others are made of, or that a check is about: of one that
    this run has made it is known, and need not be read from the event log again."""

    def version(self: StepExecutionContext, key: dg.AssetKey) -> Any:
        known: Any = self.input_asset_records
        stored = getattr(self.instance.event_log_storage, "materialized", {}).get(key.to_string())
        if key not in known and stored and stored.run_id == self.run_id:
            known[key] = InputAssetVersionInfo(
                stored.storage_id,
                dg.DagsterEventType.ASSET_MATERIALIZATION,
                dg.DataVersion(stored.data_version),
                stored.run_id,
                stored.timestamp,
            )
        return fetch(self, key)

    return version


@cache
def make_quick() -> None:
    """What Dagster does for each event of a run, and need not; the command and the executor ask.

    For each asset that a step makes it looks for the keys of all that it makes, and for each output
    for those of its checks as well, and reads the events that it has just written: for 900, a
    twelfth of a day of next to nothing.
    """
    relax_history()
    StepExecutionContext.get_output_asset_keys = _once(StepExecutionContext.get_output_asset_keys)
    fetch = StepExecutionContext.maybe_fetch_and_get_input_asset_version_info
    StepExecutionContext.maybe_fetch_and_get_input_asset_version_info = _from_what_was_stored(fetch)
    of_definition = dg.AssetsDefinition.asset_and_check_keys.fget
    dg.AssetsDefinition.asset_and_check_keys = property(_once(of_definition))


class OneWriterExecutor(dg.Executor):
    """Runs a plan in process while holding the warehouse's lock from first step to last.

    As executor rather than resource it covers runs of single assets from the UI too, whatever
    their assets ask for.
    """

    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> Any:
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        def say(message: str) -> None:
            plan_context.log.info(message)

        make_quick()
        settings = Settings.from_environment()
        steps = execution_plan.step_keys_to_execute
        run, instance = plan_context.dagster_run, plan_context.instance
        with (
            warehouse_lock(settings, say),
            recorded(settings, run.run_id, job_name(run), started_by(run), say) as recorder,
            ExitStack() as started,
        ):
            instance.add_event_listener(run.run_id, recorder.on_event)
            # Checks that a failed run reports beside itself.
            instance.add_event_listener(NO_RUN, recorder.on_event)
            if TRANSFORM in steps:
                started.enter_context(dbt_ahead.waiting(settings))
            if CHECKS in steps:
                started.enter_context(process.waiting(settings.warehouse.parent))
            yield from self._inner.execute(plan_context, execution_plan)


@dg.executor(name="one_writer", config_schema=dg.in_process_executor.config_schema)
def one_writer_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """In process, one run at a time: a second run waits for the first."""
    creation = dg.in_process_executor.executor_creation_fn
    if creation is None:
        raise RuntimeError("dagster's in_process_executor has no creation function")
    return OneWriterExecutor(creation(init_context))
