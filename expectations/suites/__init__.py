"""One module per table, `suites/<schema>/<table>.py`, each with its `SUITE`.

They are found by folder: a new file is a new suite, and a new asset check with it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from expectations.rules import Suite


class SuiteError(ValueError):
    """A suite module cannot be used; the message names the file and the mend."""


@cache
def all_suites() -> tuple[Suite, ...]:
    """Every suite, raw first, then facts, then marts; by table within a schema.

    Raises `SuiteError` when a module has no `SUITE` or one for another table.
    """
    return tuple(
        _load(schema, path.stem)
        for schema in ("raw", "facts", "marts")
        for path in sorted(Path(__file__).parent.joinpath(schema).glob("[a-z]*.py"))
    )


def _load(schema: str, table: str) -> Suite:
    suite = getattr(import_module(f"{__name__}.{schema}.{table}"), "SUITE", None)
    if not isinstance(suite, Suite) or (suite.schema, suite.table) != (schema, table):
        raise SuiteError(
            f"expectations/suites/{schema}/{table}.py: it must hold "
            f"SUITE = Suite(schema={schema!r}, table={table!r}, ...)"
        )
    return suite
