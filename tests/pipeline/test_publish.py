"""Publishing: whole, at once, or not at all, whatever readers and faults do meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.project import ROOT, Settings
from orchestration.publish import builds, publishing
from orchestration.publish.publishing import current_build, publish
from orchestration.store.keyed_hash import keyed_hash
from tests.support import settings_of

RELATIONS = [("marts", "mart_days"), ("marts", "mart_users")]
ROWS = 20_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_of(tmp_path)
    write_warehouse(settings, version=1)
    return settings


def write_warehouse(settings: Settings, version: int) -> None:
    """Two marts whose every row says which version of the warehouse it belongs to."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute("create schema if not exists facts")
        for table in ("mart_days", "mart_users"):
            connection.execute(
                f"create or replace table marts.{table} as "
                f"select {version} as version, 'u' || i as user_id, md5(i::text) as filler "
                f"from range({ROWS}) as rows(i)"
            )
        connection.execute("comment on table marts.mart_days is 'One row per day, isn''t it.'")
        connection.execute("comment on column marts.mart_days.version is 'Which build.'")
        connection.execute(
            "create or replace table facts.dim_horizon as "
            "select timestamp '2024-05-01 12:00:00' as data_through_at"
        )


def published(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(
        str(settings.publish_dir / publishing.DATABASE), read_only=True
    ) as connection:
        return connection.execute(sql).fetchall()


def test_tables_parquet_descriptions_and_the_build_are_published(settings: Settings) -> None:
    build = publish(settings, RELATIONS, "hash")
    assert published(settings, "select count(*) from marts.mart_days") == [(ROWS,)]
    parquet = settings.publish_dir / "parquet" / "marts" / "mart_users.parquet"
    assert duckdb.sql(f"select count(*) from '{parquet}'").fetchall() == [(ROWS,)]
    assert duckdb.sql(
        f"select decode(key), decode(value) from parquet_kv_metadata('{parquet}')"
    ).fetchall() == [("build_id", build.build_id)]
    assert published(
        settings, "select comment from duckdb_tables() where table_name = 'mart_days'"
    ) == [(f"One row per day, isn't it.\nbuild_id: {build.build_id}",)]
    assert published(
        settings,
        "select comment from duckdb_columns() "
        "where table_name = 'mart_days' and column_name = 'version'",
    ) == [("Which build.",)]
    assert published(
        settings, "select build_id, cast(data_through_at as varchar), configuration_hash from build"
    ) == [(build.build_id, "2024-05-01 12:00:00", "hash")]
    assert current_build(settings) == build
    assert json.loads((settings.publish_dir / "build.json").read_text())["row_counts"] == {
        "marts.mart_days": ROWS,
        "marts.mart_users": ROWS,
    }


def test_what_is_not_exposed_is_not_published(settings: Settings) -> None:
    publish(settings, RELATIONS[:1], "hash")
    tables = published(settings, "select schema_name, table_name from duckdb_tables() order by all")
    assert tables == [("main", "build"), ("main", "build_checks"), ("marts", "mart_days")]


def test_an_empty_warehouse_publishes_empty_tables(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("delete from marts.mart_days")
        connection.execute("update facts.dim_horizon set data_through_at = null")
    build = publish(settings, RELATIONS, "hash")
    assert build.row_counts["marts.mart_days"] == 0
    assert build.data_through_at is None
    assert published(settings, "select count(*) from marts.mart_days") == [(0,)]


def test_the_last_builds_are_kept_and_older_ones_go(settings: Settings) -> None:
    builds = [publish(settings, RELATIONS[:1], "hash", keep=3).build_id for _ in range(5)]
    assert sorted(path.name for path in (settings.publish_dir / "builds").iterdir()) == builds[-3:]
    assert (settings.publish_dir / "current").readlink() == Path("builds") / builds[-1]


def test_a_reader_goes_on_reading_a_build_that_is_gone(settings: Settings) -> None:
    publish(settings, RELATIONS, "hash", keep=1)
    with duckdb.connect(str(settings.publish_dir / publishing.DATABASE), read_only=True) as reader:
        write_warehouse(settings, version=2)
        publish(settings, RELATIONS, "hash", keep=1)
        assert reader.execute("select distinct version from marts.mart_users").fetchall() == [(1,)]


FAULTY = """
    import os, signal, sys
    from tests.support import settings_of
    from orchestration.publish import builds, publishing
    from pathlib import Path

    settings = settings_of(Path(sys.argv[1]))
    fault = sys.argv[2]
    if fault == "disk":
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    else:
        module = publishing if fault == "_copy" else builds
        real = getattr(module, fault)
        def killed(*arguments, **named):
            if fault == "point" and arguments[0].name != "current":
                return real(*arguments, **named)
            if fault == "_copy" and "mart_days" in arguments:
                return real(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(module, fault, killed)
    publishing.publish(settings, {relations!r}, "hash")
"""


@pytest.mark.parametrize("fault", ["disk", "_copy", "sync_tree", "point"])
def test_a_fault_leaves_the_last_build_whole_and_the_next_right(
    settings: Settings, tmp_path: Path, fault: str
) -> None:
    """A full disk; kill -9 between two tables, before the rename, and before the swap."""
    publish(settings, RELATIONS, "hash")
    write_warehouse(settings, version=2)
    script = tmp_path / "faulty.py"
    script.write_text(textwrap.dedent(FAULTY).replace("{relations!r}", repr(RELATIONS)))
    result = subprocess.run(
        [sys.executable, str(script), str(tmp_path), fault],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == (1 if fault == "disk" else -signal.SIGKILL), result.stderr
    distinct = "select distinct version from marts.mart_days"
    assert published(settings, distinct) == [(1,)]
    if fault == "disk":
        assert list((settings.publish_dir / "builds").glob(".*")) == []

    build = publish(settings, RELATIONS, "hash")
    assert published(settings, distinct) == [(2,)]
    assert current_build(settings) == build
    assert list((settings.publish_dir / "builds").glob(".*")) == []


def test_an_exception_leaves_nothing_behind(settings: Settings) -> None:
    publish(settings, RELATIONS, "hash")
    before = sorted(path.name for path in (settings.publish_dir / "builds").iterdir())
    with pytest.raises(duckdb.Error):
        publish(settings, [*RELATIONS, ("marts", "mart_missing")], "hash")
    assert sorted(path.name for path in (settings.publish_dir / "builds").iterdir()) == before
    assert published(settings, "select count(*) from marts.mart_days") == [(ROWS,)]


def test_a_file_that_the_disk_refuses_holds_the_build_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(settings, RELATIONS, "hash")
    real = builds.sync

    def refused(path: Path) -> None:
        if path.name == "mart_users.parquet":
            raise OSError(28, "No space left on device")
        real(path)

    monkeypatch.setattr(builds, "sync", refused)
    with pytest.raises(OSError, match="No space left"):
        publish(settings, RELATIONS, "hash")
    assert current_build(settings) == first


def test_ids_of_people_leave_as_keyed_hashes_when_a_key_is_set(
    settings: Settings, tmp_path: Path
) -> None:
    import hashlib
    import hmac

    keyed = settings_of(tmp_path, {"YUNYING_PSEUDONYM_KEY": "secret"})
    publish(keyed, RELATIONS, "hash")
    expected = hmac.new(b"secret", b"u7", hashlib.sha256).hexdigest()
    assert published(
        settings, f"select count(*) from marts.mart_users where user_id = '{expected}'"
    ) == [(1,)]
    assert published(settings, "select count(*) from marts.mart_users where user_id like 'u%'") == [
        (0,)
    ]


def test_data_docs_are_published_beside_the_tables(settings: Settings, tmp_path: Path) -> None:
    docs = tmp_path / "site"
    docs.mkdir()
    (docs / "index.html").write_text("<td>3</td>")
    publish(settings, RELATIONS, "hash", data_docs=docs)
    assert (settings.publish_dir / "data_docs" / "index.html").read_text() == "<td>3</td>"
    shutil.rmtree(docs)
    publish(settings, RELATIONS, "hash", data_docs=docs)
    assert not list((settings.publish_dir / "data_docs").iterdir())


def test_an_error_does_not_repeat_the_key(settings: Settings, tmp_path: Path) -> None:
    """DuckDB repeats a statement that it cannot bind, and logs repeat DuckDB."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("alter table marts.mart_users alter user_id type integer using 1")
    keyed = settings_of(tmp_path, {"YUNYING_PSEUDONYM_KEY": "k" * 64})
    with pytest.raises(duckdb.Error) as raised:
        publish(keyed, RELATIONS, "hash")
    assert "encode" in str(raised.value)
    for pad in (0, 0x36, 0x5C):  # as the key goes into the hash
        assert bytes(byte ^ pad for byte in b"k" * 4).hex() not in str(raised.value)
    assert "k" * 4 not in str(raised.value) + repr(keyed)


@pytest.mark.parametrize("key", [None, "a key"])
def test_who_took_consent_back_is_published_without_an_id(
    settings: Settings, key: str | None
) -> None:
    settings = replace(settings, pseudonym_key=key)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "create table facts.fct_consent_spans as "
            "select * from (values ('u1', 'marketing', false, true),"
            " ('u2', 'marketing', false, false), ('u2', 'marketing', true, true),"
            " ('u3', 'analytics', false, true))"
            " as spans (user_id, purpose, is_granted, is_current)"
        )
    publish(settings, RELATIONS, "hash", purposes={("marts", "mart_users"): "marketing"})
    named = {f"u{number}" for number in range(ROWS)}
    wanted = {keyed_hash(key, name) if key else name for name in named}
    gone = {keyed_hash(key, "u1") if key else "u1"}
    for table, ids in (("mart_users", wanted - gone), ("mart_days", wanted)):
        rows = published(settings, f"select user_id from marts.{table}")
        assert len(rows) == ROWS
        assert {row[0] for row in rows} - {None} == ids
