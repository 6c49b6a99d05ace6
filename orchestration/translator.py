"""dbt's words in Dagster's: keys, groups, owners, kinds, and the sources that ingest makes."""

from __future__ import annotations

import itertools
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
        return {
            **super().get_metadata(dbt_resource_props),
            "sql": f"dbt_project/{dbt_resource_props['original_file_path']}",
        }

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        owners = dbt_resource_props.get("config", {}).get("meta", {}).get("owners")
        return list(owners) if owners else super().get_owners(dbt_resource_props)


def describe_test(test: Mapping[str, Any]) -> str:
    """A dbt test in words: its YAML's, the first comment of its SQL, or what it is."""
    if test.get("description"):
        return str(test["description"])
    generic = test.get("test_metadata")
    if not generic:
        lines = itertools.takewhile(
            lambda line: line.startswith("--"),
            test["raw_code"][test["raw_code"].find("--") :].splitlines(),
        )
        return " ".join(line.removeprefix("--").strip() for line in lines)
    arguments = {
        name: value
        for name, value in generic["kwargs"].items()
        if name not in ("model", "column_name")
    }
    column = f" of column `{test['column_name']}`" if test.get("column_name") else ""
    listed = "; ".join(f"{name}: {value}" for name, value in arguments.items())
    return f"dbt test `{generic['name']}`{column}{'. ' if listed else ''}{listed}."
