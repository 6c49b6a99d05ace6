"""One writer of the warehouse at a time, however runs are started.

The lock is the operating system's, on a file beside the warehouse: a holder that is killed
frees it, and `make build`, the schedule, the sensor and the UI all wait for one another.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from orchestration.project import Settings


def lock_path(settings: Settings) -> Path:
    return settings.warehouse.with_name(settings.warehouse.name + ".lock")


def warehouse_lock(
    settings: Settings, say: Callable[[str], None] = print
) -> AbstractContextManager[None]:
    """Hold the warehouse; wait, after saying who has it, while another process does."""
    return locked(lock_path(settings), "the warehouse", say)


@contextmanager
def locked(path: Path, what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a file that stands for what one process at a time may write, likewise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened for appending: whoever waits must not empty the holder's note.
    with path.open("a+") as file:
        _acquire(file, what, say)
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def holder(settings: Settings) -> str | None:
    """Who holds the warehouse at this moment; None when nobody does. Waits for nobody."""
    path = lock_path(settings)
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().strip() or "another process"
        return None


def _acquire(file: IO[str], what: str, say: Callable[[str], None]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "another process"
    say(f"another build holds {what} ({holder}); waiting for it to end")
    fcntl.flock(file, fcntl.LOCK_EX)
    say("the other build has ended; going on")
