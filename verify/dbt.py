"""dbt in this process, without Dagster: as fast as it goes, and told node by node."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.store.warehouse import connect
from orchestration.transform import transforming
from orchestration.transform.dbt_process import make_quick
from orchestration.transform.dbt_runs import dbt_environment, load_manifest, target_dir

Tell = Callable[[str, str], None]
"""Called with `start` or `end`, and the name of a model."""

FLAGS = (
    "--quiet",
    "--no-use-colors",
    "--no-send-anonymous-usage-stats",
    "--log-level-file=none",
    "--no-version-check",
    "--no-write-json",
)
_TOLD = {"NodeStart": "start", "NodeFinished": "end"}


class DbtError(RuntimeError):
    """dbt failed; the message is its own."""


class Dbt:
    """A project that is parsed once, for warehouses of one name and the same settings."""

    def __init__(self) -> None:
        self._parsed: Any = None
        make_quick()

    def transform(
        self, settings: Settings, tell: Tell, *, anew: bool = False, select: Sequence[str] = ()
    ) -> None:
        """Build every model as the orchestrated build does, its tests left out; or those of a dbt
        selection, which is no whole build."""
        with connect(settings) as connection:
            run = transforming.begin(connection, settings, load_manifest(), anew=anew)
        os.environ.update(dbt_environment(settings, asked=run.asked))
        if select:
            self._invoke(["run", *run.arguments, "--select", *select], tell)
            return
        self._invoke(["run", *run.arguments], tell)
        with connect(settings) as connection:
            transforming.complete(connection, run)

    def _invoke(self, arguments: Sequence[str], tell: Tell) -> None:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters
        from dbt.cli.main import dbtRunner

        def on_event(event: Any) -> None:
            kind = _TOLD.get(event.info.name)
            if kind:
                tell(kind, event.data.node_info.node_name)

        paths = (
            f"--project-dir={DBT_PROJECT_DIR}",
            f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={target_dir()}",
        )
        if self._parsed is None:
            self._parsed = _checked(dbtRunner().invoke([*FLAGS, "parse", *paths])).result
        runner = dbtRunner(manifest=as_parsed(self._parsed), callbacks=[on_event])
        result = runner.invoke([*FLAGS, *arguments, *paths])
        # dbt keeps its connection, and with it DuckDB's lock, until then.
        opened = DuckDBConnectionManager.env()
        reset_adapters()
        opened.close()
        _checked(result)


def as_parsed(manifest: Any) -> Any:
    """The manifest without what a run noted in it: dbt would take an ephemeral model of the next
    run for one that its readers hold already."""
    for node in manifest.nodes.values():
        if node.resource_type in ("model", "test"):
            node.compiled = False
            node.compiled_code = None
            node.extra_ctes = []
            node.extra_ctes_injected = False
    return manifest


def _checked(result: Any) -> Any:
    if result.success:
        return result
    lines = [str(result.exception)] if result.exception else []
    for node in getattr(result.result, "results", None) or []:
        if str(node.status) not in ("success", "pass", "skipped", "warn"):
            lines.append(f"{node.node.name}: {node.message}")
    raise DbtError("\n".join(lines))
