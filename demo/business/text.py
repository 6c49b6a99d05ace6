"""From codes to text: ids, labels, instants and JSON, as Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BLOCK = 1_000_000
"""Ids of people, pieces and merchants: the number within the block, above so many a block."""


def ids(prefix: str, numbers: np.ndarray, block: int = 0) -> pa.Array:
    """Ids of things of a block; no number (below 0): no id."""
    numbers = np.asarray(numbers, dtype=np.int64)
    return joined(prefix, pa.array(numbers + block * BLOCK, mask=numbers < 0).cast(pa.string()))


def joined(*parts: str | pa.Array) -> pa.Array:
    """Texts side by side; nothing where one of them is missing."""
    return pc.binary_join_element_wise(*parts, "")


def labels(names: Sequence[str | None], codes: np.ndarray) -> pa.Array:
    """The names of codes; no code (below 0): no name."""
    codes = np.asarray(codes, dtype=np.int64)
    return pa.array(names, pa.string()).take(pa.array(codes, mask=codes < 0))


def whole(numbers: np.ndarray) -> pa.Array:
    """Whole numbers; below 0: nothing."""
    numbers = np.asarray(numbers, dtype=np.int64)
    return pa.array(numbers, mask=numbers < 0)


def money(cents: np.ndarray) -> pa.Array:
    """Amounts in yuan; below 0: nothing."""
    cents = np.asarray(cents, dtype=np.int64)
    return pa.array(cents / 100.0, mask=cents < 0)


def instants(at: np.ndarray) -> pa.Array:
    """Instants in UTC; below 0: nothing."""
    at = np.asarray(at, dtype=np.int64)
    return pa.array(at, pa.timestamp("ms", "UTC"), mask=at < 0)


def objects(properties: Mapping[str, pa.Array]) -> pa.Array:
    """A JSON object for each row, of what is there; text is quoted, numbers are not."""
    parts = [pa.array([""] * len(next(iter(properties.values()))), pa.string())]
    for name, values in properties.items():
        if values.null_count == len(values):
            continue
        quote = '"' if pa.types.is_string(values.type) else ""
        part = joined(f'"{name}":{quote}', values.cast(pa.string()), f"{quote},")
        parts.append(part.fill_null(""))
    inside = pc.utf8_rtrim(joined(*parts), ",")
    return joined("{", pc.if_else(pc.equal(inside, ""), None, inside), "}")
