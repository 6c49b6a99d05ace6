"""What the project's own generic tests find in a table that is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.dbt_runs import dbt_environment
from orchestration.project import Settings
from orchestration.warehouse import connect
from tests import support
from tests.warehouse.users_world import build, release_warehouse, settings_of

WRONG = {
    "two rows of one key": "insert into {table} select * from {table} limit 1",
    "a missing value": "update {table} set is_mature = null"
    " where activity_date = (select max(activity_date) from {table})",
}


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A copy of a world that is built, to damage."""
    build("plain")
    copied = replace(settings_of("plain"), warehouse=tmp_path / "warehouse.duckdb")
    shutil.copy(settings_of("plain").warehouse, copied.warehouse)
    yield copied
    release_warehouse()


def change(settings: Settings, *statements: str) -> None:
    """Statements over the warehouse, when dbt has let go of it."""
    release_warehouse()
    with connect(settings) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_one_row_per_finds_what_is_wrong(wrong: str, settings: Settings) -> None:
    asked = ["test", "--select", "mart_active_users_daily,test_name:one_row_per"]
    support.run_dbt(settings, asked)
    change(settings, wrong.format(table="marts.mart_active_users_daily"))
    with pytest.raises(AssertionError, match="Got 1 result"):
        support.run_dbt(settings, asked)


def test_a_build_tests_the_rows_of_touched_keys_and_a_person_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["test", "--select", "fct_sessions,test_name:one_row_per"]
    least, greatest = support.query(
        settings.warehouse,
        "select unnest([min(user_id), max(user_id)]) as user_id from facts.fct_sessions",
    )
    doubled = "insert into facts.fct_sessions select * from facts.fct_sessions where {} limit 1"
    touched = "intermediate.int_users_touched"
    change(
        settings,
        f"delete from {touched}",
        f"insert into {touched} (user_id) values ('{least['user_id']}')",
        doubled.format(f"user_id = '{greatest['user_id']}'"),
    )
    with pytest.raises(AssertionError, match="Got 1 result"):
        support.run_dbt(settings, asked)
    monkeypatch.setattr(
        support, "dbt_environment", lambda of: {**dbt_environment(of), "BUILD_ATTEMPT": "one"}
    )
    support.run_dbt(settings, asked)
    change(settings, doubled.format(f"user_id = '{least['user_id']}'"))
    with pytest.raises(AssertionError, match="Got 1 result"):
        support.run_dbt(settings, asked)
