"""The board of campaigns says whether the last one worked and how sure that is."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.publish.builds import DATABASE
from tests.browser import Chromium, Page
from tests.dashboards.conftest import Published
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened
from tests.dashboards.test_charts_in_a_browser import drawn
from tests.dashboards.test_sales_and_paths import rows_of

POINTS = """[...document.querySelectorAll('#lift svg .mark-symbol.role-mark path')]
    .map((one) => one.getAttribute('fill'))"""
OF_GOAL = "campaign_id = 'thanks' and measure_id = 'orders' and method = 'unadjusted'"


@pytest.fixture
def page(published: Published, chromium: Chromium) -> Page:
    return opened(chromium, published.board("campaigns"))


def test_it_begins_with_the_last_campaign_that_can_be_told(
    page: Page, published: Published
) -> None:
    assert page.evaluate("document.querySelector('[data-filter=campaign_id]').value") == "thanks"
    [(more, goal, cost, users, low, high, p)] = published.query(
        "select review.incremental_value, review.goal_value, review.cost_amount,"
        " review.assigned_count, 100 * difference_low, 100 * difference_high, p_value"
        " from marts.mart_campaign_review as review inner join marts.mart_campaign_lift"
        f" using (campaign_id) where {OF_GOAL}"
    )
    tiles = page.evaluate("""Object.fromEntries([...document.querySelectorAll('#headline .tile')]
        .map((tile) => [tile.dataset.column, tile.innerText]))""")
    assert f"{more:.1f}".removesuffix(".0") in tiles["incremental_value"]
    assert f"({low:+.1f} to {high:+.1f}), p {p:.3f}" in tiles["incremental_value"]
    assert f"{goal:g}\nplanned: 12" in tiles["goal_value"]
    assert f"{cost:.2f}\nbudget: 60.00" in tiles["cost_amount"]
    assert f"\n{users}" in tiles["assigned_count"]
    first, *_ = rows_of(page, "answers")
    assert first[0] == "Ordered ★"
    assert first[3] == "Too few people to tell"
    is_quiet(page)


@pytest.mark.parametrize(("low", "high", "more", "said", "colour"), [
    (0.01, 0.05, "is_small_sample = false", "Better than the control", "#009E73"),
    (-0.05, -0.01, "is_small_sample = false", "Worse than the control", "#D55E00"),
    (-0.01, 0.05, "is_small_sample = false", "Cannot be told: it may be nothing", "#8A8F98"),
    (0.01, 0.05, "is_small_sample = true", "Too few people to tell", "#56B4E9"),
    (0.01, 0.05, "is_mismatch = true", "Not to be trusted: arms not as planned", "#E69F00"),
    (0.01, 0.05, "is_small_sample = false, is_mature = false",
     "Better than the control (not ripe yet)", "#009E73"),
])  # fmt: skip
def test_what_is_said_is_what_the_interval_holds(
    low: float, high: float, more: str, said: str, colour: str,
    published: Published, chromium: Chromium, tmp_path: Path,
) -> None:  # fmt: skip
    database = tmp_path / DATABASE
    shutil.copyfile(published.folder / DATABASE, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"update marts.mart_campaign_lift set difference = ({low} + {high}) / 2,"
            f" difference_low = {low}, difference_high = {high}, {more} where {OF_GOAL}"
        )
    file = drawn("campaigns", database, published, tmp_path)
    page = opened(chromium, file, fragment="lang=en&campaign_id=thanks")
    first, *_ = rows_of(page, "answers")
    assert first[3] == said
    assert first[4] == (f"{50 * (low + high):+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})")
    assert page.evaluate(POINTS)[0] == colour
    cost = page.evaluate("document.querySelector('[data-column=cost_per_incremental] b').innerText")
    assert (cost != "–") == said.startswith("Better")
    # A measure that is to fall has got better when it fell.
    with duckdb.connect(str(database)) as connection:
        connection.execute("update seeds.dim_campaign_measures set is_goal_up = false")
    page = opened(
        chromium, drawn("campaigns", database, published, tmp_path),
        fragment="lang=en&campaign_id=thanks",
    )  # fmt: skip
    turned = {"Better": "Worse", "Worse": "Better"}
    [again] = [row[3] for row in rows_of(page, "answers")][:1]
    assert again.split()[0] == turned.get(said.split()[0], said.split()[0])


def test_an_interval_is_drawn_where_it_lies(page: Page, published: Published) -> None:
    shown = figures(page, "lift_means")
    wanted = published.query(
        "select method, difference, difference_low, difference_high from marts.mart_campaign_lift"
        " where campaign_id = 'thanks' and measure_id = 'spend' order by method desc"
    )
    assert len(shown) == len(wanted) == 2
    columns = ("difference", "difference_low", "difference_high")
    assert [(row["method"], *(float(row[column]) for column in columns)) for row in shown] == wanted
    zero, lines, points = page.evaluate("""(() => {
        const box = (one) => one.getBoundingClientRect();
        const rules = [...document.querySelectorAll('#lift_means svg .mark-rule.role-mark line')];
        const points = document.querySelectorAll('#lift_means svg .mark-symbol.role-mark path');
        return [box(rules[0]).left,
            rules.slice(1).map((one) => [box(one).left, box(one).right]),
            [...points].map((one) => (box(one).left + box(one).right) / 2)];
    })()""")
    scale = (lines[0][1] - lines[0][0]) / (wanted[0][3] - wanted[0][2])
    for (_, difference, low, high), ends, point in zip(wanted, lines, points, strict=True):
        for figure, at in ((difference, point), (low, ends[0]), (high, ends[1])):
            assert at - zero == pytest.approx(scale * figure, abs=2)


def test_arms_that_are_not_as_planned_raise_the_alarm(page: Page) -> None:
    assert {row[-1] for row in rows_of(page, "arms")} == {"✓"}
    choose(page, "campaign_id", "lopsided")
    assert {row[-1] for row in rows_of(page, "arms")} == {"▲ not as planned"}
    assert {row[3] for row in rows_of(page, "answers")} == {
        "Not to be trusted: arms not as planned"
    }
    choose(page, "campaign_id", "streaks")
    empty = page.evaluate("document.querySelector('#answers .empty').textContent")
    assert empty.startswith("Nothing to compare")
    assert page.evaluate("document.querySelector('#lift').hidden")


def test_pace_and_calendar_are_those_of_the_marts(page: Page, published: Published) -> None:
    daily = published.query(
        "select cast(activity_date as varchar), goal_value_to_date, target_value_to_date,"
        " cast(cost_amount_to_date as double), budget_amount_to_date, risk_level"
        " from marts.mart_campaign_daily where campaign_id = 'thanks' order by activity_date"
    )
    assert len({risk for *_, risk in daily}) > 1
    for item, place in (("goal", 1), ("budget", 3)):
        for measure, column in (("actual", place), ("planned", place + 1)):
            shown = [(row["activity_date"], float(row["amount"]))
                     for row in figures(page, item) if row["measure"] == measure]  # fmt: skip
            assert shown == [(day[0], day[column]) for day in daily]
    risks = {row["of_campaign_id"]: row["risk_id"] for row in figures(page, "calendar")}
    assert risks["thanks"] == daily[-1][-1]
    bars = page.evaluate("document.querySelectorAll('#calendar svg .mark-rect path').length")
    assert bars == len(risks) == 5
    listed = {row[0]: row[4] for row in rows_of(page, "review")}
    assert listed["Lopsided"] == "Not to be trusted: arms not as planned"
    assert listed["Spring"] == "No control: cannot be told"


def test_what_a_type_of_campaign_has_is_shown_with_it_alone(
    page: Page, published: Published
) -> None:
    def seen() -> set[str]:
        return {item for item in ("streaks", "invites", "discounts", "cobrands")
                if not page.evaluate(f"document.querySelector('#{item}').hidden")}  # fmt: skip

    assert seen() == {"discounts"}
    choose(page, "campaign_id", "streaks")
    assert seen() == {"streaks"}
    wanted = published.query(
        "select day_number, streak_count, survival_rate from marts.mart_campaign_check_ins"
        " where campaign_id = 'streaks' order by day_number"
    )
    shown = [(int(row["day_number"]), int(row["streak_count"]), float(row["survival_rate"]))
             for row in figures(page, "streaks")]  # fmt: skip
    assert len(wanted) > 1
    assert shown == [row for row in wanted if row[2] is not None]
