"""The end of the lineage: the exposures, that is, who reads the published tables."""

import dagster as dg

from orchestration.dbt_runs import load_manifest


@dg.definitions
def readers() -> dg.Definitions:
    """One external asset per exposure."""
    manifest = load_manifest()
    specs = []
    for exposure in manifest["exposures"].values():
        nodes = [manifest["nodes"].get(name) for name in exposure["depends_on"]["nodes"]]
        specs.append(
            dg.AssetSpec(
                ["readers", exposure["name"]],
                deps=[["publish", node["schema"], node["alias"]] for node in nodes if node],
                description=exposure["description"],
                group_name="readers",
                kinds={exposure["type"]},
                metadata={"owner": exposure["owner"].get("name") or exposure["owner"]["email"]},
            )
        )
    return dg.Definitions(assets=specs)
