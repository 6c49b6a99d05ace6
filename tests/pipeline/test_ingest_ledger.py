"""What the ledger remembers: new, replaced, vanished, returned and withdrawn files, and kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.commands.withdraw import WithdrawError, main, withdraw
from orchestration.ingest import loader, raw_folder
from orchestration.ingest.loader import ingest
from orchestration.project import ROOT, Settings
from orchestration.store.warehouse import WarehouseError, connect
from tests.pipeline.ingest_support import World

FIRST = datetime(2024, 1, 1, 8)
SECOND = datetime(2024, 1, 2, 8)
THIRD = datetime(2024, 1, 3, 8)
ONE = "event_id,event_name\n1,x\n"
TWO = "event_id,event_name\n2,y\n3,z\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def event_ids(world: World) -> list[str]:
    return [row[0] for row in world.rows("select event_id from raw.events order by event_id")]


def test_an_empty_raw_folder_is_a_clear_message_and_empty_tables(world: World) -> None:
    report = world.ingest()
    assert report.files == ()
    assert report.last_load_id == 0
    assert "holds no files" in report.summary()
    assert event_ids(world) == []


def test_a_missing_raw_folder_is_a_clear_message_and_empty_tables(world: World) -> None:
    world.settings.raw_dir.rmdir()
    report = world.ingest()
    assert "does not exist" in report.summary()
    assert world.rows("select count(*) from raw.users") == [(0,)]


def test_a_file_is_loaded_once(world: World) -> None:
    path = world.put("events/a.csv", ONE)
    first = world.ingest(FIRST)
    before = world.ledger("events/a.csv")
    assert (first.rows_loaded, first.last_load_id) == (1, 1)
    assert world.ingest(SECOND).files == ()
    os.utime(path, (1, 1))  # touched, not changed
    assert world.ingest(SECOND).files == ()
    after = world.ledger("events/a.csv")
    assert after.pop("stat_signature") != before.pop("stat_signature")
    assert after == before
    assert event_ids(world) == ["1"]


def test_an_unchanged_file_is_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("events/a.csv", ONE)
    world.ingest()

    def fail(path: Path) -> str:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(raw_folder, "content_hash", fail)
    assert world.ingest().files == ()


def has_news(world: World) -> bool:
    with connect(world.settings, read_only=True) as connection:
        return loader.has_news(connection, world.settings)


def test_news_is_content_that_the_ledger_does_not_know(world: World) -> None:
    path = world.put("events/a.csv", ONE)
    world.put("events/broken.parquet", "no parquet")
    world.ingest()
    assert world.ledger("events/broken.parquet")["status"] == "failed"
    assert not has_news(world)
    os.utime(path, (1, 1))
    assert not has_news(world)
    world.put("events/b.csv", TWO)
    assert has_news(world)
    world.ingest()
    assert not has_news(world)
    world.put("events/broken.parquet", "no parquet either")
    assert has_news(world)


def test_the_ledger_takes_any_text_and_loads_no_pandas(tmp_path: Path) -> None:
    """DuckDB's client loads pandas, 2 s, when a statement has parameters."""
    code = """if True:
        import sys
        from datetime import datetime
        import duckdb
        from orchestration.ingest.ledger import insert_many
        rows = [("it's a \\0 '' byte", True, -5, None, datetime(2024, 1, 2, 3, 4, 5, 678))]
        with duckdb.connect() as connection:
            connection.execute("create table t (a text, b bool, c int, d text, e timestamp)")
            insert_many(connection, "t", rows)
            assert connection.execute("from t").fetchall() == rows
        assert "pandas" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_replaced_file_is_replaced(world: World) -> None:
    world.put("events/a.csv", ONE)
    world.put("events/b.csv", "event_id\n9\n")
    world.ingest(FIRST)
    world.put("events/a.csv", TWO)
    report = world.ingest(SECOND)
    assert [file.source_file for file in report.files] == ["events/a.csv"]
    assert event_ids(world) == ["2", "3", "9"]
    row = world.ledger("events/a.csv")
    assert (row["rows_in"], row["load_id"], row["first_loaded_at"]) == (2, 3, SECOND)
    assert world.rows(
        "select column_name from raw.ingest_columns where source_file = 'events/a.csv'"
    ) == [("event_id",), ("event_name",)]
    world.assert_adds_up()


def test_a_replacement_of_the_same_size_and_time_is_seen(world: World) -> None:
    path = world.put("events/a.csv", ONE)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    world.ingest()
    path.unlink()
    world.put("events/a.csv", ONE.replace("1,x", "5,x"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    world.ingest()
    assert event_ids(world) == ["5"]


def test_content_that_returns_keeps_the_time_of_its_first_load(world: World) -> None:
    for content, now in ((ONE, FIRST), (TWO, SECOND), (ONE, THIRD)):
        world.put("events/a.csv", content)
        world.ingest(now)
    row = world.ledger("events/a.csv")
    assert (row["first_loaded_at"], row["loaded_at"], row["load_id"]) == (FIRST, THIRD, 3)
    world.put("events/moved.csv", TWO)
    world.ingest(THIRD)
    assert world.ledger("events/moved.csv")["first_loaded_at"] == SECOND
    assert event_ids(world) == ["1", "2", "3"]


def test_a_vanished_file_stays_loaded(world: World) -> None:
    world.put("events/a.csv", ONE).unlink()
    path = world.put("events/a.csv", ONE)
    world.ingest()
    path.unlink()
    report = world.ingest()
    assert event_ids(world) == ["1"]
    assert world.ledger("events/a.csv")["status"] == "loaded"
    assert "holds no files" in report.summary()


def test_a_loaded_file_that_becomes_unreadable_takes_its_rows_along(world: World) -> None:
    world.put("events/a.jsonl", '{"event_id":"1"}\n')
    world.ingest(FIRST)
    world.put("events/a.jsonl", "<html>")
    world.ingest(SECOND)
    row = world.ledger("events/a.jsonl")
    assert (row["status"], row["rows_in"], row["load_id"]) == ("failed", 0, 2)
    assert event_ids(world) == []
    assert world.rows("select count(*) from raw.ingest_columns") == [(0,)]
    world.put("events/a.jsonl", '{"event_id":"1"}\n')
    world.ingest(THIRD)
    row = world.ledger("events/a.jsonl")
    assert (row["status"], row["first_loaded_at"], row["error"]) == ("loaded", FIRST, None)


def test_a_failed_file_is_tried_on_each_run_and_changes_nothing_until_it_changes(
    world: World,
) -> None:
    world.put("events/a.csv", "<html>")
    world.ingest(FIRST)
    before = world.ledger("events/a.csv")
    report = world.ingest(SECOND)
    assert [file.status for file in report.files] == ["failed"]
    assert world.ledger("events/a.csv") == before
    assert report.last_load_id == before["load_id"]
    world.put("events/a.csv", ONE)
    assert [file.status for file in world.ingest(THIRD).files] == ["loaded"]


def test_types_and_columns_of_files_are_recorded(world: World) -> None:
    world.put("events/a.jsonl", '{"event_id":1,"sku":"x"}\n{"event_id":"b","n":null}\n')
    world.put_parquet("events/b.parquet", "select 1 as event_id, 2.5::decimal(4, 1) as price")
    world.ingest()
    assert world.rows(
        "select source_file, column_name, column_type, position from raw.ingest_columns "
        "order by all"
    ) == [
        ("events/a.jsonl", "event_id", "UBIGINT or VARCHAR", 1),
        ("events/a.jsonl", "n", "NULL", 2),
        ("events/a.jsonl", "sku", "VARCHAR", 3),
        ("events/b.parquet", "event_id", "INTEGER", 1),
        ("events/b.parquet", "price", "DECIMAL(4,1)", 2),
    ]


# Withdrawing


def test_a_withdrawn_file_leaves_and_stays_away_until_it_changes(world: World) -> None:
    world.put("events/a.csv", ONE)
    world.put("events/b.csv", TWO)
    world.ingest(FIRST)
    assert withdraw(world.settings, "events/a.csv", now=SECOND).rows_in == 1
    row = world.ledger("events/a.csv")
    assert (row["status"], row["rows_in"], row["load_id"]) == ("withdrawn", 0, 3)
    assert event_ids(world) == ["2", "3"]
    os.utime(world.settings.raw_dir / "events/a.csv", (1, 1))
    assert world.ingest(SECOND).files == ()
    assert event_ids(world) == ["2", "3"]
    world.put("events/a.csv", ONE + "7,w\n")
    world.ingest(THIRD)
    assert event_ids(world) == ["1", "2", "3", "7"]
    world.assert_adds_up()


def test_a_vanished_file_can_be_withdrawn_by_any_spelling_of_its_path(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.root)
    for name in ("events/a.csv", "events/it's.csv", "log/c.csv", "events/d.csv"):
        world.put(name, ONE)
    world.ingest()
    for path in (world.settings.raw_dir / "events").iterdir():
        path.unlink()
    for spelling in ("events/a.csv", world.settings.raw_dir / "events/it's.csv", "raw/log/c.csv",
                     "./raw/../raw/events/d.csv"):  # fmt: skip
        withdraw(world.settings, spelling)
    assert event_ids(world) == []


def test_withdrawing_what_is_not_there_says_so(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WithdrawError, match="nothing is loaded"):
        withdraw(world.settings, "events/a.csv")
    world.put("events/2024/a.csv", ONE)
    world.ingest()
    with pytest.raises(WithdrawError, match=r"does not know a\.csv.*events/2024/a\.csv"):
        withdraw(world.settings, "a.csv")
    for name, value in world.settings.environment().items():
        monkeypatch.setenv(name, value)
    assert main([]) == 2
    assert main(["events/2024/a.csv"]) == 0
    assert main(["events/2024/a.csv"]) == 1
    captured = capsys.readouterr()
    assert "1 rows left raw.events" in captured.out
    assert "withdrawn already" in captured.err


# Order, repetition, kills


def test_what_a_killed_run_left_goes_with_the_next(world: World) -> None:
    world.put("events/a.csv", ONE)
    world.ingest()
    links = world.settings.warehouse.with_name(world.settings.warehouse.name + ".links")
    links.mkdir()  # and no run had left it
    (links / "1.csv").write_text(TWO)
    world.put("events/b.csv", TWO)
    world.ingest()
    assert not links.exists()
    assert event_ids(world) == ["1", "2", "3"]


def test_a_folder_that_reads_like_a_pattern_holds_a_warehouse(tmp_path: Path) -> None:
    world = World(tmp_path / "[a]")
    world.put("events/a.csv", ONE)
    world.seed("event_names.csv", "event_name\na\n")
    assert not world.ingest().failed_files
    assert event_ids(world) == ["1"]
    assert world.rows("select event_name from seeds.event_names") == [("a",)]


def delivery() -> dict[str, str]:
    files = {
        f"events/d{day}/{part}.jsonl": "".join(
            f'{{"event_id":"{day}-{part}-{n}","k{day}":{n}}}\n' for n in range(part * 3)
        )
        for day in range(2)
        for part in range(3)
    }
    files |= {f"events/c{n}.csv": f"event_id,event_name\n{n},x\nbroken\n" for n in range(3)}
    return files | {"log/a.csv": "b,c\n1,2\n", "events/bad.csv": "<html>"}


def content(world: World) -> list[tuple[object, ...]]:
    return world.rows("select * exclude (load_id) from raw.events order by all")


@pytest.mark.parametrize("seed", range(2))
def test_the_order_and_splitting_of_deliveries_change_nothing(tmp_path: Path, seed: int) -> None:
    whole = World(tmp_path / "whole")
    for name, text in delivery().items():
        whole.put(name, text)
    whole.ingest()

    split = World(tmp_path / "split")
    chance = random.Random(seed)
    names = list(delivery())
    chance.shuffle(names)
    for name in names:
        if chance.random() < 0.3:  # an earlier version, replaced later
            split.put(name, "event_id\nearly\n" if name.endswith("csv") else '{"event_id":"early"}')
            split.ingest()
        split.put(name, delivery()[name])
        if chance.random() < 0.4:
            split.ingest()
    split.ingest()
    split.ingest()
    assert content(split) == content(whole)
    assert split.rows(
        "select source_file, status, rows_in, error from raw.ingest_files order by 1"
    ) == (whole.rows("select source_file, status, rows_in, error from raw.ingest_files order by 1"))
    split.assert_adds_up()


def test_batches_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for size in (1, 3, 1_000):
        monkeypatch.setattr(loader, "BATCH_FILES", size)
        world = World(tmp_path / str(size))
        for name, text in delivery().items():
            world.put(name, text)
        world.ingest()
        found.append(content(world))
    assert found[0] == found[1] == found[2]


def spawn(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c",
         "import sys; sys.path.insert(0, sys.argv[1])\n"
         "from orchestration.project import Settings\n"
         "from orchestration.defs.ingest import loader\n"
         "loader.BATCH_FILES = 2\n"
         "loader.ingest(Settings.from_environment(), lambda s: print(s, flush=True))", str(ROOT)],
        env={**os.environ, **settings.environment()}, stdout=subprocess.PIPE,
    )  # fmt: skip


def test_kill_9_anywhere_leaves_whole_files_and_the_next_run_right(world: World) -> None:
    files = 24
    for number in range(files):
        world.put_parquet(
            f"events/{number:02}.parquet",
            f"select '{number}-' || i as event_id, repeat('x', 200) as page from range(4000) t(i)",
        )
    chance = random.Random(7)
    seen = set()
    for kill in range(3):
        process = spawn(world.settings)
        assert process.stdout is not None
        lines: Iterator[bytes] = iter(process.stdout)
        for _ in range(kill * 3):
            next(lines, b"")
        time.sleep(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if world.settings.warehouse.exists():
            with connect(world.settings) as connection:  # replays what was committed
                tables = connection.execute(
                    "select count(*) from duckdb_tables() where table_name = 'ingest_columns'"
                ).fetchone()
            if tables == (1,):
                world.assert_adds_up()
                seen.add(world.rows("select count(*) from raw.ingest_files")[0][0])
    report = world.ingest()
    assert len(report.loaded_files) + max(seen | {0}) == files
    world.assert_adds_up()
    assert world.rows("select count(*), count(distinct event_id) from raw.events") == [
        (files * 4_000, files * 4_000)
    ]


# The warehouse's file


def test_a_second_process_waits_and_then_says_who_holds_the_warehouse(world: World) -> None:
    world.ingest()
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); "
         "sys.stdin.readline()", str(world.settings.warehouse)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"open\n"
        said: list[str] = []
        with (
            pytest.raises(WarehouseError, match=f"PID {holder.pid}.*Waited"),
            connect(world.settings, wait_seconds=0.2, on_wait=said.append),
        ):
            pass
        assert len(said) == 1
        assert "Waiting" in said[0]
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        with connect(world.settings, wait_seconds=20) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        holder.kill()
        holder.communicate()


def test_a_damaged_or_missing_warehouse_is_said_in_plain_words(world: World) -> None:
    with (
        pytest.raises(WarehouseError, match="no warehouse"),
        connect(world.settings, read_only=True),
    ):
        pass
    world.settings.warehouse.write_bytes(b"not a database" * 1_000)
    with pytest.raises(WarehouseError, match="damaged or is no DuckDB file"):
        ingest(world.settings)


def test_the_session_is_in_utc(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        with connect(world.settings) as connection:
            assert connection.execute(
                "select cast(timestamptz '2024-01-01 00:00:00+00' as varchar)"
            ).fetchone() == ("2024-01-01 00:00:00+00",)
    finally:
        monkeypatch.undo()
        time.tzset()
