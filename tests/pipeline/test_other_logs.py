"""A source with columns of its own stands in the lineage like a feed."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.ingest.other_logs import log_specs


def test_a_log_of_another_source_begins_at_its_folder_and_feeds_are_left_to_ingest() -> None:
    tables = {"events": "", "build_watermarks": "", "shop_log": "One row per line of the log."}
    sources = {
        name: {
            "schema": "raw",
            "identifier": name,
            "description": text,
            "original_file_path": "models/staging/_sources.yml",
            "config": {"meta": {"owner": "shop"}},
        }
        for name, text in tables.items()
    }
    sources["funnels"] = {"schema": "seeds", "identifier": "funnels", "description": ""}
    folder, table = log_specs({"sources": sources})
    assert folder.key == dg.AssetKey(["raw_files", "shop_log"])
    assert table.key == dg.AssetKey(["raw", "shop_log"])
    assert [dep.asset_key for dep in table.deps] == [folder.key]
    assert table.description == "One row per line of the log."
    assert {folder.group_name, table.group_name} == {"raw"}
    assert folder.owners == table.owners == ["team:shop"]
