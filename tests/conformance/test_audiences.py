"""What hand-worked and drawn cases say of audiences comes out of our public tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import support
from tests.conformance import area_cases as cases
from tests.conformance.channel_cases import csv_of

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

CASES = cases.read_cases("audience")
Look = Callable[[cases.Case, str], Any]


def audience(case: cases.Case) -> dict[str, Any]:
    given = {
        name: str(cell).lower()
        for name, cell in case["params"].items()
        if name in ("holdout_rate", "holdout_salt", "consent_default", "cap_messages", "cap_days")
    }
    return {"audience_id": case["id"], "schedule": "|".join(case["params"]["exports"]), **given}


def conditions(case: cases.Case) -> list[dict[str, str]]:
    common = {"definition": "audience", "definition_id": case["id"], "scope": "user"}
    found = [common | {"property": "case", "operator": "is", "value": case["id"]}]
    if any("matched" in user for user in case["rows"]["users"]):
        found.append(common | {"property": "matched", "operator": "is", "value": "true"})
    return found


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """What a label says, after one build of all cases."""
    events = [
        {"event_name": row["role"], "user_id": row["user"], "occurred_at": row["ts"],
         "event_id": f"{case['id']} {number}", "campaign_id": row["campaign_id"]}
        for case in CASES
        for number, row in enumerate(case["rows"]["events"])
    ]  # fmt: skip
    end = {"event_name": "end", "user_id": "end", "occurred_at": "2026-06-01T00:00:00Z"}
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("audiences"),
        events=[*events, end],
        feeds={
            "users": [
                {"user_id": row.pop("user"), "case": case["id"], **row}
                for case in CASES
                for row in map(dict, case["rows"]["users"])
            ],
            "consents": [
                {"user_id": row.pop("user"), **row}
                for case in CASES
                for row in map(dict, case["rows"]["consents"])
            ],
        },
        seeds={
            "event_names": csv_of(
                "event_names",
                [{"event_name": "message_sent", "role": "message_sent", "is_activity": "false"}],
            ),
            "audiences": csv_of("audiences", map(audience, CASES)),
            "filters": csv_of("filters", [row for case in CASES for row in conditions(case)]),
        },
        select="+mart_audience_exports +mart_audience_members",
        run_tests=True,
    )
    exports = {
        (row["audience_id"], row["export_at"]): row
        for row in support.query(warehouse, "select * from marts.mart_audience_exports")
    }
    members = {
        (row["audience_id"], row["export_at"], row["user_id"]): row
        for row in support.query(warehouse, "select * from marts.mart_audience_members")
    }

    def look_up(case: cases.Case, label: str) -> Any:
        column, export, *user = label.split("/")
        at = datetime.fromisoformat(export).astimezone(UTC).replace(tzinfo=None)
        return (members if user else exports)[(case["id"], at, *user)][column]

    return look_up


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_audiences(look: Look, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        given = look(case, label)
        if isinstance(expected, str):
            assert given == expected, label
        else:
            assert given == pytest.approx(expected, rel=1e-9, abs=case["tolerance"]), label
