"""dbt as a Dagster resource: the environment's own, started without detours."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version

from dagster_dbt import DbtCliResource
from packaging.version import Version, parse


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
