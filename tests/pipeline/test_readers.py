"""Readers in other processes, through several publishes: no error, one build an answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType

import duckdb
import pytest

from orchestration.commands.rollback import rollback
from orchestration.project import Settings
from orchestration.publish import builds
from orchestration.publish.publishing import publish
from tests.support import settings_of

READER = Path(__file__).with_name("reader.py")
RELATIONS = [("marts", "mart_days"), ("marts", "mart_users")]
KINDS = ("open", "held", "open", "parquet")
DEADLINE_SECONDS = 240


class Readers:
    """Processes that read without pause, and how many answers each has had."""

    def __init__(self, folder: Path, published: Path, count: int) -> None:
        self.stop_file = published / "stop"
        self.counts = [folder / f"counts-{number}" for number in range(count)]
        self.processes = [
            subprocess.Popen(
                [sys.executable, str(READER), KINDS[number % len(KINDS)], published, counts],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for number, counts in enumerate(self.counts)
        ]

    def answers(self) -> list[int]:
        return [path.stat().st_size if path.exists() else 0 for path in self.counts]

    def failed(self) -> bool:
        return any(process.poll() is not None for process in self.processes)

    def each_answers(self, more: int) -> None:
        """Wait until every reader has had so many answers more, or one has failed."""
        wanted = [count + more for count in self.answers()]
        deadline = time.monotonic() + DEADLINE_SECONDS
        while any(have < want for have, want in zip(self.answers(), wanted, strict=True)):
            if self.failed() or time.monotonic() > deadline:
                return
            time.sleep(0.02)

    def stop(self) -> list[dict[str, list[int]]]:
        """End them; give the versions that each saw, by build."""
        self.stop_file.touch()
        seen = []
        for process in self.processes:
            out, error = process.communicate(timeout=DEADLINE_SECONDS)
            assert process.returncode == 0, error
            seen.append(json.loads(out))
        return seen


@contextmanager
def reading(settings: Settings, count: int) -> Iterator[Readers]:
    folder = settings.publish_dir.parent
    readers = Readers(folder, settings.publish_dir, count)
    try:
        yield readers
    finally:
        for process in readers.processes:
            process.kill()
            process.communicate()


def publish_version(settings: Settings, version: int) -> str:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        for _, table in RELATIONS:
            connection.execute(
                f"create or replace table marts.{table} as select {version} as version,"
                " i as number, md5(i::text) as filler from range(3000) as rows(i)"
            )
    return publish(settings, RELATIONS, "hash").build_id


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, {"YUNYING_BUILDS_KEPT": "4", "YUNYING_THREADS": "1"})


@pytest.mark.parametrize("count", [6, pytest.param(20, marks=pytest.mark.long)])
def test_readers_see_whole_builds_and_no_error(
    settings: Settings, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    published = {publish_version(settings, 1): 1}
    with reading(settings, count) as readers:
        readers.each_answers(2)
        for version in range(2, 6):
            published[publish_version(settings, version)] = version
            # Two answers: the first may have been under way before the swap.
            readers.each_answers(2)
        rollback(settings)
        readers.each_answers(2)
        seen = readers.stop()
    for answers in seen:
        assert {build_id: [published[build_id]] for build_id in answers} == answers
        assert len(answers) > 3
    with capsys.disabled():
        total = sum(readers.answers())
        print(f"\n{count} readers, 5 publishes, 1 rollback: {total} queries, 0 errors")
    assert total >= count * 12


def test_there_is_a_whole_build_to_read_at_every_step_of_a_swap(settings: Settings) -> None:
    """The readers above might miss a gap of microseconds: here it is looked for at each line."""
    current = settings.publish_dir / "current"
    file = f"{current}/yunying.duckdb"
    first = publish_version(settings, 1)
    seen: list[str] = []

    def look(frame: FrameType, _event: str, _argument: object) -> Callable[..., object] | None:
        if frame.f_code.co_filename.endswith(("builds.py", "pathlib.py")):
            seen.append(os.readlink(current) if os.path.exists(file) else "nothing to read")  # noqa: PTH110, PTH115
            return look
        return None

    before = sys.gettrace()
    sys.settrace(look)
    try:
        second = publish_version(settings, 2)
        rollback(settings)
    finally:
        sys.settrace(before)
    shown = [name for name, following in pairwise([*seen, ""]) if name != following]
    assert shown == [f"builds/{first}", f"builds/{second}", f"builds/{first}"]
    assert len(seen) > 100


def test_readers_notice_a_swap_in_two_steps(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: a link that is removed and made anew is seen."""
    publish_version(settings, 1)
    with reading(settings, 4) as readers:
        readers.each_answers(2)

        def point_in_two_steps(link: Path, target: Path) -> None:
            if link.name == "current":
                link.unlink()
                readers.each_answers(2)
                link.symlink_to(target)

        monkeypatch.setattr(builds, "point", point_in_two_steps)
        publish_version(settings, 2)
        with pytest.raises(AssertionError, match=r"yunying\.duckdb|parquet|current"):
            readers.stop()


def test_readers_notice_a_file_that_is_written_over(settings: Settings, tmp_path: Path) -> None:
    """And so is one that is changed table by table under the name that readers open."""
    build_id = publish_version(settings, 1)
    path = settings.publish_dir / "builds" / build_id / "yunying.duckdb"
    with reading(settings, 1) as readers:
        readers.each_answers(2)
        half = tmp_path / "half.duckdb"
        half.write_bytes(path.read_bytes())
        with duckdb.connect(str(half)) as connection:
            connection.execute("update marts.mart_days set version = 2")
        half.replace(path)
        readers.each_answers(2)
        with pytest.raises(AssertionError, match=r"\[2\], \[1\]"):
            readers.stop()
