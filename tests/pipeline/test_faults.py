"""Faults of the machine: each told in plain words, with one command that mends it.

Whole builds that are killed or run out of disk stand in `test_build.py`: they share its line.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from orchestration.commands import rebuild
from orchestration.ingest.loader import ingest
from orchestration.project import ROOT, Settings
from orchestration.store import watermarks
from orchestration.store.dagster_home import history_hindrance
from orchestration.store.faults import in_a_sentence
from orchestration.store.warehouse import connect
from tests.support import settings_of, write_feeds

FILE_HEAD_BYTES = 3 * 4096
BLOCK_BYTES = 262_144


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose warehouse has loaded 20,000 events, and some more in its write-ahead log."""
    folder = tmp_path_factory.mktemp("loaded")
    events = [
        {"event_id": f"{n}", "event_name": "open", "occurred_at": "2024-01-01", "user_id": f"u{n}"}
        for n in range(20_000)
    ]
    write_feeds(folder, {"events": events})
    (folder / "seeds").mkdir()
    settings = settings_of(folder)
    ingest(settings)
    with connect(settings) as connection:
        watermarks.write(connection, 1, "configuration")
    script = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute('create table raw.unsaved as select range as n from range(5000)');"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(settings.warehouse)], check=False)
    assert log_of(settings).stat().st_size > 100
    return folder


@pytest.fixture
def settings(loaded: Path, tmp_path: Path) -> Settings:
    """A copy of it, to damage."""
    shutil.copytree(loaded, tmp_path / "copy")
    return settings_of(tmp_path / "copy", {"YUNYING_WAIT_SECONDS": "1"})


def log_of(settings: Settings) -> Path:
    return settings.warehouse.with_name(settings.warehouse.name + ".wal")


def build(settings: Settings, module: str = "orchestration.commands.build") -> tuple[int, str]:
    """The command as a person runs it; what stands on the terminal."""
    result = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={
            **os.environ,
            **settings.environment(),
            "DAGSTER_HOME": str(settings.warehouse.parent / "dagster"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result.returncode, result.stdout


def cut_off(settings: Settings) -> None:
    with connect(settings) as connection:
        connection.execute("checkpoint")  # what is in the log alone cannot be cut off
    os.truncate(settings.warehouse, FILE_HEAD_BYTES + BLOCK_BYTES // 2)


def something_else(settings: Settings) -> None:
    settings.warehouse.write_bytes(b"event_id,event_name\n" * 1000)


def other_version(settings: Settings) -> None:
    """The version in the file's head is set to 99, and the checksum of the head to match."""
    log_of(settings).unlink()
    head = bytearray(settings.warehouse.read_bytes())
    head[12:20] = struct.pack("<Q", 99)
    settings.warehouse.write_bytes(head)
    with pytest.raises(duckdb.Error, match="checksum") as raised:
        duckdb.connect(str(settings.warehouse))
    computed = int(str(raised.value).split("computed checksum ")[1].split()[0])
    head[:8] = struct.pack("<Q", computed)
    settings.warehouse.write_bytes(head)


def torn_log(settings: Settings) -> None:
    content = bytearray(log_of(settings).read_bytes())
    content[len(content) // 2] ^= 0xFF
    log_of(settings).write_bytes(content)


def damaged_block(settings: Settings) -> None:
    """Opens well, and fails when the rows of the block are read."""
    with connect(settings) as connection:
        connection.execute("checkpoint")
        row = connection.execute(
            "select max(block_id) from pragma_storage_info('raw.events')"
            " where column_name = 'event_id' and segment_type <> 'VALIDITY'"
        ).fetchone()
    assert row is not None
    with settings.warehouse.open("r+b") as file:
        file.seek(FILE_HEAD_BYTES + row[0] * BLOCK_BYTES + 1000)
        file.write(bytes(range(100)))


UNUSABLE = {
    cut_off: "damaged or is no DuckDB file",
    something_else: "damaged or is no DuckDB file",
    other_version: "written by another version of DuckDB",
    torn_log: "damaged or is no DuckDB file",
}


@pytest.mark.parametrize("fault", UNUSABLE, ids=lambda fault: fault.__name__)
def test_an_unusable_warehouse_is_told_with_the_command_that_mends_it(
    settings: Settings, fault: Callable[[Settings], None]
) -> None:
    fault(settings)
    before = settings.warehouse.read_bytes()
    code, out = build(settings)
    assert code == 1
    assert UNUSABLE[fault] in out
    assert "`make rebuild`" in out
    assert "loading Dagster" not in out
    assert settings.warehouse.read_bytes() == before


@pytest.mark.parametrize("fault", [*UNUSABLE, damaged_block], ids=lambda fault: fault.__name__)
def test_a_rebuild_sets_an_unusable_warehouse_aside_and_loads_the_raw_files(
    settings: Settings, fault: Callable[[Settings], None]
) -> None:
    fault(settings)
    before = settings.warehouse.read_bytes()
    aside = rebuild.prepare(settings)
    assert aside is not None
    assert aside.name.startswith("warehouse.duckdb.unusable-")
    assert aside.read_bytes() == before
    assert not settings.warehouse.exists()
    assert not log_of(settings).exists()
    assert ingest(settings).rows_loaded == 20_000


def test_a_rebuild_of_a_usable_warehouse_starts_from_its_raw_schema(settings: Settings) -> None:
    assert rebuild.prepare(settings) is None
    with connect(settings) as connection:
        assert watermarks.last(connection) is None
        row = connection.execute("select count(*) from raw.events").fetchone()
    assert row == (20_000,)


@pytest.fixture
def holder(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the warehouse open, as an analyst's notebook does."""
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(settings.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "module", ["orchestration.commands.build", "orchestration.commands.rebuild"]
)
def test_a_warehouse_that_is_held_is_waited_for_and_its_holder_named(
    settings: Settings, holder: subprocess.Popen[str], module: str
) -> None:
    code, out = build(settings, module)
    assert code == 1
    assert f"Waiting: the warehouse is held by another process (PID {holder.pid})" in out
    assert "Waited 1 s. Let that run end" in out


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from orchestration.ingest.loader import ingest
    from orchestration.store.faults import in_a_sentence
    from tests.support import settings_of

    settings = settings_of(Path(sys.argv[1]))
    limit = settings.warehouse.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        ingest(settings)
    except Exception as error:
        print(in_a_sentence(str(error)) or f"UNKNOWN {error!r}")
"""


def test_a_disk_that_is_full_during_ingest_is_told_and_the_next_ingest_is_right(
    settings: Settings,
) -> None:
    again = [
        {"event_id": f"n{n}", "event_name": "open", "occurred_at": "2024-01-02", "user_id": "u"}
        for n in range(60_000)
    ]
    write_feeds(settings.warehouse.parent, {"events": again})
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(settings.warehouse.parent)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.startswith("The disk is full"), result.stdout + result.stderr
    assert "Make room, then run the same command again" in result.stdout
    ingest(settings)
    with connect(settings) as connection:
        rows = connection.execute("select count(*), count(distinct event_id) from raw.events")
        assert rows.fetchone() == (80_000, 80_000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('IO Error: Could not write file "/d/w.db": No space left on device', "(/d/w.db)"),
        ("[Errno 28] No space left on device: '/d/x.parquet'", "disk is full"),
        ("(sqlite3.OperationalError) database or disk is full", "disk is full"),
        ("failed to offload data block of size 256.0 KiB", "disk is full"),
        ('Could not set lock on file "w": Conflicting lock is held in x (PID 12)', "(PID 12)"),
        ("Corrupt database file: computed checksum 1 does not match", "`make rebuild`"),
        ("(sqlite3.DatabaseError) database disk image is malformed", "history is damaged"),
        ("Out of Memory Error: could not allocate", "YUNYING_MEMORY_LIMIT"),
    ],
)
def test_messages_of_the_machine_become_sentences(text: str, told: str) -> None:
    assert told in (in_a_sentence(text) or "")


def test_a_message_that_is_not_known_stays_as_it_is() -> None:
    assert in_a_sentence("Binder Error: column x does not exist") is None


def test_a_history_that_is_damaged_is_set_aside_and_one_that_is_held_is_done_without(
    tmp_path: Path,
) -> None:
    (tmp_path / "history" / "runs").mkdir(parents=True)
    runs, index = tmp_path / "history" / "runs.db", tmp_path / "history" / "runs" / "index.db"
    runs.write_bytes(b"no database" * 1000)
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("create table t (n)")
        connection.commit()
        assert history_hindrance(tmp_path, 0.1) is None
        assert not runs.exists()
        assert len(list(runs.parent.glob("runs.db.unusable-*"))) == 1
        connection.execute("begin exclusive")
        assert "index.db cannot be written" in (history_hindrance(tmp_path, 0.1) or "")
