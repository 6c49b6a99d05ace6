"""How a cell of a definition file is read, by its column's type: the one place that does.

People write `TRUE`, `是`, `1.0`, `604,800`, `２５` and `2024/6/1`; readers see true, 1, 604800, 25
and 2024-06-01. What is not certain is not read: `1.21E+06` has lost digits, `6/1/2024` may be
either of two days.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.ingest.definitions.schema import Field
from orchestration.ingest.readers import BLANKS

_BLANKS = re.sub(r"\\x\{(\w+)\}", r"\\u\1", BLANKS)
_MARGINS = re.compile(rf"\A{_BLANKS}+|{_BLANKS}+\Z")
SIZES = ("gt", "gte", "lt", "lte")
"""Operators that compare sizes."""
YES = frozenset({"true", "t", "yes", "y", "1", "是", "对", "真"})
NO = frozenset({"false", "f", "no", "n", "0", "否", "不", "不是", "假"})
_THOUSANDS = re.compile(r"([+-]?\d{1,3})((?:,\d{3})+)(\.\d+)?")
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?")
_DAY = r"([1-9]\d{3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?"
_ZONE = r"(Z|[+-]\d{2}(?::?\d{2})?)"
_INSTANT = re.compile(rf"{_DAY}(?:[T\s]\s*{_CLOCK}\s*{_ZONE}?)?", re.IGNORECASE)
_BASIC_DAY = re.compile(r"([1-9]\d{3})(\d{2})(\d{2})")
_RANGE = re.compile(r"(\d+)(?:\s*[-–—~]\s*(\d+))?")


def trimmed(text: str | None) -> str | None:
    """The text without what surrounds it; None where nothing is left."""
    return _MARGINS.sub("", text or "") or None


def plain(text: str) -> str:
    """The text in half-width characters."""
    return unicodedata.normalize("NFKC", text)


def word(text: str) -> str:
    """A word that we gave, however it is written: `Step 02` is `step_2`."""
    small = re.sub(r"_0+(?=\d)", "_", re.sub(r"[\s\-_]+", "_", plain(text).lower()))
    number = decimal(small)
    return str(int(number)) if number is not None and number == int(number) else small


def boolean(text: str) -> bool | None:
    """Yes or no."""
    small = plain(text).lower()
    small = small.removesuffix(".0") if small in ("1.0", "0.0") else small
    return True if small in YES else False if small in NO else None


def decimal(text: str) -> Decimal | None:
    """A number with all of its digits."""
    number = plain(text).replace(" ", "")
    found = _THOUSANDS.fullmatch(number)
    if found:
        number = number.replace(",", "")
    if not _NUMBER.fullmatch(number):
        return None
    try:
        return Decimal(number)
    except InvalidOperation:
        return None


def day(text: str) -> date | None:
    """A date, its year first."""
    number = plain(text)
    found = re.fullmatch(_DAY, number) or _BASIC_DAY.fullmatch(number)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def instant(text: str) -> str | None:
    """A date, or a time with or without its offset, in one spelling."""
    found = _INSTANT.fullmatch(plain(text))
    if found is None or found.group(4) is None:
        only = day(text)
        return only.isoformat() if only else None
    year, month, of_month, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(of_month), int(hour), int(minute), int(second or 0),
            int((fraction or "0").ljust(6, "0")),
        )  # fmt: skip
        offset = _offset(zone) if zone else None
    except ValueError:
        return None
    return moment.replace(tzinfo=offset).isoformat(sep=" ")


def _offset(zone: str) -> timezone:
    if zone.upper() == "Z":
        return timezone.utc  # noqa: UP017 - beside other offsets
    minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def moment(spelled: str, zone: ZoneInfo, is_end: bool) -> datetime:
    """The first instant, or the last, of what `instant` gave."""
    if len(spelled) > 10:
        read = datetime.fromisoformat(spelled)
        return read if read.tzinfo else read.replace(tzinfo=zone)
    last = time.max if is_end else time.min
    return datetime.combine(date.fromisoformat(spelled), last, zone)


def ranges(text: str) -> list[tuple[str, int, int] | tuple[str, None, None]]:
    """Parts of `1-3;4-7`, with their first and last number where they have some."""
    parts = re.split(r"[;,、]", plain(text))
    found = [(part.strip(), _RANGE.fullmatch(part.strip())) for part in parts]
    return [
        (part, int(match.group(1)), int(match.group(2) or match.group(1)))
        if match
        else (part, None, None)
        for part, match in found
    ]


def alternatives(text: str) -> list[str]:
    r"""Parts between bars; `\|` is a bar in a part."""
    parts = re.split(r"(?<!\\)\|", text)
    return [trimmed(part.replace("\\|", "|")) or "" for part in parts]


def joined(parts: list[str]) -> str:
    """The cell of several alternatives."""
    return "|".join(part.replace("|", "\\|") for part in parts)


def events(text: str, known: Collection[str]) -> str:
    """A list of event names with plain bars, where it is certain that other marks part them."""
    parts = [
        piece
        for part in alternatives(text)
        for piece in ([part] if part in known else part.split("｜"))
    ]
    parts = [trimmed(part) or "" for part in parts]
    if len(parts) == 1 and parts[0] not in known:
        pieces = [trimmed(piece) or "" for piece in re.split(r"[,，、;；]", parts[0])]
        if all(piece in known for piece in pieces):
            parts = pieces
    return joined(["*" if part == "＊" else part for part in parts])


def properties(text: str) -> str:
    """A list of `event:<property>` and `user:<property>` with plain bars and colons."""
    pieces = re.split(r"[｜,，、;；]\s*(?=(?:event|user)\s*[:：])", text, flags=re.IGNORECASE)
    parts = [part for piece in pieces for part in alternatives(piece)]
    return joined([_scoped(part) for part in parts])


def _scoped(part: str) -> str:
    found = re.match(r"\s*(event|user)\s*[:：]\s*(.*)", part, re.IGNORECASE | re.DOTALL)
    return f"{found.group(1).lower()}:{found.group(2)}" if found else part


def operands(text: str, operator: str | None) -> str:
    """What is compared with; numbers in plain digits where sizes are compared."""
    if operator is None or word(operator) not in SIZES:
        return text
    parts = [(part, decimal(part)) for part in alternatives(text)]
    return joined([part if number is None else f"{number:f}" for part, number in parts])


def read(
    column: Field, text: str, row: Mapping[str, str | None], known_events: Collection[str]
) -> Any:
    """The value of a cell that is not empty; None where it cannot be read."""
    if column.type in _READERS:
        value = _READERS[column.type](text)
        if column.type == "integer" and value is not None:
            return int(value) if value == int(value) else None
        return value
    if column.enum or column.form == "word":
        return word(text)
    if column.form == "code":
        return plain(text).upper()
    if column.form == "ranges":
        return ";".join(
            part if first is None or first == last else f"{first}-{last}"
            for part, first, last in ranges(text)
        )
    if column.form == "schedule":
        parts = alternatives(text)
        return joined([instant(p) or (p if p[:1].isdecimal() else word(p)) for p in parts])
    if column.form == "operand":
        return operands(text, row["operator"])
    if column.list == "events":
        return events(text, known_events)
    if column.list:
        return properties(text)
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "boolean": boolean,
    "integer": decimal,
    "number": decimal,
    "date": day,
    "datetime": instant,
}


def spelled(value: Any) -> str:
    """A value as the text of a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value)
