"""How functions are compiled: once, without Python's lock, and kept on disk for later starts.

`NUMBA_DISABLE_JIT=1` runs the same code as plain Python. What is compiled is kept beside this file,
or where `NUMBA_CACHE_DIR` says; where neither can be written, each process compiles for itself.
A kept function is compiled anew when its own file changes: so a function and all that it calls and
names stand in one file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numba


def array(kind: Any) -> Any:
    """The type of a column that is read alone, as those of Arrow are."""
    return numba.types.Array(kind, 1, "C", readonly=True)


Function = Callable[..., Any]

inner: Callable[[Function], Function] = numba.njit(
    nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy"
)


def entry(signature: tuple[Any, ...]) -> Callable[[Function], Function]:
    """Compile a function that Python calls for its one signature; `inner` ones come with it."""

    def compile_it(function: Function) -> Function:
        try:
            return numba.njit(
                signature, nogil=True, cache=True, no_cfunc_wrapper=True, error_model="numpy"
            )(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            warnings.warn(
                f"{function.__name__} of timelines is compiled again in each process, which takes "
                "some seconds: neither the folder of the package nor the user's cache can be "
                "written. Set NUMBA_CACHE_DIR to a folder that can.",
                stacklevel=2,
            )
            return numba.njit(signature, nogil=True)(function)

    return compile_it
