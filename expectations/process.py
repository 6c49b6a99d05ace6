"""The checks in a process of their own, beside whatever else a build does.

Importing Great Expectations takes seconds, and so does making its suites: a build starts both
before all else, to be done where a processor has nothing else to do, asks when dbt has let go of
the warehouse, which one process alone may write, and tells Dagster of the tables until it wants the
answer. The process ends with the answer, or with the process that started it.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

from expectations.results import SuiteResult

if TYPE_CHECKING:
    from expectations.validate import Checks

_ROOT = Path(__file__).resolve().parents[1]
_PROCESSES = 2
# What Great Expectations imports for expectations that no suite of ours has, and for files in
# Amazon's buckets: a third of its import.
_WHEN_ASKED = ("altair", "boto3", "scipy.stats")
_BESIDE = 10
"""How much what is made ready gives way to the rest of a build, as `nice` counts it."""
_Request = tuple[Path, dict[str, Any]]
_started: dict[Path, subprocess.Popen[bytes]] = {}
_asked: dict[Path, _Request] = {}
"""What a process that was started has been asked."""


class _Later(ModuleType):
    """Stands for a module until somebody asks for something in it."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def waiting(folder: Path) -> Iterator[None]:
    """Suites are made ready meanwhile, for `ask`."""
    start(folder)
    try:
        yield
    finally:
        stop(folder)


def start(folder: Path) -> None:
    """Make the suites ready for results and Data Docs in this folder; `ask` asks for them."""
    stop(folder)
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    _started[folder] = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "expectations.process", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


def stop(folder: Path) -> None:
    """End what was started, and not answered."""
    _asked.pop(folder, None)
    process = _started.pop(folder, None)
    if process is not None:
        process.kill()
        process.communicate()


def ask(
    warehouse: Path,
    names: Sequence[str],
    *,
    folder: Path,
    builds: Sequence[Path] = (),
    is_anew: bool = False,
    memory_limit: str = "2.5GB",
    threads: int = 2,
) -> None:
    """Have the suites of these names evaluated; `answer` gives what came of it. Until then nobody
    may write the warehouse."""
    asked = {
        "names": tuple(names),
        "builds": tuple(builds),
        "is_anew": is_anew,
        "memory_limit": memory_limit,
        "threads": threads,
    }
    request = (warehouse, asked)
    if _asked.get(folder) == request:
        return
    if folder not in _started or folder in _asked:
        start(folder)
    _send(folder, request)


def is_asked(folder: Path) -> bool:
    """Are suites being evaluated, for results in this folder?"""
    return folder in _asked


def _send(folder: Path, request: _Request) -> None:
    process = _started[folder]
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended, and its answer says how
        process.stdin.write(pickle.dumps(request))
        process.stdin.close()
    process.stdin = None
    _asked[folder] = request


def answer(folder: Path) -> tuple[SuiteResult, ...]:
    """What came of the suites that were asked for; see `Checks.run`, whose errors it raises.

    A process that a signal ends is followed by another: nothing that it did is lost, because it
    only reads. `RuntimeError` when that one ends so too.
    """
    request = _asked.pop(folder)
    for _ in range(_PROCESSES):
        if folder not in _started:
            start(folder)
            _send(folder, request)
        process = _started.pop(folder)
        given, _ = process.communicate()
        if process.returncode >= 0:
            break
    _asked.pop(folder, None)
    if process.returncode != 0 or not given:
        raise RuntimeError(f"the checks ended with {process.returncode}: see above")
    results = pickle.loads(given)
    if isinstance(results, Exception):
        raise results
    return results


def _ready(folder: Path) -> Checks:
    for name in _WHEN_ASKED:
        sys.modules.setdefault(name, _Later(name))
    from expectations.validate import Checks

    return Checks(folder)


def _answer(folder: Path, asked: BinaryIO) -> Any:
    from expectations.suites import SuiteError

    try:
        # A thread of its own, because what has given way once gives way for good.
        with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_BESIDE,)) as beside:
            checks = beside.submit(_ready, folder).result()
        warehouse, wanted = pickle.load(asked)
        return checks.run(warehouse, **wanted)
    except EOFError:
        return None  # nobody asked
    except (OSError, SuiteError) as error:
        return error


def main() -> None:
    """Be the process: answer to what is asked at stdin once, and print nothing else."""
    gc.disable()  # it lives for seconds, and a quarter of the import is looking for garbage
    answer, sys.stdout = sys.stdout.buffer, sys.stderr
    given = _answer(Path(sys.argv[1]), sys.stdin.buffer)
    if given is not None:
        answer.write(pickle.dumps(given))
        answer.flush()
    sys.stderr.flush()
    os._exit(0)  # the answer is given: what libraries do as they end can only go wrong


if __name__ == "__main__":
    main()
