"""What is worth retrying: a file that another process holds for a while. A failed check is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from orchestration.project import Settings
from orchestration.store.warehouse import HeldError, connect

ATTEMPTS = 3
SECONDS_BETWEEN = 30


@contextmanager
def connect_or_retry(
    settings: Settings, say: Callable[[str], None], *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse's connection; asks Dagster to run the step again later while it is held.

    An analyst's `dbt build` or an open notebook holds the file without our lock. `connect` waits
    for minutes; after that the step ends, and is tried again.
    """
    try:
        connection = connect(settings, read_only=read_only, on_wait=say)
        opened = connection.__enter__()
    except HeldError as error:
        raise dg.RetryRequested(max_retries=ATTEMPTS, seconds_to_wait=SECONDS_BETWEEN) from error
    try:
        yield opened
    finally:
        connection.__exit__(None, None, None)
