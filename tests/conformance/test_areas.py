"""What peers, published tables and oracles say of the areas comes out of our public tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from tests import support
from tests.conformance import area_cases as cases

if not (cases.FOLDER / "areas").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

KEYS: dict[str, tuple[str, Sequence[str]]] = {
    "feedback": ("mart_feedback", ("period_start_date", "dimension", "dimension_value")),
    "page": ("mart_page_exits", ("period_start_date", "page")),
    "element": ("mart_page_elements", ("period_start_date", "page", "element")),
    "supply": ("mart_content_supply", ("period_start_date", "dimension", "dimension_value")),
    "creators": ("mart_creators", ("period_start_date",)),
    "positions": ("mart_content_positions", ("period_start_date", "position")),
    "content": ("mart_content_performance", ("content_id", "window_days")),
    "adoption": ("mart_feature_adoption", ("period_start_date", "feature_id")),
    "usage": ("mart_feature_usage", ("period_start_date", "feature_id")),
    "funnel": ("mart_merchant_funnel", ("period_start_date", "stage_id")),
    "violations": ("mart_rule_violations", ("period_start_date", "rule_id", "severity")),
    "concentration": ("mart_concentration", ("period_start_date", "measure_id")),
}
HORIZON = "2026-06-01T00:00:00Z"
Cell = Callable[[cases.Case, str, Sequence[Any], str], Any]


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    """The figure of a table for the keys of a case, after one build of all cases."""
    found = cases.read_cases(
        "feedback", "pages", "content", "positions", "supply", "creators", "feature",
        "merchant_funnel", "violations", "concentration",
    )  # fmt: skip
    # What is live stays: who asks for stocks happens before all others.
    world = cases.World(sorted(found, key=lambda case: "stock_at" in case["params"]))
    events = world.feeds.pop("events")
    end = {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": HORIZON}
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("areas"),
        events=[*events, end],
        feeds=world.feeds,
        seeds=world.seeds,
        select=" ".join(f"+{table}" for table, _ in KEYS.values()),
        run_tests=True,
    )

    @cache
    def rows_of(of: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        table, names = KEYS[of]
        rows = support.query(warehouse, f"select * from marts.{table}")
        found = {(row.get("grain"), *(row[name] for name in names)): row for row in rows}
        assert len(found) == len(rows)
        return found

    def look_up(case: cases.Case, of: str, keys: Sequence[Any], column: str) -> Any:
        _, names = KEYS[of]
        given, grain = list(keys), None
        if names[0] == "period_start_date":
            usual = "day" if of == "concentration" else "all"
            grain = case["params"].get("grain", usual) if keys[0] else "all"
            given[0] = world.day(case, keys[0]) if keys[0] else None
        if given[1:] == ["all", ""]:
            given[2] = None
        if of == "violations" and given[1:] == ["", ""]:
            given[1:] = [None, None]
        return rows_of(of)[grain, *given][column]

    return look_up


def check(case: cases.Case, label: str, expected: Any, given: Any) -> None:
    if expected is None:
        assert given is None, label
        return
    tolerance = case["tolerance"]
    if isinstance(tolerance, dict):
        tolerance = tolerance.get(label.partition("/")[0], tolerance.get("*", 0))
    assert given is not None, label
    assert float(given) == pytest.approx(float(expected), rel=1e-9, abs=tolerance), label


def parameters(kind: str) -> Any:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case["id"]) for case in cases.read_cases(kind)]
    )


@parameters("feedback")
def test_feedback(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        check(case, label, expected, cell(case, "feedback", keys, column))


@parameters("pages")
def test_pages(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        of = "page" if len(keys) == 2 else "element"
        check(case, label, expected, cell(case, of, keys, column))


@parameters("content")
def test_content(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, piece, window = label.split("/")
        keys = (f"{case['id']} {piece}", int(window) if window else None)
        check(case, label, expected, cell(case, "content", keys, column))


@parameters("positions")
def test_positions(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, day, position = label.split("/")
        keys = (day, int(position) if position else None)
        check(case, label, expected, cell(case, "positions", keys, column))


@parameters("supply")
def test_supply(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        check(case, label, expected, cell(case, "supply", keys, column))


@parameters("creators")
def test_creators(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        check(case, label, expected, cell(case, "creators", keys, column))


@parameters("feature")
def test_features(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        *usage, column, period = label.split("/")
        of = "usage" if usage else "adoption"
        check(case, label, expected, cell(case, of, [period, case["id"]], column))


@parameters("merchant_funnel")
def test_merchant_funnels(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        check(case, label, expected, cell(case, "funnel", keys, column))


@parameters("violations")
def test_violations(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        column, *keys = label.split("/")
        check(case, label, expected, cell(case, "violations", keys, column))


@parameters("concentration")
def test_concentration(cell: Cell, case: cases.Case) -> None:
    for label, expected in case["expected"].items():
        keys = ("2024-11-01", case["params"]["measure"])
        check(case, label, expected, cell(case, "concentration", keys, label))


WILSON = cases.read_cases("wilson_interval")


@pytest.fixture(scope="module")
def intervals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Pages by name: of so many visits that saw one, these ended there, as a case says; and pages
    of 1 to 40 visits that all did."""
    pages = {case["id"]: (case["params"]["successes"], case["params"]["trials"]) for case in WILSON}
    pages |= {f"{count} of {count}": (count, count) for count in range(1, 41)}
    events = []
    for page, (exits, visits) in pages.items():
        for visit in range(visits):
            for place in [page] if visit < exits else [page, "elsewhere"]:
                events.append(
                    {"event_id": f"{len(events):05d}", "event_name": "page_view", "page": place,
                     "user_id": f"{page} {visit}", "occurred_at": "2024-01-01"}
                )  # fmt: skip
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("intervals"),
        events=events,
        seeds={"event_names": "event_name,role\npage_view,page_view\n"},
        select="+mart_page_exits",
    )
    rows = support.query(warehouse, "select * from marts.mart_page_exits where grain = 'all'")
    return {row["page"]: row for row in rows}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in WILSON])
def test_wilson_interval(intervals: dict[str, dict[str, Any]], case: cases.Case) -> None:
    row = intervals[case["id"]]
    for label, expected in case["expected"].items():
        check(case, label, expected, row[label.replace("adoption_rate", "exit_rate")])


def test_each_interval_is_what_statsmodels_says_and_within_0_to_1(
    intervals: dict[str, dict[str, Any]],
) -> None:
    """Rounding leads none out of it."""
    assert len(intervals) > 40
    for row in intervals.values():
        said = proportion_confint(row["exit_count"], row["session_count"], method="wilson")
        assert (row["exit_rate_lower"], row["exit_rate_upper"]) == pytest.approx(said, abs=1e-12)
        assert 0 <= row["exit_rate_lower"] <= row["exit_rate"] <= row["exit_rate_upper"] <= 1
