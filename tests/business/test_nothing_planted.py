"""Where nothing is planted the marts say so: intervals hold 0, no table is empty, and nothing is
divided by 0."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from demo.business import plan
from orchestration.project import ROOT
from orchestration.transform.dbt_runs import load_manifest
from tests.business.worlds import made
from tests.support import ingest_raw, query, settings_of, transform

SIZE = 10_000
ENVIRONMENT = {"YUNYING_TIMEZONE": plan.TIMEZONE, "YUNYING_CURRENCY": plan.CURRENCY}
# Nobody asked to be forgotten, no id is doubtful, and nothing ripe has moved.
EMPTY = {"mart_erasure_certificates", "mart_id_warnings", "mart_restatements"}
NO_RATES = (
    "INVITE_ACCEPTED_RATE", "VIOLATIONS_PER_WEEK", "RETURN_RATE", "TOUCHED_RETURN_RATE",
    "SHARE_RATE",
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody accepts, breaks a rule, comes back or shares; messages lift nothing; one merchant
    sells."""
    folder = tmp_path_factory.mktemp("nothing-planted")
    with pytest.MonkeyPatch.context() as patch:
        for name in NO_RATES:
            patch.setattr(plan, name, 0.0)
        patch.setattr(plan, "VISITORS_PER_MERCHANT", 10**9)
        patch.setattr(plan, "CAMPAIGNS", tuple(replace(each, lift=0) for each in plan.CAMPAIGNS))
        made(folder, SIZE)
    shutil.copytree(ROOT / "demo" / "business" / "seeds", folder / "seeds")
    settings = settings_of(folder, ENVIRONMENT)
    ingest_raw(settings)
    transform(settings)
    return settings.warehouse


def test_no_mart_is_empty_and_none_divides_by_0(warehouse: Path) -> None:
    marts = {
        node["name"]: [name for name, column in node["columns"].items()
                       if column["data_type"] == "double"]
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }  # fmt: skip
    empty, infinite = set(), {}
    for mart, rates in marts.items():
        counts = "".join(f", count(*) filter (not isfinite({rate})) as {rate}" for rate in rates)
        [row] = query(warehouse, f"select count(*) as row_count{counts} from marts.{mart}")
        if not row.pop("row_count"):
            empty.add(mart)
        infinite |= {f"{mart}.{rate}": count for rate, count in row.items() if count}
    assert empty == EMPTY
    assert infinite == {}


def test_an_invite_that_nobody_accepts_is_a_k_of_0(warehouse: Path) -> None:
    [row] = query(warehouse, "select * from marts.mart_referrals where grain = 'all'")
    assert row["invite_count"] > 0
    assert (row["accepted_count"], row["k_factor"], row["median_seconds_to_accept"]) == (0, 0, None)
    assert row["acceptance_rate_lower"] == row["acceptance_rate"] == 0
    assert row["acceptance_rate_upper"] > 0
    [row] = query(warehouse, "select * from marts.mart_campaign_invites")
    assert row["invite_count"] > 0
    assert (row["accepted_new_count"], row["k_factor"]) == (0, 0)
    [row] = query(
        warehouse,
        "select sum(share_open_count) as opens, max(k_factor) as k from"
        " marts.mart_content_performance",
    )
    assert row == {"opens": 0, "k": 0}


def test_what_lifts_nothing_has_0_in_its_interval(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select * from marts.mart_campaign_lift where measure_id = 'joined' or"
        " (campaign_id, measure_id) = ('win_back', 'returned')",
    )
    assert {"autumn_notice", "summer_sale", "win_back"} <= {row["campaign_id"] for row in rows}
    for row in rows:
        assert row["difference_low"] <= 0 <= row["difference_high"], row
    [row] = query(
        warehouse,
        "select sum(silent_count) as silent, sum(mature_returned_count) as returned"
        " from marts.mart_winback where stage_id = 'churn' and dimension = 'all' and grain = 'day'",
    )
    assert row["silent"] > 0 == row["returned"]


def test_no_rule_is_broken_and_one_merchant_has_it_all(warehouse: Path) -> None:
    [row] = query(warehouse, "select * from marts.mart_rule_violations where grain = 'all'")
    assert (row["violation_count"], row["repeat_offender_rate"]) == (0, None)
    assert row["violation_rate_lower"] == row["violation_rate"] == 0 < row["violation_rate_upper"]
    [row] = query(
        warehouse,
        "select * from marts.mart_concentration where grain = 'all'"
        " and measure_id = 'merchant_gross_amount'",
    )
    assert (row["unit_count"], row["hhi"], row["gini"], row["top_1_share"]) == (1, 1, 0, 1)
