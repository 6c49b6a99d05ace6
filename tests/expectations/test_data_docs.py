"""Data Docs: pages that name the failing rows, open offline, and name no person."""

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

from expectations.results import SuiteResult, page_of
from expectations.suites import suite_files

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
            update marts.mart_quarantined_samples set sample = '{HOSTILE.replace("'", "''")}';
            update raw.ingest_files set status = 'failed', error = 'HTML' where load_id = 7;
            drop table marts.mart_stickiness"""
        )
    validate(warehouse, folder=folder)
    return folder / "data_docs"


@pytest.fixture
def site(built_site: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built_site, tmp_path / "data_docs"))


def page(site: Path, suite: str) -> str:
    """The page of a suite's last result, to which the one that stays leads."""
    leading = Addresses()
    leading.feed((site / page_of(suite)).read_text())
    (address,) = leading.addresses
    return (site / page_of(suite)).parent.joinpath(address).read_text()


def test_each_suite_has_pages_that_the_index_leads_to(site: Path) -> None:
    index = Addresses()
    index.feed((site / "index.html").read_text())
    for file in suite_files():
        assert f"expectations/{file.schema}/{file.table}.html" in index.addresses
        assert "Great Expectations" in page(site, file.name)


def test_a_page_names_the_failing_rows_and_where_to_look(site: Path) -> None:
    shown = page(site, "marts.mart_rfm_scores")
    assert "snapshot_date = 2024-01-31" in shown
    assert "recency_days = 400" in shown
    assert "FROM marts.mart_rfm_scores" in shown
    assert "1 unexpected values found" in shown


def test_a_page_says_what_is_wrong_in_both_languages(site: Path) -> None:
    shown = page(site, "marts.mart_quarantined_samples")
    assert "A sample shows a value as it came" in shown
    assert "样例照原样显示了可能指向个人的值" in shown
    assert "None found: A reason for quarantine has no sample" in shown
    assert "没有发现：有隔离原因没有样例" in shown
    rules = (site / "expectations" / "marts" / "mart_rfm_scores.html").read_text()
    assert "Recency lies outside the 365 days" in rules
    assert "最近一次购买不在快照回看的 365 天之内" in rules


def test_values_are_text_and_no_markup(site: Path) -> None:
    shown = page(site, "marts.mart_quarantined_samples")
    assert "&lt;script&gt;alert('用户')&lt;/script&gt;" in shown
    assert not [path for path in site.rglob("*.html") if "<script" in path.read_text()]


def test_pages_name_no_person(site: Path) -> None:
    """The store of the results does: it lies beside the warehouse, and is not published."""
    assert "user_id = (an id of a person)" in page(site, "marts.mart_rfm_scores")
    assert "alert(" not in page(site, "marts.mart_rfm_scores")


def test_a_suite_in_error_says_why(site: Path) -> None:
    assert "could not be evaluated" in page(site, "marts.mart_stickiness")


def test_pages_ask_nothing_of_other_places(site: Path) -> None:
    for path in site.rglob("*.html"):
        found = Addresses()
        found.feed(path.read_text())
        assert found.tags.isdisjoint({"script", "iframe", "img", "object", "embed"})
        for address in found.addresses:
            target = (path.parent / address.partition("#")[0]) if address[0] != "#" else path
            assert address == "data:," or target.is_file(), (path, address)
        assert "url(" not in path.read_text()
        assert "@import" not in path.read_text()


def test_the_last_result_of_each_suite_stays_until_its_next(
    validate: Validate, clean_template: Path, tmp_path: Path
) -> None:
    """Of suites that are gone nothing stays, nor of runs before the last."""
    from expectations.validate import Checks

    days, scores = (
        next(file for file in suite_files() if file.name == name)
        for name in ("marts.mart_active_users_daily", "marts.mart_rfm_scores")
    )
    validate(clean_template, [days.load(), scores.load()], folder=tmp_path)
    first = results(tmp_path)
    assert sorted(first) == ["mart_active_users_daily", "mart_rfm_scores"]
    checks = Checks(tmp_path, [days.load(), scores.load()])
    checks.run(clean_template, [scores.name], is_anew=True, memory_limit="1GB", threads=1)
    second = results(tmp_path)
    assert second["mart_active_users_daily"] == first["mart_active_users_daily"]
    assert second["mart_rfm_scores"] != first["mart_rfm_scores"]
    assert "Great Expectations" in page(tmp_path / "data_docs", days.name)
    validate(clean_template, [scores.load()], folder=tmp_path)
    assert list(results(tmp_path)) == ["mart_rfm_scores"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "data_docs",
        "passed_suites.json",
        "validations",
    ]


def results(folder: Path) -> dict[str, str]:
    """By table, the only result that is stored of it."""
    found = [
        (path.relative_to(folder).parts[2], path.name + path.parent.name)
        for path in (folder / "validations").rglob("*.json")
    ]
    assert len(found) == len(dict(found))
    return dict(found)


KILLED = """
import os, signal, sys
from pathlib import Path
from expectations import validate

validate._replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
validate.Checks(Path(sys.argv[1]), []).run(
    Path(sys.argv[2]), [], memory_limit="1GB", threads=1
)
"""


def test_checks_that_are_killed_leave_no_half_written_pages_for_long(
    validate: Validate, clean_template: Path, tmp_path: Path
) -> None:
    """kill -9 when the new pages stand beside the old ones."""
    validate(clean_template, [], folder=tmp_path)
    before = (tmp_path / "data_docs" / "index.html").read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(clean_template)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert result.returncode == -signal.SIGKILL
    assert (tmp_path / "data_docs" / "index.html").read_bytes() == before
    assert len(list(tmp_path.glob(".data_docs-*"))) == 1
    validate(clean_template, [], folder=tmp_path)
    assert list(tmp_path.glob(".data_docs-*")) == []
