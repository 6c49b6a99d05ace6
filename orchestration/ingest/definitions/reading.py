"""Rows of definition files as their schemas read them, and a note of what was read otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from orchestration.ingest.definitions import cells
from orchestration.ingest.definitions.checks import Row
from orchestration.ingest.definitions.schema import Definition, Field

Line = tuple[int, Mapping[str, str | None]]
"""A line of a file, and its cells by column."""
_NOTED = 3


def read_rows(
    definition: Definition, lines: Sequence[Line], known_events: Collection[str]
) -> tuple[Row, ...]:
    """The rows, each cell read by the type of its column."""
    rows = []
    for line, given in lines:
        texts = {name: cells.trimmed(given.get(name)) for name in definition.columns}
        if not any(texts.values()):
            continue
        values = {
            column.name: None
            if (text := texts[column.name]) is None
            else cells.read(column, text, texts, known_events)
            for column in definition.fields
        }
        rows.append(Row(line, texts, values))
    return tuple(rows)


def note(definition: Definition, rows: Sequence[Row]) -> str | None:
    """A sentence on the cells that are not spelled as they are read."""
    told = [
        f"line {row.line}, {column.name}: {text} is {cells.spelled(row.values[column.name])}"
        for row in rows
        for column in definition.fields
        if (text := row.given[column.name]) is not None
        and _is_respelled(column, text, row.values[column.name])
    ]
    if not told:
        return None
    more = f"; and {len(told) - _NOTED} more" if len(told) > _NOTED else ""
    return f"{definition.file}: read as they are meant: {'; '.join(told[:_NOTED])}{more}"


def _is_respelled(column: Field, text: str, value: Any) -> bool:
    if value is None:
        return False
    said = cells.spelled(value)
    if column.type == "datetime":
        # A `T` or a `Z` is no other spelling.
        said, text = re.sub(r"\D", "", said), re.sub(r"\D", "", text)
        return not said.startswith(text)
    return said.lower() != text.lower()


def stored(definition: Definition, row: Row) -> tuple[Any, ...]:
    """The row as the schema `seeds` holds it: its line, and each value or its default."""
    return (
        row.line,
        *(
            _text(row.values[column.name] if row.has(column.name) else column.default)
            for column in definition.fields
        ),
    )


def _text(value: Any) -> str | None:
    return None if value is None else cells.spelled(value)
