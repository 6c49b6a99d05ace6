"""Where an engine has a body of its own behind a macro, for speed, the plain one answers alike."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest

from orchestration.project import DBT_PROJECT_DIR
from tests.warehouse.draws import seed

USERS, INSTANTS = 40, 30


def macros(*files: str) -> Any:
    """The macros of some files, to be called without dbt."""
    folder = DBT_PROJECT_DIR / "macros"
    texts = [(folder / file).read_text(encoding="utf-8") for file in files]
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["adapter"] = SimpleNamespace(dispatch=lambda name: None)
    return environment.from_string("\n".join(texts)).module


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Looks and what they look for, crowded on few instants; some looks have none."""
    chance = Random(f"bodies {seed()}")
    connection = duckdb.connect()
    connection.execute("create table looks (user_id text, side text, looks_at timestamp)")
    connection.execute("create table found (user_id text, side text, occurred_at timestamp)")
    for table, count, missing in (("looks", 900, 0.1), ("found", 700, 0.0)):
        connection.executemany(
            f"insert into {table} values (?, ?, timestamp '2024-03-01' + ? * interval '1 hour')",
            [
                [
                    f"user {chance.randrange(USERS)}",
                    chance.choice(("", "a")),
                    None if chance.random() < missing else chance.randrange(INSTANTS),
                ]
                for _ in range(count)
            ],
        )
    return connection


def test_what_is_touched_leaves(connection: duckdb.DuckDBPyConnection) -> None:
    module = macros(
        "incremental.sql", "engines/duckdb/functions.sql", "engines/spark/functions.sql"
    )
    connection.execute("create table touched as select user_id, looks_at from looks limit 60")
    connection.execute("update found set occurred_at = null where side = 'a'")
    asked = ("target", ["user_id"], "touched", {"occurred_at": "looks_at"})
    deleted = module.delete_touched(*asked)
    of_no_instant = (
        "delete from target where occurred_at is null and user_id in (select user_id from touched)"
    )
    for statements, or_none in (([deleted], False), ([deleted, of_no_instant], True)):
        connection.execute("create or replace table target as from found")
        for statement in statements:
            connection.execute(statement)
        stays = module.spark_is_untouched(*asked, or_none)
        kept = connection.execute("from target order by all").fetchall()
        connection.execute("create or replace table target as from found")
        written = connection.execute(f"from target where {stays} order by all").fetchall()
        assert kept == written
        assert 0 < len(kept) < 700


def test_a_referrer_has_a_host_or_none() -> None:
    """What a log writes where there is none is none."""
    host = macros("channels.sql").referrer_host("referrer")
    hosts = {
        "https://www.Google.com/search?q=x": "google.com",
        "http://user@shop.example:8080/a": "shop.example",
        "//cdn.example/x": "cdn.example",
        "news.example/page": "news.example",
        "localhost:3000": "localhost",
        "http://例子.中国/": "例子.中国",
        "android-app://com.tencent.mm/": "com.tencent.mm",
        **dict.fromkeys(
            ("", "-", "null", "(direct)", "(none)", "https://", "android-app://", "about:blank",
             "http://[::1]:80/", "http://a b.com/"),
        ),
    }  # fmt: skip
    with duckdb.connect() as connection:
        found = {
            given: connection.execute(
                f"select {host} from (select ? as referrer)", [given]
            ).fetchone()
            for given in hosts
        }
    assert found == {given: (right,) for given, right in hosts.items()}
