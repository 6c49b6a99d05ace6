"""`make dev`: Dagster's UI on this machine alone, on the instance that `make build` writes to.

Beside it the pages that it links to: what is published, and the suites' last report. That report
names rows by ids of people, as the UI does, and like the UI it is for this machine alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from orchestration.commands.serve_pages import server
from orchestration.project import CHECKS, ROOT, Settings
from orchestration.store.dagster_home import dagster_home

HOST = "127.0.0.1"
PORT = "3000"
PAGES_PORT = 3002
"""Where pages are served when people reach them by the address of a proxy."""
SECONDS_TO_STOP = 20.0
"""How long the UI's processes may take to end by themselves."""


def main(arguments: Sequence[str]) -> int:
    """Run `dagster dev`; further arguments are its own, such as `--port 3001`."""
    dagster_home()
    settings = Settings.from_environment()
    os.environ.update(settings.environment())
    executable = str(Path(sys.executable).parent / "dagster")
    port = [] if {"-p", "--port"} & set(arguments) else ["--port", os.environ.get("PORT", PORT)]
    host = [] if {"-h", "--host"} & set(arguments) else ["--host", HOST]
    with pages(settings):
        return supervise([executable, "dev", *host, *port, *arguments])


@contextmanager
def pages(settings: Settings) -> Iterator[int | None]:
    """Serve the pages that the UI links to, while the block runs; gives the port, None: taken."""
    address = urlsplit(settings.pages_url)
    is_local = address.hostname in (HOST, "localhost")
    port = address.port if is_local and address.port is not None else PAGES_PORT
    try:
        serving = server(settings.publish_dir, port, {CHECKS: settings.data_docs_dir})
    except OSError as error:
        print(f"port {port} is taken ({error.strerror}): links from the UI to pages lead there")
        yield None
        return
    with serving:
        Thread(target=serving.serve_forever, daemon=True).start()
        print(f"boards and reports of checks: http://{HOST}:{serving.server_port}", flush=True)
        try:
            yield serving.server_port
        finally:
            serving.shutdown()


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
    signal.setitimer(signal.ITIMER_REAL, 0)
    _kill_group(process.pid)
    return 128 + told[0] if told else code


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
