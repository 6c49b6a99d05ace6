"""The executor of every run: its steps in one process, under the warehouse's lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.dagster_home import relax_history
from orchestration.lock import warehouse_lock
from orchestration.project import Settings


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
        with warehouse_lock(Settings.from_environment(), say):
            yield from self._inner.execute(plan_context, execution_plan)


@dg.executor(name="one_writer", config_schema=dg.in_process_executor.config_schema)
def one_writer_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """In process, one run at a time: a second run waits for the first."""
    creation = dg.in_process_executor.executor_creation_fn
    if creation is None:
        raise RuntimeError("dagster's in_process_executor has no creation function")
    return OneWriterExecutor(creation(init_context))
