"""Changes of KPIs: what peers, hand-worked figures and oracles say that each driver did."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests import support
from tests.conformance import area_cases as cases

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

from tests.conformance.channel_cases import csv_of
from tests.conformance.test_areas import check, parameters

DAY = date(2026, 5, 5)
CASES = cases.read_cases("kpi")


def kpi_of(case: cases.Case) -> str:
    return str(case["id"].replace(".", "_"))


def rows_of(case: cases.Case) -> list[cases.Row]:
    """An event a driver, segment and side, which says its value, on a day and the day before."""
    return [
        {
            "event_id": f"{case['id']} {number} {side}",
            "event_name": f"{case['id']} {row['driver']}",
            "user_id": case["id"],
            "occurred_at": f"{DAY - timedelta(days=side == 'from')}",
            "value": row[side],
            "segment": row["segment"],
        }
        for number, row in enumerate(case["rows"])
        for side in ("from", "to")
    ]  # fmt: skip


def kpis_of(case: cases.Case) -> list[cases.Row]:
    """The KPI of a case, and a sum of events for each of its drivers."""
    kpi, given = kpi_of(case), case["params"]
    drivers = {driver: f"{kpi}__{driver}" for driver in given["drivers"]}
    return [
        {
            "kpi_id": kpi,
            "parent_kpi_id": "star",
            **given,
            "drivers": "|".join(drivers.values()),
            "segment_by": "event:segment" if any(row["segment"] for row in case["rows"]) else "",
        },
        *(
            {"kpi_id": driver_id, "parent_kpi_id": kpi, "kind": "sum", "property": "event:value",
             "event_name": f"{case['id']} {driver}"}
            for driver, driver_id in drivers.items()
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    end = {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": "2026-06-01"}
    star = {"kpi_id": "star", "kind": "users"}
    return support.build_warehouse(
        tmp_path_factory.mktemp("kpis"),
        events=[*(row for case in CASES for row in rows_of(case)), end],
        seeds={"kpis": csv_of("kpis", [star, *(row for case in CASES for row in kpis_of(case))])},
        select="+mart_kpi_contributions",
        run_tests=True,
    )


@parameters("kpi")
def test_kpi(warehouse: Path, case: cases.Case) -> None:
    keys = [kpi_of(case), DAY]
    where = "where kpi_id = ? and grain = 'day' and period_start_date = ?"
    (value,) = support.query(warehouse, f"select * from marts.mart_kpi_values {where}", keys)
    contributions = support.query(
        warehouse,
        f"select * from marts.mart_kpi_contributions {where} and comparison = 'previous'",
        keys,
    )
    columns = {"from_value": "previous_value"}
    for label, expected in case["expected"].items():
        column, *parts = label.split("/")
        if column == "contribution_rows":
            given = len(contributions)
        elif column != "contribution":
            given = value[columns.get(column, column)]
        else:
            driver, *segment = parts
            found = [
                row["contribution"]
                for row in contributions
                if row["driver_id"] == f"{kpi_of(case)}__{driver}"
                and (not segment or row["segment_value"] == segment[0])
            ]
            assert found, label
            given = sum(found)
        check(case, label, expected, given)
