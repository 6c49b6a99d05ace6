"""The board of the product says which page loses people, and how sure that is."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from tests.browser import Chromium, Page
from tests.dashboards.areas import Areas
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened
from tests.dashboards.test_sales_and_paths import rows_of

MARCH = "grain = 'month' and period_start_date = '2024-03-01'"
LABELS = """[...document.querySelectorAll('#elements svg .mark-text.role-mark text')]
    .map((text) => text.textContent)"""
POINTS = """[...document.querySelectorAll('#exits svg .mark-symbol.role-mark path')]
    .map((one) => one.getAttribute('fill'))"""


@pytest.fixture
def page(areas: Areas, chromium: Chromium) -> Page:
    return opened(chromium, areas.board("product"))


def answer(page: Page, item: str) -> str:
    [[said]] = rows_of(page, item)
    return said


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's interval: the shares p that lie 1.96 of their own errors from the given one."""
    share, z2 = part / whole, 1.959963984540054**2 / whole
    low, high = sorted(np.roots([1 + z2, -2 * share - z2, share**2]))
    return float(low), float(high)


def interval(rate: float, low: float, high: float) -> str:
    return f"{rate:.1%} ({low:.1%} – {high:.1%})"


def test_it_names_the_page_that_loses_people(page: Page, areas: Areas) -> None:
    assert page.evaluate("document.querySelector('[data-filter=span]').value") == "2024-03"
    pages = {name: figures_of for name, *figures_of in areas.query(
        "select page, exit_rate, exit_rate_lower, exit_rate_upper, session_count"
        f" from marts.mart_page_exits where {MARCH}"
    )}  # fmt: skip
    said = answer(page, "losing")
    assert said == (
        f"cart: {interval(*pages['cart'][:3])} of the visits that see it end there, more than on"
        " the other pages together. People are done on thanks."
    )
    shown = {row["page_name"]: row for row in figures(page, "exits")}
    assert list(shown) == sorted(pages, key=lambda one: (pages[one][3] < 30, -pages[one][1]))
    assert {name: row["verdict_id"] for name, row in shown.items()} == {
        "cart": "more", "home": "less", "list": "less", "thanks": "end", "rare": "few",
    }  # fmt: skip
    colours = dict(zip(shown, page.evaluate(POINTS), strict=True))
    assert colours["cart"] == "#D55E00"
    is_quiet(page)
    choose(page, "span", "all")
    assert {row["session_count"] for row in figures(page, "exits")} == {
        f"{count}" for (count,) in areas.query(
            "select session_count from marts.mart_page_exits where grain = 'all'"
        )
    }  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [
    ("session_count = 20", "Too few visits to tell."),
    ("exit_rate = 0.3, exit_rate_lower = 0.2, exit_rate_upper = 0.4, session_count = 100,"
     " exit_count = 30", "No page stands out from the others."),
    ("is_mature = false", "cart: "),
])  # fmt: skip
def test_it_says_no_more_than_the_figures_do(
    change: str, said: str, areas: Areas, chromium: Chromium
) -> None:
    file = areas.board("product", f"update marts.mart_page_exits set {change} where {MARCH}")
    page = opened(chromium, file, fragment="lang=en&span=2024-03")
    assert answer(page, "losing").startswith(said)
    note = page.evaluate("document.querySelector('#losing .note').textContent")
    assert ("not ripe" in note) is ("is_mature" in change)


def test_the_click_map_is_of_a_page_or_of_all(page: Page, areas: Areas) -> None:
    wanted = areas.query(
        "select page, element, click_count, click_rate from marts.mart_page_elements"
        f" where {MARCH} order by click_count desc, page, element"
    )
    assert [row["name_en"] for row in figures(page, "elements")] == [
        f"{of} · {element}" for of, element, *_ in wanted
    ]
    assert page.evaluate(LABELS) == [f"{clicks} · {rate:.1%}" for *_, clicks, rate in wanted]
    choose(page, "page", "list")
    [(clicks,)] = [(clicks,) for of, _, clicks, _ in wanted if of == "list"]
    assert [(row["name_en"], row["click_count"]) for row in figures(page, "elements")] == [
        ("next", f"{clicks}")
    ]


def test_nps_has_an_interval_and_few_answers_none_to_conclude_from(
    page: Page, areas: Areas
) -> None:
    counts = areas.query(
        "select cast(period_start_date as varchar), promoter_count, passive_count,"
        " detractor_count, nps, is_mature from marts.mart_feedback"
        " where grain = 'month' and dimension = 'all' order by period_start_date"
    )
    shown = {row["period_start_date"]: row for row in figures(page, "nps")}
    assert list(shown) == [month for month, *_ in counts]
    assert shown["2024-01-01"]["score_low"] == ""
    for month, promoters, passives, detractors, nps, _ in counts[1:]:
        # As if two more had been asked, one of either kind.
        more = promoters + passives + detractors + 2
        up, down = (promoters + 1) / more, (detractors + 1) / more
        half = 1.959963984540054 * sqrt((up + down - (up - down) ** 2) / more)
        row = [float(shown[month][name]) for name in ("score", "score_low", "score_high")]
        assert row == pytest.approx([100 * nps, 100 * (up - down - half), 100 * (up - down + half)])
    assert answer(page, "glad").endswith("of 31 answers: more promote it than detract.")
    area = page.evaluate("document.querySelectorAll('#nps svg .mark-area path').length")
    assert area == 1
    for month, said in (("2024-04", "too few to tell."), ("2024-01", "Nobody was asked.")):
        choose(page, "span", month)
        assert answer(page, "glad").endswith(said)
    assert "not ripe" in page.evaluate("document.querySelector('#nps .note').textContent")


def test_it_says_whether_the_newest_feature_is_used_again(page: Page, areas: Areas) -> None:
    assert page.evaluate("document.querySelector('[data-filter=feature_id]').value") == "map"
    [(retained, previous)] = areas.query(
        "select sum(retained_user_count), sum(previous_user_count) from (from"
        " marts.mart_feature_usage where feature_id = 'map' and grain = 'week' and is_mature"
        " order by period_start_date desc limit 12)"
    )
    [(rate, low, high)] = areas.query(
        "select adoption_rate, adoption_rate_lower, adoption_rate_upper"
        " from marts.mart_feature_adoption where feature_id = 'map' and grain = 'all'"
    )
    said = answer(page, "used_again")
    lower, upper = wilson(int(retained), int(previous))
    assert lower > 0.5
    assert said == (
        f"{interval(retained / previous, lower, upper)} of those who use it in a week do in the"
        f" next: most come back to it. {interval(rate, low, high)} of those who could took it up"
        " within 14 days."
    )
    weeks = areas.query(
        "select cast(period_start_date as varchar), retention_rate, retention_rate_lower"
        " from marts.mart_feature_usage where feature_id = 'map' and grain = 'week'"
        " order by period_start_date"
    )
    columns = ("retention_rate", "retention_rate_lower")
    assert [
        (row["period_start_date"], *(float(row[name]) if row[name] else None for name in columns))
        for row in figures(page, "again")
    ] == weeks
    assert page.evaluate("document.querySelectorAll('#again svg .mark-area path').length") == 1
    choose(page, "feature_id", "scan")
    assert answer(page, "used_again").startswith("Too few users to tell.")


def test_adoption_is_by_those_who_could_and_a_launch_is_no_experiment(
    page: Page, areas: Areas
) -> None:
    wanted = areas.query(
        "select cast(period_start_date as varchar), mature_eligible_count, mature_adopter_count"
        " from marts.mart_feature_adoption where feature_id = 'map' and grain = 'month'"
        " order by period_start_date"
    )
    columns = ("mature_eligible_count", "mature_adopter_count")
    assert [
        (row["period_start_date"], *(int(row[name]) for name in columns))
        for row in figures(page, "adoption")
    ] == wanted
    so_far: dict[str, list[int]] = {}
    for row in figures(page, "adopters"):
        so_far.setdefault(row["by_feature_id"], []).append(int(row["adopters_so_far"]))
    for feature, counts in so_far.items():
        assert counts == sorted(counts)
        [(adopters,)] = areas.query(
            "select adopter_count from marts.mart_feature_adoption"
            f" where feature_id = '{feature}' and grain = 'all'"
        )
        assert counts[-1] == adopters
    assert list(so_far) == ["map", "scan"]
    launches = rows_of(page, "launches")
    assert {row[0] for row in launches} == {"Active days", "Net amount (USD)"}
    assert {row[-1] for row in launches} <= {"No: adopters are other people", "No: too few users"}


def test_feedback_is_told_by_what_it_is_about(page: Page, areas: Areas) -> None:
    for dimension, words in (("tag", {}), ("kind", {"nps": "NPS", "suggestion": "Suggestion"})):
        choose(page, "dimension", dimension)
        wanted = areas.query(
            "select dimension_value, feedback_count, answered_count / feedback_count,"
            f" closed_loop_rate from marts.mart_feedback where {MARCH}"
            f" and dimension = '{dimension}' and dimension_value <> ''"
            " order by feedback_count desc, dimension_value"
        )
        assert [(row[0], row[1], row[2], row[-1]) for row in rows_of(page, "handled")] == [
            (words.get(value, value), f"{count}", f"{answered:.1%}", f"{loop:.1%}")
            for value, count, answered, loop in wanted
        ]
        assert [row["about_en"] for row in figures(page, "themes")] == [
            words.get(value, value) for value, *_ in wanted
        ]
    choose(page, "dimension", "merchant")
    empty = page.evaluate("document.querySelector('#themes .empty').textContent")
    assert empty.startswith("No feedback")
