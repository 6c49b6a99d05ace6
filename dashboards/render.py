"""From the file of a build to the pages of its boards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import vl_convert
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from dashboards.board import Board, Choice, Item, Text
from dashboards.boards import BOARDS
from dashboards.boards.shared import DAYS_SHOWN
from dashboards.events import Events
from dashboards.notes import notes

VEGA = f"vega-{vl_convert.__version__}.js"
STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_OWN_COLUMNS = ("value", "label_en", "label_zh")


@dataclass(frozen=True)
class Build:
    """What pages say about the build that they are of. Times are UTC, as text. `week_start` is
    the day that its weeks start on, monday or sunday."""

    build_id: str
    built_at: str
    data_through_at: str | None
    currency: str
    week_start: str

    @property
    def fresh(self) -> Text:
        """How far the data reach, and when they were built."""
        if self.data_through_at is None:
            return Text("No data yet.", "还没有数据。")
        through, built = self.data_through_at[:16], self.built_at[:16]
        return Text(
            f"Data through {through} UTC, built {built} UTC.",
            f"数据截至 {through} UTC，构建于 {built} UTC。",
        )


@cache
def templates() -> Environment:
    """The templates, everything escaped; each is compiled once."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def board_page(connection: duckdb.DuckDBPyConnection, board: Board, build: Build) -> str:
    """A board as a page, with its rows inside. Raises `duckdb.Error` when a mart is missing."""
    return (
        templates()
        .get_template("board.html.j2")
        .render(
            title=board.title,
            boards=BOARDS,
            board=board,
            current=board.name,
            root="../",
            static="",
            fresh=build.fresh,
            vega=VEGA,
            payload=embedded(connection, board, build),
        )
    )


def embedded(connection: duckdb.DuckDBPyConnection, board: Board, build: Build) -> Markup:
    """What a page draws a board from, as it stands in it: no `<` ends the script that holds it."""
    content = {**payload(connection, board), "week_start": build.week_start}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("{currency}", build.currency).replace("<", "\\u003c"))


def payload(connection: duckdb.DuckDBPyConnection, board: Board) -> dict[str, Any]:
    """What the page's script draws from: filters with their options, items with their rows."""
    filters = [
        {
            "kind": "choice",
            **_plain(choice),
            "options": options(connection, choice),
        }
        if isinstance(choice, Choice)
        else {"kind": "period", **_plain(choice)}
        for choice in board.filters
    ]
    events = Events(connection)
    choices = [choice.column for choice in board.filters if isinstance(choice, Choice)]
    definitions = events.definitions(choices)
    made_of = {item.id: events.of(item) for item in board.items}
    all_made = [*made_of.values(), *(one for made in definitions.values() for one in made.values())]
    return {
        "filters": filters,
        "items": [
            {
                **_item(connection, item),
                "made_of": _plain(made_of[item.id]),
                # It marks what is unusual itself.
                "is_explained": "marts.mart_event_volume_daily" not in item.marts,
            }
            for item in board.items
        ],
        "definitions": _plain(definitions),
        "notes": notes(connection, DAYS_SHOWN, {name for made in all_made for name in made.events}),
    }


def options(connection: duckdb.DuckDBPyConnection, choice: Choice) -> list[dict[str, Any]]:
    """The values of a filter, with their words and what they are bound to."""
    columns, rows = query(connection, choice.options)
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return [
        {
            "value": row["value"],
            "label": {
                "en": str(row["label_en"] or row["value"]),
                "zh": str(row["label_zh"] or row["label_en"] or row["value"]),
            },
            "bound": {name: value for name, value in row.items() if name not in _OWN_COLUMNS},
        }
        for row in found
    ]


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[list[Any]]]:
    """Names of columns and rows, as JSON holds them: dates and times are ISO text."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return names, [[_json_value(value) for value in row] for row in cursor.fetchall()]


def _item(connection: duckdb.DuckDBPyConnection, item: Item) -> dict[str, Any]:
    columns, rows = query(connection, item.sql)
    plain = _plain(item)
    del plain["sql"], plain["reading"], plain["look"], plain["marts"]
    return {**plain, "kind": item.kind, "data": {"columns": columns, "rows": rows}}


def _plain(value: Any) -> Any:
    """Values of a board as JSON holds them; labels of a series stay in their order."""
    if isinstance(value, Text):
        return asdict(value)
    if is_dataclass(value) and not isinstance(value, type):
        plain = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        if isinstance(plain.get("labels"), dict):
            plain["labels"] = list(plain["labels"].items())
        return plain
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
