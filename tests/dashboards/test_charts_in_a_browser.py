"""Whatever a chart says, on all boards: tooltips, axes, labels and colours, as people see them."""

from __future__ import annotations

import re
import shutil
from datetime import date
from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboards.board import Board, Chart, Choice
from dashboards.boards import BOARDS
from dashboards.render import STATIC, VEGA, Build, board_page
from orchestration.publish.builds import DATABASE
from tests.browser import DESKTOP, PHONE, Chromium, Page, Size
from tests.dashboards.conftest import Published
from tests.dashboards.test_boards_in_a_browser import (
    BOARD,
    choose,
    figures,
    is_quiet,
    opened,
    percent,
)

CHARTS = [(board, item) for board in BOARDS for item in board.items if isinstance(item, Chart)]
CHART = pytest.mark.parametrize(
    ("board", "chart"), CHARTS, ids=[f"{board.name}-{item.id}" for board, item in CHARTS]
)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Points a chart at places that lie evenly in its plot, and says what its tooltip tells there:
# null where it tells nothing, else pairs of title and text.
TOLD = """(async (id, across, down) => {
    const svg = document.querySelector(`#${id} .vega svg`);
    if (!svg) return null;
    // What the chart before has told.
    document.getElementById("vg-tooltip-element")?.classList.remove("visible");
    svg.scrollIntoView({ block: "center" });
    const plot = svg.querySelector(".role-frame path.background").getBoundingClientRect();
    const told = [];
    for (let row = 0; row < down; row++) for (let column = 0; column < across; column++) {
        const clientX = plot.left + plot.width * (column + 0.5) / across;
        const clientY = plot.top + plot.height * (row + 0.5) / down;
        const at = document.elementFromPoint(clientX, clientY);
        const where = { clientX, clientY, bubbles: true };
        at.dispatchEvent(new PointerEvent("pointermove", where));
        at.dispatchEvent(new MouseEvent("mousemove", where));
        const box = document.getElementById("vg-tooltip-element");
        told.push(box && box.classList.contains("visible")
            ? [...box.querySelectorAll("tr")].map((line) =>
                [...line.children].map((cell) => cell.textContent))
            : null);
    }
    return told;
})"""
# What stands on a chart: its words, with the boxes that they take, and the box of the drawing.
WORDS = """[...document.querySelectorAll('.card:not([hidden]) .vega svg')].map((svg) => {
    const box = (one) => {
        const { left, top, right, bottom } = one.getBoundingClientRect();
        return [left, top, right, bottom];
    };
    return [svg.closest('.card').id, box(svg.closest('.card')), box(svg),
        [...svg.querySelectorAll('text')]
            .filter((text) => text.textContent.trim() && +getComputedStyle(text).opacity > 0
                && text.getAttribute('opacity') !== '0')
            .map((text) => [text.textContent, box(text)])];
})"""


def chart_fields(spec: Any) -> list[dict[str, Any]]:
    """The fields of all tooltips of a spec."""
    if isinstance(spec, dict):
        own = spec.get("tooltip")
        return (own if isinstance(own, list) else []) + [
            field for part in spec.values() for field in chart_fields(part)
        ]
    if isinstance(spec, list | tuple):
        return [field for part in spec for field in chart_fields(part)]
    return []


@lru_cache(maxsize=1)
def _opened(chromium: Chromium, path: Path, size: Size, fragment: str) -> Page:
    return opened(chromium, path, size, fragment)


def at_hand(
    chromium: Chromium, path: Path, size: Size = DESKTOP, fragment: str = "lang=en"
) -> Page:
    """A page that is only looked at, as it was opened for the chart before: opening costs most."""
    page = _opened(chromium, path, size, fragment)
    if not page.is_open:
        _opened.cache_clear()
        page = _opened(chromium, path, size, fragment)
    return page


def told(page: Page, chart: str, across: int = 12, down: int = 5) -> list[Any] | None:
    found = page.evaluate(f"{TOLD}('{chart}', {across}, {down})")
    assert found is None or isinstance(found, list)
    return found


@CHART
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_tooltip_is_in_words(
    board: Board, chart: Chart, language: str, published: Published, chromium: Chromium
) -> None:
    page = at_hand(chromium, published.board(board.name), fragment=f"lang={language}")
    places = told(page, chart.id)
    if places is None:
        assert page.evaluate(f"document.querySelector('#{chart.id} .empty')") is not None
        pytest.skip("nothing is drawn")
    lines = [line for place in places if place for line in place]
    assert lines
    fields = {
        getattr(field["title"], language).replace("{currency}", "USD"): field["field"]
        for field in chart_fields(chart.spec)
    }
    shown = figures(page, chart.id)
    for title, text in lines:
        assert title in fields
        assert text.strip() not in ("", "null", "undefined", "NaN", "Invalid Date")
        column = fields[title]
        values = {row[column] for row in shown if column in row}
        if any(DATE.match(value) for value in values):
            assert text in values
    is_quiet(page)


@CHART
def test_a_line_tells_its_nearest_point(
    board: Board, chart: Chart, published: Published, chromium: Chromium
) -> None:
    has_nearest = any("params" in layer for layer in chart.spec.get("layer", ()))
    if not has_nearest or "x" not in chart.spec["encoding"]:
        pytest.skip("no line")
    page = at_hand(chromium, published.board(board.name))
    # More places than there are days: the first and the last are reached too.
    places = told(page, chart.id, across=210, down=1)
    if places is None:
        pytest.skip("nothing is drawn")
    assert all(places), "somewhere nothing is told"
    x = chart.spec["encoding"]["x"]["field"]
    titles = [f["title"].en for f in chart_fields(chart.spec) if f["field"] in (x, "period")]
    said = [dict(place)[titles[0]] for place in places]
    keys = [one if DATE.match(one) else int(re.sub(r"\D", "", one)) for one in said]
    if chart.series is None:
        assert keys == sorted(keys)
        y = chart.spec["encoding"].get("y", {}).get("field", x)
        ends = [row[x] for row in figures(page, chart.id) if row[y]]
        if DATE.match(ends[0]):
            near = 1 + len(ends) // 25
            assert keys[0] in ends[:near]
            assert keys[-1] in ends[-near:]


@BOARD
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_words_of_a_chart_overlap_or_are_clipped(
    board: Board, size: Size, language: str, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board(board.name), size, f"lang={language}")
    for choice in grains(page):
        if choice:
            choose(page, "grain", choice)
        for chart, card, drawing, words in page.evaluate(WORDS):
            assert drawing[2] <= card[2] + 1, chart
            for text, box in words:
                assert box[0] >= drawing[0] - 1, (chart, text)
                assert box[1] >= drawing[1] - 1, (chart, text)
                assert box[2] <= drawing[2] + 1, (chart, text)
                assert box[3] <= drawing[3] + 1, (chart, text)
            for place, (text, box) in enumerate(words):
                for other, another in words[place + 1 :]:
                    # Lines of letters have air above and below.
                    is_apart = (
                        box[2] <= another[0] + 1
                        or another[2] <= box[0] + 1
                        or box[3] <= another[1] + 4
                        or another[3] <= box[1] + 4
                    )
                    assert is_apart, (chart, choice, text, other)


@BOARD
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_heading_of_a_table_is_clipped_on_a_phone(
    board: Board, language: str, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board(board.name), PHONE, f"lang={language}")
    clipped = page.evaluate("""[...document.querySelectorAll(
            '.card:not([hidden]) .drawing table:not(.grid) th')]
        .filter((head) => head.checkVisibility()
            && head.getBoundingClientRect().right > head.closest('.card')
                .getBoundingClientRect().right)
        .map((head) => [head.closest('.card').id, head.textContent])""")
    assert clipped == []


@CHART
def test_a_label_is_the_number_of_its_bar(
    board: Board, chart: Chart, published: Published, chromium: Chromium
) -> None:
    if "room" not in chart.spec:
        pytest.skip("no bars that lie")
    page = at_hand(chromium, published.board(board.name))
    if page.evaluate(f"document.querySelector('#{chart.id} svg') === null"):
        pytest.skip("nothing is drawn")
    bars, labels = page.evaluate(f"""(() => {{
        const svg = document.querySelector('#{chart.id} svg');
        const dark = [...svg.querySelectorAll('.mark-rect.role-mark')].pop();
        const words = svg.querySelector('.mark-text.role-mark');
        return [[...dark.querySelectorAll('path')].map((bar) => bar.getBBox().width),
            [...words.querySelectorAll('text')].map((text) => text.textContent)];
    }})()""")
    told = [re.match(r"[+-]?([\d,.]+)", label) for label in labels]
    numbers = [float(one[1].replace(",", "")) for one in told if one is not None]
    assert len(bars) == len(numbers) > 0
    for bar, number in zip(bars, numbers, strict=True):
        assert bar * max(numbers) == pytest.approx(number * max(bars), rel=0.01, abs=0.5)


@CHART
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_name_of_a_bar_is_cut_off(
    board: Board, chart: Chart, size: Size, published: Published, chromium: Chromium
) -> None:
    if "room" not in chart.spec:
        pytest.skip("no bars that lie")
    page = at_hand(chromium, published.board(board.name), size)
    if page.evaluate(f"document.querySelector('#{chart.id} svg') === null"):
        pytest.skip("nothing is drawn")
    names = page.evaluate(f"""[...document.querySelectorAll(
        '#{chart.id} svg .role-axis-label text')].map((text) => text.textContent)""")
    assert names
    assert [name for name in names if "…" in name] == []


def grains(page: Page) -> list[str | None]:
    found = page.evaluate("""[...document.querySelectorAll('[data-filter=grain] option')]
        .map((option) => option.value)""")
    return found or [None]


@pytest.mark.parametrize("board", [
    board for board in BOARDS
    if any(isinstance(one, Choice) and one.column == "grain" for one in board.filters)
], ids=lambda board: board.name)  # fmt: skip
def test_a_grain_acts_on_every_chart_of_periods(
    board: Board, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board(board.name))
    assert len(grains(page)) > 1
    for grain in grains(page):
        assert grain is not None
        choose(page, "grain", grain)
        for item in board.items:
            if "period_start" not in item.sql or item.kind == "tiles":
                continue
            rows = figures(page, item.id)
            assert {row["grain"] for row in rows} == {grain}, item.id


def drawn(
    board: str, database: Path, published: Published, folder: Path, week_start: str = "monday"
) -> Path:
    """The page of a board from another database, with what it runs beside it."""
    for file in (*STATIC.iterdir(), published.folder / "boards" / VEGA):
        shutil.copyfile(file, folder / file.name)
    [found] = [one for one in BOARDS if one.name == board]
    build = Build("id", "2024-05-01 00:00", None, "USD", week_start)
    with duckdb.connect(str(database), read_only=True) as connection:
        text = board_page(connection, found, build)
    (folder / f"{board}.html").write_text(text, encoding="utf-8")
    return folder / f"{board}.html"


@pytest.mark.parametrize(("start", "weekday"), [("monday", 0), ("sunday", 6)])
def test_days_of_an_axis_start_weeks_as_the_setting_does(
    start: str, weekday: int, published: Published, chromium: Chromium, tmp_path: Path
) -> None:
    file = drawn("lifecycle", published.folder / DATABASE, published, tmp_path, start)
    page = opened(chromium, file, fragment="lang=en&from=2024-03-01")
    days = [date.fromisoformat(label) for label in axis(page, "stages")]
    assert len(days) > 2
    assert {day.weekday() for day in days} == {weekday}


def axis(page: Page, chart: str) -> list[str]:
    labels = page.evaluate(f"""[...document.querySelectorAll(
        '#{chart} svg .role-axis-label text')].map((text) => text.textContent)""")
    return [label[:10] for label in labels if re.match(r"\d{4}-\d\d", label)]


def test_days_of_an_axis_are_days_of_the_data(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("overview"))
    for chart in ("growth", "quick_ratio"):
        days = {row["period_start_date"] for row in figures(page, chart)}
        assert len(axis(page, chart)) > 1
        assert set(axis(page, chart)) <= days


def test_moves_of_days_are_those_of_the_stages(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("lifecycle"), fragment="lang=en&grain=day")
    for item, column, wanted in (
        ("moves", "entered", "entered_count"),
        ("moves", "left", "left_count"),
        ("resurrected", None, "resurrected_count"),
    ):
        shown = {
            (row["period_start_date"], row["stage_id"]): int(row["move_count"])
            for row in figures(page, item)
            if column in (None, row.get("move_en"))
        }
        daily = published.query(
            f"select cast(activity_date as varchar), stage_id, {wanted}"
            " from marts.mart_lifecycle_daily"
            " where activity_date > (select min(activity_date) from marts.mart_lifecycle_daily)"
        )
        counts = {(day, stage): count for day, stage, count in daily if (day, stage) in shown}
        assert sum(counts.values()) > 0
        assert counts == {key: shown[key] for key in counts}


def test_long_figures_fit_beside_their_bars(
    published: Published, chromium: Chromium, tmp_path: Path
) -> None:
    database = tmp_path / DATABASE
    shutil.copyfile(published.folder / DATABASE, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.mart_rfm_scores set monetary_amount = monetary_amount * 1000000"
        )
    page = opened(chromium, drawn("rfm", database, published, tmp_path), PHONE)
    page.wait_for(f"""{WORDS}.filter(([chart]) => chart === "value").every(
        ([, , drawing, words]) => words.every(([, box]) => box[2] <= drawing[2] + 1))""")


def test_steps_of_a_funnel_are_of_the_same_people(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("funnels"))
    wanted = published.query(
        "select mature_reached_count, rate_from_start,"
        " mature_previous_count - mature_reached_count, 1 - rate_from_previous"
        " from marts.mart_funnel_conversion where funnel_id = 'campaign_to_coupon'"
        " and grain = 'all' and breakdown_value is null order by step_number"
    )
    first, second = page.evaluate("""[...document.querySelectorAll(
            '#steps svg .mark-text.role-mark')].map((mark) =>
        [...mark.querySelectorAll('text')].map((text) => text.textContent))""")
    assert first == [f"{reached:,} · {percent(rate)}%" for reached, rate, *_ in wanted]
    assert second == [
        "entered" if share is None else f"−{stopped:,} · {percent(share)}% stopped"
        for *_, stopped, share in wanted
    ]
    assert any(stopped for _, _, stopped, _ in wanted)
    pale, dark = page.evaluate("""[...document.querySelectorAll(
            '#steps svg .mark-rect.role-mark')].slice(-2).map((mark) =>
        [...mark.querySelectorAll('path')].map((bar) => bar.getBBox().width))""")
    for before, here in pairwise(zip(pale, dark, strict=True)):
        assert here[0] == pytest.approx(before[1], abs=0.5)
    tiles = page.evaluate("""Object.fromEntries([...document.querySelectorAll('#headline .tile')]
        .map((tile) => [tile.dataset.column, tile.querySelector('b').textContent]))""")
    assert tiles["conversion_rate"] == f"{percent(wanted[-1][1])}%"
    assert tiles["mature_entrant_count"] == f"{wanted[0][0]:,}"


def test_a_thin_funnel_is_shown_by_month(
    published: Published, chromium: Chromium, tmp_path: Path
) -> None:
    database = tmp_path / DATABASE
    shutil.copyfile(published.folder / DATABASE, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.mart_funnel_trends set mature_entrant_count = 30"
            " where funnel_id = 'first_to_second_order' and grain = 'week'"
        )
    page = opened(chromium, drawn("funnels", database, published, tmp_path))
    chosen = "document.querySelector('[data-filter=grain]').value"
    assert page.evaluate(chosen) == "month"
    choose(page, "funnel_id", "first_to_second_order")
    assert page.evaluate(chosen) == "week"
    choose(page, "funnel_id", "campaign_to_coupon")
    assert page.evaluate(chosen) == "month"
    choose(page, "grain", "day")
    choose(page, "funnel_id", "first_to_second_order")
    assert page.evaluate(chosen) == "day"


def test_below_a_month_stands_of_how_many_its_rate_is(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("funnels"), fragment="lang=en&grain=month")
    labels = page.evaluate("""[...document.querySelectorAll('#trend svg .role-axis-label text')]
        .map((text) => [...text.querySelectorAll('tspan')].map((line) => line.textContent))
        .filter((lines) => lines.length)""")
    wanted = published.query(
        "select strftime(period_start_date, '%Y-%m'), mature_entrant_count"
        " from marts.mart_funnel_trends where funnel_id = 'campaign_to_coupon'"
        " and grain = 'month' and breakdown_value is null"
    )
    assert len(labels) > 1
    assert {tuple(label) for label in labels} <= {(day, f"n {many:,}") for day, many in wanted}


def test_bins_of_time_are_readable(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("funnels"), fragment="lang=en&steps=1-2")
    labels = page.evaluate("""[...document.querySelectorAll(
        '#time_to_convert svg .role-axis-label text')].map((text) => text.textContent)""")
    times = [label for label in labels if " " in label]
    assert len(times) > 1
    assert all(re.fullmatch(r"\d+ (s|min|h|d)( \d+ (s|min|h))*", label) for label in times)
    lines = [line for place in told(page, "time_to_convert") or () for line in place or ()]
    said = [text for title, text in lines if title in ("From", "To")]
    assert said
    assert all(re.fullmatch(r"[\d,]+(\.\d)? (s|min|h|d)", text) for text in said)


def test_the_headline_of_retention_is_that_of_all_cohorts(
    published: Published, chromium: Chromium
) -> None:
    page = opened(
        chromium, published.board("retention"), fragment="lang=en&retention_id=purchase_weekly"
    )
    [(rate, returned, eligible)] = published.query(
        "select retention_rate, mature_returned_count, eligible_count"
        " from marts.mart_retention_cohorts where retention_id = 'purchase_weekly'"
        " and breakdown_value is null and cohort_start_at is null and period_number = 1"
    )
    tile = page.evaluate("""[...document.querySelector('#headline [data-column=first_rate]')
        .children].map((part) => part.textContent)""")
    assert tile[1:] == [f"{percent(rate)}%", f"{returned:,} / {eligible:,}"]
    every = page.evaluate("""[...document.querySelector('#cohorts tbody tr').children]
        .map((cell) => cell.textContent)""")
    wanted = published.query(
        "select retention_rate from marts.mart_retention_cohorts"
        " where retention_id = 'purchase_weekly' and breakdown_value is null"
        " and cohort_start_at is null order by period_number"
    )
    assert every[0] == "All cohorts"
    assert every[2:] == [percent(rate) for (rate,) in wanted]


def test_colours_of_a_grid_spread_over_its_figures(
    published: Published, chromium: Chromium
) -> None:
    page = opened(
        chromium, published.board("retention"), fragment="lang=en&retention_id=purchase_weekly"
    )
    cells = page.evaluate("""[...document.querySelectorAll('#cohorts tbody tr')].flatMap((row) =>
        [...row.querySelectorAll('.cell:not(.unripe)')].slice(1).map((cell) =>
            [+cell.textContent, +getComputedStyle(cell).backgroundColor.match(/\\d+/)[0]]))""")
    figures_of, reds = zip(*sorted(cells), strict=True)
    assert len(set(figures_of)) > 10
    # The red part falls from nearly white to that of the blue.
    assert reds[0] > 230
    assert reds[-1] == 0
    assert all(one >= other for one, other in pairwise(reds))
    assert len(set(reds)) > len(set(figures_of)) / 2


def test_stages_and_segments_say_their_rules(published: Published, chromium: Chromium) -> None:
    glossary = (published.folder / "glossary.html").read_text(encoding="utf-8")
    for board, item, table, key in (
        ("lifecycle", "today", "dim_lifecycle_stages", "stage_id"),
        ("rfm", "segments", "dim_rfm_segment_labels", "segment_id"),
    ):
        for language in ("en", "zh"):
            page = opened(chromium, published.board(board), fragment=f"lang={language}")
            rules = page.evaluate(f"""[...document.querySelectorAll('#{item} td a')].map((link) =>
                [link.getAttribute('href'), link.closest('tr').lastChild.textContent])""")
            ids = {row[key] for row in figures(page, item)}
            assert {href for href, _ in rules} == {
                f"../glossary.html#seeds.{table}.{one}" for one in ids
            }
            for href, rule in rules:
                assert f'id="{href.partition("#")[2]}"' in glossary
                assert rule in glossary
                assert any(mark > "\u2e80" for mark in rule) == (language == "zh")
    assert "more than 7 days" in glossary


def test_the_rule_of_a_segment_is_exactly_its_cells(published: Published) -> None:
    cells = published.query(
        "select segment_id, r_score, f_score, m_score from seeds.dim_rfm_segments"
    )
    glossary = (published.folder / "glossary.html").read_text(encoding="utf-8")
    segments = {segment for segment, *_ in cells}
    assert len(segments) == 11
    for segment in segments:
        _, _, row = glossary.partition(f'id="seeds.dim_rfm_segment_labels.{segment}"')
        rule = re.search(r"exactly: ([^<]*)\.<", row)
        assert rule is not None
        said: set[tuple[int, ...]] = set()
        for block in rule[1].split(" or "):
            ranges = [re.findall(r"\d", part) for part in block.split("\u00a0")]
            assert len(ranges) == 3
            said |= set(product(*(range(int(r[0]), int(r[-1]) + 1) for r in ranges)))
        assert said == {tuple(scores) for one, *scores in cells if one == segment}


def test_a_segment_says_what_a_customer_is_worth(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("rfm"))
    wanted = published.query(
        "select max(segment_label_en), sum(monetary_amount) / count(*) from marts.mart_rfm_scores"
        " where snapshot_date = (select max(snapshot_date) from marts.mart_rfm_scores"
        " where is_mature) group by segment_id"
    )
    shown = page.evaluate("""Object.fromEntries([...document.querySelectorAll('#segments tbody tr')]
        .map((row) => [row.querySelector('a').textContent,
            row.querySelector('[data-column=amount_each]').textContent]))""")
    assert shown == {segment: f"{each:,.2f}" for segment, each in wanted}
