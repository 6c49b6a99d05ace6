"""dbt's words in Dagster's: keys, groups, owners, kinds, and the sources that ingest makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings


class LayerTranslator(DagsterDbtTranslator):
    """One asset per relation, keyed and grouped as in the warehouse.

    `marts.mart_rfm_scores` is the asset `marts/mart_rfm_scores` in the group `marts`; the source
    `raw.events` is the asset `raw/events` that ingest makes.
    """

    def __init__(self) -> None:
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_asset_checks=True,
                enable_source_tests_as_checks=False,
                enable_source_metadata=False,
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        schema = dbt_resource_props.get("schema") or dbt_resource_props.get("source_name")
        name = (
            dbt_resource_props.get("identifier")
            or dbt_resource_props.get("alias")
            or dbt_resource_props["name"]
        )
        return dg.AssetKey([str(schema), str(name)])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("schema") or dbt_resource_props.get("source_name"))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's own description; its SQL is a click away, in the metadata's source file."""
        return str(dbt_resource_props.get("description") or "")

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            **super().get_metadata(dbt_resource_props),
            "sql": f"dbt_project/{dbt_resource_props['original_file_path']}",
        }

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        owners = dbt_resource_props.get("config", {}).get("meta", {}).get("owners")
        return list(owners) if owners else super().get_owners(dbt_resource_props)
