"""The end of the lineage: the exposures, that is, who reads the published tables."""

import dagster as dg

from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_runs import load_manifest
from orchestration.ui.links import boards_of, written_in
from orchestration.ui.owners import owners_of_exposure


@dg.definitions
def readers() -> dg.Definitions:
    """One external asset per exposure."""
    manifest = load_manifest()
    specs = []
    for exposure in manifest["exposures"].values():
        found = (manifest["nodes"].get(name) for name in exposure["depends_on"]["nodes"])
        nodes = [node for node in found if node]
        specs.append(
            dg.AssetSpec(
                ["readers", exposure["name"]],
                deps=[["publish", node["alias"]] for node in nodes],
                description=exposure["description"],
                group_name="readers",
                kinds={exposure["type"]},
                owners=owners_of_exposure(exposure),
                metadata={
                    "ask": exposure["owner"]["email"],
                    **{
                        name: link
                        for node in nodes
                        for name, link in boards_of(f"{node['schema']}.{node['alias']}").items()
                    },
                    **written_in(DBT_PROJECT_DIR / exposure["original_file_path"]),
                },
            )
        )
    return dg.Definitions(assets=specs)
