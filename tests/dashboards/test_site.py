"""The index, the glossary and the tables: all there, nothing dead, and of the build they say."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from dashboards.boards import BOARDS
from dashboards.diagram import diagram
from dashboards.project import Project, Relation
from dashboards.site import DOCUMENTS, MADE_BY_DOCS, list_documents
from dashboards.tables import Table
from orchestration.commands import docs
from orchestration.commands.rollback import rollback
from orchestration.commands.summary import summarize
from orchestration.publish.builds import builds_dir
from orchestration.publish.site import project_of
from orchestration.transform.dbt_runs import exposed_nodes, load_manifest
from tests.browser import DESKTOP, PHONE, Chromium, Size
from tests.dashboards.conftest import CHECKS, Published, publish_with_pages
from tests.support import environment_of

PAGES = ("index.html", "glossary.html", "tables.html")


def links(page: Path) -> set[str]:
    """What a page leads to or loads, without the part behind `#`."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r'(?:href|src)="([^"]*)"', text)
    return {unquote(urldefrag(link)[0]) for link in found if not link.startswith("data:")} - {""}


def test_no_link_is_dead_and_none_leads_elsewhere(published: Published) -> None:
    for folder in (published.folder, published.folder / "current"):
        pages = [folder / name for name in PAGES] + sorted((folder / "boards").glob("*.html"))
        assert len(pages) == len(PAGES) + len(BOARDS)
        for page in pages:
            for link in links(page) - {"data_docs/index.html"}:
                assert "://" not in link
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_anchors_of_the_tables_are_there(published: Published) -> None:
    tables = (published.folder / "tables.html").read_text(encoding="utf-8")
    anchors = set(re.findall(r'href="#([^"]+)"', tables))
    assert len(anchors) == len(exposed_nodes(load_manifest()))
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in tables] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_opens_offline_and_fits(
    name: str, size: Size, language: str, published: Published, chromium: Chromium
) -> None:
    page = chromium.open(published.folder / name, size, f"lang={language}")
    assert page.problems == []
    assert page.requests == []
    assert page.evaluate("document.querySelector('link[rel=icon]') !== null")
    assert page.evaluate("document.documentElement.scrollWidth") == size.width


def test_the_index_says_which_build_how_fresh_and_whether_it_passed(
    published: Published, chromium: Chromium
) -> None:
    page = chromium.open(published.folder / "index.html", DESKTOP, "lang=en")
    facts = page.evaluate("document.querySelector('.facts').innerText")
    build = published.build
    assert build.build_id in facts
    assert str(build.data_through_at)[:16] in facts
    assert build.built_at[:16] in facts
    assert "1 passed" in facts
    assert "1 to look at" in facts
    # The tables have a page of their own; here is what is said of the KPIs and of lists.
    tables = "main table:not(#answer table):not(#whom table)"
    assert page.evaluate(f"document.querySelectorAll('{tables}').length") == 0
    page = chromium.open(published.folder / "tables.html", DESKTOP, "lang=en")
    text = page.evaluate("document.querySelector('main').innerText")
    for table, count in build.row_counts.items():
        assert table in text
        assert f"{count:,}" in text


def test_the_front_page_begins_with_the_last_whole_day_as_the_boards_and_the_summary_do(
    published: Published, chromium: Chromium
) -> None:
    page = chromium.open(published.folder / "index.html", DESKTOP, "lang=en")
    page.wait_for("document.querySelector('#week .tile')")
    tops = [page.evaluate(f"document.querySelector('{one}').getBoundingClientRect().top")
            for one in (".facts", "#day", "#week", ".cards")]  # fmt: skip
    assert tops == sorted(tops)
    [(day, before)] = published.query(
        "select max(activity_date), max(activity_date) - 7"
        " from marts.mart_active_users_daily where is_mature"
    )
    figures = published.query(
        "select dau, new_user_count, order_count, net_amount"
        " from marts.mart_active_users_daily"
        " inner join marts.mart_growth_accounting as growth on activity_date ="
        " growth.period_start_date and growth.grain = 'day' and activity_id = 'any'"
        " inner join marts.mart_sales_periods as sales on activity_date ="
        " sales.period_start_date and sales.grain = 'day'"
        f" where activity_date in ('{day}', '{before}') order by activity_date desc"
    )
    now, then = ([f"{d:,}", f"{n:,}", f"{o:,}", f"{a:,.2f}"] for d, n, o, a in figures)
    assert page.evaluate("document.querySelector('#day .of-day').textContent") == str(day)
    tiles = page.evaluate(
        "[...document.querySelectorAll('#day .tile')].map((tile) => tile.innerText)"
    )
    for tile, figure, earlier in zip(tiles, now, then, strict=True):
        assert figure in tile.splitlines()
        assert f"7 days before: {earlier}" in tile
    [(retained, active, rate)] = published.query(
        "select retained_user_count, retained_user_count + churned_user_count,"
        " retained_user_count / (retained_user_count + churned_user_count)"
        " from marts.mart_growth_accounting where grain = 'week' and activity_id = 'any'"
        " and is_mature order by period_start_date desc limit 1"
    )
    week = page.evaluate("document.querySelector('#week').innerText")
    assert f"{rate:.1%}" in week
    assert f"{retained:,} of {active:,}" in week
    overview = chromium.open(published.board("overview"), DESKTOP, "lang=en")
    overview.wait_for("document.querySelector('#kpis .of-day')")
    assert overview.evaluate("document.querySelector('#kpis .of-day').textContent") == str(day)
    summary = summarize(published.settings)
    section = summary[summary.index("The last whole day\n") :]
    assert section.splitlines()[1].split() == [str(day), str(before)]
    for figure in now:
        assert figure in section
    [stages] = re.findall(r"Lifecycle stages\n  on (\S+)", summary)
    assert stages == str(day)
    [(snapshot,)] = published.query(
        "select max(snapshot_date) from marts.mart_rfm_scores where is_mature"
    )
    assert f"as of {snapshot}" in summary


@pytest.mark.parametrize(("language", "place"), [("en", 0), ("zh", 1)])
def test_the_front_page_says_whom_to_write_to_and_what_that_achieved(
    language: str, place: int, published: Published, chromium: Chromium
) -> None:
    page = chromium.open(published.folder / "index.html", DESKTOP, f"lang={language}")
    page.wait_for("document.querySelector('#whom table')")
    rows = page.evaluate("""[...document.querySelectorAll('#whom tbody tr')].map((row) =>
        [...row.children].map((cell) => cell.textContent)
            .concat(row.querySelector('a').getAttribute('href')))""")
    lists = published.query(
        "select label_en, label_zh, exported_count, added_count, removed_count, holdout_count,"
        " campaign_id from marts.mart_audience_exports qualify row_number() over ("
        " partition by audience_id order by export_at desc) = 1 order by export_at desc"
    )
    assert [name for name, *_ in rows] == [one[place] for one in lists]
    [(lift,)] = published.query(
        "select 100 * difference from marts.mart_campaign_lift where campaign_id = 'letters'"
        " and measure_id = 'orders' and method = 'unadjusted'"
    )
    assert f"{lift:+.1f} " in rows[0][1]
    for (*_, said, file), (*_, written, added, gone, held, campaign) in zip(
        rows, lists, strict=True
    ):
        assert all(f"{count:,}" in said for count in (written, added, gone, held))
        is_unmeasured = ("it has no campaign" in said, "没有对应的活动" in said)[place]
        assert is_unmeasured is (campaign is None)
        with (published.folder / unquote(file)).open(encoding="utf-8", newline="") as written_to:
            statuses = [row["status"] for row in csv.DictReader(written_to)]
        assert statuses.count("exported") == written
        assert statuses.count("removed") == gone


def test_the_front_page_of_an_empty_build_says_so(
    published_empty: Published, chromium: Chromium
) -> None:
    page = chromium.open(published_empty.folder / "index.html", PHONE, "lang=zh")
    page.wait_for("document.querySelector('#week .empty')")
    for item in ("day", "week"):
        said = page.evaluate(f"document.querySelector('#{item} .empty').textContent")
        assert said == "还没有人发送任何事件。"
    assert "nothing is ripe yet" in summarize(published_empty.settings)


def test_documents_are_linked_once_they_are_made(published: Published, chromium: Chromium) -> None:
    folder = published.folder / DOCUMENTS
    shown = "[...document.querySelectorAll('[data-document]')].map((card) => card.href || null)"
    index = published.folder / "index.html"
    assert chromium.open(index).evaluate(shown) == [None] * len(MADE_BY_DOCS)
    made = folder / MADE_BY_DOCS[0].file
    made.write_text("<p>made</p>", encoding="utf-8")
    try:
        list_documents(folder, project_of(load_manifest()).version)
        page = chromium.open(index)
        assert page.evaluate(shown)[0] == made.as_uri()
        older = "document.querySelector('[data-older]').checkVisibility()"
        assert page.evaluate(older) is False
        list_documents(folder, "another")
        assert chromium.open(index).evaluate(older) is True
    finally:
        made.unlink()
        list_documents(folder)


@pytest.mark.long
def test_documents_of_the_project_open_offline(published: Published, chromium: Chromium) -> None:
    with environment_of(published.settings):
        assert docs.main() == 0
    folder = published.folder / DOCUMENTS
    try:
        shown = "[...document.querySelectorAll('[data-document]')].map((card) => card.href)"
        linked = chromium.open(published.folder / "index.html").evaluate(shown)
        assert linked == [(folder / one.file).as_uri() for one in MADE_BY_DOCS]
        for document in MADE_BY_DOCS:
            page = chromium.open(folder / document.file)
            page.wait_for("document.body.innerText.includes('models')")
            assert page.problems == []
            assert page.requests == []
    finally:
        for document in MADE_BY_DOCS:
            (folder / document.file).unlink()
        list_documents(folder)


def test_a_rollback_brings_the_pages_of_its_build_back(published_empty: Published) -> None:
    settings, first = published_empty.settings, published_empty.build
    second = publish_with_pages(settings).build
    index = settings.publish_dir / "index.html"
    assert second.build_id in index.read_text(encoding="utf-8")
    rollback(settings)
    assert first.build_id in index.read_text(encoding="utf-8")
    old = builds_dir(settings) / first.build_id / "boards" / "rfm.html"
    assert (settings.publish_dir / "boards" / "rfm.html").samefile(old)


def test_checks_are_a_table_of_the_build(published: Published) -> None:
    rows = published.query("select table_name, status, failing_row_count from build_checks")
    assert rows == [(one.table_name, one.status, one.failing_row_count) for one in CHECKS]


def test_comments_of_the_published_file_are_in_both_languages(published: Published) -> None:
    told = published.query(
        "select comment from duckdb_tables() where schema_name <> 'main'"
        " union all select comment from duckdb_columns() where not internal"
        " and schema_name <> 'main'"
    )
    assert len(told) > 300
    assert [text for (text,) in told if not re.match("[ -~].*\n.*[\u4e00-\u9fff]", text)] == []


def test_the_glossary_has_every_stage_and_figure(published: Published) -> None:
    text = (published.folder / "glossary.html").read_text(encoding="utf-8")
    for stage, english, chinese in published.query(
        "select stage_id, label_en, label_zh from seeds.dim_lifecycle_stages"
    ):
        assert {f"<code>{stage}</code>", f"<td>{english}</td>", f"<td>{chinese}</td>"} <= set(
            re.findall(r"<code>\w+</code>|<td>[^<]*</td>", text)
        )
    for (column,) in published.query(
        "select distinct column_name from duckdb_columns() where schema_name = 'marts'"
    ):
        assert f"<code>{column}</code>" in text


def test_the_diagram_joins_the_lines_of_the_columns() -> None:
    tables = [
        Table("marts", name, 0, "", "", ()) for name in ("mart_a", "mart_b")
    ] + [Table("seeds", "dim_x", 0, "", "", ())]  # fmt: skip
    project = Project(
        "v",
        relations=(Relation("marts.mart_b", "x_id", "seeds.dim_x", "x_id"),),
        keys={"marts.mart_a": ("day",), "marts.mart_b": ("day", "x_id"), "seeds.dim_x": ("x_id",)},
    )
    drawn = diagram(tables, project)
    boxes = {box.table.name: box for box in drawn.boxes}
    assert [boxes[name].x for name in ("mart_a", "mart_b")] == [4, 4]
    assert boxes["dim_x"].x > boxes["mart_b"].x + boxes["mart_b"].width
    [path] = drawn.paths
    assert path.startswith(f"M{4 + boxes['mart_b'].width} {boxes['mart_b'].line_of('x_id')} ")
    assert path.endswith(f" {boxes['dim_x'].x} {boxes['dim_x'].line_of('x_id')}")
    assert max(box.y + box.height for box in drawn.boxes) < drawn.height
