"""Value of customers: what the published tables and peers say comes out of our public tables."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.conformance import area_cases as cases
from tests.conformance.cases import read_csv

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

from tests.conformance.channel_cases import csv_of
from tests.conformance.test_areas import check, parameters

PREDICTED = cases.read_cases("value_predict")
FITTED = cases.read_cases("value_fit")
# After all that is fitted, so that no fit sees these customers.
CALIBRATED_TO = date(2015, 12, 31)
# Orders are of the evening in New York, which in UTC is the next day; the horizon is on the evening
# of the first day after the calibration, with orders behind it.
HORIZON = CALIBRATED_TO + timedelta(days=2)
CLOCK = {"YUNYING_TIMEZONE": "America/New_York", "YUNYING_HORIZON": f"{HORIZON}T00:00:00+00:00"}


def order(user: str, day: date, amount: Any) -> cases.Row:
    return {"event_id": f"{user} {day}", "event_name": "order", "user_id": user,
            "occurred_at": f"{day + timedelta(days=1)}T03:00:00Z", "amount": amount}  # fmt: skip


def history(user: str, row: cases.Row) -> list[cases.Row]:
    """As many orders as the case says, the first and the last on their days."""
    first = CALIBRATED_TO - timedelta(days=row["age_days"])
    repeats = row["frequency"]
    days = [0, *range(1, repeats), *([row["recency_days"]] if repeats else [])]
    amount = row.get("mean_repeat_amount", 10)
    behind = order(user, HORIZON, 1_000_000)
    return [behind, *(order(user, first + timedelta(days=day), amount) for day in days)]


def written(params: cases.Row, *names: str) -> str:
    return "|".join(f"{name}={params[name]}" for name in names if name in params)


def orders() -> list[cases.Row]:
    found = [
        each
        for case in PREDICTED
        for number, row in enumerate(case["rows"])
        for each in history(f"{case['id']} {number}", row)
    ]
    for number, line in enumerate(read_csv(cases.FOLDER / "rfm_cdnow" / "transactions.csv")):
        row = order(f"cdnow {line['customer_id']}", date.fromisoformat(line["date"]), line["value"])
        found.append(row | {"event_id": f"cdnow {number}"})
    return found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ("unit_days", "horizon_days", "calibration_to_date", "holdout_to_date")
    models = [
        {"model_id": case["id"], "calibration_to_date": str(CALIBRATED_TO),
         "transaction_parameters": written(case["params"], "r", "alpha", "a", "b"),
         "spend_parameters": written(case["params"], "p", "q", "v"),
         **{name: case["params"][name] for name in names if name in case["params"]}}
        for case in [*PREDICTED, *FITTED]
    ]  # fmt: skip
    end = {"event_id": "end", "event_name": "end", "user_id": "end",
           "occurred_at": f"{HORIZON}T00:00:00Z"}  # fmt: skip
    return support.build_warehouse(
        tmp_path_factory.mktemp("value"),
        events=[*orders(), end],
        seeds={"event_names": "event_name,role\norder,order\nend,\n",
               "value_models": csv_of("value_models", models)},
        environment=CLOCK,
        select="+mart_value_models",
        run_tests=True,
    )  # fmt: skip


@parameters("value_predict")
def test_predictions(warehouse: Path, case: cases.Case) -> None:
    rows = support.query(
        warehouse,
        "select * from marts.mart_user_values where model_id = $1 and starts_with(user_id, $1)",
        [case["id"]],
    )
    by_user = {row["user_id"]: row for row in rows}
    assert len(by_user) == len(case["rows"])
    for label, expected in case["expected"].items():
        column, row = label.split("/")
        check(case, label, expected, by_user[f"{case['id']} {row}"][column])


@parameters("value_fit")
def test_fits(warehouse: Path, case: cases.Case) -> None:
    rows = support.query(
        warehouse,
        "select figure_id, value from marts.mart_value_models where model_id = ?",
        [case["id"]],
    )
    figures = {row["figure_id"]: row["value"] for row in rows}
    for figure, expected in case["expected"].items():
        check(case, figure, expected, figures[figure])
