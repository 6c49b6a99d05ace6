"""The board of the platform names who carries it, where merchants are lost, and what is broken."""

from __future__ import annotations

import pytest

from tests.browser import Chromium, Page
from tests.dashboards.areas import Areas
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened
from tests.dashboards.test_product import answer, interval, wilson
from tests.dashboards.test_sales_and_paths import rows_of

MARCH = "grain = 'month' and period_start_date = '2024-03-01'"


@pytest.fixture
def page(areas: Areas, chromium: Chromium) -> Page:
    page = opened(chromium, areas.board("platform"))
    choose(page, "span", "2024-03")
    return page


def test_it_names_the_merchants_that_carry_the_rest(page: Page, areas: Areas) -> None:
    choose(page, "span", "all")
    sold = areas.query(
        "select merchant_name, gross_amount from marts.mart_merchant_periods"
        " where grain = 'all' and gross_amount > 0 order by gross_amount desc"
    )
    assert len(sold) == 30
    whole, carried, carriers = sum(amount for _, amount in sold), 0, []
    for name, amount in sold:
        if carried < whole / 2:
            carried += amount
            carriers.append(name)
    tenth = sum(amount for _, amount in sold[: -(-len(sold) // 10)])
    equal = whole**2 / sum(amount**2 for _, amount in sold)
    assert answer(page, "carrying") == (
        f"{len(carriers)} of {len(sold)} merchants bring {100 * carried / whole:.1f}% of what is"
        f" sold, the largest tenth {100 * tenth / whole:.1f}%: as if {equal:,.0f} equal ones sold"
        f" it all. The largest: {', '.join(carriers[:5])}."
    )
    curve = [row for row in figures(page, "lorenz") if row["curve_id"] == "sold"]
    assert (curve[0]["share"], curve[-1]["share"], curve[-1]["percent"]) == ("0", "1", "100")
    is_quiet(page)


def test_it_says_where_merchants_are_lost(page: Page, areas: Areas) -> None:
    choose(page, "span", "all")
    steps = {stage: (int(reached), int(previous)) for stage, reached, previous in areas.query(
        "select stage_id, mature_merchant_count, mature_previous_count"
        " from marts.mart_merchant_funnel where grain = 'all'"
    )}  # fmt: skip
    assert steps == {
        "signed_up": (60, 60), "listed": (54, 60), "first_sale": (30, 54), "retained": (20, 30),
    }  # fmt: skip
    reached, previous = steps["first_sale"]
    said = interval(reached / previous, *wilson(reached, previous))
    assert answer(page, "lost") == (
        f"Between “Listed” and “First sale”: {said} go on; another step may lose as many."
    )
    drawn = {row["stage_number"]: row["mature_merchant_count"] for row in figures(page, "stages")}
    assert drawn["3"] == f"{reached}"
    choose(page, "span", "2024-03")
    assert answer(page, "lost") == "Too few merchants to tell."


def test_it_says_which_rule_is_broken(page: Page, areas: Areas) -> None:
    [(broke, active)] = areas.query(
        "select violating_merchant_count, active_merchant_count from marts.mart_rule_violations"
        f" where {MARCH} and rule_id = 'late'"
    )
    [(again, violating, still_open, breaches)] = areas.query(
        "select repeat_offender_count, violating_merchant_count, open_count, violation_count"
        f" from marts.mart_rule_violations where {MARCH} and rule_id is null"
    )
    assert (broke, violating, again, breaches) == (30, 30, 6, 36)
    assert answer(page, "broken") == (
        f"late · minor: {interval(broke / active, *wilson(broke, active))} of the merchants broke"
        f" it, more than any other. {interval(again / violating, *wilson(again, violating))} of"
        f" those who broke a rule did so again. {still_open} of {breaches} breaches are open."
    )
    assert [row["violation_count"] for row in figures(page, "breaches")] == ["30", "6"]


def test_it_says_where_demand_lacks_supply(page: Page) -> None:
    choose(page, "span", "all")
    shown = {row["category_en"]: row["verdict_id"] for row in figures(page, "lacks")}
    assert shown == {"toys": "less", "food": "more"}
    assert answer(page, "lacking").startswith("toys: ")
    assert "fewer than in the others together." in answer(page, "lacking")
    measures = {row[0]: row[1] for row in rows_of(page, "concentrated")}
    assert set(measures) >= {"Merchants by what is sold", "Content by reads", "Authors by reads"}


@pytest.mark.parametrize(("change", "item", "said"), [
    ("mart_merchant_periods set gross_amount = 0 where merchant_id = 'shop-1'", "carrying",
     "too few to tell."),
    ("mart_rule_violations set active_merchant_count = 20", "broken", "Too few merchants to tell."),
    ("mart_supply_demand set demand_count = 20", "lacking", "Too few visits and searches to tell."),
])  # fmt: skip
def test_it_says_no_more_than_the_figures_do(
    change: str, item: str, said: str, areas: Areas, chromium: Chromium
) -> None:
    page = opened(chromium, areas.board("platform", f"update marts.{change}"))
    choose(page, "span", "all" if item == "carrying" else "2024-03")
    assert answer(page, item).endswith(said)
