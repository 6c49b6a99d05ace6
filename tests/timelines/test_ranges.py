"""Users in ranges and threads, timelines that are cut, and code that is not compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.timelines import worlds
from timelines import funnels, ranges
from timelines.definitions import NEVER

ROOT = Path(funnels.__file__).parents[1]


def of_many_users(number: int) -> worlds.Drawn:
    """A crowded world whose events are those of many."""
    funnel = worlds.crowded(number).funnel
    events = tuple(
        (number * 2 + event[0], *event[1:])
        for number in range(30)
        for event in worlds.crowded(number).events
    )
    return worlds.drawn(0, worlds.funnel_draws.Draw(funnel, events, ()))


def test_ranges_hold_every_user_once() -> None:
    offsets = np.array([0, 3, 3, 4, 11, 12, 13, 13], np.int64)
    assert ranges.ranges(offsets, 4) == [(0, 3), (3, 4), (4, 7)]
    assert ranges.ranges(offsets, 1) == [(0, 1), (1, 3), (3, 4), (4, 5), (5, 7)]
    assert ranges.ranges(np.zeros(1, np.int64), 4) == []


@pytest.mark.parametrize("number", range(12))
def test_ranges_and_threads_change_nothing(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one = of_many_users(number)
    given = (one.offsets, one.at, one.mask, worlds.funnel_of(one.oracle), one.held, one.value)
    whole = funnels.attempts(*given)
    assert len(whole.user) > 10
    monkeypatch.setattr(funnels, "RANGE", 20)
    for threads in (1, 3):
        for found, wanted in zip(funnels.attempts(*given, threads=threads), whole, strict=True):
            assert (found == wanted).all()


def test_what_opened_before_a_cut_keeps_later_events_from_opening() -> None:
    """As after an expiry: events before the cut are gone, and when their attempts close is kept."""
    compared = 0
    for number in range(400):
        one = worlds.drawn(number, worlds.crowded(number))
        if one.oracle.count_by != "attempts":
            continue
        funnel = worlds.funnel_of(one.oracle)
        whole = funnels.attempts(one.offsets, one.at, one.mask, funnel, one.held, one.value)
        cut = int(np.median(one.at))
        is_before = whole.step_at[0] < cut
        closes_at = whole.step_at[0] + funnel.window
        for ends_at in (whole.step_at[-1], whole.void_at):
            closes_at = np.where(ends_at == NEVER, closes_at, np.minimum(closes_at, ends_at))
        held = np.zeros(len(one.at), np.int32) if one.held is None else one.held
        closed = funnels.Closed(
            whole.user[is_before],
            whole.part[is_before],
            held[whole.served[0, is_before]],
            closes_at[is_before],
        )
        kept = one.at >= cut
        # Backwards: they may come in any order.
        closed = funnels.Closed(*(column[::-1] for column in closed))
        found = funnels.attempts(
            np.append(0, np.cumsum(kept))[one.offsets],
            one.at[kept],
            one.mask[kept],
            funnel,
            None if one.held is None else one.held[kept],
            None if one.value is None else one.value[kept],
            closed,
        )
        for column, wanted in (
            (found.user, whole.user[~is_before]),
            (found.part, whole.part[~is_before]),
            (found.step_at, whole.step_at[:, ~is_before]),
            (found.void_at, whole.void_at[~is_before]),
        ):
            assert column.shape == wanted.shape, number
            assert (column == wanted).all(), number
        compared += len(found.user)
    assert compared > 100


def test_uncompiled_it_is_the_same() -> None:
    """The other way than this run has it: compiled where it is not, and plain where it is."""
    code = (
        "import sys\n"
        "from tests.timelines import worlds\n"
        "from timelines import compiled\n"
        "if compiled.PLAIN_ROWS < float('inf'):\n"
        "    compiled.PLAIN_ROWS = 0\n"
        "for number in range(150):\n"
        "    one = worlds.drawn(number, worlds.crowded(number))\n"
        "    assert worlds.found(one) == worlds.wanted(one), number\n"
        "print('numba' in sys.modules)\n"
    )
    is_plain = os.environ.get("NUMBA_DISABLE_JIT") == "1"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0" if is_plain else "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.strip() == str(is_plain)


def test_a_process_compiles_when_it_is_given_many_rows() -> None:
    code = (
        "import sys\n"
        "import numpy as np\n"
        "from timelines import compiled, periods\n"
        "def rows(count):\n"
        "    number = np.arange(count, dtype=np.int32)\n"
        "    periods.outdone_at(number // 9, None, number % 5, number // 9, number + 9, 0)\n"
        "    return 'numba' in sys.modules\n"
        "print(rows(compiled.PLAIN_ROWS - 10), rows(10), rows(1))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == ["False", "False", "True"]


def test_a_cache_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "timelines", tmp_path / "timelines", ignore=shutil.ignore_patterns("__pycache__")
    )
    # A file where a folder should be cannot be written into, by whoever runs this.
    no_folder = tmp_path / "timelines" / "__pycache__"
    no_folder.touch()
    code = (
        "import numpy as np\n"
        "from timelines import compiled, periods\n"
        "compiled.PLAIN_ROWS = 0\n"
        "one = np.zeros(1, np.int32)\n"
        "found = periods.outdone_at(one, None, one, one, one.astype(np.int64), 0)\n"
        "print(periods.__file__, found.shape)\n"
    )
    result = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "NUMBA_CACHE_DIR": str(no_folder),
            "XDG_CACHE_HOME": str(no_folder),
            "NUMBA_DISABLE_JIT": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.split() == [
        str(tmp_path / "timelines" / "periods.py"),
        "(4,",
        "1)",
    ]
    assert "Set NUMBA_CACHE_DIR to a folder that can" in result.stderr
