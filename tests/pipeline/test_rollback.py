"""Kept builds: the list, the way back, and what the next build does after it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from orchestration.commands.rollback import RollbackError, listed, rollback
from orchestration.project import ROOT, Settings, SettingsError
from orchestration.publish import builds, publishing
from orchestration.publish.builds import current_build, kept_builds
from orchestration.publish.publishing import PublishedBuild, erasure_epoch
from orchestration.publish.up_to_date import nothing_new, published_already
from orchestration.store.lock import warehouse_lock
from tests.support import ingest_raw, settings_of, write_feeds

RELATIONS = [("marts", "mart_days")]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, {"YUNYING_BUILDS_KEPT": "4"})


def publish(settings: Settings, version: int, fingerprint: str = "") -> PublishedBuild:
    """A warehouse of one table that says which version it is, published."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(f"create or replace table marts.mart_days as select {version} as v")
    return publishing.publish(settings, RELATIONS, "hash", fingerprint=fingerprint)


def seen(settings: Settings) -> int:
    file = str(settings.publish_dir / builds.DATABASE)
    with duckdb.connect(file, read_only=True) as connection:
        [(version,)] = connection.execute("select v from marts.mart_days").fetchall()
    return int(version)


def names(settings: Settings) -> list[str]:
    return [build.build_id for build in kept_builds(settings)]


def test_as_many_builds_are_kept_as_the_setting_says(settings: Settings) -> None:
    made = [publish(settings, number).build_id for number in range(6)]
    assert names(settings) == made[-4:]
    assert Settings.from_environment({}).builds_kept == 5
    with pytest.raises(SettingsError):
        Settings.from_environment({"YUNYING_BUILDS_KEPT": "0"})


def test_a_rollback_shows_the_build_before_and_again_the_one_before_that(
    settings: Settings,
) -> None:
    first, second, third = (publish(settings, number) for number in (1, 2, 3))
    assert rollback(settings) == second
    assert seen(settings) == 2
    assert rollback(settings) == first
    assert seen(settings) == 1
    with pytest.raises(RollbackError, match="no build before"):
        rollback(settings)
    assert rollback(settings, third.build_id) == third
    assert seen(settings) == 3


def test_the_build_before_is_the_one_that_readers_saw_not_one_they_were_taken_back_from(
    settings: Settings,
) -> None:
    first = publish(settings, 1)
    wrong = publish(settings, 2)
    rollback(settings)
    mended = publish(settings, 3)
    assert mended.previous_build_id == first.build_id
    assert wrong.build_id in names(settings)
    assert rollback(settings) == first


def test_what_cannot_be_shown_is_refused_and_readers_stay(settings: Settings) -> None:
    with pytest.raises(RollbackError, match="Nothing is published"):
        rollback(settings)
    first, second = publish(settings, 1), publish(settings, 2)
    for name, why in (("20200101T000000000000Z", "not kept"), (second.build_id, "already")):
        with pytest.raises(RollbackError, match=why):
            rollback(settings, name)
    (settings.publish_dir / "builds" / first.build_id / builds.DATABASE).unlink()
    with pytest.raises(RollbackError, match="not whole"):
        rollback(settings)
    assert seen(settings) == 2


def erase(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema if not exists raw")
        connection.execute("create table if not exists raw.erasures (request text)")
        connection.execute("insert into raw.erasures values ('r')")
        assert erasure_epoch(connection) > 0


def test_no_build_from_before_an_erasure_is_kept_or_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [publish(settings, number) for number in (1, 2)]
    assert [build.erasure_epoch for build in before] == [0, 0]
    erase(settings)
    # As when the publish is killed after the swap, before it removes anything.
    with monkeypatch.context() as patch:
        patch.setattr(builds, "forget", lambda *_: None)
        after = publish(settings, 3)
    assert after.erasure_epoch == 1
    assert len(names(settings)) == 3
    for name in (None, before[0].build_id):
        with pytest.raises(RollbackError, match="before an erasure"):
            rollback(settings, name)
    assert seen(settings) == 3
    last = publish(settings, 4)
    assert names(settings) == [after.build_id, last.build_id]
    assert rollback(settings) == after


def test_a_rollback_waits_for_no_build_and_for_the_swap_of_one(settings: Settings) -> None:
    publish(settings, 1)
    publish(settings, 2)
    done = threading.Event()
    thread = threading.Thread(target=lambda: (rollback(settings), done.set()))
    with warehouse_lock(settings), (settings.publish_dir / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        thread.start()
        assert not done.wait(0.2)
        fcntl.flock(file, fcntl.LOCK_UN)
        thread.join(30)
        assert done.is_set()
    assert seen(settings) == 1


def test_readers_who_are_taken_back_while_a_build_copies_are_before_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = publish(settings, 1), publish(settings, 2)
    copy = publishing._copy

    def copy_then_rollback(*arguments: object) -> int:
        rollback(settings)
        return copy(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_copy", copy_then_rollback)
        third = publish(settings, 3)
    assert seen(settings) == 3
    assert third.previous_build_id == first.build_id
    assert second.build_id in names(settings)


def test_what_readers_were_taken_back_from_is_not_published_again_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.publish import up_to_date
    from orchestration.store import watermarks
    from orchestration.store.warehouse import connect

    settings = settings_of(tmp_path)
    settings.seeds_dir.mkdir()
    write_feeds(tmp_path, {"events": [{"event_name": "open", "user_id": "u", "occurred_at": 1}]})
    ingest_raw(settings)
    with connect(settings) as connection:
        watermarks.write(connection, watermarks.newest_load_id(connection), "hash")
    fingerprints = ["one", "two"]
    monkeypatch.setattr(up_to_date, "fingerprint", lambda *_: fingerprints[-1])
    first, second = publish(settings, 1, "one"), publish(settings, 2, "two")
    assert published_already(settings) == second
    assert nothing_new(settings, second).endswith(second.build_id)
    rollback(settings)
    assert published_already(settings) == first
    told = nothing_new(settings, first)
    assert second.build_id in told
    assert "AGAIN=1" in told
    # Something new is built, and goes before readers.
    fingerprints.append("three")
    assert published_already(settings) is None
    # A whole build that was killed before the swap is no rollback: it is made again.
    fingerprints.append("four")
    with monkeypatch.context() as patch:
        patch.setattr(builds, "show", lambda *_: None)
        patch.setattr(builds, "forget", lambda *_: None)
        never_shown = publish(settings, 4, "four")
    assert current_build(settings) == first
    assert published_already(settings) is None
    last = publish(settings, 5, "five")
    assert never_shown.build_id not in names(settings)
    assert names(settings) == [first.build_id, second.build_id, last.build_id]


def test_the_commands_say_what_they_did(settings: Settings) -> None:
    environment = {**os.environ, **settings.environment()}

    def run(*arguments: str) -> tuple[int, str]:
        result = subprocess.run(
            [sys.executable, "-m", "orchestration.commands.rollback", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return result.returncode, result.stdout + result.stderr

    assert run("") == (1, f"Nothing is published in {settings.publish_dir} yet.\n")
    first, second = publish(settings, 1), publish(settings, 2)
    code, text = run("")
    assert code == 0
    assert f"Readers see build {first.build_id} now" in text
    assert f"make rollback BUILD={second.build_id}" in text
    code, text = run("--list")
    assert (code, text.rstrip("\n")) == (0, listed(settings))
    newest, oldest = text.splitlines()[1:]
    assert newest.split()[0] == second.build_id
    assert newest.endswith("rolled back")
    assert oldest.startswith(f"* {first.build_id}")
    assert oldest.endswith("readers see this one")
    code, text = run("")
    assert code == 1
    assert "no build before" in text


def test_pages_go_with_their_build_and_leave_no_dead_link(settings: Settings) -> None:
    def write_site(folder: Path, build: PublishedBuild) -> None:
        (folder / "index.html").write_text(build.build_id, encoding="utf-8")

    publish(settings, 1)
    second = publishing.publish(settings, RELATIONS, "hash", write_site=write_site)
    index = settings.publish_dir / "index.html"
    assert index.read_text(encoding="utf-8") == second.build_id
    rollback(settings)
    assert not index.is_symlink()
    rollback(settings, second.build_id)
    assert index.read_text(encoding="utf-8") == second.build_id
