"""What the project's own generic tests find in a table that is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.project import Settings
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import dbt_environment
from tests import support
from tests.warehouse.users_world import build, release_warehouse, settings_of

LAST = "activity_date = (select max(activity_date) from {table})"
WRONG = {
    "two rows of one key": "insert into {table} select * from {table} limit 1",
    "a missing value": f"update {{table}} set is_mature = null where {LAST}",
    "a value below its bound": f"update {{table}} set user_count = -1 where {LAST}",
    "a value that is none of those": f"update {{table}} set state_id = 'asleep' where {LAST}",
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
    asked = ["test", "--select", "mart_user_states_daily,test_name:one_row_per"]
    support.run_dbt(settings, asked)
    change(settings, wrong.format(table="marts.mart_user_states_daily"))
    with pytest.raises(AssertionError, match=r"Got \d"):
        support.run_dbt(settings, asked)


def test_one_row_per_finds_a_row_of_which_a_condition_does_not_hold(settings: Settings) -> None:
    asked = ["test", "--select", "mart_active_users_daily,test_name:one_row_per"]
    support.run_dbt(settings, asked)
    change(settings, "update marts.mart_active_users_daily set dau = wau + 1 where wau > 0")
    with pytest.raises(AssertionError, match=r"Got \d"):
        support.run_dbt(settings, asked)


@pytest.fixture
def touched_and_not(settings: Settings) -> tuple[str, str]:
    """A user that was touched since the last complete build, and one that was not."""
    least, greatest = (
        str(row["user_id"])
        for row in support.query(
            settings.warehouse,
            "select unnest([min(user_id), max(user_id)]) as user_id from facts.fct_activity_days",
        )
    )
    change(
        settings,
        "delete from intermediate.int_users_touched",
        "insert into intermediate.int_users_touched"
        " (user_id, recompute_from_date, recompute_from_at)"
        f" values ('{least}', date '1900-01-01', timestamp '1900-01-01')",
        "delete from intermediate.int_scope",
        "insert into intermediate.int_scope"
        " (definition, definition_id, user_id, from_at, reached_from_at)"
        " select 'activity', activity_id, user_id, timestamp '1900-01-01',"
        " timestamp '1900-01-01' from facts.fct_activity_days"
        f" where user_id = '{least}' group by all",
    )
    return least, greatest


# Replaced by user, and by definition and user.
BY_PART = pytest.mark.parametrize("table", ["facts.fct_user_days", "facts.fct_activity_days"])


def doubled(table: str, user_id: str) -> str:
    """A row of a user, once more."""
    return f"insert into {table} select * from {table} where user_id = '{user_id}' limit 1"


def in_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """What dbt is told from here on is part of a build."""
    monkeypatch.setattr(
        support,
        "dbt_environment",
        lambda of, **told: {**dbt_environment(of, **told), "BUILD_ATTEMPT": "one"},
    )


@BY_PART
def test_a_build_tests_the_rows_that_it_wrote_and_a_person_all(
    table: str,
    settings: Settings,
    touched_and_not: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    touched, other = touched_and_not
    asked = ["test", "--select", f"{table.removeprefix('facts.')},test_name:one_row_per"]
    change(settings, doubled(table, other))
    with pytest.raises(AssertionError, match="Got 1 result"):
        support.run_dbt(settings, asked)
    in_a_build(monkeypatch)
    support.run_dbt(settings, asked)
    change(settings, doubled(table, touched))
    with pytest.raises(AssertionError, match="Got 1 result"):
        support.run_dbt(settings, asked)


def test_a_build_tests_what_shares_its_key_with_a_row_that_it_wrote(
    settings: Settings, touched_and_not: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that changes hands could stay twice."""
    touched, other = touched_and_not
    in_a_build(monkeypatch)
    asked = ["test", "--select", "fct_events,test_name:one_row_per"]
    support.run_dbt(settings, asked)
    change(
        settings,
        "insert into facts.fct_events select * replace ('" + other + "' as user_id)"
        f" from facts.fct_events where user_id = '{touched}' limit 1",
    )
    with pytest.raises(AssertionError, match="Got 1 result"):
        support.run_dbt(settings, asked)


def test_a_build_tests_what_it_wrote_from_an_instant_on_and_what_has_none(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    [row] = support.query(
        settings.warehouse,
        "select order_id, user_id, ordered_at from facts.fct_order_states order by all limit 1",
    )
    table, user_id = "facts.fct_order_states", row["user_id"]
    another = f"insert into {table} select * from {table} where order_id = '{row['order_id']}'"
    change(
        settings,
        "delete from intermediate.int_scope",
        "insert into intermediate.int_scope (user_id, from_at, reached_from_at)"
        f" values ('{user_id}', timestamp '2999-01-01', timestamp '2999-01-01')",
        another,
    )
    in_a_build(monkeypatch)
    asked = ["test", "--select", "fct_order_states,test_name:one_row_per"]
    # Of the user, and before the instant: nothing that this build wrote.
    support.run_dbt(settings, asked)
    for planted in (
        f"update {table} set ordered_at = null where user_id = '{user_id}'",
        f"update intermediate.int_scope set reached_from_at = timestamp '{row['ordered_at']}'",
    ):
        copy = settings.warehouse.with_suffix(".before")
        release_warehouse()
        shutil.copy(settings.warehouse, copy)
        change(settings, planted)
        with pytest.raises(AssertionError, match=r"Got \d+ result"):
            support.run_dbt(settings, asked)
        release_warehouse()
        shutil.copy(copy, settings.warehouse)


PLANTED = {
    "a row once more": "insert into {table} select * from {table} where {of_other} limit 1",
    "two rows once more, alike": "insert into {table} select day.* from"
    " (select * from {table} where {of_other} limit 1) as day cross join range(2)",
    "the key of another row": "update {table} set activity_date = (select max(activity_date)"
    " from {table} where {of_other}) where {of_other}",
    "a key that is missing": "update {table} set activity_date = null where {of_other}",
    "a row that is gone": "delete from {table} where {of_other}",
}


@pytest.mark.parametrize(
    ("table", "planted"),
    [
        *(("facts.fct_user_days", planted) for planted in PLANTED),
        ("facts.fct_activity_days", "a row once more"),
    ],
)
def test_a_build_refuses_keys_that_no_build_wrote(
    table: str, planted: str, settings: Settings, touched_and_not: tuple[str, str]
) -> None:
    """By a sum over all keys, whoever they are of: what a test of all rows would find, and more."""
    asked = ["run", "--select", table.removeprefix("facts.")]
    support.run_dbt(settings, asked)
    change(
        settings, PLANTED[planted].format(table=table, of_other=f"user_id = '{touched_and_not[1]}'")
    )
    with pytest.raises(AssertionError, match=f"{table} has other rows than the last build gave it"):
        support.run_dbt(settings, asked)


def test_a_build_tests_the_values_of_all_rows(
    settings: Settings, touched_and_not: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_build(monkeypatch)
    asked = ["test", "--select", "fct_user_days,test_name:one_row_per"]
    change(
        settings,
        f"update facts.fct_user_days set event_count = 0 where user_id = '{touched_and_not[1]}'",
    )
    with pytest.raises(AssertionError, match=r"Got \d"):
        support.run_dbt(settings, asked)
