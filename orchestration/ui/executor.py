"""The executor of every run: its steps in one process, under the warehouse's lock."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import dagster as dg

# What it asks a step for each of its outputs has no public name.
from dagster._core.execution.context.system import StepExecutionContext  # noqa: TID251

from orchestration.project import Settings
from orchestration.store.dagster_home import relax_history
from orchestration.store.lock import warehouse_lock
from orchestration.ui.run_records import recorded

STARTED_BY_TAG = "yunying/started_by"
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


@cache
def look_for_keys_once() -> None:
    """For each asset that a step makes Dagster looks for the keys of all that it makes: for 600,
    a twentieth of a day of next to nothing."""
    look = StepExecutionContext.get_output_asset_keys

    def looked_for_once(self: StepExecutionContext) -> Any:
        if "output_asset_keys" not in vars(self):
            vars(self)["output_asset_keys"] = look(self)
        return vars(self)["output_asset_keys"]

    StepExecutionContext.get_output_asset_keys = looked_for_once  # type: ignore[method-assign]


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

        relax_history()
        look_for_keys_once()
        settings = Settings.from_environment()
        run, instance = plan_context.dagster_run, plan_context.instance
        with (
            warehouse_lock(settings, say),
            recorded(settings, run.run_id, job_name(run), started_by(run), say) as recorder,
        ):
            instance.add_event_listener(run.run_id, recorder.on_event)
            # Checks that a failed run reports beside itself.
            instance.add_event_listener(NO_RUN, recorder.on_event)
            yield from self._inner.execute(plan_context, execution_plan)


@dg.executor(name="one_writer", config_schema=dg.in_process_executor.config_schema)
def one_writer_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """In process, one run at a time: a second run waits for the first."""
    creation = dg.in_process_executor.executor_creation_fn
    if creation is None:
        raise RuntimeError("dagster's in_process_executor has no creation function")
    return OneWriterExecutor(creation(init_context))
