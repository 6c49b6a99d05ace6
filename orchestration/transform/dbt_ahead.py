"""dbt started before it is known what it is to build.

Importing dbt takes seconds, and so do importing Dagster and taking in files: a build starts dbt
first, and tells it what to run where it would start it. Told nothing, it ends with the build.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.transform.dbt_process import AHEAD
from orchestration.transform.dbt_runs import dbt_environment, dbt_of_a_build

_waiting: list[subprocess.Popen[bytes]] = []


@contextmanager
def waiting(settings: Settings) -> Iterator[None]:
    """A dbt waits for `launch`. Not with another engine, whose environment is known only there."""
    if settings.engine != "duckdb":
        yield
        return
    process = subprocess.Popen(
        [dbt_of_a_build()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **dbt_environment(settings), AHEAD: "true"},
        cwd=DBT_PROJECT_DIR,
    )
    _waiting.append(process)
    try:
        yield
    finally:
        if process in _waiting:
            _waiting.remove(process)
            process.kill()
            process.communicate()


def launch(args: Sequence[str], *, env: dict[str, str], **options: Any) -> subprocess.Popen[bytes]:
    """As `subprocess.Popen` does, or by the dbt that waits for it."""
    if args[0] == dbt_of_a_build() and _waiting:
        process = _waiting.pop()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps([args[1:], env]).encode())
            process.stdin.close()
        except BrokenPipeError:  # it has ended: whatever that was, the next one says it
            process.wait()
        else:
            process.stdin = None
            process.args = args
            return process
    return subprocess.Popen(args, env=env, **options)
