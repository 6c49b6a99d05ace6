"""Referrals, win-back and survival: what published tables, peers and oracles say of our tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conformance import area_cases as cases

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

from tests.conformance.channel_cases import csv_of
from tests.conformance.test_areas import check, parameters

HORIZON = "2026-06-01T00:00:00Z"
KINDS = ("referrals", "winback")
WORLD = cases.World(cases.read_cases(*KINDS))
CURVES = cases.read_cases("survival")


def curve_of(case: cases.Case) -> str:
    return str(case["id"].replace(".", "_"))


def survival_rows(case: cases.Case) -> list[cases.Row]:
    """Somebody who begins, and ends so many days later; or is seen so long up to the horizon."""
    until = datetime.fromisoformat(HORIZON).astimezone(UTC)
    rows: list[cases.Row] = []
    for number, row in enumerate(case["rows"]):
        days = timedelta(days=row["time"])
        began = until - timedelta(days=2 * row["time"] + 500) if row["ended"] else until - days
        for name, at in [("start", began), *([("end", began + days)] if row["ended"] else [])]:
            rows.append(
                {"event_id": f"{case['id']} {number} {name}", "event_name": f"{case['id']} {name}",
                 "user_id": f"{case['id']} {number}", "occurred_at": at.isoformat()}
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    end = {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": HORIZON}
    return support.build_warehouse(
        tmp_path_factory.mktemp("growth"),
        events=[
            *WORLD.feeds["events"],
            *(row for case in CURVES for row in survival_rows(case)),
            end,
        ],
        feeds={name: rows for name, rows in WORLD.feeds.items() if name != "events"},
        seeds={
            **WORLD.seeds,
            "survivals": csv_of(
                "survivals",
                [
                    {
                        "survival_id": curve_of(case),
                        "start_event": f"{case['id']} start",
                        "end_event": f"{case['id']} end",
                        **case["params"],
                    }
                    for case in CURVES
                ],
            ),
        },
        select="+mart_referrals +mart_winback +mart_survival_curves",
        run_tests=True,
    )


def figures(warehouse: Path, sql: str, values: list[Any]) -> dict[str, Any]:
    rows = support.query(warehouse, sql, values)
    assert len(rows) == 1, (sql, values, rows)
    return rows[0]


@parameters("survival")
def test_survival(warehouse: Path, case: cases.Case) -> None:
    rows = support.query(
        warehouse,
        "select * from marts.mart_survival_curves"
        " where survival_id = ? and breakdown_value is null",
        [curve_of(case)],
    )
    by_day = {str(row["day"]): row for row in rows}
    for label, expected in case["expected"].items():
        column, _, day = label.partition("/")
        check(case, label, expected, by_day[day or "0"][column])


@parameters("referrals")
def test_referrals(warehouse: Path, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, week = label.split("/")
        row = figures(
            warehouse,
            "select * from marts.mart_referrals where grain = ? and period_start_date = ?",
            [case["params"]["grain"], WORLD.day(case, week)],
        )
        check(case, label, expected, row[column])


@parameters("winback")
def test_winback(warehouse: Path, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, week, stage, dimension, value = label.split("/")
        if dimension == "last_content" and value:
            value = f"{case['id']} {value}"
        keys = [
            case["params"]["grain"], WORLD.day(case, week), stage, dimension,
            None if dimension == "all" else value,
        ]  # fmt: skip
        rows = support.query(
            warehouse,
            "select * from marts.mart_winback where grain = ? and period_start_date = ?"
            " and stage_id = ? and dimension = ? and dimension_value is not distinct from ?",
            keys,
        )
        # A value that nobody had in the period has no row.
        if rows or dimension == "all":
            check(case, label, expected, rows[0][column])
        else:
            assert not expected, (label, expected)
