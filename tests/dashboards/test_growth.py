"""The board of user growth says how long users last, whom they bring and who comes back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.browser import Chromium, Page
from tests.dashboards.areas import Areas
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened
from tests.dashboards.test_product import answer, interval

CURVE = "survival_id = 'to_map' and breakdown_value is null"


@pytest.fixture
def page(areas: Areas, chromium: Chromium) -> Page:
    return opened(chromium, areas.board("growth"))


def test_a_curve_is_told_in_a_sentence_and_drawn_in_steps(page: Page, areas: Areas) -> None:
    curve = areas.query(
        "select day, survival_rate, survival_rate_lower, survival_rate_upper, median_days"
        f" from marts.mart_survival_curves where {CURVE} order by day"
    )
    columns = ("day", "survival_rate", "survival_rate_lower", "survival_rate_upper", "median_days")
    assert [
        tuple(float(row[name]) if row[name] else None for name in columns)
        for row in figures(page, "survival")
    ] == curve
    at_30 = [row for row in curve if row[0] <= 30][-1]
    median = curve[0][-1]
    half = (f"Half are gone by day {median}." if median
            else f"More than half are left on day {curve[-1][0]}, the last known.")  # fmt: skip
    assert answer(page, "lasting") == f"{half} After 30 days {interval(*at_30[1:4])} are left."
    path = page.evaluate(
        "document.querySelector('#survival svg .mark-line path').getAttribute('d')"
    )
    corners = [tuple(map(float, part.split(","))) for part in path[1:].split("L")]
    # From a point to the next either along or down, never both.
    assert all(
        abs(x - to_x) < 0.01 or abs(y - to_y) < 0.01 for (x, y), (to_x, to_y) in pairwise(corners)
    )
    is_quiet(page)


def test_k_is_as_sure_as_the_invites_are(page: Page, areas: Areas) -> None:
    choose(page, "span", "2024-02")
    [(users, k, *rates, invites)] = areas.query(
        "select invites_per_user, k_factor, acceptance_rate, acceptance_rate_lower,"
        " acceptance_rate_upper, mature_invite_count from marts.mart_referrals"
        " where grain = 'month' and period_start_date = '2024-02-01'"
    )
    assert invites >= 30
    low, high = users * rates[1], users * rates[2]
    verdict = ("it spreads" if low >= 1 else "it does not spread" if high < 1
               else "it may spread")  # fmt: skip
    assert answer(page, "spreading") == (
        f"K is {k:.3f} ({low:.3f} – {high:.3f}): {verdict} by itself."
        f" {interval(*rates)} of the invites are accepted."
    )
    tile = page.evaluate("document.querySelector('[data-column=k_factor]').innerText")
    assert f"{k:.2f}" in tile
    assert f"{low:.3f} – {high:.3f}" in tile
    shown = {row["period_start_date"]: row for row in figures(page, "spread")}
    assert float(shown["2024-02-01"]["k_factor"]) == k
    assert float(shown["2024-02-01"]["k_low"]) == pytest.approx(low)
    choose(page, "span", "2024-01")
    assert answer(page, "spreading").startswith(("Too few", "K is"))


def test_who_comes_back_is_told_by_what_they_saw_last(page: Page, areas: Areas) -> None:
    choose(page, "span", "all")
    seen = {value: figures_of for value, *figures_of in areas.query(
        "select dimension_value, return_rate, return_rate_lower, return_rate_upper,"
        " mature_silent_count from marts.mart_winback where grain = 'all'"
        " and stage_id = 'dormancy' and dimension = 'last_feature' and mature_silent_count > 0"
    )}  # fmt: skip
    [(together, low, high, count)] = areas.query(
        "select return_rate, return_rate_lower, return_rate_upper, mature_silent_count"
        " from marts.mart_winback where grain = 'all' and stage_id = 'dormancy'"
        " and dimension = 'all'"
    )
    assert seen["map"][3] >= 30
    assert seen["map"][0] > seen[""][0]
    said = answer(page, "returning")
    assert said.startswith(f"{interval(together, low, high)} of {count} came back in time.")
    assert f"More of those who saw last: Map {interval(*seen['map'][:3])}." in said
    assert f"Fewer: (none) {interval(*seen[''][:3])}" in said
    shown = {row["seen_en"]: (float(row["return_rate"]), row["verdict_id"])
             for row in figures(page, "seen")}  # fmt: skip
    assert shown["Map"] == (seen["map"][0], "more")
    assert shown["(none)"] == (seen[""][0], "less")
    choose(page, "dimension", "open_feedback")
    assert {row["seen_en"] for row in figures(page, "seen")} <= {
        "Feedback that is open", "None that is open",
    }  # fmt: skip
