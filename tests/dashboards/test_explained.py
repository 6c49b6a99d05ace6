"""What explains a change is marked on charts over days, and an empty place says why it is empty."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards.events import alternatives
from tests.browser import Chromium, Page
from tests.dashboards.conftest import SILENT, Published
from tests.dashboards.test_boards_in_a_browser import choose, is_quiet, opened

EMPTY = "document.querySelector('#{} .empty')?.textContent"


def signs(page: Page, item: str) -> list[str]:
    """The texts that stand above a chart's plot."""
    texts: list[str] = page.evaluate(
        f"[...document.querySelectorAll('#{item} svg .mark-text text')].map((t) => t.textContent)"
    )
    return [text for text in texts if text[:1] in ("∅", "▲", "▼", "▸", "◂")]


@pytest.mark.parametrize(
    ("board", "item", "grain", "end_count"),
    # Where a chart is narrow, two that end within days of each other are one sign.
    [("overview", "active_users", None, 3), ("overview", "growth", "day", 3),
     ("sales", "money", "day", 4), ("lifecycle", "stages", None, 4)],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "zh"])
def test_daily_charts_mark_campaigns_and_days_without_data(
    board: str, item: str, grain: str | None, end_count: int, language: str,
    published: Published, chromium: Chromium,
) -> None:  # fmt: skip
    chosen = f"lang={language}" + (f"&grain={grain}" if grain else "")
    page = opened(chromium, published.board(board), fragment=chosen)
    shown = signs(page, item)
    assert sum(text[0] == "▸" for text in shown) == 3
    assert sum(text[0] == "◂" for text in shown) == end_count
    assert sum(text[0] == "∅" for text in shown) >= 1
    assert any("Spring" in text for text in shown)
    lines = f"document.querySelectorAll('#{item} svg line[stroke-dasharray=\"2,3\"]').length"
    assert page.evaluate(lines) >= 4
    legend = "ends" if language == "en" else "结束"
    assert legend in page.evaluate("document.querySelector('#marks').textContent")
    is_quiet(page)
    choose(page, "from", "2024-03-02")
    choose(page, "to", "2024-03-08")
    assert signs(page, item) == []


def test_a_mark_tells_what_happened_when_it_is_pointed_at(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("overview"))
    told = page.evaluate("""(() => {
        const texts = [...document.querySelectorAll('#active_users svg .mark-text text')];
        const sign = texts.filter((text) => text.textContent.startsWith('∅')).pop();
        sign.scrollIntoView({ block: "center" });
        const box = sign.getBoundingClientRect();
        const where = { clientX: box.left + 4, clientY: box.top + box.height / 2, bubbles: true };
        const at = document.elementFromPoint(where.clientX, where.clientY);
        at.dispatchEvent(new PointerEvent("pointermove", where));
        at.dispatchEvent(new MouseEvent("mousemove", where));
        return document.getElementById("vg-tooltip-element").innerText;
    })()""")
    assert f"{SILENT}: No events of feed." in told
    assert "null" not in told


def test_a_week_has_the_notes_of_its_days_and_a_month_has_none(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("sales"), fragment="lang=en&grain=week")
    assert any(text.startswith("∅") for text in signs(page, "orders"))
    choose(page, "grain", "month")
    assert signs(page, "orders") == []
    is_quiet(page)


def test_only_anomalies_of_what_a_chart_is_made_of_are_marked(
    published: Published, chromium: Chromium
) -> None:
    content = payload(opened(chromium, published.board("sales")))
    assert {item["id"]: item["made_of"]["events"] for item in content["items"]}["orders"] == [
        "order_placed"
    ]
    odd = published.query(
        "select cast(event_date as varchar), event_name from marts.mart_event_volume_daily"
        f" where is_anomalous and event_date <> '{SILENT}'"
        " and coalesce(event_name, 'order_placed') = 'order_placed'"
    )
    noted = [
        (note["day"], note["event_name"])
        for note in content["notes"]
        if note["kind"] in ("more", "fewer")
    ]
    assert sorted(noted, key=str) == sorted(odd, key=str)


def test_an_event_that_nobody_sends_is_named(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("overview"))
    choose(page, "activity_id", "push")
    said = page.evaluate(EMPTY.format("growth"))
    assert said == "Nobody sends Push opened (push_opened) yet."
    page.evaluate("document.querySelector('[data-switch]').click()")
    page.wait_for("document.documentElement.dataset.drawn === 'zh'")
    assert page.evaluate(EMPTY.format("growth")) == "还没有人发送打开推送（push_opened）。"
    choose(page, "activity_id", "any")
    assert page.evaluate(EMPTY.format("growth")) is None


def test_nothing_sent_at_all_is_said_on_every_board(
    published_empty: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published_empty.board("overview"))
    for item in ("kpis", "active_users", "growth", "stages", "quick_ratio"):
        assert page.evaluate(EMPTY.format(item)) == "Nobody sends any event yet."
    page = opened(chromium, published_empty.board("sales"), fragment="lang=zh")
    for item in ("kpis", "money", "orders", "customers", "repeat", "periods"):
        # Nor does its tracking plan call an event an order.
        assert "角色为 order 的事件" in page.evaluate(EMPTY.format(item))
    is_quiet(page)


def test_another_period_that_has_figures_is_pointed_to(
    published: Published, chromium: Chromium
) -> None:
    chosen = "lang=en&from=2023-01-01&to=2023-01-31"
    page = opened(chromium, published.board("sales"), fragment=chosen)
    assert page.evaluate(EMPTY.format("orders")) == (
        "No figures from 2023-01-01 to 2023-01-31; there are in another period."
    )


def payload(page: Page) -> dict[str, Any]:
    """What the page draws from."""
    return dict(json.loads(page.evaluate("document.getElementById('board').textContent")))


ASKED = """(() => {
    const state = { grain: %s };
    const row = %s;
    const item = { kind: 'chart', names: ['grain', 'day', 'figure'], rows: [row], day: 'day',
                   spec: { encoding: { y: { field: 'figure' } } }, empty: 'Nothing.',
                   made_of: { events: [], unsent: [] } };
    const filter = { kind: 'choice', column: 'grain', options: [
        { value: 'day', label: 'Days' }, { value: 'month', label: 'Months' }] };
    const isChosen = (_, one, passed = () => false) =>
        passed(filter) || one.grain === state.grain;
    const say = (text) => text.en || text;
    const asked = window.explained({ board: { filters: [filter], definitions: {}, notes: [] },
                                     state, say, words: (en, zh) => ({ en, zh }), isChosen });
    return asked.emptyBecause(item, isChosen(item, row) ? [row] : []);
})()"""


@pytest.mark.parametrize(
    ("grain", "row", "said"),
    [
        ("day", {"grain": "month", "figure": 1},
         "No figures at this grain; there are by: Months."),
        ("month", {"grain": "month", "figure": None, "is_mature": False}, "Nothing is ripe yet."),
        ("month", {"grain": "month", "figure": 1}, None),
        ("month", {"grain": "month", "figure": 0}, None),
    ],
    ids=["another grain", "unripe", "a figure", "nought"],
)  # fmt: skip
def test_why_a_place_is_empty(
    grain: str, row: dict[str, Any], said: str | None, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("sales"))
    assert page.evaluate(ASKED % (json.dumps(grain), json.dumps(row))) == said


@pytest.mark.parametrize(
    ("cell", "events"),
    [(None, []), ("", []), ("*", []), ("a", ["a"]), ("a|b", ["a", "b"]), ("a\\|b|c", ["a|b", "c"])],
)
def test_a_cell_of_a_definition_names_alternatives(cell: str | None, events: list[str]) -> None:
    assert alternatives(cell) == events
