"""How functions are compiled: once, without Python's lock, and kept on disk for later starts.

A process searches its first rows as plain Python, which is done before numba would be imported;
`NUMBA_DISABLE_JIT=1` runs all of it so. What is compiled is kept beside its own file, or where
`NUMBA_CACHE_DIR` says; where neither can be written, each process compiles for itself. A kept
function is compiled anew when its own file changes: so a function and all that it calls and names
stand in one file.
"""

from __future__ import annotations

import math
import os
import warnings
from collections import defaultdict
from collections.abc import Callable
from functools import cache, wraps
from threading import Lock
from types import FunctionType
from typing import Any

Function = Callable[..., Any]

# Plain Python takes 10 to 300 microseconds for a row, the import of numba a second.
PLAIN_ROWS = math.inf if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 10_000
"""So many rows does a process give to plain Python before it compiles."""

_inner: dict[str, list[str]] = defaultdict(list)
_plain_rows = 0
_lock = Lock()


def inner(function: Function) -> Function:
    """A function that an entry of its file calls, and that is compiled with it."""
    _inner[function.__module__].append(function.__name__)
    return function


def entry(*signature: str) -> Callable[[Function], Function]:
    """A function that Python calls, with the types of its columns (`int64[]`) and numbers.

    Its first column is the users' offsets, its last numbers are the users from and to (excluded).
    """

    def chosen(function: Function) -> Function:
        @cache
        def compiled() -> Function:
            return _compile(function, signature)

        @wraps(function)
        def call(*arguments: Any) -> Any:
            global _plain_rows
            offsets, low, high = arguments[0], *arguments[-2:]
            with _lock:
                _plain_rows += int(offsets[high] - offsets[low])
                ready = function if _plain_rows <= PLAIN_ROWS else compiled()
            return ready(*arguments)

        call.compile = compiled  # type: ignore[attr-defined]
        return call

    return chosen


def _compile(function: Function, signature: tuple[str, ...]) -> Function:
    import numba

    # Names of a module that are its own, and call what is compiled: plain calls may be under way.
    names = dict(function.__globals__)
    options = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
    for name in _inner[function.__module__]:
        plain = FunctionType(names[name].__code__, names)
        names[name] = numba.njit(no_cpython_wrapper=True, **options)(plain)
    function = FunctionType(function.__code__, names)
    types = tuple(_type(name) for name in signature)
    try:
        return numba.njit(types, cache=True, **options)(function)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        warnings.warn(
            f"{function.__name__} of timelines is compiled again in each process, which takes "
            "some seconds: neither the folder of the package nor the user's cache can be "
            "written. Set NUMBA_CACHE_DIR to a folder that can.",
            stacklevel=2,
        )
        return numba.njit(types, **options)(function)


def _type(name: str) -> Any:
    """Columns are read alone, as those of Arrow are."""
    import numba

    kind = getattr(numba.types, name.removesuffix("[]"))
    return numba.types.Array(kind, 1, "C", readonly=True) if name.endswith("[]") else kind
