"""Data Docs: pages that name the failing rows, open offline, and hide people once published."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from expectations.data_docs import build_data_docs, publish_data_docs
from expectations.results import SuiteResult
from expectations.rules import RowRule, Suite
from expectations.suites import all_suites

Validate = Callable[..., tuple[SuiteResult, ...]]
HOSTILE = "<script>alert('用户')</script>"


class Addresses(HTMLParser):
    """Everything that a page refers to, and the elements that could fetch more."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in {"href", "src", "srcset", "action"}
        ]


@pytest.fixture(scope="module")
def built_site(
    validate: Validate, clean_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The site of a warehouse with a blocking finding, a warning, and a suite in error."""
    folder = tmp_path_factory.mktemp("data_docs")
    warehouse = Path(shutil.copyfile(clean_template, folder / "warehouse.duckdb"))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"""update marts.mart_rfm_scores set user_id = '{HOSTILE.replace("'", "''")}',
                recency_days = 400 where user_id = 'c7' and snapshot_date = '2024-01-31';
            update raw.ingest_files set status = 'failed', error = 'HTML' where load_id = 7;
            drop table marts.mart_stickiness"""
        )
    validate(warehouse, data_docs_dir=folder / "data_docs")
    return folder / "data_docs"


@pytest.fixture
def site(built_site: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built_site, tmp_path / "data_docs"))


def test_each_suite_has_a_page_that_the_index_leads_to(site: Path) -> None:
    index = Addresses()
    index.feed((site / "index.html").read_text())
    pages = {f"suites/{suite.name}.html" for suite in all_suites()}
    assert pages <= set(index.addresses)
    assert pages == {f"suites/{path.name}" for path in (site / "suites").iterdir()}


def test_a_page_names_the_failing_rows_and_where_to_look(site: Path) -> None:
    page = (site / "suites" / "marts.mart_rfm_scores.html").read_text()
    assert "Recency lies outside the 365 days" in page
    assert "<td>2024-01-31</td>" in page
    assert "&lt;script&gt;alert(&#39;用户&#39;)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "where recency_days not between 0 and 365" in page


def test_a_suite_in_error_says_why(site: Path) -> None:
    assert "mart_stickiness" in (site / "suites" / "marts.mart_stickiness.html").read_text()
    assert "could not be evaluated" in (site / "index.html").read_text()


def test_pages_ask_nothing_of_other_places(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = Addresses()
        page.feed(path.read_text())
        assert page.tags.isdisjoint({"script", "iframe", "img", "object", "embed"})
        for address in page.addresses:
            assert address == "data:," or (path.parent / address).is_file(), (path, address)
    assert "url(" not in (site / "style.css").read_text()
    assert "@import" not in (site / "style.css").read_text()


def test_the_published_copy_names_rows_and_no_person(site: Path, tmp_path: Path) -> None:
    index = publish_data_docs(site, tmp_path / "published" / "data_docs")
    assert index.is_file()
    page = (index.parent / "suites" / "marts.mart_rfm_scores.html").read_text()
    assert "<td>2024-01-31</td>" in page
    assert "alert(" not in page
    assert "hidden: an id of a person" in page


def test_a_new_site_replaces_the_old_one_whole(
    site: Path, validate: Validate, clean_template: Path
) -> None:
    (site / "suites" / "marts.gone.html").write_text("old")
    rule = RowRule("not_negative", "Below 0", "dau < 0")
    suite = Suite("marts", "mart_active_users_daily", ("activity_date",), (rule,))
    validate(clean_template, [suite], data_docs_dir=site)
    assert [path.name for path in (site / "suites").iterdir()] == [
        "marts.mart_active_users_daily.html"
    ]
    assert [path.name for path in site.parent.iterdir() if path.name.startswith(".")] == []


KILLED = """
import os, signal, sys
from pathlib import Path
from expectations import data_docs

data_docs._replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
data_docs.build_data_docs(Path(sys.argv[1]), (), ())
"""


def test_checks_that_are_killed_leave_no_half_written_pages_for_long(tmp_path: Path) -> None:
    """kill -9 when the new pages, which name people, stand beside the old ones."""
    docs = tmp_path / "data_docs"
    build_data_docs(docs, (), ())
    before = (docs / "index.html").read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", KILLED, str(docs)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert result.returncode == -signal.SIGKILL
    assert (docs / "index.html").read_bytes() == before
    assert len(list(tmp_path.glob(".data_docs-*"))) == 1
    build_data_docs(docs, (), ())
    assert [path.name for path in tmp_path.iterdir()] == ["data_docs"]
