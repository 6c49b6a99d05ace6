"""The logs of other sources as assets: folders that ingest loads without being told of.

dbt's sources say which there are: `raw.<folder>` that is no feed of ours. Ingest makes their
tables, whatever their columns, so their lineage begins at the folder like a feed's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.defs.ingest.assets import feed_schema
from orchestration.ingest.feeds import FEEDS, FEEDS_BY_NAME, RESERVED_NAMES
from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_runs import load_manifest
from orchestration.ui.links import written_in
from orchestration.ui.owners import owners_of


@dg.definitions
def other_logs() -> dg.Definitions:
    """The external assets of every log that the dbt project reads."""
    return dg.Definitions(assets=list(log_specs(load_manifest())))


def log_specs(manifest: Mapping[str, Any]) -> Iterator[dg.AssetSpec]:
    """Folder and raw table of each source in the schema `raw` that is no feed of ours."""
    ours = {feed.name for feed in FEEDS} | RESERVED_NAMES
    for source in manifest["sources"].values():
        name = source["identifier"]
        if source["schema"] != "raw" or name in ours:
            continue
        yield dg.AssetSpec(
            ["raw_files", name],
            description=f"The folder {name} of the raw folder: a log with columns of its own.",
            group_name="raw",
            kinds={"file"},
            owners=owners_of(source),
            metadata=written_in(DBT_PROJECT_DIR / source["original_file_path"]),
        )
        known = FEEDS_BY_NAME.get(name)
        yield dg.AssetSpec(
            ["raw", name],
            deps=[["raw_files", name]],
            description=source["description"] or f"One row per row of a file of {name}.",
            group_name="raw",
            owners=owners_of(source),
            metadata={
                **({"dagster/column_schema": feed_schema(known)} if known else {}),
                **written_in(DBT_PROJECT_DIR / source["original_file_path"]),
            },
        )
