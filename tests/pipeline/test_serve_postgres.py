"""A real PostgreSQL server serves what is published: whole, at once, or what it had before."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import psycopg
import pytest

from orchestration.commands import rollback, serve
from orchestration.defs.publish import assets
from orchestration.project import Settings, SettingsError
from orchestration.publish import builds, postgres, publishing
from orchestration.publish.builds import PublishedBuild, current_build
from orchestration.publish.postgres import READER, ServingError
from tests.pipeline.postgres_server import PASSWORD, Server, postgres_server
from tests.support import environment_of, settings_of

RELATIONS = [("marts", "mart_days"), ("marts", "mart_users"), ("seeds", "dim_kinds")]
ROWS = 2000
DATABASE = "bi"
SCHEMAS = "select nspname from pg_namespace where nspname !~ '^(pg_|information)' order by 1"
ONE_BUILD = """
    select
        (select array_agg(distinct version) from marts.mart_days),
        (select array_agg(distinct version) from marts.mart_users),
        (select array_agg(distinct version) from seeds.dim_kinds),
        (select count(*) from marts.mart_days) + (select count(*) from marts.mart_users),
        (select build_id from marts.build)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server() as started:
        with started.connect() as connection:
            connection.execute(f"create database {DATABASE}")
            for role in ("stranger", "line", "poor"):
                connection.execute(f"create role {role} login password 'p'")
                if role != "stranger":
                    connection.execute(f"grant create on database {DATABASE} to {role}")
        yield started


class World:
    """A warehouse, and a database of the server to serve it from."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server = server
        with server.connect(DATABASE) as connection:
            for (schema,) in connection.execute(SCHEMAS).fetchall():
                connection.execute(f'drop schema "{schema}" cascade')
            connection.execute("create schema public")
        self.folder = folder
        self.settings = self.settings_with(server.url(DATABASE))

    def settings_with(self, url: str) -> Settings:
        return settings_of(self.folder, {"YUNYING_SERVE_POSTGRES": url, "YUNYING_BUILDS_KEPT": "9"})

    def publish(
        self, version: int, erasures: int = 0, settings: Settings | None = None
    ) -> PublishedBuild:
        write_warehouse(self.settings.warehouse, version, erasures)
        return publishing.publish(settings or self.settings, RELATIONS, "hash")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.server.rows(DATABASE, sql)

    def served(self) -> tuple[int, str]:
        """The version and the build that PostgreSQL shows, of every table the same."""
        [(days, users, kinds, _, build_id)] = self.rows(ONE_BUILD)
        assert days == users == kinds
        return days[0], build_id

    def file_version(self) -> int:
        path = self.settings.publish_dir / builds.DATABASE
        with duckdb.connect(str(path), read_only=True) as connection:
            [(version,)] = connection.execute("select version from seeds.dim_kinds").fetchall()
        return int(version)

    @contextmanager
    def reading(self) -> Iterator[psycopg.Connection[Any]]:
        """A reader who has asked a table in a transaction, and has left that open."""
        with psycopg.connect(self.server.url(DATABASE)) as connection:
            connection.execute(f"set role {READER}")
            connection.execute("select * from marts.mart_days limit 1")
            yield connection


@pytest.fixture
def world(tmp_path: Path, server: Server) -> World:
    return World(tmp_path, server)


def write_warehouse(path: Path, version: int, erasures: int = 0) -> None:
    """Tables whose every row says which version it is of, and so many erasures."""
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "seeds", "raw"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            f"create or replace table marts.mart_days as select {version} as version,"
            " date '2024-01-01' + i::integer as activity_date, 'f' || i % 7 as funnel_id,"
            " i * 100000000000000000000::hugeint as big, 1.5::decimal(38, 4) as amount"
            f" from range({ROWS}) r(i)"
        )
        connection.execute(
            f"create or replace table marts.mart_users as select {version} as version,"
            f" 'u' || i as user_id, 'a' || chr(0) || '运' as label from range({ROWS}) r(i)"
        )
        connection.execute(
            f"create or replace table seeds.dim_kinds as select {version} as version"
        )
        connection.execute("comment on table marts.mart_days is 'One row per day, isn''t it.'")
        connection.execute("comment on column marts.mart_days.big is 'It''s big.'")
        connection.execute("create or replace table raw.erasures (request text)")
        connection.execute(f"insert into raw.erasures select 'r' from range({erasures})")


def test_what_is_published_is_served_with_comments_indexes_and_a_role(world: World) -> None:
    build = world.publish(1)
    assert world.served() == (1, build.build_id)
    assert world.rows(
        "select max(big), max(amount), max(activity_date)::text, count(*) from marts.mart_days"
    ) == [(1999 * 10**20, 1.5, "2029-06-22", ROWS)]
    assert world.rows("select distinct label from marts.mart_users") == [("a运",)]
    [(comment, column, schema)] = world.rows(
        "select obj_description('marts.mart_days'::regclass),"
        " col_description('marts.mart_days'::regclass, 4), obj_description('seeds'::regnamespace)"
    )
    assert comment == f"One row per day, isn't it.\nbuild_id: {build.build_id}"
    assert (column, build.build_id in schema) == ("It's big.", True)
    indexes = world.rows("select indexdef from pg_indexes where tablename = 'mart_days' order by 1")
    assert [text.split("(")[1] for (text,) in indexes] == ["activity_date)", "funnel_id)"]
    assert world.rows(SCHEMAS) == [("marts",), ("public",), ("seeds",)]


def test_members_of_the_role_read_and_do_nothing_else(world: World) -> None:
    world.publish(1)
    with world.server.connect(DATABASE) as connection:
        connection.execute(f"set role {READER}")
        assert connection.execute("select count(*) from seeds.dim_kinds").fetchone() == (1,)
        for refused in ("delete from seeds.dim_kinds", "create table marts.t (i int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)
        connection.execute("reset role")
        connection.execute("set role stranger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from seeds.dim_kinds")


def test_readers_without_pause_see_one_build_a_query_and_no_error(world: World) -> None:
    published = {world.publish(1).build_id: 1}
    answers: list[list[tuple[Any, ...]]] = [[] for _ in range(4)]
    is_over = threading.Event()
    errors: list[Exception] = []

    def read(seen: list[tuple[Any, ...]]) -> None:
        try:
            with world.server.connect(DATABASE) as connection:
                connection.execute(f"set role {READER}")
                while not is_over.is_set():
                    [row] = connection.execute(ONE_BUILD).fetchall()
                    seen.append(row)
        except psycopg.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=read, args=(seen,)) for seen in answers]
    for thread in threads:
        thread.start()
    for version in (2, 3):
        wait_for(lambda: errors or all(seen and seen[-1][4] in published for seen in answers))
        published[world.publish(version).build_id] = version
    wait_for(lambda: errors or all(seen[-1][0] == [3] for seen in answers))
    is_over.set()
    for thread in threads:
        thread.join(30)
    assert errors == []
    for seen in answers:
        wanted = [([v], [v], [v], 2 * ROWS, build_id) for build_id, v in published.items()]
        assert [row for row in seen if row not in wanted] == []
        assert {row[0][0] for row in seen} == {1, 2, 3}
    print(f"\n4 readers, 2 publishes: {sum(map(len, answers))} queries, 0 errors")


def wait_for(is_so: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_swap_waits_for_a_table_that_is_read_while_others_read_on(world: World) -> None:
    world.publish(1)
    write_warehouse(world.settings.warehouse, 2)
    publish = threading.Thread(
        target=publishing.publish, args=(world.settings, RELATIONS, "hash"), daemon=True
    )
    with world.reading() as reader:
        publish.start()
        wait_for(lambda: world.rows("select from pg_locks where locktype = 'advisory'"))
        time.sleep(0.3)
        assert world.served()[0] == 1
        # The table that it did not ask yet is of the build of the one that it did ask.
        assert reader.execute("select max(version) from marts.mart_users").fetchone() == (1,)
        assert publish.is_alive()
    publish.join(30)
    assert world.served()[0] == 2
    assert world.rows(SCHEMAS) == [("marts",), ("public",), ("seeds",)]


def test_tables_that_a_reader_does_not_let_go_of_go_with_the_next_build(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SECONDS_FOR_READERS", 0)
    first = world.publish(1)
    with world.reading() as reader:
        world.publish(2)
        assert world.served()[0] == 2
        old = f"yunying_old_{first.build_id.lower()}"
        assert (f"{old}_marts",) in world.rows(SCHEMAS)
        assert reader.execute("select max(version) from marts.mart_days").fetchone() == (2,)
    world.publish(3)
    assert world.rows(SCHEMAS) == [("marts",), ("public",), ("seeds",)]


def test_no_table_with_erased_people_stays_whoever_reads_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SECONDS_FOR_READERS", 0)
    world.publish(1)
    with world.reading() as held, world.server.connect(DATABASE) as other:
        world.publish(2)
        assert len(world.rows(SCHEMAS)) == 5
        other.execute("begin; select * from marts.mart_users limit 1")
        world.publish(3, erasures=1)
        assert world.rows(SCHEMAS) == [("marts",), ("public",), ("seeds",)]
        for ended in (held, other):
            with pytest.raises(psycopg.OperationalError):
                ended.execute("select 1")
            ended.close()


def test_an_owner_who_may_end_no_session_publishes_nothing_over_erased_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SECONDS_FOR_READERS", 0)
    monkeypatch.setattr(postgres, "_SECONDS_FOR_ENDED_SESSIONS", 0)
    world.settings = world.settings_with(world.server.url(DATABASE, "line", "p"))
    world.publish(1)
    with world.reading():
        with pytest.raises(ServingError, match="erased since"):
            world.publish(2, erasures=1)
        assert (world.served()[0], world.file_version()) == (1, 1)
    world.publish(3, erasures=1)
    assert (world.served()[0], world.file_version()) == (3, 3)


def test_a_user_who_may_make_no_role_is_told_which_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_REQUIRE_READER", postgres._REQUIRE_READER.replace(READER, "nn"))
    url = world.server.url(DATABASE, "poor", "p")
    with pytest.raises(ServingError, match="create role nn"):
        world.publish(1, settings=world.settings_with(url))


def failing(world: World, name: str, server: Server) -> str:
    right = server.url(DATABASE)
    return {
        "password": server.url(DATABASE, password="wr0ng-s3cret"),
        "port": right.replace(f":{server.port}/", ":1/"),
        "host": f"postgresql://u:{PASSWORD}@nowhere.invalid/d",
        "database": server.url("nothing"),
        "words": f"host=127.0.0.1 port={server.port} user=u password='wr0ng-s3cret' dbname=d",
        "unreadable": "postgresql://u:wr0ng-s3cret@[::1/d",
    }[name]


@pytest.mark.parametrize("name", ["password", "port", "host", "database", "words", "unreadable"])
def test_a_server_that_cannot_be_reached_fails_the_publish_in_a_sentence_without_secrets(
    world: World, server: Server, name: str
) -> None:
    world.publish(1)
    settings = world.settings_with(failing(world, name, server))
    with pytest.raises(ServingError) as raised:
        world.publish(2, settings=settings)
    said = str(raised.value)
    assert said.startswith("PostgreSQL did not take the build: ")
    assert len(said.splitlines()) == 1
    assert "s3cret" not in said
    assert raised.value.__suppress_context__
    assert world.file_version() == 1
    assert [path.name for path in (world.settings.publish_dir / "builds").iterdir()] == [
        getattr(current_build(world.settings), "build_id", "")
    ]


def test_a_transfer_that_breaks_off_changes_nothing_anywhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(1)

    def break_off(*_: Any) -> None:
        world.rows("select pg_terminate_backend(pid) from pg_stat_activity"
                   " where application_name = 'yunying' and pid <> pg_backend_pid()")  # fmt: skip

    with monkeypatch.context() as patch:
        patch.setattr(postgres, "_put_away", break_off)
        with pytest.raises(ServingError, match="broke off"):
            world.publish(2)
    assert (world.served()[0], world.file_version()) == (1, 1)
    assert world.rows(SCHEMAS) == [("marts",), ("public",), ("seeds",)]


def test_a_schema_of_another_make_is_left_alone(world: World) -> None:
    with world.server.connect(DATABASE) as connection:
        connection.execute("create schema seeds; create table seeds.mine as select 1")
    with pytest.raises(ServingError, match="a database of its own"):
        world.publish(1)
    assert world.rows("select count(*) from seeds.mine") == [(1,)]
    assert current_build(world.settings) is None


def test_a_kill_between_the_two_swaps_is_mended_by_the_next_build(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(1)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(builds, "show", killed)
        with pytest.raises(KeyboardInterrupt):
            world.publish(2)
    assert (world.served()[0], world.file_version()) == (2, 1)
    world.publish(3)
    assert (world.served()[0], world.file_version()) == (3, 3)


def test_a_rollback_takes_postgresql_back_too(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = world.publish(1), world.publish(2)
    with environment_of(world.settings), pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUNYING_SERVE_POSTGRES", world.server.url(DATABASE))
        assert rollback.main([]) == 0
        assert (world.served(), world.file_version()) == ((1, first.build_id), 1)
        assert f"PostgreSQL serves build {first.build_id}" in capsys.readouterr().out
        # The server is away: files go back all the same, and what is left to do is said.
        patch.setenv("YUNYING_SERVE_POSTGRES", world.server.url("nothing"))
        assert rollback.main([second.build_id]) == 1
        assert (world.served()[0], world.file_version()) == (1, 2)
        assert "make serve" in capsys.readouterr().err
        patch.setenv("YUNYING_SERVE_POSTGRES", world.server.url(DATABASE))
        assert serve.main() == 0
        assert (world.served()[0], world.file_version()) == (2, 2)
        patch.delenv("YUNYING_SERVE_POSTGRES")
        assert serve.main() == 2


def test_a_build_that_readers_were_taken_from_meanwhile_is_not_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(1)
    world.publish(2)
    show = postgres._show

    def show_after_a_rollback(*arguments: Any) -> None:
        rollback.rollback(world.settings)
        show(*arguments)

    monkeypatch.setattr(postgres, "_show", show_after_a_rollback)
    with pytest.raises(ServingError, match="another build meanwhile"):
        serve.serve_current(world.settings)
    assert (world.served()[0], world.file_version()) == (2, 1)


def test_the_step_fails_with_the_sentence_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster keeps what a step raised, with all that it was raised from."""
    write_warehouse(world.settings.warehouse, 1)
    settings = world.settings_with(failing(world, "words", world.server))

    def publish(*_: Any, **__: Any) -> PublishedBuild:
        return publishing.publish(settings, RELATIONS, "hash")

    for name in ("_refuse_unchecked", "fingerprint", "made_of", "passed_tests"):
        monkeypatch.setattr(assets, name, lambda *_: "")
    monkeypatch.setattr(assets, "publish", publish)
    with environment_of(world.settings), dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([assets.publish_build], instance=instance, raise_on_error=False)
        records = instance.get_records_for_run(result.run_id).records
        events = [str(record.event_log_entry) for record in records]
    [failed] = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    said = failed.step_failure_data.user_failure_data.description
    assert said.startswith("PostgreSQL did not take the build: it does not let that user in")
    assert [text for text in events if "s3cret" in text] == []


@pytest.mark.parametrize(
    ("value", "password"),
    [
        ("postgresql://line:s3cret%40%20x@h/d", "s3cret@ x"),
        ("postgres://line:s3cret@h:5432/d?sslmode=require", "s3cret"),
        ("postgresql:///d?host=/run&user=line&password=s3cret%26", "s3cret&"),
        ("host=h user=line password=s3cret dbname=d", "s3cret"),
        (r"host=h password = 's3cret \'x' user=line", "s3cret 'x"),
    ],
)
def test_no_part_of_the_secret_is_shown(value: str, password: str) -> None:
    settings = Settings.from_environment({"YUNYING_SERVE_POSTGRES": value})
    assert "s3cret" not in repr(settings) + str(settings.environment())
    assert settings.redact(f"{value} has {password}!") == "••• has •••!"


@pytest.mark.parametrize("value", ["s3cret", "mysql://u:s3cret@h/d", "/run/s3cret"])
def test_a_setting_that_cannot_be_used_is_named_and_not_shown(value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"YUNYING_SERVE_POSTGRES": value})
    assert "YUNYING_SERVE_POSTGRES" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_an_extension_of_another_version_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb, "__version__", "1.0.0")
    with pytest.raises(ServingError, match=r"duckdb-extension-postgres of DuckDB 1\.0\.0 is not"):
        world.publish(1)
