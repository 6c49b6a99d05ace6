"""dbt's words in Dagster's: keys, groups, owners, tags, and the sources that ingest makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_resource import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
)
from orchestration.transform.dbt_tests import describe_test
from orchestration.ui.links import boards_of, written_in
from orchestration.ui.owners import owners_of
from orchestration.ui.table_metadata import PERSONAL_DATA, column_tags, described_schema

# Kinds of personal data in columns; a table is told of by the last that it holds.
_PERSONAL = ("content", "identifier")


class LayerTranslator(DagsterDbtTranslator):
    """One asset per relation, keyed and grouped as in the warehouse.

    `marts.mart_rfm_scores` is the asset `marts/mart_rfm_scores` in the group `marts`; the source
    `raw.events` is the asset `raw/events` that ingest makes.
    """

    def __init__(self) -> None:
        self._specs: dict[str, dg.AssetSpec] = {}
        super().__init__(
            DagsterDbtTranslatorSettings(
                enable_asset_checks=True,
                enable_source_tests_as_checks=False,
                enable_source_metadata=False,
            )
        )

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetSpec:
        """Without kinds: the same two on every table would take half the room of its name."""
        if unique_id not in self._specs:
            spec = super().get_asset_spec(manifest, unique_id, project)
            self._specs[unique_id] = spec.replace_attributes(kinds=set())
        return self._specs[unique_id]

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

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: Any,
    ) -> dg.AssetCheckSpec | None:
        """The test with what it says in words."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=describe_test(manifest["nodes"][unique_id]))

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Columns, the SQL file, and the boards that show the table."""
        path = dbt_resource_props["original_file_path"]
        table = ".".join(self.get_asset_key(dbt_resource_props).path)
        return {
            **super().get_metadata(dbt_resource_props),
            "dagster/column_schema": described_schema(dbt_resource_props),
            "sql": f"dbt_project/{path}",
            **written_in(DBT_PROJECT_DIR / path),
            **boards_of(table),
        }

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        return owners_of(dbt_resource_props)

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Its folder within the layer, how it is kept, and the personal data that it holds."""
        area = dbt_resource_props["fqn"][2:-1]
        kept = dbt_resource_props["config"].get("materialized")
        personal = {
            kind
            for column in dbt_resource_props["columns"].values()
            for kind in column_tags(column).values()
        }
        return {
            **({"area": area[0]} if area else {}),
            **({"materialized": kept} if kept else {}),
            **({PERSONAL_DATA: max(personal, key=_PERSONAL.index)} if personal else {}),
        }
