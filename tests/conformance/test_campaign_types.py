"""What peers, published rules and oracles say of invites, discounts, check-ins and co-brands comes
out of our public tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests import support
from tests.conformance import campaign_type_cases as types
from tests.conformance.cases import FOLDER
from tests.conformance.channel_cases import Case, read_cases
from tests.conformance.test_channels import check

if not (FOLDER / "channels").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

MARTS = {
    "invites": "mart_campaign_invites",
    "discount": "mart_campaign_discounts",
    "cobrand": "mart_campaign_cobrands",
}
ALL = {kind: read_cases(kind) for kind in (*MARTS, "checkin")}
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """One build of all cases, long after all that happens in them."""
    world = types.World()
    for case in (case for cases in ALL.values() for case in cases):
        world.add(case)
    world.events.append(
        {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": "2025-07-01"}
    )
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("campaign-types"),
        events=world.events,
        feeds={"campaigns": world.campaigns, "campaign_assignments": world.assignments},
        seeds={"event_names": types.EVENT_NAMES},
        select="+marts.campaign",
        run_tests=True,
    )
    marts = (*MARTS.values(), "mart_campaign_check_ins")
    names = (*(f"marts.{mart}" for mart in marts), "facts.fct_check_in_streaks")
    return {name: support.query(warehouse, f"select * from {name}") for name in names}


def parameters(*kinds: str) -> Any:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case["id"]) for kind in kinds for case in ALL[kind]]
    )


def rows_of(tables: Tables, name: str, case: Case) -> list[dict[str, Any]]:
    return [row for row in tables[name] if row["campaign_id"] == case["id"]]


@parameters(*MARTS)
def test_a_campaign(tables: Tables, case: Case) -> None:
    [row] = rows_of(tables, f"marts.{MARTS[case['kind']]}", case)
    check(row, case["expected"], case["tolerance"])


@parameters("checkin")
def test_check_ins(tables: Tables, case: Case) -> None:
    expected, tolerance = case["expected"], case["tolerance"]
    days = {
        row["day_number"]: row for row in rows_of(tables, "marts.mart_campaign_check_ins", case)
    }
    assert sorted(days) == sorted(map(int, expected["days"]))
    for day, figures in expected["days"].items():
        check(days[int(day)], figures, tolerance)
    longest: dict[str, int] = {}
    for row in rows_of(tables, "facts.fct_check_in_streaks", case):
        user = row["user_id"].removeprefix(f"{case['id']} ")
        longest[user] = max(longest.get(user, 0), row["day_count"])
    assert longest == expected["longest"]
