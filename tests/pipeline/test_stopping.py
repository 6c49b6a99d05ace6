"""Ctrl-C and SIGTERM end a command in one sentence, whatever it is at, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from orchestration.commands.build import SILENT_SECONDS, STOPPED
from orchestration.project import ROOT, Settings, other_environment
from orchestration.publish.publishing import current_build
from orchestration.store.lock import holder
from tests.support import dbt_target, settings_of, write_feeds

SECONDS = 600
SECONDS_TO_END = 20.0
STUBBORN = """
import sys, time
from orchestration.commands.stopping import Stop

def work():
    while True:
        try:
            print("working", flush=True)
            time.sleep(60)
        except BaseException:
            print("swallowed", flush=True)

sys.exit(Stop(lambda: print("stopped", flush=True)).run(work))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("stopped")
    made = settings_of(folder)
    made.seeds_dir.mkdir()
    write_feeds(
        folder, {"events": [{"event_name": "a", "user_id": "u", "occurred_at": "2024-03-01"}]}
    )
    return made


def start(settings: Settings, *command: str) -> subprocess.Popen[str]:
    folder = settings.warehouse.parent
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            **other_environment(),
            **settings.environment(),
            "DAGSTER_HOME": str(folder / "dagster"),
            "DBT_TARGET_PATH": str(dbt_target()),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def lines_until(process: subprocess.Popen[str], moment: str) -> Iterator[str]:
    assert process.stdout is not None
    for line in iter(process.stdout.readline, ""):
        yield line
        if moment in line:
            return


def children_of(process: int) -> list[int]:
    result = subprocess.run(
        ["pgrep", "-P", str(process)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in result.stdout.split()]


def is_running(process: int) -> bool:
    result = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return result.stdout.strip()[:1] not in ("", "Z")


def stop(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, list[int]]:
    """What it says after the signal, and the processes that it had."""
    children = children_of(process.pid)
    # A terminal sends Ctrl-C to all of them, `kill` to one.
    (os.killpg if number is signal.SIGINT else os.kill)(process.pid, number)
    # Through the file that `lines_until` reads: `communicate` would not see what it has buffered.
    assert process.stdout is not None
    late = Timer(SECONDS_TO_END, process.kill)
    late.start()
    said = process.stdout.read()
    late.cancel()
    assert process.wait(SECONDS_TO_END) == 128 + number, said
    return said, children


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("  looking", signal.SIGTERM),
        ("  definitions are right; loading Dagster", signal.SIGINT),
        ("  ingest …", signal.SIGTERM),
        ("tables built", signal.SIGINT),
        ("tables built", signal.SIGTERM),
        ("  checks …", signal.SIGINT),
        ("  publish …", signal.SIGTERM),
    ],
    ids=lambda value: value.strip() if isinstance(value, str) else value.name,
)
def test_a_build_that_is_stopped_ends_in_a_sentence(
    settings: Settings, moment: str, number: signal.Signals
) -> None:
    process = start(settings, "-m", "orchestration.commands.build")
    before = "".join(lines_until(process, moment))
    assert moment in before
    said, children = stop(process, number)
    assert said.splitlines()[-1] == STOPPED
    for word in ("Traceback", "Interrupt", "failed", "broke off", "✗"):
        assert word not in said
    deadline = time.monotonic() + SECONDS_TO_END
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, children))
    assert holder(settings) is None


def test_the_next_build_goes_on_from_there_and_never_falls_silent(settings: Settings) -> None:
    process = start(settings, "-m", "orchestration.commands.build", "--again")
    said, at, longest = [], time.monotonic(), 0.0
    for line in lines_until(process, "\0"):
        said.append(line)
        longest, at = max(longest, time.monotonic() - at), time.monotonic()
    assert process.wait() == 0, "".join(said)
    assert longest < SILENT_SECONDS + 5
    assert current_build(settings) is not None
    told = [line for line in said if "computed anew: " in line]
    assert len(told) == 1


def test_a_library_that_swallows_the_wish_does_not_hold_it_up(settings: Settings) -> None:
    process = start(settings, "-c", STUBBORN)
    list(lines_until(process, "working"))
    said, _ = stop(process, signal.SIGTERM)
    assert said.splitlines() == ["swallowed", "working", "stopped"]


def test_a_second_signal_ends_it_at_once(settings: Settings) -> None:
    process = start(settings, "-c", STUBBORN)
    list(lines_until(process, "working"))
    os.kill(process.pid, signal.SIGINT)
    list(lines_until(process, "swallowed"))
    began = time.monotonic()
    said, _ = stop(process, signal.SIGINT)
    assert said.splitlines()[-1] == "stopped"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_too(settings: Settings, tmp_path: Path, number: signal.Signals) -> None:
    process = start(settings_of(tmp_path), "-m", "demo.complete_journey")
    list(lines_until(process, "Turning"))
    time.sleep(1.0)
    said, _ = stop(process, number)
    assert said.splitlines()[-1].startswith("The demo was stopped.")
    assert "Traceback" not in said
