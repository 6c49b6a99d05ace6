"""Faults of the machine, told in a sentence and with what to do: for whoever reads a terminal."""

from __future__ import annotations

import re

AGAIN = "Readers keep the last build, and the next run takes up where this one ended."

_DISK_FULL = re.compile(
    r"no space left|disk quota exceeded|file too large|disk is full|max_temp_directory_size"
    r"|failed to offload data block|disk i/o error",
    re.IGNORECASE,
)
_HELD = re.compile(r"could not set lock on file|conflicting lock", re.IGNORECASE)
_DAMAGED = re.compile(
    r"corrupt (database|wal)|does not match stored checksum|could not read enough bytes"
    r"|not a valid duckdb",
    re.IGNORECASE,
)
_HISTORY = re.compile(r"database disk image is malformed|file is not a database", re.IGNORECASE)
_MEMORY = re.compile(
    r"out of memory|memory limit|unable to allocate|memoryerror|bad_alloc", re.IGNORECASE
)


def in_a_sentence(text: str) -> str | None:
    """What a message of DuckDB, SQLite or the operating system means; None: nothing known."""
    if is_disk_full(text):
        return (
            f"The disk is full{_of(text)}, or cannot be written: a limit on files, a fault. Make "
            f"room, then run the same command again. {AGAIN}"
        )
    if is_held(text):
        return f"The warehouse is held by {holder(text)}. Let it end, then run again. {AGAIN}"
    if is_damaged(text):
        return "The warehouse is damaged. `make rebuild` makes it anew from the raw files."
    if _HISTORY.search(text):
        return (
            "Dagster's history is damaged. Move its folder away (`history` in data/dagster, or "
            f"where DAGSTER_HOME points), then run again. {AGAIN}"
        )
    if _MEMORY.search(text):
        return (
            "More memory is needed than YUNYING_MEMORY_LIMIT allows. Give more, or fewer "
            f"YUNYING_THREADS, then run again. {AGAIN}"
        )
    return None


def holder(text: str) -> str:
    """Which process holds a DuckDB file, as DuckDB's message says it."""
    found = re.search(r"PID (\d+)", text)
    return f"another process (PID {found.group(1)})" if found else "another process"


def is_damaged(text: str) -> bool:
    """Is it DuckDB's message that what it reads is not what was written?"""
    return bool(_DAMAGED.search(text))


def is_disk_full(text: str) -> bool:
    """Is it a message that something could not be written for want of room?"""
    return bool(_DISK_FULL.search(text))


def is_held(text: str) -> bool:
    """Is it DuckDB's message that another process holds the file?"""
    return bool(_HELD.search(text))


def _of(text: str) -> str:
    found = re.search(r"""file ["']([^"']+)["']""", text)
    return f" ({found.group(1)})" if found else ""
