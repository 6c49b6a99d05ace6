"""What the schema of a definition file asks of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.ingest.definitions import cells
from orchestration.ingest.definitions.problems import (
    ERROR,
    HINT,
    WARNING,
    Problem,
    either,
    meant,
    nearest,
    surely,
)
from orchestration.ingest.definitions.schema import Definition, Field, Words

ANY_ACTIVITY = "any"
_SHOWN = 200
"""Characters without a blank that are told of a cell."""


@dataclass(frozen=True)
class Known:
    """What the warehouse knows, where there is one to look into."""

    events: frozenset[str] = frozenset()
    """Names of events that came."""
    asked: frozenset[str] = frozenset()
    """Names in the definitions that are loaded."""
    properties: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """A row of a definition file: its line, its cells as they are written, and what they mean."""

    line: int
    given: Mapping[str, str | None]
    values: Mapping[str, Any]

    def has(self, *columns: str) -> bool:
        """Is something written in one of the columns?"""
        return any(self.given[column] is not None for column in columns)

    def text(self, column: str) -> str:
        """The cell as it is written."""
        return self.given[column] or "(empty)"


@dataclass(frozen=True)
class Table:
    """The rows of a definition file; none where it cannot be read."""

    definition: Definition
    rows: tuple[Row, ...]
    is_readable: bool = True

    def problem(
        self, row: Row | None, problem: Words, mend: Words, severity: str = ERROR
    ) -> Problem:
        """A problem of one of its rows, or of the file."""
        line = row.line if row else None
        return Problem(self.definition.file, line, severity, _short(problem), mend)


def _short(words: Words) -> Words:
    """A sentence in which no cell takes a page."""
    return Words(*(re.sub(rf"(\S{{{_SHOWN}}})\S+", r"\1…", each) for each in (words.en, words.zh)))


@dataclass(frozen=True)
class Definitions:
    """All definition files, as they were read."""

    tables: Mapping[str, Table]
    zone: ZoneInfo
    known: Known = field(default_factory=Known)

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def rows(self, name: str) -> tuple[Row, ...]:
        """The rows of a file."""
        return self.tables[name].rows

    def column(self, name: str, column: str) -> dict[str, Row]:
        """First row by value of a column; empty cells and ids that cannot be left out."""
        found: dict[str, Row] = {}
        for row in self.rows(name):
            if row.values[column] is not None:
                found.setdefault(row.values[column], row)
        return found

    @property
    def events(self) -> frozenset[str]:
        """Every event that the tracking plan lists, or that came."""
        return self.known.events | self.column("event_names", "event_name").keys()


def problems_of_schemas(definitions: Definitions) -> Iterator[Problem]:
    """Cells that cannot be read or are not allowed, rows that stand twice or hang in the air."""
    for table in definitions.tables.values():
        for row in table.rows:
            for column in table.definition.fields:
                yield from _cell(definitions, table, row, column)
            yield from _order(definitions, table, row)
        yield from _copies(table)
        yield from _references(definitions, table)


def _cell(definitions: Definitions, table: Table, row: Row, column: Field) -> Iterator[Problem]:
    text, value, name = row.given[column.name], row.values[column.name], column.name
    if text is None:
        if column.is_required:
            given = either(column.enum) if column.enum else column.description
            yield table.problem(
                row,
                Words(f"{name} is empty", f"{name} 为空"),
                Words(f"give {given.en}", f"填写：{given.zh}"),
            )
    elif column.enum:
        if value not in column.enum:
            choice = either(column.enum)
            yield table.problem(
                row,
                Words(f"{name} {text} is unknown", f"没有 {name} {text}"),
                meant(value, column.enum, _or_empty(column, choice.en, choice.zh)),
            )
    elif column.type in ("integer", "number"):
        yield from _number(table, row, column, text, value)
    elif column.type == "boolean":
        if value is None:
            yield table.problem(
                row,
                Words(
                    f"{name} {text} is neither true nor false", f"{name} {text} 既不是真也不是假"
                ),
                Words("give true or false", "填 true 或 false（是、否也行）"),
            )
    elif column.type in ("date", "datetime"):
        if value is None:
            is_day = column.type == "date"
            yield table.problem(
                row,
                Words(f"{name} {text} cannot be read", f"{name} {text} 读不懂"),
                Words(
                    "give a date (2024-05-31)"
                    + ("" if is_day else " or a time (2024-05-31T18:00:00Z)"),
                    "填日期（2024-05-31）" + ("" if is_day else "或时间（2024-05-31T18:00:00Z）"),
                ),
            )
    elif column.list == "events":
        yield from _events(definitions, table, row, column)
    elif column.list:
        yield from _properties(definitions, table, row, column)
    elif column.pattern and not re.fullmatch(column.pattern, value):
        shown = column.pattern.replace("[0-9]+", "<n>").split("|")
        choice = either(shown)
        yield table.problem(
            row,
            Words(f"{name} {text} is unknown", f"没有 {name} {text}"),
            meant(value, shown, _or_empty(column, choice.en, choice.zh)),
        )


def _or_empty(column: Field, en: str, zh: str) -> Words:
    """To write this, or nothing where that is allowed."""
    if column.is_required:
        return Words(f"give {en}", f"填{zh}")
    if column.otherwise is None:
        return Words(f"give {en}, or leave it empty", f"填{zh}，或留空")
    return Words(
        f"give {en}, or leave it empty for {column.otherwise.en.replace('`', '')}",
        f"填{zh}，或留空（{column.otherwise.zh.replace('`', '')}）",
    )


def _number(
    table: Table, row: Row, column: Field, text: str, value: int | Decimal | None
) -> Iterator[Problem]:
    name, least, most = column.name, column.minimum, column.maximum
    is_whole = column.type == "integer"
    kind = Words("a whole number", "整数") if is_whole else Words("a number", "数")
    limits = Words("", "")
    if least is not None and most is not None:
        limits = Words(f" from {least:,f} to {most:,f}", f"，从 {least:,f} 到 {most:,f}")
    mend = _or_empty(column, f"{kind.en}{limits.en}", f"{kind.zh}{limits.zh}")
    unit = Words(f" {column.unit.en}", f" {column.unit.zh}") if column.unit else Words("", "")
    if value is None:
        problem = Words(
            f"{name} {text} is no {kind.en.removeprefix('a ')}", f"{name} {text} 不是{kind.zh}"
        )
        if re.fullmatch(r"[\d.]+E\+?\d+", text, re.IGNORECASE):
            mend = Words(
                f"write all of its digits (a spreadsheet has cut them); {mend.en}",
                f"写出全部数字（电子表格把它缩短了）；{mend.zh}",
            )
        yield table.problem(row, problem, mend)
    elif most is not None and value > most:
        if column.maximum_var:
            raised = column.maximum_var
            mend = Words(
                f"{mend.en}; the var {raised} in dbt_project.yml raises the limit",
                f"{mend.zh}；dbt_project.yml 里的 {raised} 可以放宽上限",
            )
        yield table.problem(
            row,
            Words(
                f"{name} {text} is too large: at most {most:,f}{unit.en} are taken",
                f"{name} {text} 太大：最多 {most:,f}{unit.zh}",
            ),
            mend,
        )
    elif least is not None and value < least:
        yield table.problem(
            row,
            Words(
                f"{name} {text} is too small: {least:,f} is the least",
                f"{name} {text} 太小：最小是 {least:,f}",
            ),
            mend,
        )


def _events(definitions: Definitions, table: Table, row: Row, column: Field) -> Iterator[Problem]:
    name, text = column.name, row.text(column.name)
    names = cells.alternatives(row.values[name])
    if "" in names:
        yield table.problem(
            row,
            Words(f"{name} {text} has an empty alternative", f"{name} {text} 有一个空的选项"),
            Words(
                r"give a name between the bars; a bar in a name is written \|",
                r"竖线之间写事件名；名字里的竖线写作 \|",
            ),
        )
    if "*" in names and len(names) > 1:
        yield table.problem(
            row,
            Words(f"{name} {text} has * beside names", f"{name} {text} 把 * 与名字写在一起"),
            Words(
                "give * alone for any activity, or names alone", "只写 * 表示任意活跃，或只写名字"
            ),
        )
    for event in sorted(set(names) - {"", "*"} - definitions.events):
        near = nearest(event, definitions.events)
        if near is None:
            continue
        known = definitions.known
        is_sure = (
            bool(known.events)
            and event not in known.asked
            and surely(event, definitions.events) is not None
        )
        yield table.problem(
            row,
            Words(
                f"{name} {event} is no event that came or that event_names.csv lists",
                f"{name} {event}：没有来过这个事件，event_names.csv 里也没有",
            ),
            Words(
                f"did you mean {near}? If it is an event of its own, list it in event_names.csv",
                f"是不是 {near}？如果确是另一个事件，请写进 event_names.csv",
            ),
            ERROR if is_sure else HINT,
        )


def _properties(
    definitions: Definitions, table: Table, row: Row, column: Field
) -> Iterator[Problem]:
    name, is_one = column.name, column.list == "event property"
    known = definitions.known.properties
    parts = cells.alternatives(row.values[name])
    for part in [row.text(name)] if is_one and len(parts) > 1 else parts:
        scope, _, of = part.partition(":")
        if (
            (is_one and len(parts) > 1)
            or scope not in (("event",) if is_one else ("event", "user"))
            or not of
        ):
            choice = (
                Words("one event:<property>", "一个 event:<属性>")
                if is_one
                else Words(
                    "event:<property> or user:<property>, several by a bar",
                    "event:<属性> 或 user:<属性>，多个用竖线分隔",
                )
            )
            said = Words(" of an event", "事件") if is_one else Words("", "")
            mend = _or_empty(column, choice.en, choice.zh)
            if part in known:
                mend = Words(
                    f"did you mean event:{part}? Else {mend.en}",
                    f"是不是 event:{part}？否则{mend.zh}",
                )
            elif scope not in ("event", "user"):
                mend = meant(scope, ("event", "user"), mend)
            yield table.problem(
                row,
                Words(f"{name} {part} is no property{said.en}", f"{name} {part} 不是{said.zh}属性"),
                mend,
            )
        else:
            yield from property_hint(definitions, table, row, name, of)


def property_hint(
    definitions: Definitions, table: Table, row: Row, name: str, asked: str
) -> Iterator[Problem]:
    """That a property is not known, where it is close to one that is."""
    known = definitions.known.properties
    near = None if asked in known else surely(asked, known)
    if near is not None:
        yield table.problem(
            row,
            Words(
                f"{name} {asked} is no property that the warehouse has seen",
                f"{name} {asked}：数仓里没见过这个属性",
            ),
            Words(f"did you mean {near}?", f"是不是 {near}？"),
            HINT,
        )


def _order(definitions: Definitions, table: Table, row: Row) -> Iterator[Problem]:
    for low, high in table.definition.order:
        first, last = row.values[low], row.values[high]
        column = table.definition.field(high)
        if first is None:
            first = table.definition.field(low).default if not row.has(low) else None
        if first is None or last is None:
            continue
        is_time = column.type in ("date", "datetime")
        if column.type == "datetime":
            first = cells.moment(first, definitions.zone, False)
            last = cells.moment(last, definitions.zone, column.is_end)
        if last < first:
            before = Words("before", "早于") if is_time else Words("below", "小于")
            given = row.given[low] or str(first)
            yield table.problem(
                row,
                Words(
                    f"{high} {row.text(high)} is {before.en} {low} {given}",
                    f"{high} {row.text(high)} {before.zh} {low} {given}",
                ),
                Words(
                    f"give a {high} that is not {before.en} {low}",
                    f"让 {high} 不{before.zh} {low}",
                ),
            )


def _copies(table: Table) -> Iterator[Problem]:
    key = table.definition.key
    first: dict[tuple[Any, ...], Row] = {}
    is_single = len(key) == 1
    for row in table.rows:
        values = tuple(row.values[column] for column in key)
        if any(row.has(c) and row.values[c] is None for c in key) or values == (None,) * len(key):
            continue
        if any(
            value is None and table.definition.field(c).is_required
            for c, value in zip(key, values, strict=True)
        ):
            continue
        before = first.setdefault(values, row)
        if before is row:
            continue
        told = [f"{column} {row.text(column)}" for column in key if row.has(column)]
        one, stand = table.definition.one, "stands" if is_single else "stand"
        said = f"{one.en} {row.text(key[0])}" if is_single else ", ".join(told)
        said_zh = f"{one.zh} {row.text(key[0])}" if is_single else ", ".join(told)
        mend = Words("give it an id of its own, or keep one row of it", "换一个编号，或只保留一行")
        if not is_single or not key[0].endswith("_id"):
            mend = Words("keep one row of it", "只保留一行")
        yield table.problem(
            row,
            Words(
                f"{said} {stand} here again, as in line {before.line}",
                f"{said_zh} 重复，第 {before.line} 行已有",
            ),
            mend,
        )


def _references(definitions: Definitions, table: Table) -> Iterator[Problem]:
    for reference in table.definition.references:
        referred = definitions[reference.definition]
        if not referred.is_readable:
            continue
        ids = definitions.column(reference.definition, reference.referred).keys()
        if reference.definition == "activities":
            ids = ids | {ANY_ACTIVITY}
        one = referred.definition.one
        for row in table.rows:
            value = row.values[reference.column]
            if value is not None and value not in ids:
                mend = Words(
                    f"give a {reference.referred} of {referred.definition.file}",
                    f"填 {referred.definition.file} 里的 {reference.referred}",
                )
                yield table.problem(
                    row,
                    Words(f"{one.en} {value} is unknown", f"没有{one.zh} {value}"),
                    meant(value, ids, mend),
                )


def idle(
    table: Table, row: Row, columns: Sequence[str], why: Words, mend: Words | None = None
) -> Iterator[Problem]:
    """A warning that what is written in these columns says nothing."""
    if not row.has(*columns):
        return
    says = "says" if len(columns) == 1 else "say"
    names = [*columns[:-1], f"and {columns[-1]}"] if len(columns) > 1 else [*columns]
    listed = " ".join(names) if len(columns) == 2 else ", ".join(names).replace(", and", " and")
    leave = Words("leave it empty" if len(columns) == 1 else "leave them empty", "留空")
    yield table.problem(
        row,
        Words(f"{listed} {says} nothing {why.en}", f"{why.zh}用不到 {'、'.join(columns)}"),
        Words(f"{leave.en}, or {mend.en}", f"{leave.zh}，或{mend.zh}") if mend else leave,
        WARNING,
    )
