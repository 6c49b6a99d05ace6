"""Users in ranges, and threads over them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

# So many rows at a time: what a search holds beside its findings is a few times this.
RANGE = 1_000_000

Range = tuple[int, int]
Found = TypeVar("Found")


def ranges(offsets: NDArray[np.int64], rows: int) -> list[Range]:
    """Users from, users to (excluded), with at most so many rows where no user alone has more."""
    found = []
    low, users = 0, len(offsets) - 1
    while low < users:
        high = int(np.searchsorted(offsets, offsets[low] + rows, side="right")) - 1
        high = min(max(high, low + 1), users)
        found.append((low, high))
        low = high
    return found


def in_threads(function: Callable[[Range], Found], parts: list[Range], threads: int) -> list[Found]:
    """What a function finds in each range, in order; compiled functions run side by side."""
    if threads == 1 or len(parts) == 1:
        return [function(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, parts))


def plain(column: NDArray[Any], kind: type[Any]) -> NDArray[Any]:
    """A column as compiled functions read it: of this type, without gaps."""
    return np.ascontiguousarray(column, kind)
