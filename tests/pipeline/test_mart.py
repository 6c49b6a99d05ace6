"""`make mart`, and the recipe of docs/en/marts.md: followed letter by letter, tests stay green."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.commands.mart import MartError, begin
from orchestration.project import ROOT
from tests.documents import block_with, page, put_in_the_query
from tests.support import dbt_target

RECIPE = page("docs/en/marts.md")
NOT_OF_THE_PROJECT = (".git", ".venv*", "data", "target", "logs", "__pycache__", ".*_cache")
OURS = ("DBT_", "PYTEST_", "YUNYING_")
# All that looks at a mart without a build. What looks at the project as a whole is slow.
TESTS = (
    "tests/architecture/test_docs.py tests/architecture/test_manifest.py"
    " tests/architecture/test_words.py tests/expectations/test_suites.py"
    " -k 'orders_daily or the_project_keeps or test_docs or test_words or clean_data' -n 0"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the recipe was followed."""
    copy = tmp_path_factory.mktemp("recipe") / "yunying"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_OF_THE_PROJECT))
    (copy / ".venv").symlink_to(sys.prefix)
    # What was parsed before somebody begins a mart.
    parsed = copy / "dbt_project" / "target" / "parse"
    parsed.mkdir(parents=True)
    shutil.copy(dbt_target() / "partial_parse.msgpack", parsed)
    run(copy, block_with(RECIPE, "make mart"))
    put_in_the_query(copy / "dbt_project")
    run(copy, "make reference")
    return copy


def run(project: Path, command: str) -> str:
    """Run a command of the Makefile, with the environment that these tests run in."""
    made = "-o .venv/.made-from-lock"
    result = subprocess.run(
        ["bash", "-c", command.replace("make ", f"make {made} ", 1)],
        cwd=project,
        env={name: text for name, text in os.environ.items() if not name.startswith(OURS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    return result.stdout


def test_the_tests_stay_green(project: Path) -> None:
    assert "failed" not in run(project, f'make test TESTS="{TESTS}"')


def test_pages_and_lists_have_it(project: Path) -> None:
    for language, grain in (("en", "day, with the number of orders on it"), ("zh-CN", "每天一行")):
        text = (project / f"docs/{language}/tables.md").read_text(encoding="utf-8")
        assert f"| [`marts.mart_orders_daily`](#martsmart_orders_daily) | {grain}" in text
        assert "| `net_amount` | decimal(38, 4) |" in text


@pytest.mark.parametrize(
    ("name", "area", "said"),
    [
        ("orders_daily", "product", "mart_<question>_<shape>"),
        ("mart_orders", "product", "mart_<question>_<shape>"),
        ("mart_Orders_daily", "product", "in small letters"),
        ("mart_orders_daily", "../users", "campaign|users"),
        ("mart_stickiness_daily; drop", "users", "mart_<question>_<shape>"),
        ("mart_sales_periods", "product", "is there already"),
    ],
)
def test_what_cannot_be_begun_is_said_and_nothing_is_written(
    name: str, area: str, said: str, tmp_path: Path
) -> None:
    there = tmp_path / "dbt_project/models/marts/strategy/mart_sales_periods.sql"
    there.parent.mkdir(parents=True)
    there.touch()
    with pytest.raises(MartError, match=said):
        begin(name, area, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [there]
