"""Campaigns: the latest version of each, on the days of the reporting zone."""

from __future__ import annotations

from pathlib import Path

from tests.support import build_warehouse, query

CAMPAIGNS = [
    {"campaign_id": "c1", "campaign_name": "Old", "starts_at": "2024-01-01",
     "updated_at": "2024-01-01"},
    {"campaign_id": "c1", "campaign_name": "Now", "starts_at": "2024-03-01T20:00:00Z",
     "ends_at": "2024-03-09T15:59:59Z", "updated_at": "2024-02-01"},
    {"campaign_id": "c1", "campaign_name": "Undated", "starts_at": "2024-05-01"},
    {"campaign_id": "c2", "starts_at": "soon"},
]  # fmt: skip


def test_the_latest_version_counts_and_days_are_local(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path,
        feeds={"campaigns": CAMPAIGNS},
        environment={"YUNYING_TIMEZONE": "Asia/Shanghai"},
        select="+dim_campaigns",
    )
    rows = query(
        warehouse,
        "select campaign_id, campaign_name, cast(start_date as varchar) as starts,"
        " cast(end_date as varchar) as ends from facts.dim_campaigns order by campaign_id",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("c1", "Now", "2024-03-02", "2024-03-09"),
        ("c2", None, None, None),
    ]
