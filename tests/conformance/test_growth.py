"""Referrals, win-back and survival: what published tables, peers and oracles say of our tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conformance import area_cases as cases

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

from tests.conformance.test_areas import check, parameters

HORIZON = "2026-06-01T00:00:00Z"
KINDS = ("referrals", "winback")
WORLD = cases.World(cases.read_cases(*KINDS))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    end = {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": HORIZON}
    return support.build_warehouse(
        tmp_path_factory.mktemp("growth"),
        events=[*WORLD.feeds["events"], end],
        feeds={name: rows for name, rows in WORLD.feeds.items() if name != "events"},
        seeds=WORLD.seeds,
        select="+mart_referrals +mart_winback",
        run_tests=True,
    )


def figures(warehouse: Path, sql: str, values: list[Any]) -> dict[str, Any]:
    rows = support.query(warehouse, sql, values)
    assert len(rows) == 1, (sql, values, rows)
    return rows[0]


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
