"""The board of channels says which one to stop paying, and its figures are those of the marts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser import Chromium, Page
from tests.dashboards.conftest import Published
from tests.dashboards.test_boards_in_a_browser import choose, figures, is_quiet, opened
from tests.dashboards.test_sales_and_paths import rows_of

RIPE_MONTHS = """period_start_date in (select period_start_date from marts.mart_attribution
    where grain = 'month' and conversion_id = 'order' group by 1 having bool_and(is_mature))"""
LAYER = """[...document.querySelectorAll('#worth svg .mark-{}.role-mark')].pop()"""


@pytest.fixture
def page(published: Published, chromium: Chromium) -> Page:
    return opened(chromium, published.board("channels"))


def credited(published: Published, months: str = RIPE_MONTHS) -> dict[str, list[tuple[Any, ...]]]:
    """By channel: model, value and cost of the order's months."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for channel, *figures_of in published.query(
        "select channel_id, model_id, sum(credited_amount), cast(sum(cost_amount) as double)"
        " from marts.mart_attribution where conversion_id = 'order' and grain = 'month'"
        f" and {months} group by all order by all"
    ):
        found.setdefault(channel, []).append(tuple(figures_of))
    return found


def test_it_names_the_channels_to_stop_paying(page: Page, published: Published) -> None:
    said = {row[0]: row[1:] for row in rows_of(page, "verdicts")}
    labels = dict(published.query("select label_en, channel_id from seeds.dim_channels"))
    money = credited(published)
    assert {labels[label] for label in said} == money.keys()
    assert said["Paid social"][0] == "Stop: costs more than it brings, by every model"
    assert said["Display"][0] == "Stop: no conversion came of it"
    assert said["Unassigned"][0] == "No rule names its channel: cannot be judged"
    assert said["Paid search"][0] == "Keep: brings more than it costs, by every model"
    assert said["Direct"][0] == "Not paid for"
    for label, (verdict, spent, value, roas, *_) in said.items():
        values = [amount for _, amount, _ in money[labels[label]]]
        cost = money[labels[label]][0][2]
        assert float(spent.replace(",", "")) == pytest.approx(cost)
        ends = [float(end.replace(",", "")) for end in value.split(" – ")]
        assert (ends[0], ends[-1]) == pytest.approx((min(values), max(values)), abs=0.5)
        rates = [float(end) for end in roas.split(" – ")] if roas != "–" else []
        assert bool(rates) == (cost > 0)
        if verdict.startswith("Stop: costs"):
            assert max(values) < cost
            assert rates[-1] < 1
        if verdict.startswith("Keep"):
            assert min(values) >= cost
    assert [row[1].split(":")[0] for row in rows_of(page, "verdicts")][:2] == ["Stop", "Stop"]
    tiles = page.evaluate("""Object.fromEntries([...document.querySelectorAll('#kpis .tile')]
        .map((tile) => [tile.dataset.column, tile.innerText]))""")
    lost = sum(money[channel][0][2] for channel in ("paid_social", "display"))
    assert f"{lost:,.2f}\nPaid social, Display" in tiles["lost_amount"]
    is_quiet(page)


def test_spend_stands_beside_credited_value(page: Page, published: Published) -> None:
    choose(page, "model_id", "linear")
    money = {channel: {model: (value, cost) for model, value, cost in figures_of}["linear"]
             for channel, figures_of in credited(published).items()}  # fmt: skip
    shown = figures(page, "worth")
    paid = {channel: both for channel, both in money.items() if both[1]}
    assert {"unassigned", "display"} < paid.keys()
    assert [row["channel_id"] for row in shown] == sorted(
        paid, key=lambda one: (paid[one][0] - paid[one][1], one)
    )
    bars = page.evaluate(
        f"[...{LAYER.format('rect')}.querySelectorAll('path')]"
        ".map((bar) => [bar.getBBox().width, bar.getAttribute('fill')])"
    )
    strokes = page.evaluate(
        f"[...{LAYER.format('symbol')}.querySelectorAll('path')]"
        ".map((one) => +one.getAttribute('transform').match(/translate\\(([\\d.]+)/)[1])"
    )
    assert len(bars) == len(strokes) == len(shown)
    widest = max(strokes)
    most = max(float(row["cost_amount"]) for row in shown)
    for row, (width, colour), stroke in zip(shown, bars, strokes, strict=True):
        value, cost = paid[row["channel_id"]]
        assert float(row["credited_amount"]) == pytest.approx(value)
        assert stroke / widest == pytest.approx(cost / most, abs=0.01)
        assert width / widest == pytest.approx(value / most, abs=0.01)
        assert (width < stroke) == (value < cost) == (colour == "#D55E00")


def test_every_model_is_a_point_beside_roas_1(page: Page, published: Published) -> None:
    money = {
        channel: {model: value / cost for model, value, cost in figures_of}
        for channel, figures_of in credited(published).items()
        if figures_of[0][2]
    }
    shown = figures(page, "roas")
    assert len({row["by_model_id"] for row in shown}) == 8
    for row in shown:
        rates = money[row["channel_id"]]
        assert float(row["roas"]) == pytest.approx(rates[row["by_model_id"]])
        assert float(row["roas_low"]) == pytest.approx(min(rates.values()))
        assert float(row["roas_high"]) == pytest.approx(max(rates.values()))
    at = page.evaluate("""(() => {
        const x = (one) => one.getBoundingClientRect();
        const [line] = document.querySelectorAll('#roas svg .mark-rule line[stroke-dasharray]');
        const points = [...document.querySelectorAll('#roas svg .mark-symbol.role-mark path')];
        return [x(line).left, points.map((one) => (x(one).left + x(one).right) / 2)];
    })()""")
    line, points = at
    assert len(points) == len(shown)
    for row, point in zip(shown, points, strict=True):
        assert (point < line) == (float(row["roas"]) < 1)


def test_months_that_are_not_ripe_are_marked(page: Page, published: Published) -> None:
    offered = page.evaluate("""[...document.querySelectorAll('[data-filter=span] option')]
        .map((option) => [option.value, option.textContent])""")
    months = published.query(
        "select cast(period_start_date as varchar), bool_and(is_mature)"
        " from marts.mart_attribution where grain = 'month' and conversion_id = 'order'"
        " group by all order by 1 desc"
    )
    ripe = [month for month, is_ripe in months if is_ripe]
    assert 0 < len(ripe) < len(months)
    assert offered[:2] == [
        ["last_12", f"The last {len(ripe)} ripe months"], ["all", "All months so far"]
    ]  # fmt: skip
    assert dict(offered[2:]) == {
        month: month[:7] + ("" if is_ripe else " (not ripe)") for month, is_ripe in months
    }
    note = "document.querySelector('#worth .note').textContent"
    assert page.evaluate(note) == ""
    choose(page, "span", "all")
    assert "not ripe" in page.evaluate(note)
    every = rows_of(page, "verdicts")
    assert {row[1].endswith(" (not ripe yet)") for row in every} == {True}
    spent = {row["channel_id"]: float(row["cost_amount"]) for row in figures(page, "worth")}
    wanted = credited(published, "true")
    assert spent == {one: rows[0][2] for one, rows in wanted.items() if rows[0][2]}
    opacity = page.evaluate(
        f"[...{LAYER.format('rect')}.querySelectorAll('path')]"
        ".map((bar) => bar.getAttribute('opacity'))"
    )
    assert set(opacity) == {"0.4"}
    dashed = "document.querySelectorAll('#trend svg path[stroke-dasharray=\"4,3\"]').length"
    assert page.evaluate(dashed) > 0


def test_a_conversion_without_a_value_is_not_judged_by_it(page: Page) -> None:
    choose(page, "conversion_id", "first_open")
    said = {row[0]: row[1:] for row in rows_of(page, "verdicts")}
    assert said["Paid social"][0].startswith("The conversion has no value")
    assert re.fullmatch(r"[\d.,]+( – [\d.,]+)?", said["Paid social"][5])
    assert said["Display"][0].startswith("Stop: no conversion came of it")
    empty = page.evaluate("document.querySelector('#worth .empty').textContent")
    assert "the conversion has no value" in empty


def test_customers_and_payback_are_those_of_the_marts(page: Page, published: Published) -> None:
    wanted = {
        channel: (float(cost), users, customers)
        for channel, cost, users, customers in published.query(
            "select channel_id, sum(cost_amount), sum(new_user_count), sum(new_customer_count)"
            f" from marts.mart_channel_acquisition where grain = 'month' and {RIPE_MONTHS}"
            " group by all"
        )
    }
    for row in figures(page, "acquisition"):
        cost, users, customers = wanted[row["channel_id"]]
        assert (int(row["new_user_count"]), int(row["new_customer_count"])) == (users, customers)
        assert row["cac_amount"] == "" or float(row["cac_amount"]) == pytest.approx(
            cost / customers
        )
    drawn = {row["channel_id"]: row for row in figures(page, "cac")}
    assert drawn.keys() == {one for one, (cost, *_) in wanted.items() if cost > 0}
    assert [row["cac_amount"] for row in drawn.values()][:2] == ["", ""]
    curve = {(row["channel_id"], int(row["day_number"])): float(row["paid_back_rate"])
             for row in figures(page, "payback")}  # fmt: skip
    [chosen] = {row["length"] for row in figures(page, "payback")}
    rates = published.query(
        "select coalesce(channel_id, ''), day_number,"
        " sum(mature_net_amount) / sum(cost_amount) from marts.mart_channel_cohort_value"
        " where cohort_start_date in (select cohort_start_date"
        "  from marts.mart_channel_cohort_value where channel_id is null and is_mature"
        f"  and day_number = {chosen})"
        f" and day_number <= {chosen} and (day_number <= 30 or day_number % 5 = 0)"
        " group by all having sum(cost_amount) > 0"
    )
    assert len(rates) > 60
    assert curve == {(channel, day): pytest.approx(rate) for channel, day, rate in rates}


def test_bands_of_channels_are_the_transitions(page: Page, published: Published) -> None:
    bands = [row for row in figures(page, "flow") if row["kind"] == "edge"]
    shown = {
        ("(start)" if row["position"] == "0" else row["item_id"], row["next_id"]):
        int(row["occurrence_count"])
        for row in bands
    }  # fmt: skip
    wanted = published.query(
        "select from_channel_id, to_channel_id, sum(transition_count)"
        f" from marts.mart_attribution_transitions where conversion_id = 'order' and {RIPE_MONTHS}"
        " group by all"
    )
    assert shown == {(start, end): count for start, end, count in wanted}
    nodes = {(row["position"], row["item_id"]): int(row["occurrence_count"])
             for row in figures(page, "flow") if row["kind"] == "node"}  # fmt: skip
    for (position, channel), count in nodes.items():
        if position == "1":  # what comes to a channel leaves it
            assert count == sum(n for start, _, n in wanted if start == channel)
            assert count == sum(n for _, end, n in wanted if end == channel)
    drawn = page.evaluate("document.querySelectorAll('#flow svg .mark-area path').length")
    assert drawn == len(bands)
