"""What dbt's tests look for, in words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any


def rows_query(test: Mapping[str, Any], compiled: str) -> str:
    """The SQL of a failed test's rows: what it ran, or where that hides them, the whole rows."""
    if (test.get("test_metadata") or {}).get("name") != "not_null":
        return compiled
    # dbt's own gives the column that is null, and nothing else.
    return re.sub(r"\bselect\s+\S+\s+from\b", "select *\nfrom", compiled, count=1)


def describe_test(test: Mapping[str, Any]) -> str:
    """A dbt test in words: its YAML's, the first comment of its SQL, or what it is."""
    if test.get("description"):
        return str(test["description"])
    generic = test.get("test_metadata")
    if not generic:
        lines = itertools.takewhile(
            lambda line: line.startswith("--"),
            test["raw_code"][test["raw_code"].find("--") :].splitlines(),
        )
        return " ".join(line.removeprefix("--").strip() for line in lines)
    arguments = {
        name: value
        for name, value in generic["kwargs"].items()
        if name not in ("model", "column_name")
    }
    column = f" of column `{test['column_name']}`" if test.get("column_name") else ""
    listed = "; ".join(f"{name}: {value}" for name, value in arguments.items())
    return f"dbt test `{generic['name']}`{column}{'. ' if listed else ''}{listed}."
