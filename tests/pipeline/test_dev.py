"""`make dev` ends when it is told to, and so do all of its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from orchestration.commands import dev
from orchestration.project import ROOT

# A server with a child of its own; both keep a pipe open, which ends when the last of them does.
SERVER = """
    import signal, subprocess, sys, time
    if sys.argv[1] == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    print("ready", flush=True)
    try:
        time.sleep(120)
    except KeyboardInterrupt:
        sys.exit(0)
"""
SUPERVISOR = """
    import sys
    from orchestration.commands.dev import supervise
    sys.exit(supervise([sys.executable, "-c", sys.argv[1], sys.argv[2]], seconds_to_stop=0.2))
"""


@pytest.mark.parametrize("hearing", ["good", "deaf"])
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_all_processes_end_with_it(hearing: str, told: signal.Signals) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(SUPERVISOR),
            textwrap.dedent(SERVER),
            hearing,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        # As from a shell that starts it in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(told)
    # It returns at the end of the pipe: when nobody holds it any more.
    assert process.communicate(timeout=60)[0] == ""
    assert process.returncode == 128 + told


def test_an_end_by_itself_keeps_its_exit_code() -> None:
    code = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from orchestration.commands.dev import supervise;"
            "sys.exit(supervise([sys.executable, '-c', 'raise SystemExit(3)']))",
        ],
        cwd=ROOT,
        check=False,
    ).returncode
    assert code == 3


def test_the_ui_listens_on_this_machine_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr(dev, "supervise", lambda command: commands.append(list(command)) or 0)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert dev.main([]) == 0
    assert dev.main(["--host", "10.0.0.1"]) == 0
    shown = [command[command.index("--host") + 1] for command in commands]
    assert shown == ["127.0.0.1", "10.0.0.1"]
    assert commands[1].count("--host") == 1
