"""The working warehouse: the one place that opens its DuckDB file.

The file has one writer at a time. Whoever comes second waits, and is told in plain words
when the wait was in vain or the file cannot be used.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.project import Settings
from orchestration.store.faults import holder, in_a_sentence, is_disk_full, is_held
from orchestration.store.sql import literal, quote

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0
# The layout of a new file. By default DuckDB writes what its versions of 2023 can read; this one
# has a compression of texts that takes a third less time over all columns of events, in the same
# room (20 million rows). Nobody reads this file with another DuckDB; what is published keeps the
# default. A file keeps the version that it was made with until it is compacted or made anew.
_STORAGE_VERSION = "v1.4.0"


class WarehouseError(RuntimeError):
    """The warehouse cannot be used; the message says why and what to do about it."""


class HeldError(WarehouseError):
    """Another process holds the file."""


class UnusableError(WarehouseError):
    """The file is no warehouse of this version: `make rebuild` makes another."""


@contextmanager
def connect(
    settings: Settings,
    *,
    read_only: bool = False,
    wait_seconds: float | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse with its session set as every part of the project expects it.

    Timestamps are read and written in UTC; memory and threads are bounded by the settings.
    `read_only` needs a file that exists. `on_wait` is called once, with a sentence, when
    another process holds the file. `wait_seconds` are those of the settings by default.

    Raises `HeldError` when the file stays held for so long, `UnusableError` when it is no
    DuckDB file, is damaged, or was written by another version of DuckDB, `WarehouseError`
    when it is missing (read only) or a setting or a right is in the way.
    """
    wait = settings.wait_seconds if wait_seconds is None else wait_seconds
    connection = _open(settings, read_only, wait, on_wait)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def compact(settings: Settings) -> None:
    """Write the warehouse into a new file, in one rename: what was deleted is in no byte of it.

    DuckDB keeps deleted rows in the file until it needs their room. The caller holds the
    warehouse's lock.
    """
    path = settings.warehouse
    # Of the same name, because the name is the catalog's, which views may name.
    folder = path.with_name(path.name + ".compacting")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    new = folder / path.name
    with connect(settings) as connection:
        connection.execute("force checkpoint")
    config = {"memory_limit": settings.memory_limit, "threads": str(settings.threads)}
    _make(new)
    with duckdb.connect(str(new), config=config) as connection:
        connection.execute(f"attach {literal(path)} as old (read_only)")
        connection.execute(f"copy from database old to {quote(path.stem)}")
        connection.execute("detach old")
        connection.execute("force checkpoint")
    new.replace(path)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    shutil.rmtree(folder)


def _open(
    settings: Settings,
    read_only: bool,
    wait_seconds: float,
    on_wait: Callable[[str], None] | None,
) -> duckdb.DuckDBPyConnection:
    path = settings.warehouse
    if read_only and not path.exists():
        raise WarehouseError(f"There is no warehouse at {path} yet. Run `make build` first.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            f"The folder {path.parent} cannot be made: {error.strerror}. Make it, or point "
            "YUNYING_WAREHOUSE elsewhere."
        ) from error
    config = {"memory_limit": settings.memory_limit, "threads": str(settings.threads)}
    deadline = time.monotonic() + wait_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            if not path.exists():
                _make(path)
            return duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.Error as error:
            text = str(error)
            if not is_held(text):
                raise explain(path, error) from error
            if time.monotonic() >= deadline:
                raise HeldError(
                    f"The warehouse {path} is held by {holder(text)}. Waited "
                    f"{wait_seconds:.0f} s. Let that run end, or end that process, then run again."
                ) from error
            if on_wait is not None:
                on_wait(f"Waiting: the warehouse is held by {holder(text)}.")
                on_wait = None
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _make(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(path)} as made (storage_version '{_STORAGE_VERSION}')")


def explain(path: Path, error: duckdb.Error) -> WarehouseError:
    """Say in a person's words why DuckDB could not open this file, and the mend."""
    text = str(error)
    first_line = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    if "different configuration" in text:
        return WarehouseError(
            f"The warehouse {path} is already open in this process with other settings. "
            "Close that connection first."
        )
    if re.search(r"(newer|older|different) (version|storage)|storage version|version number", text):
        return UnusableError(
            f"The warehouse {path} was written by another version of DuckDB than this one "
            f"({duckdb.__version__}): {first_line} Install the version in requirements.lock, or "
            "run `make rebuild`: it sets the file aside and builds again from the raw files."
        )
    if "Permission denied" in text:
        return WarehouseError(
            f"The warehouse {path} may not be read or written by this user. Mend its rights."
        )
    if is_disk_full(text):
        return WarehouseError(in_a_sentence(text) or first_line)
    if "memory_limit" in text or "memory limit" in text.lower():
        return WarehouseError(
            f"YUNYING_MEMORY_LIMIT cannot be used: {first_line} Give one like 4GB."
        )
    return UnusableError(
        f"The warehouse {path} is damaged or is no DuckDB file: {first_line} Run `make rebuild`: "
        "it sets the file aside and builds again from the raw files."
    )
