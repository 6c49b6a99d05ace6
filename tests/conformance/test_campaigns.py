"""What peers, published tables and oracles say of campaigns comes out of our public tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests import support
from tests.conformance import campaign_cases
from tests.conformance.channel_cases import FOLDER, Case, read_cases

if not (FOLDER / "channels").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

KINDS = ("balance", "exposure", "lift", "plan")
ALL = {kind: read_cases(kind) for kind in KINDS}
MARTS = (
    "mart_campaign_balance",
    "mart_campaign_lift",
    "mart_campaign_daily",
    "mart_campaign_review",
)
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """One build of all cases, long after all that happens in them."""
    world = campaign_cases.World()
    for case in (case for kind in KINDS for case in ALL[kind]):
        world.add(case)
    world.feeds["events"].append(
        {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": "2025-06-01"}
    )
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("campaigns"),
        feeds=world.feeds,
        seeds=world.seeds(),
        select=" ".join(f"+{name}" for name in MARTS),
        run_tests=True,
    )
    return {name: support.query(warehouse, f"select * from marts.{name}") for name in MARTS}


def parameters(kind: str) -> Any:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case["id"]) for case in ALL[kind]]
    )


def rows_of(tables: Tables, name: str, case: Case, key: str, **wanted: Any) -> dict[Any, Any]:
    return {
        row[key]: row
        for row in tables[name]
        if row["campaign_id"] == case["id"]
        and all(row[column] == value for column, value in wanted.items())
    }


def check(row: dict[str, Any], figures: dict[str, Any], tolerance: float) -> None:
    for name, value in figures.items():
        given = row[{"mean": "mean_value", "control_mean": "control_mean_value"}.get(name, name)]
        if value is None or isinstance(value, bool):
            assert given is value, name
        else:
            assert float(given) == pytest.approx(value, abs=tolerance, rel=1e-9), name


@parameters("balance")
def test_balance(tables: Tables, case: Case) -> None:
    given = rows_of(tables, "mart_campaign_balance", case, "variant")
    assert {name: row["assigned_count"] for name, row in given.items()} == case["arms"]
    for row in given.values():
        check(row, case["expected"], case["tolerance"])


@parameters("exposure")
def test_exposure(tables: Tables, case: Case) -> None:
    expected = dict(case["expected"])
    arms = rows_of(tables, "mart_campaign_balance", case, "variant")
    lifts = rows_of(tables, "mart_campaign_lift", case, "variant")
    for variant, figures in expected.pop("variants").items():
        converted = figures.pop("converted_count")
        check(arms[variant], figures, 0)
        sums = {row["value_sum"] for row in lifts.values()} if variant in lifts else {
            row["control_value_sum"] for row in lifts.values()
        }  # fmt: skip
        assert sums == {converted}
    check(rows_of(tables, "mart_campaign_review", case, "campaign_id")[case["id"]], expected, 0)


@parameters("lift")
def test_lift(tables: Tables, case: Case) -> None:
    method = "cuped" if case["params"].get("cuped") else "unadjusted"
    given = rows_of(tables, "mart_campaign_lift", case, "variant", method=method)
    assert given.keys() == case["expected"]["variants"].keys()
    for variant, figures in case["expected"]["variants"].items():
        assert given[variant]["is_mature"]
        check(given[variant], figures, case["tolerance"])


@parameters("plan")
def test_plan(tables: Tables, case: Case) -> None:
    given = rows_of(tables, "mart_campaign_daily", case, "activity_date")
    by_day = {str(day): row for day, row in given.items()}
    for day, figures in case["expected"]["days"].items():
        check(by_day[day], figures, case["tolerance"])
