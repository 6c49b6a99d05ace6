"""dbt as a Dagster resource: the environment's own, started without detours.

The one place that imports Dagster's dbt integration. It reads dbt's manifest and messages, which
it can do where dbt is not installed; where it is, it loads half of dbt, a third of the time that
all of the definitions take. So it is told that there is none: dbt works in its own process.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cached_property
from importlib.metadata import version
from types import SimpleNamespace

from packaging.version import Version, parse

from orchestration.transform import dbt_ahead

_DBT = "dbt.version"
_loaded = sys.modules.get(_DBT)
sys.modules[_DBT] = None  # type: ignore[assignment]
try:
    from dagster_dbt import (
        DagsterDbtTranslator,
        DagsterDbtTranslatorSettings,
        DbtCliInvocation,
        DbtCliResource,
        dbt_assets,
    )
    from dagster_dbt.core import dbt_cli_invocation
finally:
    del sys.modules[_DBT]
    if _loaded is not None:
        sys.modules[_DBT] = _loaded

__all__ = [
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "WarehouseDbt",
    "dbt_assets",
]


# It starts dbt itself; a build has one that waits.
dbt_cli_invocation.subprocess = SimpleNamespace(  # type: ignore[attr-defined]
    **{**vars(subprocess), "Popen": dbt_ahead.launch}
)


class WarehouseDbt(DbtCliResource):
    """The environment's own dbt.

    The base class finds out dbt's version by running it, which takes 5 s and looks up the
    newest release on the network, and loads an adapter into this process to count rows with
    while dbt runs, which DuckDB's lock forbids. Neither is wanted here.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return parse(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: object) -> None:
        return None
