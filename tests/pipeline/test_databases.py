"""Tables of real MySQL and PostgreSQL servers become raw files: each row once, whole or not at all.

MariaDB stands for MySQL. What holds for both is tried with both.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Protocol

import dagster as dg
import pyarrow.parquet as pq
import pymysql
import pytest

from orchestration.defs.automation import jobs
from orchestration.defs.ingest.assets import ingest_assets
from orchestration.ingest.arrivals import folder_signature
from orchestration.ingest.databases import paging, reading, servers, state
from orchestration.ingest.databases.declared import DatabasesError, read_declared
from orchestration.ingest.databases.reading import read_databases
from orchestration.project import ROOT, Settings, SettingsError
from orchestration.ui.run_records import failure_text
from tests.documents import block_with, page
from tests.pipeline import mariadb_server as mariadb
from tests.pipeline.ingest_support import World
from tests.pipeline.mariadb_server import MariaDb, mariadb_server
from tests.pipeline.postgres_server import PASSWORD, Server, postgres_server
from tests.support import environment_of

VARIABLE = "SHOP_PASSWORD"
TIMES = {"mysql": "datetime(6)", "postgresql": "timestamp"}


class Source(Protocol):
    """A database of a server, empty at the beginning of a test."""

    kind: str
    password: str

    def run(self, *statements: str) -> list[tuple[Any, ...]]: ...

    def where(self) -> dict[str, str]: ...


class MySqlSource:
    kind = "mysql"
    password = mariadb.PASSWORD

    def __init__(self, server: MariaDb) -> None:
        self.server = server
        self.run(*(f"drop table `{name}`" for (name,) in self.run("show tables")), "select 1")

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.server.run(*statements)

    def where(self) -> dict[str, str]:
        return {"port": str(self.server.port), "database": mariadb.DATABASE, "user": mariadb.USER}


class PostgreSqlSource:
    kind = "postgresql"
    password = PASSWORD

    def __init__(self, server: Server) -> None:
        self.server = server
        self.run("drop schema public cascade", "create schema public")

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        with self.server.connect() as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def where(self) -> dict[str, str]:
        return {"port": str(self.server.port), "database": "postgres", "user": "postgres"}


@pytest.fixture(scope="module")
def mysql_server() -> Iterator[MariaDb]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[Server]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def mysql(mysql_server: MariaDb) -> MySqlSource:
    return MySqlSource(mysql_server)


@pytest.fixture
def postgresql(postgresql_server: Server) -> PostgreSqlSource:
    return PostgreSqlSource(postgresql_server)


@pytest.fixture(params=["mysql", "postgresql"])
def source(request: pytest.FixtureRequest) -> Source:
    found: Source = request.getfixturevalue(request.param)
    return found


class Shop(World):
    """A raw folder and a warehouse that are filled from a database."""

    settings: Settings

    def __init__(self, root: Path, source: Source) -> None:
        super().__init__(root)
        self.source = source
        self.file = root / "databases.yml"
        os.environ[VARIABLE] = source.password

    def declare(self, tables: str, **others: str) -> None:
        """Write the settings file, with these lines under `tables`."""
        said = {"kind": self.source.kind, "host": "127.0.0.1", "password_from": VARIABLE}
        lines = {**said, **self.source.where(), **others}
        text = "shop:\n" + "".join(f"  {name}: {line}\n" for name, line in lines.items())
        text += "  tables:\n"
        indented = "".join(f"    {line}\n" for line in tables.strip("\n").splitlines())
        self.file.write_text(text + indented, encoding="utf-8")
        self.settings = Settings.from_environment(
            {**self.settings.environment(), "YUNYING_DATABASES": str(self.file)}
        )

    def read(self) -> list[str]:
        """Read, and return what was said of tables."""
        said: list[str] = []
        read_databases(self.settings, said.append)
        return [line for line in said if not line.startswith("reading")]

    def load(self) -> list[str]:  # type: ignore[override]
        said = self.read()
        self.ingest()
        return said

    def files(self) -> dict[str, int]:
        """The visible files below the raw folder, with the time of their last change."""
        return {
            path.relative_to(self.settings.raw_dir).as_posix(): path.stat().st_mtime_ns
            for path in sorted(self.settings.raw_dir.rglob("*"))
            if path.is_file()
            and not any(p.startswith(".") for p in path.relative_to(self.settings.raw_dir).parts)
        }

    def hidden(self) -> list[str]:
        return sorted(path.name for path in self.settings.raw_dir.rglob(".*.new"))


@pytest.fixture
def shop(tmp_path: Path, source: Source) -> Iterator[Shop]:
    yield Shop(tmp_path, source)
    del os.environ[VARIABLE]


WITH_ONE = pytest.mark.parametrize("source", ["mysql"], indirect=True)
"""For what comes after a read: loads take time."""

USERS = """
users:
  key: id
  updated_at: changed
  columns:
    user_id: id
    created_at: made
    updated_at: changed
    plan: plan
"""


def make_users(source: Source) -> None:
    kind = TIMES[source.kind]
    source.run(f"create table users (id bigint primary key, plan varchar(20), made {kind}, "
               f"changed {kind} null)")  # fmt: skip


def add(source: Source, *rows: tuple[int, str, str]) -> None:
    for number, plan, changed in rows:
        when = "null" if changed == "null" else f"'{changed}'"
        source.run(f"insert into users values ({number}, '{plan}', '2026-01-01', {when})")


def users_of(shop: Shop) -> list[tuple[Any, ...]]:
    """Users and plans in the files, which a load brings in as they stand."""
    found = []
    for name in shop.files():
        rows = pq.read_table(shop.settings.raw_dir / name).to_pylist()
        found += [(row["user_id"], row.get("plan")) for row in rows]
    return sorted(found)


def loaded_users(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows(
        "select user_id, json_extract_string(properties, '$.plan') from raw.users order by all"
    )


@WITH_ONE
def test_what_is_new_becomes_files_by_day_and_a_second_read_writes_none(shop: Shop) -> None:
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00.25"), (2, "free", "2026-03-02 09:00:00"))
    shop.declare(USERS)
    assert shop.load() == ["shop.users: 2 new or changed rows, in users/shop.users"]
    assert list(shop.files()) == [
        "users/shop.users/2026-03-01.00001.parquet", "users/shop.users/2026-03-02.00001.parquet",
    ]  # fmt: skip
    assert loaded_users(shop) == [("1", "free"), ("2", "free")]
    [(made, changed)] = shop.rows(
        "select created_at, updated_at from raw.users where user_id = '1'"
    )
    assert made.startswith("2026-01-01 00:00:00")
    assert changed.startswith("2026-03-01 08:00:00.25")
    before = shop.files()
    assert shop.load() == ["shop.users: nothing new"]
    assert shop.files() == before
    shop.assert_adds_up()


def test_a_new_version_and_a_row_that_comes_late_are_read_and_nothing_twice(shop: Shop) -> None:
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00"), (2, "free", "2026-03-02 09:00:00"))
    shop.declare(USERS)
    shop.read()
    shop.source.run("update users set plan = 'pro', changed = '2026-03-02 10:00:00' where id = 1")
    # Its transaction began before the read and ended after it.
    add(shop.source, (3, "free", "2026-03-02 08:30:00"), (4, "x", "2026-03-02 07:00:00"))
    assert shop.read() == ["shop.users: 2 new or changed rows, in users/shop.users"]
    # 4 is older than the overlap of an hour.
    assert users_of(shop) == [("1", "free"), ("1", "pro"), ("2", "free"), ("3", "free")]


@pytest.mark.parametrize("key", ["  key: id\n", "  key: [plan, id]\n", ""])
def test_rows_of_one_time_over_several_pages_are_all_read_once(shop: Shop, key: str) -> None:
    make_users(shop.source)
    rows = [(n, f"p{n % 3}", f"2026-03-0{1 + (n > 3) + (n > 17)} 08:00:00") for n in range(25)]
    add(shop.source, *rows)
    shop.declare(USERS.replace("  key: id\n", key), page_rows="3")
    assert shop.read() == ["shop.users: 25 new or changed rows, in users/shop.users"]
    add(shop.source, *((n, "late", "2026-03-03 08:00:00") for n in range(100, 107)))
    assert shop.read() == ["shop.users: 7 new or changed rows, in users/shop.users"]
    assert len(users_of(shop)) == 32
    assert len({user for user, _ in users_of(shop)}) == 32


def test_rows_without_a_time_and_times_ahead_of_the_clock_hide_nothing(shop: Shop) -> None:
    make_users(shop.source)
    add(
        shop.source,
        (1, "never changed", "null"),
        (2, "a clock was wrong", "2199-01-01 00:00:00"),
        (3, "free", "2026-03-01 08:00:00"),
    )
    shop.declare(USERS)
    shop.read()
    add(shop.source, (4, "free", "2026-03-01 08:00:00"), (5, "never changed", "null"))
    assert shop.read() == ["shop.users: 2 new or changed rows, in users/shop.users"]
    assert shop.read() == ["shop.users: nothing new"]
    assert [user for user, _ in users_of(shop)] == ["1", "2", "3", "4", "5"]


def test_epochs_tell_when_a_row_changed(shop: Shop) -> None:
    shop.source.run(
        "create table users (id bigint primary key, changed bigint)",
        "insert into users values (1, 1772352000123), (2, 1772352001000), (3, 0)",
    )
    shop.declare(
        "users:\n  key: id\n  updated_at: changed\n"
        "  columns:\n    user_id: id\n    updated_at: changed"
    )
    shop.read()
    assert list(shop.files()) == [
        "users/shop.users/2026-03-01.00001.parquet", "users/shop.users/undated.00001.parquet",
    ]  # fmt: skip
    shop.source.run("insert into users values (4, 1772351999000)")
    assert shop.read() == ["shop.users: 1 new or changed rows, in users/shop.users"]


def test_a_query_gives_orders_as_events(shop: Shop) -> None:
    kind = TIMES[shop.source.kind]
    shop.source.run(
        f"create table orders (id bigint primary key, uid bigint, total decimal(12, 2), "
        f"state varchar(9), paid {kind} null, changed {kind})",
        "insert into orders values (7, 1, 12.30, 'paid', '2026-03-01 20:00:00', "
        "'2026-03-01 20:00:01'), (8, 2, 5, 'new', null, '2026-03-01 20:00:02')",
    )
    shop.declare(
        """
orders:
  feed: events
  query: |
    select * from orders
    where state <> '50%' and state = 'paid';
  key: id
  updated_at: changed
  columns:
    event_id: id
    order_id: id
    user_id: uid
    occurred_at: paid
    amount: total
  values:
    event_name: order_placed
    platform: web
""",
        time_zone="Asia/Shanghai",
    )
    shop.load()
    assert shop.rows(
        "select event_id, order_id, user_id, occurred_at, amount, event_name, platform "
        "from raw.events"
    ) == [("7", "7", "1", "2026-03-01 20:00:00+08:00", "12.30", "order_placed", "web")]


@WITH_ONE
def test_a_table_is_read_whole_and_its_file_changes_when_a_row_does(shop: Shop) -> None:
    shop.source.run("create table m (name varchar(20), merchant_id bigint)",
                    "insert into m values ('a', 1), ('b', 2), ('b', 2)")  # fmt: skip
    shop.declare("merchants:\n  table: m\n  columns:\n    merchant_id: merchant_id\n    x: name")
    shop.load()
    before = shop.files()
    assert list(before) == ["merchants/shop.merchants/whole.parquet"]
    assert shop.load() == ["shop.merchants: nothing new"]
    assert shop.files() == before
    shop.source.run("delete from m where merchant_id = 1")
    shop.load()
    assert shop.rows("select merchant_id from raw.merchants") == [("2",), ("2",)]
    shop.source.run("delete from m")
    shop.load()
    assert shop.rows("select merchant_id from raw.merchants") == []
    assert shop.load() == ["shop.merchants: nothing new"]
    shop.source.run("insert into m values ('a', 1)")
    shop.load()
    assert shop.rows("select merchant_id from raw.merchants") == [("1",)]
    assert shop.ingest().failed_files == ()


@WITH_ONE
def test_another_settings_file_takes_out_what_the_last_one_brought(shop: Shop) -> None:
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00"), (2, "free", "2026-03-02 09:00:00"))
    shop.declare(USERS)
    shop.load()
    add(shop.source, (3, "free", "2026-03-02 09:30:00"))
    shop.load()
    shop.declare(USERS.replace("plan: plan", "tier: plan"))
    assert shop.load() == ["shop.users: 3 new or changed rows, in users/shop.users"]
    assert shop.rows("select user_id, properties from raw.users order by all") == [
        (str(n), '{"tier":"free"}') for n in (1, 2, 3)
    ]
    shop.declare(USERS.replace("users:", "users:\n  feed: shop_users"))
    shop.load()
    assert loaded_users(shop) == []
    assert shop.rows("select count(*) from raw.shop_users") == [(3,)]
    assert shop.ingest().failed_files == ()


@WITH_ONE
def test_without_its_state_everything_is_read_anew_and_stands_once(shop: Shop) -> None:
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00"))
    shop.declare(USERS)
    shop.load()
    add(shop.source, (2, "free", "2026-03-01 08:30:00"))
    shop.load()
    for path in (shop.settings.raw_dir / state.FOLDER).iterdir():
        path.unlink()
    shop.load()
    assert loaded_users(shop) == [("1", "free"), ("2", "free")]
    (shop.settings.raw_dir / state.FOLDER / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(DatabasesError, match="is damaged"):
        shop.read()


@pytest.mark.parametrize("at", ["write", "move"])
def test_a_read_that_is_killed_has_been_whole_or_not_at_all(
    shop: Shop, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00"), (2, "free", "2026-03-02 09:00:00"))
    shop.declare(USERS)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(state.State, "commit" if at == "write" else "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.read()
    assert shop.files() == {}
    add(shop.source, (3, "free", "2026-03-02 10:00:00"))
    said = shop.read()
    assert said == [f"shop.users: {3 if at == 'write' else 1} new or changed rows, "
                    "in users/shop.users"]  # fmt: skip
    assert [user for user, _ in users_of(shop)] == ["1", "2", "3"]
    assert shop.hidden() == []


def test_a_later_read_that_fails_or_is_killed_leaves_nothing_to_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had seen counts as little as what it had written."""
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00"))
    shop.source.run("create table m (merchant_id int primary key, extra int)")
    shop.declare(
        USERS + "merchants:\n  table: m\n  columns: {merchant_id: merchant_id, extra: extra}\n"
    )
    shop.read()
    add(shop.source, (2, "free", "2026-03-02 09:00:00"))
    shop.source.run("alter table m drop column extra")
    with pytest.raises(DatabasesError, match="has no extra"):
        shop.read()
    assert shop.hidden() == []
    shop.source.run("alter table m add column extra int")

    def killed(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(state.State, "commit", killed)
        patch.setattr(reading, "_sweep", lambda _: None)  # nobody is there to sweep
        with pytest.raises(SystemExit):
            shop.read()
    assert shop.hidden() != []
    assert shop.read()[0] == "shop.users: 1 new or changed rows, in users/shop.users"
    assert [user for user, _ in users_of(shop)] == ["1", "2"]
    assert shop.read()[0] == "shop.users: nothing new"


def test_rows_of_the_year_1_have_no_time(shop: Shop) -> None:
    """It is how Go writes none."""
    make_users(shop.source)
    add(shop.source, (1, "free", "0001-01-01 00:00:00"))
    shop.declare(USERS)
    shop.read()
    assert shop.read() == ["shop.users: nothing new"]
    add(shop.source, (2, "free", "2026-03-02 09:00:00"), (3, "free", "0001-01-01 00:00:00"))
    shop.read()
    assert shop.read() == ["shop.users: nothing new"]
    assert sorted(user for user, _ in users_of(shop)) == ["1", "2", "3"]


def refused(shop: Shop) -> str:
    """What is said when reading fails; nothing has come of it, and no secret stands there."""
    before = shop.files()
    with pytest.raises(DatabasesError) as caught:
        shop.read()
    assert shop.files() == before
    assert shop.hidden() == []
    assert shop.source.password not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_wrong_is_said_in_a_sentence_with_the_mend(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_users(shop.source)
    add(shop.source, (1, "secret-value", "2026-03-01 08:00:00"))
    shop.declare(USERS)
    monkeypatch.setenv(VARIABLE, "wrong-" + shop.source.password)
    assert "does not let" in refused(shop)
    monkeypatch.setenv(VARIABLE, "")
    assert f"the environment has no {VARIABLE}" in refused(shop)
    monkeypatch.setenv(VARIABLE, shop.source.password)
    shop.declare(USERS, database="nowhere")
    assert "database" in refused(shop)
    shop.declare(USERS, port="1")
    assert "does not answer at 127.0.0.1:1" in refused(shop)
    shop.declare(USERS.replace("key: id", "table: people\n  key: id"))
    assert "table people is not there" in refused(shop)
    shop.declare(USERS.replace("plan: plan", "plan: level"))
    assert refused(shop) == (
        "shop: table users has no level. It has id, plan, made, changed. Bring the column "
        "back, or mend the settings file."
    )
    shop.declare(USERS.replace("key: id", "query: select from where\n  key: id"))
    assert "Mend the query" in refused(shop)
    shop.declare(USERS.replace("updated_at: changed\n  c", "updated_at: plan\n  c"))
    assert "holds no times" in refused(shop)
    query = "select id, plan, made, changed, cast(plan as decimal) as x from users where 1 / 0 = 1"
    if shop.source.kind == "postgresql":
        shop.declare(USERS.replace("key: id", f"query: {query}\n  key: id"))
        assert "22012" in (said := refused(shop)) or "22P02" in said
        assert "secret-value" not in said


@WITH_ONE
def test_a_table_that_lost_a_column_stops_the_read_also_where_all_are_read(shop: Shop) -> None:
    make_users(shop.source)
    add(shop.source, (1, "free", "2026-03-01 08:00:00"))
    shop.source.run("alter table users add column user_id varchar(9)")
    shop.declare("users:\n  key: id\n  updated_at: changed")
    shop.load()
    shop.source.run("alter table users add column city varchar(9)")
    add_city = (
        "insert into users values (2, 'free', '2026-01-01', '2026-03-01 09:00:00', 'u2', 'B')"
    )
    shop.source.run(add_city)
    shop.load()
    assert shop.rows(
        "select json_extract_string(properties, '$.city') from raw.users where user_id = 'u2'"
    ) == [("B",)]
    shop.source.run("alter table users drop column plan")
    assert refused(shop) == (
        "shop: table users has lost plan. Bring it back, or name under columns those that "
        "are to be read."
    )
    shop.declare("users:\n  key: id\n  updated_at: changed\n  columns:\n    user_id: user_id")
    shop.load()


def test_many_rows_without_a_key_are_not_read_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGES_WITHOUT_KEY", 2)
    make_users(shop.source)
    add(shop.source, *((n, "free", "2026-03-01 08:00:00") for n in range(9)))
    shop.declare(USERS.replace("  key: id\n", ""), page_rows="2")
    assert "more than 4 rows of one changed, and no key" in refused(shop)
    shop.declare("users:\n  columns:\n    user_id: id", page_rows="2")
    assert "more than 4 rows, and no key" in refused(shop)


@contextmanager
def between_pages(monkeypatch: pytest.MonkeyPatch, act: Any) -> Iterator[None]:
    """Act once, when a page has been read."""
    page, done = servers.Server.rows, []

    def rows(self: servers.Server, sql: str, of: str) -> list[servers.Row]:
        found = page(self, sql, of)
        if not done:
            done.append(True)
            act()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(servers, "PAUSES", (0.0, 0.1))
        patch.setattr(servers.Server, "rows", rows)
        yield
    assert done


def lose_connections(source: Source) -> None:
    if source.kind == "mysql":
        listed = source.run("select id from information_schema.processlist where user = 'yunying'")
        for (number,) in listed:
            source.run(f"kill {number}")
    else:
        source.run("select pg_terminate_backend(pid) from pg_stat_activity "
                   "where application_name = 'yunying'")  # fmt: skip


def test_a_connection_that_is_lost_between_pages_is_made_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_users(shop.source)
    add(shop.source, *((n, "free", "2026-03-01 08:00:00") for n in range(10)))
    shop.declare(USERS, page_rows="4")
    with between_pages(monkeypatch, lambda: lose_connections(shop.source)):
        assert shop.read() == ["shop.users: 10 new or changed rows, in users/shop.users"]
    assert len(users_of(shop)) == 10


def test_a_row_that_changes_while_pages_are_read_is_there_in_its_last_version(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_users(shop.source)
    add(shop.source, *((n, "free", "2026-03-01 08:00:00") for n in range(10)))
    shop.declare(USERS, page_rows="4")
    change = "update users set plan = 'pro', changed = '2026-03-01 09:00:00' where id in (1, 5)"
    with between_pages(monkeypatch, lambda: shop.source.run(change)):
        shop.read()
    assert {user for user, plan in users_of(shop) if plan == "pro"} == {"1", "5"}
    assert {user for user, _ in users_of(shop)} == {str(n) for n in range(10)}


def test_nothing_is_held_between_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table may even be altered then: nobody waits for a read that goes on."""
    make_users(shop.source)
    add(shop.source, *((n, "free", "2026-03-01 08:00:00") for n in range(10)))
    shop.declare(USERS, page_rows="4")
    limit = (
        "set lock_wait_timeout = 1" if shop.source.kind == "mysql" else "set lock_timeout = '1s'"
    )
    alter = "alter table users add column note varchar(9)"
    with between_pages(monkeypatch, lambda: shop.source.run(limit, alter)):
        shop.read()
    assert len(users_of(shop)) == 10


def test_credentials_that_end_between_pages_are_told_and_nothing_is_half_loaded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_users(shop.source)
    add(shop.source, *((n, "free", "2026-03-01 08:00:00") for n in range(10)))
    user = "m" if shop.source.kind == "mysql" else "p"
    account = f"{user}@'127.0.0.1'" if shop.source.kind == "mysql" else user
    quoted = shop.source.password.replace("'", "''")
    if shop.source.kind == "mysql":
        shop.source.run(f"create or replace user {account} identified by '{quoted}'",
                        f"grant select on shop.* to {account}")  # fmt: skip
    else:
        shop.source.run(f"create role {user} login password '{quoted}'",
                        f"grant usage on schema public to {user}",
                        f"grant select on users to {user}")  # fmt: skip
    shop.declare(USERS, page_rows="4", user=user)

    def end() -> None:
        if shop.source.kind == "mysql":
            shop.source.run(f"alter user {account} identified by 'another'")
            listed = shop.source.run(
                f"select id from information_schema.processlist where user = '{user}'"
            )
            shop.source.run(*(f"kill {number}" for (number,) in listed))
        else:
            shop.source.run(f"alter role {user} password 'another'")
            lose_connections(shop.source)

    try:
        with between_pages(monkeypatch, end):
            assert f"does not let {user} in" in refused(shop)
        assert shop.files() == {}
    finally:
        if shop.source.kind == "mysql":
            shop.source.run(f"drop user {account}")
        else:
            shop.source.run(f"drop owned by {user}", f"drop role {user}")


def certificate(folder: Path, name: str, host: str) -> tuple[Path, Path]:
    """A key, and a certificate that is its own CA."""
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", key, "-out", made, "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={host}",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)  # the server is another user
    return key, made


@contextmanager
def encrypted(kind: str, key: Path, made: Path) -> Iterator[int]:
    """The port of a server with a certificate. The tests' PostgreSQL cannot encrypt: of it there
    is what it says before it is trusted."""
    if kind == "mysql":
        with mariadb_server("--ssl", f"--ssl-key={key}", f"--ssl-cert={made}") as server:
            yield server.port
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)

    def answer() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.recv(8)
                    connection.sendall(b"S")
                    context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1]


def test_a_server_that_is_not_trusted_is_told_from_one_that_does_not_answer(shop: Shop) -> None:
    make_users(shop.source)
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server looks into it
        own, others = (certificate(folder, name, "IP:127.0.0.1") for name in ("own", "others"))
        elsewhere = certificate(folder, "elsewhere", "DNS:elsewhere.example")
        shop.declare(USERS, ca_file=str(own[1]))
        assert "it does not encrypt, which ca_file asks for" in refused(shop)
        for serves, trusts in ((own, others), (elsewhere, elsewhere)):
            with encrypted(shop.source.kind, *serves) as port:
                shop.declare(USERS, ca_file=str(trusts[1]), port=str(port))
                assert "its certificate is not trusted" in refused(shop)
        if shop.source.kind == "mysql":
            with encrypted("mysql", *own) as port:
                shop.declare(USERS, ca_file=str(own[1]), port=str(port))
                assert "table users is not there" in refused(shop)


def test_a_server_that_stops_is_waited_for_and_then_given_up(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, mysql.password)
    shop = Shop(tmp_path, mysql)
    make_users(mysql)
    add(mysql, *((n, "free", "2026-03-01 08:00:00") for n in range(10)))
    shop.declare(USERS, page_rows="4")

    def restart() -> None:
        mysql.server.stop()
        mysql.server.start()

    with between_pages(monkeypatch, mysql.server.stop):
        assert refused(shop) == (
            "shop: it was lost while table users was read. Let it come back, then build again: "
            "nothing was kept of what was half read."
        )
    mysql.server.start()
    with between_pages(monkeypatch, restart):
        assert shop.read() == ["shop.users: 10 new or changed rows, in users/shop.users"]


def test_values_of_mysql_come_as_it_writes_them(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, mysql.password)
    mysql.run(
        "create table t (id bigint unsigned primary key, big decimal(65, 30), at_time datetime(6), "
        "stamp timestamp(3) null, day date, bit bit(1), flag tinyint(1), words varchar(99), "
        "raw_id binary(4), doc json, changed datetime null)",
        "insert into t values (18446744073709551615, "
        "12345678901234567890123456789012345.123456789012345678901234567890, "
        "'2026-03-01 08:00:00.123456', '2026-03-01 08:00:00.5', '2026-03-01', 1, 2, '运营🎉\"\\n', "
        "x'00ff01ab', '{\"a\": 1.50}', '2026-03-01 08:00:00'), "
        "(2, -0.5, '0000-00-00', null, '0000-00-00', 0, 0, '', null, null, '0000-00-00'), "
        "(9007199254740993, 1, '2024-02-30 08:00:00', null, '2024-00-15', null, null, null, null, "
        "null, '2026-03-01 08:00:00')",
    )
    shop = Shop(tmp_path, mysql)
    shop.declare("odd_log:\n  table: t\n  key: id\n  updated_at: changed",
                 time_zone="Asia/Shanghai", page_rows="1")  # fmt: skip
    shop.load()
    rows = shop.rows(
        "select id, big, at_time, stamp, day, bit, flag, words, raw_id, doc, changed "
        "from raw.odd_log"
    )
    assert sorted(rows) == [
        ("18446744073709551615",
         "12345678901234567890123456789012345.123456789012345678901234567890",
         "2026-03-01 08:00:00.123456+08:00", "2026-03-01 08:00:00.500", "2026-03-01", "1", "2",
         '运营🎉"\n', "00ff01ab", '{"a": 1.50}', "2026-03-01 08:00:00+08:00"),
        ("2", "-0.500000000000000000000000000000", None, None, None, "0", "0", "", None, None,
         None),
        ("9007199254740993", "1.000000000000000000000000000000", "2024-02-30 08:00:00.000000", None,
         "2024-00-15", None, None, None, None, None, "2026-03-01 08:00:00+08:00"),
    ]  # fmt: skip
    assert shop.load() == ["shop.odd_log: nothing new"]


def test_values_of_postgresql_come_as_it_writes_them(
    tmp_path: Path, postgresql: PostgreSqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, postgresql.password)
    postgresql.run(
        "create schema app",
        "create table app.t (id uuid primary key, big numeric, at_time timestamptz, "
        'local timestamp, day date, flag boolean, "Words" text, bytes bytea, doc jsonb, '
        "tags text[], changed timestamptz)",
        "insert into app.t values ('00000000-0000-0000-0000-00000000000a', "
        "1234567890123456789012345678901234567890.5, '2026-03-01 08:00+08', '2026-03-01 08:00', "
        "'2026-03-01', true, E'运营🎉\\\\', '\\x00ff', '{\"a\": 1.50}', '{a,b}', "
        "'2026-03-01 08:00:00.123456+08'), "
        "('00000000-0000-0000-0000-00000000000b', 'NaN', 'infinity', null, null, false, '', null, "
        "null, null, 'infinity')",
    )
    shop = Shop(tmp_path, postgresql)
    shop.declare("odd_log:\n  table: app.t\n  key: id\n  updated_at: changed",
                 time_zone="Asia/Shanghai", page_rows="1")  # fmt: skip
    shop.load()
    rows = shop.rows(
        'select big, at_time, local, day, flag, "Words", bytes, doc, tags, changed '
        "from raw.odd_log order by id"
    )
    assert rows == [
        ("1234567890123456789012345678901234567890.5", "2026-03-01 00:00:00+00",
         "2026-03-01 08:00:00+08:00", "2026-03-01", "true", "运营🎉\\", "00ff", '{"a": 1.50}',
         "{a,b}", "2026-03-01 00:00:00.123456+00"),
        ("NaN", "infinity", None, None, "false", "", None, None, None, "infinity"),
    ]  # fmt: skip
    assert shop.load() == ["shop.odd_log: nothing new"]


def test_the_hour_that_a_clock_goes_back_is_read(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, mysql.password)
    make_users(mysql)
    add(mysql, (1, "summer", "2025-10-26 02:59:59"))
    shop = Shop(tmp_path, mysql)
    shop.declare(USERS, time_zone="Europe/Berlin")
    shop.read()
    add(mysql, (2, "winter", "2025-10-26 02:00:00"))
    shop.read()
    assert [user for user, _ in users_of(shop)] == ["1", "2"]
    [name] = [name for name in shop.files() if name.endswith(".00001.parquet")]
    [row] = pq.read_table(shop.settings.raw_dir / name).to_pylist()
    assert row["updated_at"] == "2025-10-26 02:59:59+02:00"


def test_who_was_erased_stays_out_although_the_database_has_them(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, mysql.password)
    make_users(mysql)
    add(mysql, (111111, "free", "2026-03-01 08:00:00"), (222222, "free", "2026-03-01 08:00:00"))
    mysql.run("create table asked (user_id bigint, requested_at datetime)",
              "insert into asked values (111111, '2026-03-02 08:00:00')")  # fmt: skip
    shop = Shop(tmp_path, mysql)
    shop.declare(USERS + "people:\n  table: users\n  columns:\n    user_id: id\n  feed: users\n")
    shop.load()
    assert len(loaded_users(shop)) == 4
    asking = "erasure_requests:\n  table: asked\n"
    shop.declare(
        USERS + asking + "people:\n  table: users\n  columns:\n    user_id: id\n  feed: users\n"
    )
    shop.load()

    def nothing_is_left() -> None:
        assert {user for user, _ in loaded_users(shop)} == {"222222"}
        assert shop.rows("select count(*) from raw.erasure_requests") == [(0,)]
        for path in shop.settings.raw_dir.rglob("*"):
            assert path.is_dir() or b"111111" not in path.read_bytes(), path

    nothing_is_left()
    before = shop.files()
    # The rewritten files are not those that were read, and are left alone.
    assert shop.load() == [
        "shop.users: nothing new", "shop.erasure_requests: nothing new", "shop.people: nothing new",
    ]  # fmt: skip
    assert shop.files() == before
    mysql.run("update users set plan = 'pro', changed = '2026-03-02 09:00:00' where id = 111111")
    shop.load()
    nothing_is_left()


def test_the_settings_file_of_the_docs_brings_users_orders_and_refunds(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, mysql.password)
    mysql.run(
        "create table users (id bigint primary key, plan varchar(9), created_at datetime, "
        "updated_at datetime, index changed (updated_at, id))",
        "create table orders (id bigint primary key, user_id bigint, total decimal(12, 2), "
        "status varchar(9), created_at datetime, refunded_at datetime null, updated_at datetime)",
        "create index changed on orders (updated_at, id)",
        "insert into users values (1, 'pro', '2026-03-01', '2026-03-01')",
        "insert into orders values (1, 1, 9.90, 'paid', '2026-03-02', null, '2026-03-02'), (2, 1, "
        "5, 'refunded', '2026-03-02', '2026-03-03', '2026-03-03')",
    )
    shop = Shop(tmp_path, mysql)
    text = block_with(page("docs/en/sources.md"), "shop:")
    shop.file.write_text(text.replace("port: 3306", f"port: {mysql.server.port}"), "utf-8")
    shop.settings = Settings.from_environment(
        {**shop.settings.environment(), "YUNYING_DATABASES": str(shop.file)}
    )
    shop.load()
    assert shop.rows("select user_id, created_at, updated_at, properties from raw.users") == [
        ("1", "2026-03-01 00:00:00+08:00", "2026-03-01 00:00:00+08:00", '{"plan":"pro"}')
    ]
    assert shop.rows(
        "select event_name, event_id, order_id, user_id, occurred_at, amount from raw.events "
        "order by all"
    ) == [
        ("order_placed", "1", "1", "1", "2026-03-02 00:00:00+08:00", "9.90"),
        ("order_placed", "2", "2", "1", "2026-03-02 00:00:00+08:00", "5.00"),
        ("order_refunded", "refund-2", "2", "1", "2026-03-03 00:00:00+08:00", "5.00"),
    ]


WRONG = [
    ("shop: {kind: oracle, host: h, database: d, user: u, tables: {}}",
     "line 1: kind is 'oracle': give one of mysql, postgresql."),
    ("shop:\n  kind: mysql\n  user: u\n  database: d\n  tables: {}",
     "line 2: shop has no host: add it."),
    ("shop: {kind: mysql, host: h, database: d, user: u, password: x, tables: {}}",
     "line 1: password is not known here: give some of kind, host"),
    ("shop:\n  kind: mysql\n  host: h\n  port: many\n  database: d\n  user: u\n  tables: {}",
     "line 4: port is 'many': give a whole number from 1 to 65535."),
    ("shop:\n  kind: mysql\n  host: h\n  port: 70000\n  database: d\n  user: u\n  tables: {}",
     "line 4: port is '70000': give a whole number from 1 to 65535."),
    ("shop:\n  kind: mysql\n  host: h\n  ca_file: databases.yml\n  database: d\n  user: u\n"
     "  tables: {}", "line 4: ca_file is databases.yml, which holds no certificate"),
    ("a: [", "line 1: "),
    ("a: \x01", "line 1: it holds a character that may not stand there. Mend the YAML."),
    ("- shop", "line 1: the file must hold names"),
    ("? [shop]\n: {}", "line 2: "),
    ("shop: {}\nshop: {}", "line 2: shop stands there twice: leave one."),
    ("shop:\n  kind: mysql\n  host: h\n  database: d\n  user: u\n  time_zone: CST8\n  tables: {}",
     "line 6: time_zone is 'CST8': give an IANA time zone"),
    ("shop:\n  kind: mysql\n  host: h\n  database: d\n  user: u\n  tables:\n    t:\n"
     "      feed: ingest_files", "line 8: feed is ingest_files, a table of ours"),
    ("shop:\n  kind: mysql\n  host: h\n  database: d\n  user: u\n  tables:\n    t:\n"
     "      feed: ../x", "line 8: feed is called '../x'"),
    ("shop:\n  kind: mysql\n  host: h\n  database: d\n  user: u\n  tables:\n    t:\n"
     "      columns: {a: b}\n      values: {a: c}", "line 9: a stands under columns too"),
    ("shop:\n  kind: mysql\n  host: h\n  database: d\n  user: u\n  tables:\n    t:\n"
     "      table: t\n      query: select 1", "line 8: t has a table and a query"),
]  # fmt: skip


def test_a_raw_folder_that_is_a_bucket_is_told() -> None:
    given = {"YUNYING_RAW_DIR": "s3://bucket/raw", "YUNYING_DATABASES": "databases.yml"}
    with pytest.raises(SettingsError, match="YUNYING_RAW_DIR, which is a bucket"):
        Settings.from_environment(given)


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_wrong_settings_file_is_told_with_its_line(
    tmp_path: Path, text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "databases.yml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabasesError) as caught:
        read_declared(file)
    assert str(caught.value).startswith(f"databases.yml, {said}")


def test_files_that_a_build_brought_ask_for_no_build(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, mysql.password)
    make_users(mysql)
    add(mysql, (1, "free", "2026-03-01 08:00:00"))
    shop = Shop(tmp_path, mysql)
    shop.declare(USERS)
    before = folder_signature([shop.settings.raw_dir])
    shop.read()
    assert shop.files()
    assert folder_signature([shop.settings.raw_dir]) == before
    shop.put("users/more.csv", "user_id\n2\n")
    assert folder_signature([shop.settings.raw_dir]) != before


def test_make_build_ends_with_the_sentence_before_it_loads_anything(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, mysql)
    shop.declare(USERS)
    wrong = "wr0ng-p@ssword"
    monkeypatch.setenv(VARIABLE, wrong)
    home = tmp_path / "dagster"
    home.mkdir()
    with environment_of(shop.settings):
        result = subprocess.run(
            [sys.executable, "-m", "orchestration.commands.build"],
            cwd=ROOT,
            env={**os.environ, "DAGSTER_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert result.returncode == 1, result.stdout
    assert "does not let yunying in with that password" in result.stdout
    assert "readers keep the last build" in result.stdout
    assert not shop.settings.warehouse.exists()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or wrong.encode() not in path.read_bytes(), path
    runs = json.dumps(shop_history(shop))
    assert "does not let" in runs


def test_a_run_of_dagster_reads_before_it_loads(
    tmp_path: Path, mysql: MySqlSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_users(mysql)
    add(mysql, (1, "free", "2026-03-01 08:00:00"))
    shop = Shop(tmp_path, mysql)
    shop.declare(USERS)
    with environment_of(shop.settings), dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv(VARIABLE, "wr0ng")
        failed = dg.materialize([ingest_assets], instance=instance, raise_on_error=False)
        [failure] = failed.get_step_failure_events()
        assert "does not let yunying in" in failure_text(failure)
        monkeypatch.setenv(VARIABLE, mysql.password)
        assert dg.materialize([ingest_assets], instance=instance).success
        assert loaded_users(shop) == [("1", "free")]
        # Nobody knows whether a database has news before it is read.
        monkeypatch.setattr(jobs, "published_already", lambda _: 1 / 0)
        assert isinstance(jobs.nightly(dg.build_schedule_context()), dg.RunRequest)


def shop_history(shop: Shop) -> list[Any]:
    import duckdb

    path = shop.settings.publish_dir / "history" / "pipeline_runs.parquet"
    with duckdb.connect() as connection:
        return connection.execute(f"select status, failure from '{path}'").fetchall()


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(DatabasesError, match=r"pip install 'yunying\[databases\]'"):
        servers._driver("pymysql")
    assert pymysql is not None
