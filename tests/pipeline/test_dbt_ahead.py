"""A dbt that is started before it is known what it runs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.transform import dbt_ahead
from orchestration.transform.dbt_runs import dbt_environment, dbt_of_a_build
from tests.pipeline.test_stopping import children_of, is_running
from tests.support import settings_of


def run(settings: Settings, *arguments: str, **told: str) -> subprocess.Popen[bytes]:
    return dbt_ahead.launch(
        [dbt_of_a_build(), *arguments],
        env={**os.environ, **dbt_environment(settings), **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=DBT_PROJECT_DIR,
    )


@contextmanager
def waiting(settings: Settings) -> Iterator[list[int]]:
    """The processes that are started meanwhile; this one may have others."""
    before = children_of(os.getpid())
    with dbt_ahead.waiting(settings):
        yield [child for child in children_of(os.getpid()) if child not in before]


def test_the_one_that_waits_runs_what_it_is_told_where_and_as_it_is_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with waiting(settings) as [waits]:
        process = run(settings, "debug", "--connection", DBT_LOG_PATH=str(tmp_path / "log"))
        said = process.communicate()[0].decode()
    assert process.pid == waits
    assert process.returncode == 0, said
    assert str(settings.warehouse) in said
    assert (tmp_path / "log" / "dbt.log").exists()


def test_told_nothing_it_ends_with_the_build(tmp_path: Path) -> None:
    with waiting(settings_of(tmp_path)) as [waits]:
        assert is_running(waits)
    assert not is_running(waits)


def test_where_none_waits_any_more_another_is_started(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with waiting(settings) as [waits]:
        os.kill(waits, 9)
        while is_running(waits):
            time.sleep(0.05)
        assert b"Usage" in run(settings, "list", "--help").communicate()[0]
    process = run(settings, "list", "--help")
    assert b"Usage" in process.communicate()[0]
    assert process.returncode == 0


def test_another_engine_is_not_waited_for(tmp_path: Path) -> None:
    with waiting(settings_of(tmp_path, {"YUNYING_ENGINE": "spark"})) as processes:
        assert processes == []
