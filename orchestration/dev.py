"""`make dev`: Dagster's UI on this machine alone, on the instance that `make build` writes to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestration.dagster_home import dagster_home
from orchestration.project import ROOT, Settings

HOST = "127.0.0.1"
PORT = "3000"
SECONDS_TO_STOP = 20.0
"""How long the UI's processes may take to end by themselves."""


def main(arguments: Sequence[str]) -> int:
    """Run `dagster dev`; further arguments are its own, such as `--port 3001`."""
    dagster_home()
    os.environ.update(Settings.from_environment().environment())
    executable = str(Path(sys.executable).parent / "dagster")
    port = [] if {"-p", "--port"} & set(arguments) else ["--port", os.environ.get("PORT", PORT)]
    host = [] if {"-h", "--host"} & set(arguments) else ["--host", HOST]
    return supervise([executable, "dev", *host, *port, *arguments])


def supervise(command: Sequence[str], seconds_to_stop: float = SECONDS_TO_STOP) -> int:
    """Run a command until it ends or this process is told to; leave none of its children.

    Dagster ends its children on Ctrl-C, and leaves them behind on a SIGTERM, which is what
    service managers send. So the command has a process group of its own: told to end, it is
    sent what Ctrl-C sends, and after a while the group is killed.
    """
    process: subprocess.Popen[bytes] | None = None
    told: list[int] = []

    def stop(number: int, _frame: object) -> None:
        told.append(number)
        if process is not None and len(told) == 1:
            interrupt(process.pid)

    def interrupt(pid: int) -> None:
        os.kill(pid, signal.SIGINT)
        signal.setitimer(signal.ITIMER_REAL, seconds_to_stop)

    def kill(_number: int, _frame: object) -> None:
        if process is not None:
            _kill_group(process.pid)

    # Before the command starts: a shell that starts this in the background has it ignore
    # Ctrl-C, and what is ignored is ignored by children too.
    signal.signal(signal.SIGALRM, kill)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    if told:
        interrupt(process.pid)
    code = process.wait()
    _kill_group(process.pid)
    return 128 + told[0] if told else code


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
