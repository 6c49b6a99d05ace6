"""Lists as files: whom to write to and nobody else, never half of one, never a list made twice."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import duckdb
import pytest

from orchestration.commands.rollback import rollback
from orchestration.project import ROOT, Settings, other_environment
from orchestration.publish import audience_files
from orchestration.publish.builds import forget_all_but_current
from orchestration.publish.publishing import publish
from orchestration.store import audience_lists, kept_tables
from orchestration.store.keyed_hash import keyed_hash
from tests.support import settings_of
from verify.reader import Seen, read_list

RELATIONS = [("marts", "mart_audience_members")]
MEMBERS = [
    ("pro.a::b", "ann", "exported", "added", "2024-01-01"),
    ("pro.a::b", "bob", "exported", "added", "2024-01-01"),
    ("pro.a::b", "cid", "holdout", None, "2024-01-01"),
    ("pro.a::b", "ann", "exported", "kept", "2024-01-08 01:00"),
    ("pro.a::b", "bob", "no_consent", "removed", "2024-01-08 01:00"),
    ("pro.a::b", "dee", "capped", None, "2024-01-08 01:00"),
]
FIRST, SECOND = "2024-01-01T00:00:00Z", "2024-01-08T01:00:00Z"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_of(tmp_path)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "create schema facts; create schema marts; create schema archive;"
            " create table marts.mart_audience_members (audience_id varchar, user_id varchar,"
            " status varchar, change varchar, export_at timestamp);"
            " alter table marts.mart_audience_members add column bucket double default 0.5;"
            " create table facts.dim_audience_exports as select * from (values"
            " ('pro.a::b', 'c1', 'marketing', timestamp '2024-01-01'),"
            " ('pro.a::b', 'c1', 'marketing', timestamp '2024-01-08 01:00'),"
            " ('nobody', null, 'marketing', timestamp '2024-01-01'))"
            " as exports (audience_id, campaign_id, purpose, export_at);"
            " alter table facts.dim_audience_exports add column made_through_at timestamp;"
            " alter table facts.dim_audience_exports add column is_by_profile boolean;"
            " create schema intermediate;"
            " create table intermediate.int_consents_resolved (user_id varchar, purpose varchar,"
            " is_granted boolean, recorded_at timestamp)"
        )
        for row in MEMBERS:
            connection.execute(
                "insert into marts.mart_audience_members values (?, ?, ?, ?, ?, 0.5)", row
            )
        audience_lists.create_tables(connection)
    return settings


def execute(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse)) as connection:
        return connection.execute(sql).fetchall()


def answers(settings: Settings, rows: str) -> None:
    """What users say of consent: user, purpose, whether it is granted, when."""
    execute(settings, f"insert into intermediate.int_consents_resolved values {rows}")


def listed(settings: Settings, export: str, audience: str = "pro.a::b") -> list[tuple[str, ...]]:
    path = settings.publish_dir / "audiences" / audience / f"{export}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["user_id"], row["status"], row["change"]) for row in csv.DictReader(file)]
    parquet = path.with_suffix(".parquet")
    assert duckdb.sql(f"select user_id, status, change from '{parquet}'").fetchall() == rows
    return rows


def test_a_file_has_whom_to_write_to_and_whom_to_take_off(settings: Settings) -> None:
    publish(settings, RELATIONS, "hash")
    assert listed(settings, FIRST) == [
        ("ann", "exported", "added"), ("bob", "exported", "added")
    ]  # fmt: skip
    assert listed(settings, SECOND) == [
        ("ann", "exported", "kept"), ("bob", "removed", "removed")
    ]  # fmt: skip
    assert listed(settings, FIRST, "nobody") == []
    names = {path.name for path in (settings.publish_dir / "audiences").rglob("*.csv")}
    assert names == {f"{FIRST}.csv", f"{SECOND}.csv"}


def test_who_takes_consent_back_is_on_no_list_not_even_after_a_rollback(
    settings: Settings,
) -> None:
    first = publish(settings, RELATIONS, "hash")
    answers(
        settings,
        "('bob', 'marketing', true, '2024-01-01'),"
        " ('bob', 'marketing', false, '2024-02-01'), ('ann', 'analytics', false, '2024-02-01'),"
        " ('ann', 'marketing', false, '2024-01-01'), ('ann', 'marketing', true, '2024-02-01')",
    )
    publish(settings, RELATIONS, "hash")
    assert listed(settings, FIRST) == [("ann", "exported", "added")]
    assert rollback(settings).build_id == first.build_id
    assert listed(settings, FIRST) == [("ann", "exported", "added")]
    # The next build's lists are read, whatever readers were taken back from; and then stay again.
    answers(settings, "('ann', 'marketing', false, '2024-03-01')")
    publish(settings, RELATIONS, "hash")
    assert listed(settings, FIRST) == []
    rollback(settings)
    assert listed(settings, FIRST) == []
    # Where an erasure takes the build of the lists away, there are none.
    forget_all_but_current(settings)
    assert not (settings.publish_dir / "audiences").is_symlink()


def test_ids_leave_as_keyed_hashes_where_a_key_is_set(settings: Settings) -> None:
    with_key = replace(settings, pseudonym_key="secret")
    publish(with_key, RELATIONS, "hash")
    assert {row[0] for row in listed(settings, FIRST)} == {
        keyed_hash("secret", "ann"), keyed_hash("secret", "bob")
    }  # fmt: skip
    answers(settings, "('bob', 'marketing', false, '2024-02-01')")
    publish(with_key, RELATIONS, "hash")
    assert {row[0] for row in listed(settings, FIRST)} == {keyed_hash("secret", "ann")}


def test_a_publish_that_breaks_off_leaves_the_lists_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, RELATIONS, "hash")
    before = listed(settings, FIRST)
    execute(settings, "update marts.mart_audience_members set user_id = 'x' || user_id")

    def broken(connection: duckdb.DuckDBPyConnection, folder: Path, user_id: str) -> None:
        write(connection, folder, user_id)
        raise OSError("the disk is full")

    write = audience_files.write
    monkeypatch.setattr(audience_files, "write", broken)
    with pytest.raises(OSError, match="full"):
        publish(settings, RELATIONS, "hash")
    assert listed(settings, FIRST) == before


# Ends itself without a word behind the first file of the first list.
KILLED = """
import os, signal
from orchestration.project import Settings
from orchestration.publish import audience_files
from orchestration.publish.publishing import publish

class Formats(dict):
    def items(self):
        yield next(iter(super().items()))
        os.kill(os.getpid(), signal.SIGKILL)

audience_files._FORMATS = Formats(audience_files._FORMATS)
publish(Settings.from_environment(), [("marts", "mart_audience_members")], "hash")
"""
# The first stays inside of its transaction until it is told that the second is there.
ARCHIVES = """
import sys
from orchestration.project import Settings
from orchestration.store import audience_lists
from orchestration.store.warehouse import connect

def held(sentence):
    print("waits", flush=True)

with connect(Settings.from_environment(), on_wait=held) as connection:
    connection.begin()
    audience_lists.archive(connection, Settings.from_environment())
    print("archived", flush=True)
    sys.stdin.readline()
    connection.commit()
"""


def started(settings: Settings, code: str) -> subprocess.Popen[str]:
    environment = {**other_environment(), **settings.environment()}
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def test_an_export_that_is_killed_in_the_middle_leaves_the_lists_before(
    settings: Settings,
) -> None:
    publish(settings, RELATIONS, "hash")
    before = listed(settings, FIRST)
    execute(settings, "update marts.mart_audience_members set user_id = 'x' || user_id")
    written = set(settings.publish_dir.rglob("*.csv"))
    with started(settings, KILLED) as process:
        assert process.wait() == -signal.SIGKILL
    [half] = set(settings.publish_dir.rglob("*.csv")) - written
    assert not half.with_suffix(".parquet").exists()
    assert listed(settings, FIRST) == before
    publish(settings, RELATIONS, "hash")
    assert listed(settings, FIRST) == [(f"x{who}", *more) for who, *more in before]
    assert not half.exists()


def test_of_two_builds_at_one_export_instant_one_makes_the_lists(settings: Settings) -> None:
    with started(settings, ARCHIVES) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "archived\n"
        with started(settings, ARCHIVES) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "waits\n"
            first.communicate("\n")
            assert second.communicate("\n")[0] == "archived\n"
    assert (first.returncode, second.returncode) == (0, 0)
    archived = execute(settings, f"select user_id, status from {audience_lists.MEMBERS}")
    assert sorted(archived) == sorted((row[1], row[2]) for row in MEMBERS)
    assert len(execute(settings, f"from {audience_lists.EXPORTS}")) == 3


def test_readers_see_a_list_that_is_not_whole(settings: Settings) -> None:
    execute(
        settings,
        "create table marts.mart_audience_exports as select audience_id, export_at,"
        " count(*) filter (status = 'exported') as exported_count,"
        " count(*) filter (change = 'removed') as removed_count"
        " from marts.mart_audience_members where audience_id = 'pro.a::b' group by all"
        " union all values ('nobody', timestamp '2024-01-01', 0, 0)",
    )
    publish(settings, [*RELATIONS, ("marts", "mart_audience_exports")], "hash")
    seen = Seen()
    for number in range(10):
        read_list(settings.publish_dir, Random(number), seen)
    assert (seen.queries, seen.errors) == (10, [])
    assert seen.rows
    file = settings.publish_dir / "audiences" / "pro.a::b" / f"{SECOND}.csv"
    file.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    for number in range(10):
        read_list(settings.publish_dir, Random(number), seen)
    assert seen.errors


def test_lists_are_archived_once_and_a_build_that_breaks_off_archives_none(
    settings: Settings,
) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.begin()
        audience_lists.archive(connection, settings)
        connection.rollback()
        assert connection.table(audience_lists.MEMBERS).fetchall() == []
        for _ in range(2):
            connection.begin()
            audience_lists.archive(connection, settings)
            connection.commit()
            # What comes out in another way later changes no list.
            connection.execute("update marts.mart_audience_members set status = 'capped'")
        archived = connection.execute(
            f"select user_id, status from {audience_lists.MEMBERS} order by export_at, user_id"
        ).fetchall()
        assert archived == [(row[1], row[2]) for row in MEMBERS]
        assert len(connection.table(audience_lists.EXPORTS).fetchall()) == 3
        kept = kept_tables.archive_dir(settings) / "arc_audience_members.parquet"
        assert len(connection.read_parquet(str(kept)).fetchall()) == len(MEMBERS)
