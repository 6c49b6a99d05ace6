"""Ctrl-C and SIGTERM end a command in one sentence, also where a library swallows them.

Builds that are stopped stand in `test_build.py`, which goes on from there.
"""

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

from orchestration.project import ROOT, other_environment
from tests.support import settings_of

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


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**other_environment(), **settings_of(folder).environment()},
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


def test_a_library_that_swallows_the_wish_does_not_hold_it_up(tmp_path: Path) -> None:
    process = start(tmp_path, "-c", STUBBORN)
    list(lines_until(process, "working"))
    said, _ = stop(process, signal.SIGTERM)
    assert said.splitlines() == ["swallowed", "working", "stopped"]


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    process = start(tmp_path, "-c", STUBBORN)
    list(lines_until(process, "working"))
    os.kill(process.pid, signal.SIGINT)
    list(lines_until(process, "swallowed"))
    began = time.monotonic()
    said, _ = stop(process, signal.SIGINT)
    assert said.splitlines()[-1] == "stopped"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_too(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, "-m", "demo.complete_journey")
    list(lines_until(process, "Turning"))
    time.sleep(1.0)
    said, _ = stop(process, number)
    assert said.splitlines()[-1].startswith("The demo was stopped.")
    assert "Traceback" not in said
