"""The rows of each table that its suite must accept, and those that it must catch.

They stand in `<schema>/<table>.sql` beside this file: a part begins with `-- Good rows`, or with
`-- Defect:` and the rule that it breaks.
"""

from __future__ import annotations

import re
from pathlib import Path

# In this order, because good rows are made of those before them.
_SCHEMAS = ("raw", "staging", "seeds", "facts", "marts")
_PART = re.compile(r"^-- (Good rows|Defect: \w+)$\n", re.MULTILINE)
_TABLES = {
    f"{schema}.{path.stem}": _PART.split(path.read_text(encoding="utf-8"))[1:]
    for schema in _SCHEMAS
    for path in sorted((Path(__file__).parent / schema).glob("*.sql"))
}


def good_rows() -> str:
    """SQL that fills the hand-made warehouse."""
    return "\n".join(_parts(table).get("Good rows", "") for table in _TABLES)


def defects(table: str) -> dict[str, str]:
    """SQL that breaks the rules of a table, by their names."""
    return {
        part.removeprefix("Defect: "): sql.strip().rstrip(";")
        for part, sql in _parts(table).items()
        if part != "Good rows"
    }


def _parts(table: str) -> dict[str, str]:
    parts = _TABLES.get(table, [])
    return dict(zip(parts[::2], parts[1::2], strict=True))
