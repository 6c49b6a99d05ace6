"""Users' timelines, and what is asked of them in order: pure functions over numpy arrays.

A timeline is flat over users: user `u` has the rows from `offsets[u]` to `offsets[u + 1]`, in order
of their instants; within an instant, in the order in which they are to be taken. What a row is
called here is its position. Instants are microseconds since 1970 in UTC, int64; `NEVER` is none,
and reads as NaT in numpy and as null in Arrow. Days are days since 1970, int32.

Nothing here knows DuckDB, dbt or pandas. What is compiled (`search`, `best`) is imported when it is
first called, because numba's import takes a while.
"""

from __future__ import annotations
