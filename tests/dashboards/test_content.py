"""The board of content says what to write more of, and its figures are those of the marts."""

from __future__ import annotations

import pytest

from tests.browser import Chromium, Page
from tests.dashboards.areas import Areas
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened
from tests.dashboards.test_product import answer, interval, wilson
from tests.dashboards.test_sales_and_paths import rows_of


@pytest.fixture
def page(areas: Areas, chromium: Chromium) -> Page:
    return opened(chromium, areas.board("content"))


def test_it_names_what_to_write_more_of(page: Page, areas: Areas) -> None:
    sums = {category: tuple(map(int, counts)) for category, *counts in areas.query(
        "select category, count(*), sum(exposure_count), sum(clicked_exposure_count),"
        " sum(read_count), sum(finished_read_count) from marts.mart_content_performance"
        " where window_days = 7 and is_mature group by category"
    )}  # fmt: skip
    assert sums.keys() == {"guides", "news"}

    def said(part: int, whole: int) -> str:
        return interval(part / whole, *wilson(part, whole))

    shown = {row[0]: row for row in rows_of(page, "worth")}
    for category, (pieces, exposures, clicks, reads, finished) in sums.items():
        assert shown[category][2:4] == [said(finished, reads), said(clicks, exposures)]
        assert shown[category][6:] == [f"{pieces}", f"{exposures:,}", f"{reads:,}"]
    assert (shown["guides"][1], shown["news"][1]) == ("Write more", "Write less")
    *_, reads, finished = sums["guides"]
    assert answer(page, "more_of").startswith(
        f"guides: {said(finished, reads)} of its reads are finished, "
    )
    assert answer(page, "more_of").endswith(", more than of the others. Less of: news.")
    is_quiet(page)
    choose(page, "dimension", "origin")
    assert {row[0] for row in rows_of(page, "worth")} == {"pgc", "ugc"}


def test_the_plan_and_what_is_stale_are_those_of_the_month(page: Page, areas: Areas) -> None:
    choose(page, "span", "2024-02")
    [(planned, out, on_time, published_count, live, *stale)] = areas.query(
        "select planned_count, planned_published_count, on_time_count, published_count,"
        " live_count, stale_rate, stale_rate_lower, stale_rate_upper from marts.mart_content_supply"
        " where dimension = 'all' and grain = 'month' and period_start_date = '2024-02-01'"
    )
    assert planned > out > on_time > 0
    assert answer(page, "kept") == (
        f"Of {planned} planned {out} are out, {on_time} on time; {published_count} were published"
        " in all."
    )
    assert live < 30
    assert answer(page, "unread") == "Too few pieces to tell."
    drawn = {(row["period_start_date"], row["measure"]): int(row["piece_count"])
             for row in figures(page, "plan")}  # fmt: skip
    assert drawn["2024-02-01", "planned_count"] == planned
    assert drawn["2024-02-01", "on_time_count"] == on_time
    rates = {row["period_start_date"]: row for row in figures(page, "stale")}
    assert [float(rates["2024-02-01"][name]) for name in
            ("stale_rate", "stale_rate_lower", "stale_rate_upper")] == stale  # fmt: skip


def test_positions_ages_and_creators_are_those_of_the_marts(page: Page, areas: Areas) -> None:
    choose(page, "span", "all")
    shown = [(int(row["position"]), float(row["click_rate"])) for row in figures(page, "positions")]
    assert shown == areas.query(
        "select position, click_rate from marts.mart_content_positions where grain = 'all'"
        " and position is not null order by position"
    )
    assert len(shown) == 2
    ages = [(int(row["age_days"]), int(row["read_count"]), int(row["piece_count"]),
             float(row["reads_per_piece"])) for row in figures(page, "ages")]  # fmt: skip
    assert ages == areas.query(
        "select age_days, sum(read_count), count(*), sum(read_count) / count(*)"
        " from marts.mart_content_age_curves where is_mature and age_days < 30"
        " group by age_days order by age_days"
    )
    assert ages[0][3] > ages[-1][3]
    creators = {(row["period_start_date"], row["measure"]): int(row["signed_count"])
                for row in figures(page, "creators")}  # fmt: skip
    [(retained, lost)] = areas.query(
        "select retained_creator_count, lost_creator_count from marts.mart_creators"
        " where grain = 'month' and period_start_date = '2024-03-01'"
    )
    assert lost > 0
    assert creators["2024-03-01", "retained_creator_count"] == retained
    assert creators["2024-03-01", "lost_creator_count"] == -lost
    most = areas.query(
        "select title, finished_read_count from marts.mart_content_performance"
        " where window_days is null and finished_read_count > 0"
        " order by finished_read_count desc, content_id limit 20"
    )
    assert [(row[0], int(row[3])) for row in rows_of(page, "pieces")] == most
