"""Campaigns by type: drawn events against an oracle, bad input, deliveries against a rebuild."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.transform.dbt_runs import load_manifest
from tests.support import WAREHOUSE, build_warehouse, query
from tests.warehouse import campaign_types_oracle as drawn
from tests.warehouse.draws import seed
from verify.compare import compare, histories

MARTS = "+marts.campaign"
RATES = "currency,rate,valid_from_date\nEUR,2,2025-01-01\n"
SEEDS = {"event_names": drawn.EVENT_NAMES, "currency_rates": RATES}
EVENTS, ASSIGNMENTS = drawn.draw(seed())
FEEDS = {"campaigns": drawn.CAMPAIGNS, "campaign_assignments": ASSIGNMENTS}
# Until the coupons end, and until half of as long a time after.
HORIZONS = ["2025-02-16T10:00:00", "2025-02-25T00:00:00"]


def close(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert {name: None if given[name] is None else float(given[name]) for name in expected} == (
        pytest.approx(expected, abs=1e-9)
    )


def agrees(warehouse: Path, oracle: drawn.Oracle) -> None:
    """All marts of a warehouse say what the oracle says."""

    def rows(name: str) -> dict[str, dict[str, Any]]:
        found = query(warehouse, f"select * from marts.{name}")
        assert len({row["campaign_id"] for row in found}) == len(found)
        return {row["campaign_id"]: row for row in found}

    invites, discounts = rows("mart_campaign_invites"), rows("mart_campaign_discounts")
    assert invites.keys() == discounts.keys() == set(drawn.NAMES)
    for campaign in drawn.NAMES:
        close(invites[campaign], oracle.invites(campaign))
        close(discounts[campaign], oracle.discounts(campaign))
        days = query(
            warehouse,
            f"select * from marts.mart_campaign_check_ins where campaign_id = '{campaign}'",
        )
        expected = oracle.check_ins(campaign)
        assert {row["day_number"] for row in days} == expected.keys()
        for row in days:
            close(row, expected[row["day_number"]])
        streaks = query(
            warehouse,
            "select user_id, day_count, is_open from facts.fct_check_in_streaks"
            f" where campaign_id = '{campaign}'",
        )
        assert sorted(tuple(row.values()) for row in streaks) == sorted(oracle.streaks(campaign))
    [(campaign, row)] = rows("mart_campaign_cobrands").items()
    close(row, oracle.cobrands(campaign))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half of the events, of all days, and then the rest: whose a device is comes last."""
    folder = tmp_path_factory.mktemp("types")
    chance = random.Random(f"deliveries {seed()}")
    first = [
        row
        for row in EVENTS
        if chance.random() < 0.5 and not (row["user_id"] and row.get("anonymous_id"))
    ]
    later = [row for row in EVENTS if row not in first]
    build_warehouse(folder, events=first, feeds=FEEDS, seeds=SEEDS, only=MARTS)
    build_warehouse(folder, events=later, only=MARTS, run_tests=True)
    return folder


def test_drawn_events_in_two_deliveries_give_what_the_oracle_says(built: Path) -> None:
    agrees(built / WAREHOUSE, drawn.Oracle(EVENTS, ASSIGNMENTS, rates={"EUR": 2}))


def test_deliveries_equal_a_rebuild(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "anew")
    build_warehouse(tmp_path / "anew", full_refresh=True, only=MARTS)
    found = compare(
        built / WAREHOUSE, tmp_path / "anew" / WAREHOUSE, histories=histories(load_manifest())
    )
    assert [str(each) for each in found.differences] == []


@pytest.mark.parametrize(
    "horizon", [HORIZONS[0], pytest.param(HORIZONS[1], marks=pytest.mark.long)]
)
def test_figures_are_as_of_the_horizon(tmp_path: Path, horizon: str) -> None:
    """And the days that check-ins follow each other on are those of the zone."""
    zone = "America/New_York"
    warehouse = build_warehouse(
        tmp_path,
        events=EVENTS,
        feeds=FEEDS,
        seeds=SEEDS,
        environment={"YUNYING_HORIZON": horizon, "YUNYING_TIMEZONE": zone},
        select=MARTS,
    )
    at = datetime.fromisoformat(horizon)
    oracle = drawn.Oracle(EVENTS, ASSIGNMENTS, zone, {"EUR": 2}, at)
    agrees(warehouse, oracle)
    assert any(is_open for name in drawn.NAMES for *_, is_open in oracle.streaks(name))


def event(name: str, user: str, day: int, **columns: Any) -> dict[str, Any]:
    at = f"2025-03-{day:02d}T08:00:00Z"
    return {"event_id": f"{name} {user} {day}", "event_name": name, "user_id": user,
            "occurred_at": at, "campaign_id": "c", **columns}  # fmt: skip


def test_what_is_odd_has_a_figure_all_the_same(tmp_path: Path) -> None:
    """Who invites themself, or each other; coupons of nobody, of one order, in other money."""
    redeemed = {"order_id": "o", "amount": "100", "currency": "USD"}
    events = [
        event("invite", "ann", 1, invite_id="a"),
        event("accept", "ann", 2, invite_id="a", inviter_id="ann"),
        event("accept", "bob", 3, invite_id="a", inviter_id="nobody"),
        event("invite", "bob", 4, invite_id="b"),
        event("accept", "ann", 5, invite_id="b", inviter_id="bob"),
        event("accept", "cid", 6),
        event("coupon", "ann", 7),
        event("redeem", "ann", 8, **redeemed, discount_amount="10"),
        event("redeem", "ann", 9, **redeemed, discount_amount="5"),
        event("redeem", "bob", 10, amount="20", currency="EUR", discount_amount="2"),
        event("redeem", "ann", 10, **redeemed, discount_amount="-3"),
        event("redeem", "ann", 11, **redeemed, discount_amount="10%"),
        event("order", "dan", 11, amount="7"),
        event("end", "end", 31, campaign_id=None),
    ]
    campaign = {"campaign_id": "c", "campaign_type": "cobrand", "margin_rate": "0"}
    aimed_at = {"campaign_id": "c", "user_id": "dan", "variant": "partner_audience"}
    warehouse = build_warehouse(
        tmp_path,
        events=events,
        feeds={"campaigns": [campaign], "campaign_assignments": [aimed_at]},
        seeds=SEEDS,
        select=f"{MARTS} +fct_campaign_warnings",
        run_tests=True,
    )

    def row(mart: str) -> dict[str, Any]:
        [found] = query(warehouse, f"select * from marts.{mart}")
        return found

    day = 86400
    invites = {"participant_count": 2, "invite_count": 2, "accepted_count": 3,
               "accepted_new_count": 2, "k_factor": 1, "median_seconds_to_accept": 2 * day,
               "median_cycle_seconds": 2 * day}  # fmt: skip
    close(row("mart_campaign_invites"), invites)
    discounts = {"issued_user_count": 1, "redeemed_user_count": 1, "redeemed_count": 5,
                 "gross_amount": 140, "discount_amount": 19, "break_even_uplift_rate": None,
                 "would_have_bought_rate": None}  # fmt: skip
    close(row("mart_campaign_discounts"), discounts)
    [told] = query(warehouse, "select * from facts.fct_campaign_warnings where file = 'events'")
    assert "5 redeemed coupons of campaign c, 2 have no discount_amount" in told["problem"]
    assert "the first on 2025-03-10" in told["problem"]
    assert "5 次核销中，有 2 次" in told["problem_zh"]
    # Of a campaign without a start nobody can have bought before it.
    cobrands = {"buyer_count": 1, "new_to_brand_count": 1, "net_amount": 7, "audience_count": 1,
                "overlap_count": None, "overlap_rate": None}  # fmt: skip
    close(row("mart_campaign_cobrands"), cobrands)
