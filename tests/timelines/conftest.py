"""What is tested here is compiled, from the first row on, unless `NUMBA_DISABLE_JIT` says no."""

from __future__ import annotations

import math

import pytest

from timelines import compiled


@pytest.fixture(autouse=True, scope="session")
def _compiled() -> None:
    if not math.isinf(compiled.PLAIN_ROWS):
        compiled.PLAIN_ROWS = 0
