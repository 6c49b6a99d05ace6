"""The lift that was planted comes out of the marts, of dirty feeds; where there is none, the
interval holds 0. So do the shock of a day, whom shares bring and who buys again. A smaller business
has a handful of people in an arm, of arrivals on a day, and of shares that are opened."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from demo.business import clock, plan
from orchestration.project import ROOT
from tests.business.worlds import World, Z, campaign, holds, made
from tests.support import ingest_raw, query, settings_of, transform

ENVIRONMENT = {"YUNYING_TIMEZONE": plan.TIMEZONE, "YUNYING_CURRENCY": plan.CURRENCY}
MARTS = " ".join(f"+mart_campaign_{name}" for name in ("balance", "lift", "review"))
MARTS += " +mart_audience_exports +mart_kpi_contributions +mart_user_values +mart_value_models"
MARTS += " +mart_content_performance"
TREE = """kpi_id,parent_kpi_id,kind,mart_column,drivers
active,,total,,new|retained|back
new,active,mart,mart_growth_accounting.new_user_count,
retained,active,mart,mart_growth_accounting.retained_user_count,
back,active,mart,mart_growth_accounting.resurrected_user_count,
"""


@pytest.fixture(scope="module")
def warehouse(worlds: dict[int, World]) -> Path:
    return built(worlds[max(worlds)].folder, MARTS)


def built(folder: Path, select: str) -> Path:
    """The warehouse of a world, with a tree of its own, and a value model of all of its days."""
    shutil.copytree(ROOT / "demo" / "business" / "seeds", folder / "seeds", dirs_exist_ok=True)
    (folder / "seeds" / "kpis.csv").write_text(TREE, encoding="utf-8")
    with (folder / "seeds" / "value_models.csv").open("a", encoding="utf-8") as file:
        file.write(f"whole,,,{plan.UNIT_DAYS},{clock.date_of(plan.DAYS - 1)},,28,,\n")
    settings = settings_of(folder, ENVIRONMENT)
    ingest_raw(settings)
    transform(settings, select=select)
    return settings.warehouse


def lift(warehouse: Path, campaign_id: str, measure_id: str, method: str) -> dict[str, Any]:
    [row] = query(
        warehouse,
        "select * from marts.mart_campaign_lift where campaign_id = ? and measure_id = ?"
        " and method = ?",
        [campaign_id, measure_id, method],
    )
    return row


def error(row: dict[str, Any]) -> float:
    """Of a difference of shares, by Agresti and Caffo: one more of each on both sides."""
    arms = [
        ((row[f"{of}value_sum"] + 1) / (row[f"{of}user_count"] + 2), row[f"{of}user_count"] + 2)
        for of in ("", "control_")
    ]
    return math.sqrt(sum(share * (1 - share) / count for share, count in arms))


@pytest.mark.parametrize("campaign_id", plan.MESSAGE_CAMPAIGNS)
def test_the_planted_lift_of_a_message_is_found(warehouse: Path, campaign_id: str) -> None:
    planned = campaign(campaign_id)
    row = lift(warehouse, campaign_id, "joined", "unadjusted")
    assert abs(row["difference"] - planned.lift) <= Z * error(row)
    if planned.lift == 0:
        assert row["difference_low"] <= 0 <= row["difference_high"]
    assert holds(planned.rate, int(row["control_value_sum"]), row["control_user_count"])
    assert row["is_mature"]


def test_a_coupon_brings_no_buyer(warehouse: Path) -> None:
    """What its people did before takes some of the chance away, and adds no effect."""
    for measure in ("orders", "spend"):
        for method in ("unadjusted", "cuped"):
            row = lift(warehouse, "anniversary_coupon", measure, method)
            assert abs(row["difference"]) <= Z * row["standard_error"], (measure, method)
        assert row["variance_reduction_rate"] > -0.01


def test_who_is_written_to_comes_back_more_often(warehouse: Path) -> None:
    planned = campaign("win_back")
    row = lift(warehouse, "win_back", "returned", "unadjusted")
    assert abs(row["difference"] - planned.lift) <= Z * error(row)


def test_arms_are_as_they_were_drawn(warehouse: Path) -> None:
    rows = query(warehouse, "select * from marts.mart_campaign_balance")
    controls = {row["campaign_id"]: row for row in rows if row["variant"] == "control"}
    assert controls.keys() == {each.campaign_id for each in plan.CAMPAIGNS if each.control_share}
    for campaign_id, row in controls.items():
        everybody = sum(
            each["assigned_count"] for each in rows if each["campaign_id"] == campaign_id
        )
        assert holds(campaign(campaign_id).control_share, row["assigned_count"], everybody)
        assert not row["is_mismatch"]
    reviews = query(warehouse, "select * from marts.mart_campaign_review")
    for review in reviews:
        assert review["multiple_variant_user_count"] == 0
        assert review["exposed_before_assigned_count"] == 0
        assert review["unassigned_exposed_count"] == 0


def test_what_a_list_did_comes_out_of_its_hold_out(warehouse: Path) -> None:
    planned = campaign("city_letter")
    row = lift(warehouse, "city_letter", "answered", "unadjusted")
    assert abs(row["difference"] - planned.lift) <= Z * error(row)
    assert holds(planned.rate, int(row["control_value_sum"]), row["control_user_count"])
    lists = query(
        warehouse,
        "select * from marts.mart_audience_exports where audience_id = 'big_cities'"
        " order by export_at",
    )
    assert [clock.day_of(1000 * row["export_at"].replace(tzinfo=UTC).timestamp()) for row in lists
            ] == [clock.day_number(day) for day in plan.LETTER_DATES]  # fmt: skip
    last = lists[-1]
    agreed = last["matched_count"] - last["no_consent_count"]
    assert holds(plan.MARKETING_CONSENT_RATE, agreed, last["matched_count"])
    assert holds(planned.control_share, last["holdout_count"], agreed)


def test_the_driver_that_the_shock_is_of_has_the_largest_share(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select * from marts.mart_kpi_contributions where kpi_id = 'active' and grain = 'day'"
        " and comparison = 'previous' and period_start_date = ?",
        [plan.SHOCK_DATE],
    )
    parts = {row["driver_id"]: row["contribution"] for row in rows}
    assert parts.keys() == {"new", "retained", "back"}
    assert max(parts, key=lambda driver: abs(parts[driver])) == "new"
    [value] = query(
        warehouse,
        "select change from marts.mart_kpi_values where kpi_id = 'active' and grain = 'day'"
        " and period_start_date = ?",
        [plan.SHOCK_DATE],
    )
    assert sum(parts.values()) == pytest.approx(value["change"], abs=1e-9)


def test_whom_shares_bring_to_a_piece(warehouse: Path, worlds: dict[int, World]) -> None:
    """K by piece is what the files say. Of those whom a share brought so many read at once as is
    planned, and a few later."""
    people = worlds[max(worlds)].query(
        """
        with ordered as (
            select content_id, person, event_name, occurred_at, row_number() over (
                partition by content_id, person order by occurred_at, event_id
            ) as number from acts where content_id is not null
        )
        select content_id, bool_or(event_name = 'read_started'),
            bool_or(number = 1 and event_name = 'share_opened'),
            coalesce(min(occurred_at) filter (where event_name = 'read_started')
                <= min(occurred_at) + interval 5 second, false)
        from ordered group by content_id, person
        """
    )
    readers: Counter[str] = Counter()
    brought: Counter[str] = Counter()
    for piece, has_read, is_shared_in, _ in people:
        readers[piece] += has_read
        brought[piece] += has_read and is_shared_in
    rows = query(
        warehouse, "select * from marts.mart_content_performance where window_days is null"
    )
    assert sum(brought.values()) > 50
    for row in rows:
        piece = row["content_id"]
        counts = (row["reader_count"], row["shared_in_reader_count"])
        assert counts == (readers[piece], brought[piece])
        assert row["k_factor"] == (brought[piece] / readers[piece] if readers[piece] else None)
    at_once = [is_read for _, _, is_shared_in, is_read in people if is_shared_in]
    assert holds(plan.OPEN_READ_RATE, sum(at_once), len(at_once))


def test_as_many_buy_in_the_hold_out_as_was_expected(warehouse: Path) -> None:
    """Who is there buys by a Poisson of a Gamma, whose variance the sum has."""
    figures = {
        row["figure_id"]: row["value"]
        for row in query(
            warehouse, "select * from marts.mart_value_models where model_id = 'half_year_back'"
        )
    }
    customers = query(
        warehouse,
        "select frequency, p_alive, holdout_expected_count as expected"
        " from marts.mart_user_values where model_id = 'half_year_back'",
    )
    assert len(customers) == figures["customer_count"]
    variance = 0.0
    for row in customers:
        there = row["expected"] / row["p_alive"]
        spread = there + there**2 / (figures["r"] + row["frequency"])
        variance += row["p_alive"] * (spread + (1 - row["p_alive"]) * there**2)
    assert sum(row["expected"] for row in customers) == pytest.approx(figures["holdout_expected"])
    apart = figures["holdout_purchases"] - figures["holdout_expected"]
    assert abs(apart) <= Z * math.sqrt(variance)


def test_the_planted_parameters_of_value_are_found(
    warehouse: Path, worlds: dict[int, World]
) -> None:
    assert_parameters_are_found(warehouse, worlds[max(worlds)])


@pytest.mark.long
def test_the_planted_parameters_are_found_of_5000_customers_and_more(tmp_path: Path) -> None:
    world = made(tmp_path, 3_000_000)
    warehouse = built(tmp_path, "+mart_value_models")
    assert assert_parameters_are_found(warehouse, world) >= 5_000


def assert_parameters_are_found(warehouse: Path, world: World) -> float:
    """As near as the inverse of the information at the planted values has it; their customers."""
    rows = query(warehouse, "select * from marts.mart_value_models where model_id = 'whole'")
    figures = {row["figure_id"]: row["value"] for row in rows}
    assert figures["customer_count"] == world.drawn["customers"]
    for model, planted in (("bg_nbd", plan.BG_NBD), ("gamma_gamma", plan.GAMMA_GAMMA)):
        errors = world.drawn[f"{model}_standard_errors"]
        for name, value in planted.items():
            assert abs(figures[name] - value) <= Z * errors[name], name
    return figures["customer_count"]
