"""Campaigns: the latest version of each, on the days of the reporting zone; who is in which arm."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import build_warehouse, query

CAMPAIGNS = [
    {"campaign_id": "c1", "campaign_name": "Old", "starts_at": "2024-01-01",
     "updated_at": "2024-01-01"},
    {"campaign_id": "c1", "campaign_name": "Now", "starts_at": "2024-03-01T20:00:00Z",
     "ends_at": "2024-03-09T16:00:00Z", "updated_at": "2024-02-01", "budget_amount": "10",
     "currency": "eur", "target_value": "1e2", "margin_rate": "0.3", "control_variant": "none"},
    {"campaign_id": "c1", "campaign_name": "Undated", "starts_at": "2024-05-01"},
    {"campaign_id": "c2", "starts_at": "soon", "budget_amount": "-1", "margin_rate": "30"},
    {"campaign_id": "c3", "budget_amount": "5", "currency": "XAU"},
]  # fmt: skip
ASSIGNMENTS = [
    {"campaign_id": "c1", "user_id": "late", "variant": "mail", "assigned_at": "2024-03-05"},
    {"campaign_id": "c1", "user_id": "late", "variant": "mail", "assigned_at": "2024-03-04"},
    {"campaign_id": "c1", "user_id": "bare"},
    {"campaign_id": "c1", "user_id": "idle", "variant": " none "},
    {"campaign_id": "c1", "user_id": "both", "variant": "a", "assigned_at": "2024-03-04"},
    {"campaign_id": "c1", "user_id": "both", "variant": "b", "assigned_at": "2024-03-05"},
    {"campaign_id": "c1", "user_id": "odd", "assigned_at": "soon"},
    {"campaign_id": "c2", "user_id": "when"},
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_warehouse(
        tmp_path_factory.mktemp("campaigns"),
        feeds={"campaigns": CAMPAIGNS, "campaign_assignments": ASSIGNMENTS},
        seeds={"currency_rates": "currency,rate,valid_from_date\nEUR,2,2024-01-01\n"},
        environment={"YUNYING_TIMEZONE": "Asia/Shanghai"},
        select="+fct_campaign_assignments",
    )


def test_the_latest_version_counts_and_days_are_local(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select campaign_id, campaign_name, cast(start_date as varchar) as starts,"
        " cast(end_date as varchar) as ends, budget_amount, target_value, margin_rate,"
        " is_randomized from facts.dim_campaigns order by campaign_id",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("c1", "Now", "2024-03-02", "2024-03-09", Decimal(20), Decimal(100), 0.3, True),
        ("c2", None, None, None, None, None, None, False),
    ]


def test_a_user_is_in_the_arm_of_the_earliest_assignment_or_in_none(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select user_id, variant, is_in_several_variants,"
        " strftime(assigned_at, '%m-%d %H') as assigned"
        " from facts.fct_campaign_assignments order by user_id",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("bare", "treatment", False, "03-01 20"),
        ("both", None, True, "03-04 00"),
        ("idle", "none", False, "03-01 20"),
        ("late", "mail", False, "03-04 00"),
        ("when", "treatment", False, None),
    ]


def test_what_cannot_be_counted_is_set_aside_with_its_reason(warehouse: Path) -> None:
    rows = query(
        warehouse, "select reason, row_number from staging.stg_feed_rows"
        " where outcome = 'quarantined' order by reason",
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [
        ("foreign_currency", 5), ("unparseable_assigned_at", 7)
    ]  # fmt: skip
