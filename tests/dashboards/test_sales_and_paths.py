"""The boards of sales and of paths show what their marts hold."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.browser import Chromium, Page
from tests.dashboards.conftest import Published
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened

TILES = """Object.fromEntries([...document.querySelectorAll('#kpis .tile')]
    .map((tile) => [tile.dataset.column, tile.innerText]))"""


def rows_of(page: Page, item: str) -> list[list[str]]:
    """The cells of a table, line by line."""
    found: list[list[str]] = page.evaluate(
        f"[...document.querySelectorAll('#{item} .drawing tbody tr')]"
        ".map((row) => [...row.children].map((cell) => cell.textContent))"
    )
    return found


@pytest.mark.parametrize("grain", ["week", "day", "month"])
def test_sales_tell_the_last_whole_period_beside_an_earlier_one(
    grain: str, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("sales"))
    choose(page, "grain", grain)
    measures = "order_count, gross_amount, refunded_amount, net_amount, customer_count"
    (start, orders, *money, customers, repeated, rate), *_ = last = published.query(
        f"select period_start_date, {measures}, repeat_customer_count, repeat_rate"
        f" from marts.mart_sales_periods where grain = '{grain}' and is_mature"
        " order by period_start_date desc"
    )
    tiles = page.evaluate(TILES)
    assert f"{orders:,}" in tiles["order_count"].splitlines()
    shown = [f"{amount:,.2f}" for amount in money]
    assert shown[1] != "0.00" or grain == "day"
    assert [tiles[name].splitlines()[1] for name in
            ("gross_amount", "refunded_amount", "net_amount")] == shown  # fmt: skip
    assert f"{rate:.1%}" in tiles["repeat_rate"]
    assert f"{repeated:,} of {customers:,}" in tiles["repeat_rate"]
    of_before = {row[0]: row[1] for row in last}
    before = of_before[last[1][0] if grain == "month" else start - timedelta(7)]
    word = "the month before" if grain == "month" else "7 days before"
    assert f"{word}: {before:,}" in tiles["order_count"]
    is_quiet(page)


def test_the_charts_of_sales_draw_their_mart(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("sales"), fragment="lang=en&grain=month")
    wanted = published.query(
        "select cast(period_start_date as varchar), order_count, gross_amount, refunded_amount,"
        " net_amount, new_customer_count, customer_count - new_customer_count, repeat_rate"
        " from marts.mart_sales_periods where grain = 'month' order by period_start_date"
    )
    orders = [
        (row["period_start_date"], int(row["order_count"])) for row in figures(page, "orders")
    ]
    assert orders == [(start, count) for start, count, *_ in wanted]
    for item, column, places in (
        ("money", "amount", {"gross_amount": 2, "refunded_amount": 3, "net_amount": 4}),
        ("customers", "user_count", {"new_customer_count": 5, "earlier_customer_count": 6}),
    ):
        shown = figures(page, item)
        for measure, place in places.items():
            drawn = [float(row[column]) for row in shown if row["measure"] == measure]
            assert drawn == [float(row[place]) for row in wanted]
    rates = [float(row["repeat_rate"]) for row in figures(page, "repeat")]
    assert rates == [row[7] for row in wanted]
    assert len(rows_of(page, "periods")) == len(wanted)


def test_paths_show_their_marts(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("paths"))
    sequences = published.query(
        "select mature_occurrence_count, mature_path_occurrence_count, occurrence_rate, user_count"
        " from marts.mart_path_sequences order by mature_occurrence_count desc,"
        " occurrence_count desc, sequence_key limit 50"
    )
    assert len(sequences) > 5
    shown = rows_of(page, "sequences")
    assert [row[2:] for row in shown] == [
        [f"{rate:.1%}", f"{count:,}", f"{whole:,}", f"{users:,}"]
        for count, whole, rate, users in sequences
    ]
    assert shown[0][1].startswith("Campaign received → ")
    edges = published.query(
        "select source_position, mature_occurrence_count, mature_source_count"
        " from marts.mart_path_edges order by source_position, mature_source_count desc,"
        " source_item, mature_occurrence_count desc, target_item limit 100"
    )
    listed = [(int(row[0]), row[4], row[5]) for row in rows_of(page, "edges")]
    assert listed == [(at, f"{count:,}", f"{whole:,}") for at, count, whole in edges]
    is_quiet(page)


def test_bands_of_the_flow_lie_within_their_items(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("paths"))
    rows = figures(page, "flow")
    nodes = {(int(r["position"]), r["item_id"]): r for r in rows if r["kind"] == "node"}
    bands = [row for row in rows if row["kind"] == "edge"]
    [(total, count)] = published.query(
        "select sum(occurrence_count), count(*) from marts.mart_path_edges"
    )
    assert sum(int(band["occurrence_count"]) for band in bands) == total
    assert len(bands) == count
    for band in bands:
        node = nodes[int(band["position"]), band["item_id"]]
        assert float(node["low"]) <= float(band["low"]) < float(band["high"])
        assert float(band["high"]) <= float(node["high"])
    for position in {position for position, _ in nodes}:
        into = [b for b in bands if int(b["position"]) == position - 1]
        ends = sorted((float(b["next_low"]), float(b["next_high"])) for b in into)
        assert all(high <= low for (_, high), (low, _) in pairwise(ends))
    drawn = page.evaluate("document.querySelectorAll('#flow svg .mark-area path').length")
    assert drawn == len(bands)
    words = page.evaluate("document.querySelector('#flow svg').textContent")
    assert "Campaign received" in words
    page.evaluate("document.querySelector('[data-switch]').click()")
    page.wait_for("document.documentElement.dataset.drawn === 'zh'")
    page.wait_for("document.querySelector('#flow svg').textContent.includes('收到活动')")
    is_quiet(page)
