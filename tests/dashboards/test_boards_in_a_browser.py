"""Each board, opened as a person would, offline: what it shows equals the marts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboards.board import Board, Grid, Item, Tiles
from dashboards.boards import BOARDS
from tests.browser import DESKTOP, PHONE, Chromium, Page, Size
from tests.dashboards.conftest import PEOPLE, Published, person

BOARD = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
DRAWN = """[...document.querySelectorAll('.card:not([hidden]) .drawing')].every((drawing) =>
    drawing.querySelector('.vega') ? drawing.querySelector('svg .mark-group')
        : drawing.firstChild)"""


MISSING = "∅"


def opened(chromium: Chromium, path: Path, size: Size = DESKTOP, fragment: str = "") -> Page:
    page = chromium.open(path, size, fragment or "lang=en")
    page.wait_for("document.documentElement.dataset.drawn")
    page.wait_for(DRAWN)
    return page


def is_quiet(page: Page) -> None:
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert page.problems == []
    assert page.requests == []
    assert page.evaluate("document.querySelector('link[rel=icon]') !== null")


def choose(page: Page, name: str, value: str) -> None:
    page.evaluate(f"""(() => {{
        const input = document.querySelector('[data-filter="{name}"]');
        input.value = "{value}";
        input.dispatchEvent(new Event("change", {{ bubbles: true }}));
    }})()""")
    page.wait_for(DRAWN)


def figures(page: Page, item: str) -> list[dict[str, str]]:
    """The rows that an item shows, as its page lists them below it."""
    page.evaluate(f"document.querySelector('#{item} details.figures').open = true")
    page.wait_for(f"document.querySelector('#{item} details.figures table')")
    names, *rows = page.evaluate(f"""
        [...document.querySelectorAll('#{item} details.figures tr')]
            .map((row) => [...row.children].map((cell) => cell.textContent))
    """)
    return [dict(zip(names, row, strict=True)) for row in rows]


def percent(rate: float | None) -> str:
    """With one decimal, ties up, as browsers round."""
    return "·" if rate is None else str(Decimal(100 * rate).quantize(Decimal("0.1"), ROUND_HALF_UP))


@BOARD
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_board_opens_offline_and_fits(
    board: Board, size: Size, language: str, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board(board.name), size, f"lang={language}")
    is_quiet(page)
    assert page.evaluate("document.documentElement.scrollWidth") == size.width
    shown = page.evaluate("document.querySelector('main').innerText")
    title = board.title.zh if language == "zh" else board.title.en
    assert shown.startswith(title)
    for item in board.items:
        reading, other = item.reading.en, item.reading.zh
        reading, other = (other, reading) if language == "zh" else (reading, other)
        if not item.hides_when_empty:
            assert reading in shown
            assert all(mart in shown for mart in item.marts)
        assert other not in shown
    assert "undefined" not in shown
    assert "NaN" not in shown


@BOARD
def test_a_board_without_data_says_so(
    board: Board, published_empty: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published_empty.board(board.name))
    is_quiet(page)
    for item in board.items:
        # Planned events are there before the first one comes, and checks always.
        if item.kind == "tiles" or item.hides_when_empty or item.id in ("plan", "checks"):
            continue
        text = page.evaluate(f"document.querySelector('#{item.id} .drawing').innerText")
        assert item.empty.en in text or text.startswith("Nobody sends "), item.id


def test_tiles_are_those_of_the_last_whole_day(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("overview"))
    [(day, dau, wau, mau, rate)] = published.query(
        "select activity_date, dau, wau, mau, stickiness_rate from marts.mart_active_users_daily"
        " where is_mature order by activity_date desc limit 1"
    )
    assert page.evaluate("document.querySelector('#kpis .of-day').textContent") == str(day)
    tiles = page.evaluate("""Object.fromEntries([...document.querySelectorAll('#kpis .tile')]
        .map((tile) => [tile.dataset.column, tile.querySelector('b').textContent]))""")
    assert tiles["dau"] == f"{dau:,}"
    assert tiles["wau"] == f"{wau:,}"
    assert tiles["mau"] == f"{mau:,}"
    assert tiles["stickiness_rate"] == f"{rate:.1%}"


def test_a_period_that_ends_earlier_shows_its_own_last_day(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("overview"), fragment="lang=en&to=2024-03-01")
    [(dau,)] = published.query(
        "select dau from marts.mart_active_users_daily where activity_date = '2024-03-01'"
    )
    assert page.evaluate("document.querySelector('[data-column=dau] b').textContent") == f"{dau:,}"
    days = {row["activity_date"] for row in figures(page, "active_users")}
    assert max(days) == "2024-03-01"


def test_charts_draw_the_rows_of_their_marts(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("overview"))
    stages = published.query(
        "select user_count from marts.mart_lifecycle_daily where activity_date ="
        " (select max(activity_date) from marts.mart_lifecycle_daily where is_mature)"
    )
    labels = page.evaluate(
        "[...document.querySelectorAll('#stages svg text')].map((text) => text.textContent)"
    )
    shown = {label.split()[0] for label in labels if "%" in label}
    assert shown == {f"{count:,}" for (count,) in stages}
    rows = figures(page, "growth")
    wanted = published.query(
        "select sum(new_user_count), sum(retained_user_count), sum(resurrected_user_count),"
        " sum(churned_user_count) from marts.mart_growth_accounting"
        " where grain = 'week' and activity_id = 'any'"
    )
    measures = ("new", "retained", "resurrected", "churned")
    assert wanted == [
        tuple(
            sum(int(row["user_count"]) for row in rows if row["measure"] == f"{m}_user_count")
            for m in measures
        )
    ]
    bars = page.evaluate("document.querySelectorAll('#growth svg .mark-rect path').length")
    assert bars == len(rows)


@pytest.mark.parametrize("funnel", ["campaign_to_coupon", "first_to_second_order"])
@pytest.mark.parametrize("part", [None, "", "Type A"])
def test_a_funnel_equals_its_mart(
    funnel: str, part: str | None, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("funnels"))
    choose(page, "funnel_id", funnel)
    offered = page.evaluate("""[...document.querySelectorAll(
        '[data-filter="breakdown_value"] option')].map((option) => option.value)""")
    if part is not None:
        if (part or MISSING) not in offered:
            pytest.skip("this funnel has no such part")
        choose(page, "breakdown_value", part or MISSING)
    condition = "breakdown_value is null" if part is None else f"breakdown_value = '{part}'"
    wanted = published.query(
        "select step_number, mature_entrant_count, mature_reached_count"
        " from marts.mart_funnel_conversion"
        f" where funnel_id = '{funnel}' and grain = 'all' and {condition}"
        " and mature_entrant_count > 0 order by step_number"
    )
    assert wanted
    columns = ("step_number", "mature_entrant_count", "mature_reached_count")
    assert [tuple(int(row[c]) for c in columns) for row in figures(page, "steps")] == wanted
    labels = page.evaluate(
        "[...document.querySelectorAll('#steps svg text')].map((text) => text.textContent)"
    )
    assert {f"{mature:,}" for _, _, mature in wanted} <= {label.split()[0] for label in labels}
    choose(page, "grain", "month")
    trend = published.query(
        "select cast(period_start_date as varchar), conversion_rate"
        f" from marts.mart_funnel_trends where funnel_id = '{funnel}' and grain = 'month'"
        f" and {condition} order by period_start_date"
    )
    shown = [(row["period_start_date"], row["conversion_rate"]) for row in figures(page, "trend")]
    assert [(day, float(rate) if rate else None) for day, rate in shown] == trend
    is_quiet(page)


@pytest.mark.parametrize("curve", ["repeat_purchase_monthly", "purchase_weekly", "by_platform"])
def test_every_cell_of_the_cohorts_equals_the_mart(
    curve: str, published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("retention"), fragment=f"lang=en&retention_id={curve}")
    shown = page.evaluate("""[...document.querySelectorAll('#cohorts tr')].slice(2).flatMap((row) =>
        [...row.querySelectorAll('.cell')].map((cell, period) => [
            row.children[0].textContent, row.children[1].textContent, period, cell.textContent,
            cell.classList.contains('unripe')]))""")
    wanted = published.query(
        "select cast(cohort_start_date as varchar), cohort_size, period_number, retention_rate,"
        " not is_mature"
        f" from marts.mart_retention_cohorts where retention_id = '{curve}'"
        " and breakdown_value is null and cohort_start_date is not null"
        " order by cohort_start_date desc, period_number"
    )
    assert [tuple(cell) for cell in shown] == [
        (name, f"{size:,}", period, percent(rate), unripe)
        for name, size, period, rate, unripe in wanted
    ]
    assert any(unripe for *_, unripe in wanted) or curve == "by_platform"
    assert page.evaluate("document.querySelector('#parts').hidden") is (curve != "by_platform")
    is_quiet(page)


def test_every_move_between_stages_equals_the_mart(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("lifecycle"))
    for grain in ("month", "week"):
        choose(page, "grain", grain)
        [(first, unripe)] = published.query(
            "select cast(max(period_start_date) filter (is_mature) as varchar),"
            " cast(max(period_start_date) filter (not is_mature) as varchar)"
            f" from marts.mart_lifecycle_migrations where grain = '{grain}'"
        )
        assert page.evaluate("document.querySelector('[data-filter=period_start]').value") == first
        for period in (first, unripe):
            choose(page, "period_start", period)
            shown = page.evaluate("""(() => {
                const names = [...document.querySelectorAll('#migrations thead th')].slice(1);
                return [...document.querySelectorAll('#migrations tbody tr')].flatMap((row) =>
                    [...row.querySelectorAll('td')].map((cell, place) => [
                        row.firstChild.textContent, names[place].textContent, cell.textContent,
                        cell.classList.contains('unripe')]).filter(([, , figure]) => figure));
            })()""")
            wanted = published.query(
                "select coalesce(before.label_en, '(first active)'), now.label_en, user_count,"
                " not is_mature from marts.mart_lifecycle_migrations"
                " left join seeds.dim_lifecycle_stages as before on from_stage_id = before.stage_id"
                " inner join seeds.dim_lifecycle_stages as now on to_stage_id = now.stage_id"
                f" where grain = '{grain}' and period_start_date = '{period}'"
                " order by coalesce(before.stage_number, 0), now.stage_number"
            )
            assert [tuple(cell) for cell in shown] == [
                (left, entered, f"{count:,}", is_unripe)
                for left, entered, count, is_unripe in wanted
            ]
            assert wanted
    is_quiet(page)


def test_lists_equal_their_marts(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("audiences"), fragment="lang=en&audience_id=regulars")
    counts = ("exported_count", "added_count", "kept_count", "removed_count", "holdout_count",
              "capped_count", "no_consent_count", "matched_count")  # fmt: skip
    exports = {
        export: dict(zip(counts, row, strict=True))
        for export, *row in published.query(
            f"select strftime(export_at, '%Y-%m-%d %H:%M'), {', '.join(counts)}"
            " from marts.mart_audience_exports where audience_id = 'regulars' order by export_at"
        )
    }
    assert all(sum(row[name] for row in exports.values()) for name in counts)
    for item, names in (("changes", ("added_count", "kept_count", "removed_count")),
                        ("reasons", ("exported_count", *counts[4:7]))):  # fmt: skip
        shown = {(row["export"], row["measure"]): row for row in figures(page, item)}
        assert {key: int(row["shown_count"]) for key, row in shown.items()} == {
            (export, name): row[name] for export, row in exports.items() for name in names
        }
        below = {name for (_, name), row in shown.items() if row["user_count"].startswith("-")}
        assert below == ({"removed_count"} if item == "changes" else set())
    newest, row = list(exports.items())[-1]
    [listed] = page.evaluate("""[...document.querySelectorAll('#lists tbody tr')].map((row) =>
        Object.fromEntries([...row.children].map((cell) => [cell.dataset.column,
            cell.textContent]))).filter((row) => row.list === 'Regulars')""")
    assert listed["export"].replace("\u2011", "-") == newest
    assert listed["of_campaign"] == "letters"
    for name in counts:
        assert listed.get(name, str(row[name])) == str(row[name]), name
    [(difference,)] = published.query(
        "select 100 * difference from marts.mart_campaign_lift where campaign_id = 'letters'"
        " and measure_id = 'orders' and method = 'unadjusted'"
    )
    assert listed["interval"].startswith(f"{difference:+.1f} points (")
    is_quiet(page)


def test_value_equals_its_marts(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("value"), fragment="lang=en&model_id=given")
    customers = published.query(
        "select holdout_expected_count, holdout_purchase_count, expected_value_amount, p_alive,"
        " segment_label_en from marts.mart_user_values"
        " left join (from marts.mart_rfm_scores where snapshot_date ="
        " (select max(snapshot_date) from marts.mart_rfm_scores)) as scores using (user_id)"
        " where model_id = 'given' order by holdout_expected_count, age_units, user_id"
    )
    # Ten parts of which the first have one more where the count is no multiple of ten.
    foreseen = [one for one in customers if one[0] > 0]
    size, longer = divmod(len(foreseen), 10)
    assert size
    shown = {(int(row["tenth"]), row["kind_id"]): row for row in figures(page, "calibration")}
    assert len(shown) == 20
    for tenth in range(10):
        start = tenth * size + min(tenth, longer)
        part = foreseen[start : start + size + (tenth < longer)]
        for kind, place in (("expected", 0), ("bought", 1)):
            row = shown[tenth + 1, kind]
            assert int(row["customer_count"]) == len(part)
            mean = sum(one[place] for one in part) / len(part)
            assert float(row["purchases"]) == pytest.approx(mean)
    segments: dict[str, list[Any]] = {}
    for one in customers:
        segments.setdefault(one[4] or "(none)", []).append(one)
    drawn = figures(page, "segments")
    assert len(drawn) == len(segments) > 1
    for row in drawn:
        part = segments[row["segment_en"]]
        worth = sum(one[2] for one in part)
        assert int(row["customer_count"]) == len(part)
        assert float(row["expected_value"]) == pytest.approx(worth)
        assert float(row["value_each"]) == pytest.approx(worth / len(part))
        assert float(row["p_alive"]) == pytest.approx(sum(one[3] for one in part) / len(part))
    worths = [float(row["expected_value"]) for row in drawn]
    assert worths == sorted(worths, reverse=True)
    risks = published.query(
        "select 10 * least(9, floor(10 * churn_risk_rate)), stage_id, count(*)"
        " from marts.mart_user_profiles where churn_risk_rate is not null"
        " and stage_id <> 'churn' group by all"
    )
    assert {
        (float(row["risk_order"]), row["stage_id"]): int(row["user_count"])
        for row in figures(page, "risk")
    } == {(risk, stage): count for risk, stage, count in risks}
    is_quiet(page)


def test_what_is_not_ripe_looks_it_and_is_said(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("overview"))
    dashed = "document.querySelectorAll('#active_users svg path[stroke-dasharray=\"4,3\"]').length"
    assert page.evaluate(dashed) == 3
    note = "document.querySelector('#active_users .note').textContent"
    assert "not ripe" in page.evaluate(note)
    choose(page, "to", "2024-03-01")
    assert page.evaluate(dashed) == 0
    assert page.evaluate(note) == ""


def test_the_language_is_switched_without_losing_what_is_chosen(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("funnels"))
    choose(page, "funnel_id", "first_to_second_order")
    page.evaluate("document.querySelector('[data-switch]').click()")
    page.wait_for("document.documentElement.dataset.drawn === 'zh'")
    page.wait_for(DRAWN)
    assert page.evaluate("document.title") == "漏斗 · 运营"
    assert page.evaluate("document.querySelector('[data-filter=funnel_id]').value") == (
        "first_to_second_order"
    )
    assert "funnel_id=first_to_second_order" in page.evaluate("location.hash")
    texts = page.evaluate("document.querySelector('#steps svg').textContent")
    assert "下单" in texts
    is_quiet(page)


def test_health_tells_of_refused_rows_and_of_events_that_are_not_planned(
    published: Published, chromium: Chromium
) -> None:
    page = opened(chromium, published.board("health"))
    text = {name: page.evaluate(f"document.querySelector('#{name}').innerText")
            for name in ("quarantine", "plan", "checks", "sums")}  # fmt: skip
    assert "unparseable_occurred_at" in text["quarantine"]
    assert "unplanned_event" in text["plan"]
    assert "comes, not planned" in text["plan"]
    assert "Fewer <b>events</b> than usual" in text["checks"]
    [(rows,)] = published.query("select sum(row_count) from marts.mart_ingest_files")
    assert f"{rows:,}" in text["sums"]


def test_health_says_doubts_and_checks_in_chinese(published: Published, chromium: Chromium) -> None:
    page = opened(chromium, published.board("health"), fragment="lang=zh")
    assert "<b>事件</b>比通常少" in page.evaluate("document.querySelector('#checks').innerText")
    said = page.evaluate("document.querySelector('#definitions').innerText")
    doubts = published.query("select problem_zh, problem from marts.mart_definition_warnings")
    assert doubts
    assert all(chinese in said and english not in said for chinese, english in doubts)


def test_no_page_names_a_person(published: Published) -> None:
    people = [person(number) for number in range(PEOPLE)]
    assert published.query("select count(*) from marts.mart_rfm_scores where user_id like 'pers%'")
    pages = sorted((published.folder / "current").rglob("*.html"))
    assert len(pages) >= len(BOARDS) + 3
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert [who for who in people if who in text] == [], page.name


@BOARD
def test_items_have_words_in_both_languages_and_name_what_they_read(board: Board) -> None:
    names: list[Any] = [item.id for item in board.items]
    assert len(set(names)) == len(names)
    for item in board.items:
        assert isinstance(item, Item)
        for text in (item.title, item.reading, item.empty):
            assert text.en.strip()
            assert any(character > "\u2e80" for character in text.zh), text
        for mart in item.marts:
            assert mart in item.sql, f"{item.id} does not read {mart}"
        if isinstance(item, Tiles):
            assert all(tile.column in item.sql for tile in item.tiles)
        if isinstance(item, Grid):
            assert item.value.column in item.sql
