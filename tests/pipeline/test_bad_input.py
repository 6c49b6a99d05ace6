"""What no product means to send, through whole builds as they are run; and a kernel that crashes.

The builds are one after the other, and the last takes up what those before it have left behind.
`make bench ROW=bad` has the same in full size.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import bad_input
from benchmarks.processes import BUILD, environment
from tests.support import dbt_target

pytestmark = pytest.mark.long
SHARE = 100
CASES = [case for case in bad_input.CASES if not case.environment]
NO_CACHE = next(case.environment for case in bad_input.CASES if case.environment)
# Python runs this before all else, in each process.
PLANTED = """
import os, signal
from timelines import funnels

def fail(*_, **__):
    {fault}

funnels.attempts = fail
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    bad_input.write(folder, CASES, SHARE)
    return folder


@pytest.fixture(scope="module")
def build(folder: Path) -> Callable[..., tuple[int, str]]:
    """Its exit code, and what it said."""

    def run(fault: str = "") -> tuple[int, str]:
        given = {
            **environment(folder),
            "YUNYING_SEEDS_DIR": str(folder / "seeds"),
            "DBT_TARGET_PATH": str(dbt_target()),
            **NO_CACHE,
        }
        if fault:
            planted = folder / "planted"
            planted.mkdir(exist_ok=True)
            (planted / "sitecustomize.py").write_text(PLANTED.format(fault=fault), encoding="utf-8")
            given["PYTHONPATH"] = f"{planted}:{given['PYTHONPATH']}"
        result = subprocess.run(
            BUILD,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return result.returncode, result.stdout

    return run


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "dbt was killed (signal 11)"),
        (
            "raise MemoryError('Unable to allocate 7.45 GiB for an array')",
            "More memory is needed than YUNYING_MEMORY_LIMIT allows.",
        ),
    ],
    ids=["signal", "memory"],
)
def test_1_a_kernel_that_crashes_is_told_in_a_sentence_and_publishes_nothing(
    folder: Path, build: Callable[..., tuple[int, str]], fault: str, sentence: str
) -> None:
    code, said = build(fault)
    assert code == 1, said
    assert sentence in said
    assert "Traceback" not in said
    assert not (folder / "published" / "current").exists()


def test_2_each_ends_with_the_right_figures_though_nothing_compiled_can_be_kept(
    folder: Path, build: Callable[..., tuple[int, str]]
) -> None:
    code, said = build()
    assert code == 0, said
    assert (folder / "published" / "current").exists()
    assert not bad_input.wrong(folder / "warehouse.duckdb", CASES, SHARE)
    log = (folder / "dagster" / "build.log").read_text(encoding="utf-8")
    assert "compiled again in each process" in log
