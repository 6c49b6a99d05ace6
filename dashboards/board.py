"""What a board is made of. A board is one file in `boards/`: these values, and nothing that runs.

Every item names the marts that it shows and says in one line how to read it. Its SQL reads the
published file, so its columns are the marts' own. Three columns are understood by their name:
`is_mature` (false: drawn as not ripe), a pair `<name>_en` and `<name>_zh` (shown as `<name>`, in
the reader's language), and the column of a filter (which then applies).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

# Okabe and Ito's colours, which colour-blind people tell apart; black and yellow are left out:
# text is dark, and yellow is not seen on white.
BLUE, ORANGE, GREEN, RED, SKY, PURPLE, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8A8F98",
)  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, RED, SKY, PURPLE, GREY)


@dataclass(frozen=True)
class Text:
    """Words for people, in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Choice:
    """A filter: the rows in which `column` has the chosen value.

    `options` is SQL that gives `value` (null is a value too), `label_en` and `label_zh`, the
    first row being what is chosen until the reader does. Further columns named like other
    filters bind an option to their values. With `everything` the filter may be off, and is at
    first.
    """

    column: str
    label: Text
    options: str
    everything: Text | None = None


@dataclass(frozen=True)
class Period:
    """A filter: days from and to. It acts on the column that an item names as its `day`.

    At first it shows the last `days` days of the data; None: all.
    """

    days: int | None
    label: Text = field(default=Text("Period", "时间范围"))


@dataclass(frozen=True)
class Series:
    """What the colours of a chart stand for: the values of a column, in order.

    Shown as `labels` says, else as the column `label` does; ordered as in `labels`, else by the
    column `order`, which counts from 1.
    """

    column: str
    label: str
    order: str | None = None
    labels: Mapping[str, Text] | None = None
    colours: tuple[str, ...] = COLOURS


@dataclass(frozen=True)
class Item:
    """One thing on a board. `reading` says in one line how it is read; `marts` what it shows;
    `look` how the page draws it, which another tool does in its own way.

    `day` is the date column that a period acts on. Where there are no rows, it is said why: that
    nobody sends its events, that there are figures by another grain or in another period; else
    `empty` is, or with `hides_when_empty` nothing. `is_wide` takes the whole width.
    """

    id: str
    title: Text
    reading: Text
    marts: tuple[str, ...]
    sql: str
    look: Text | None = field(default=None, kw_only=True)
    day: str | None = field(default=None, kw_only=True)
    empty: Text = field(default=Text("No rows.", "没有数据。"), kw_only=True)
    is_wide: bool = field(default=False, kw_only=True)
    hides_when_empty: bool = field(default=False, kw_only=True)

    kind: ClassVar[str]


@dataclass(frozen=True)
class Chart(Item):
    """A chart in Vega-Lite. Words in the spec are `Text`; `specs.py` has the usual shapes.

    `height` is in pixels; it has a series where colours stand for something.
    """

    spec: Mapping[str, Any]
    series: Series | None = None
    height: int = 260

    kind: ClassVar[str] = "chart"


@dataclass(frozen=True)
class Tile:
    """A figure in large type: the column's value of the last ripe day of the period.

    `note` is a column of words that stand beneath it.
    """

    column: str
    label: Text
    format: str = "count"
    note: str | None = None


@dataclass(frozen=True)
class Tiles(Item):
    """Figures in large type. With a `day`: of the last ripe one, beside those of 7 days before;
    where that is a month's, of the month before."""

    tiles: tuple[Tile, ...]

    kind: ClassVar[str] = "tiles"


@dataclass(frozen=True)
class Column:
    """A column of a table. Formats: count, rate, amount, decimal, duration, text.

    `link` is a column of addresses that the values of this one lead to.
    """

    column: str
    label: Text
    format: str = "text"
    link: str | None = None


@dataclass(frozen=True)
class Table(Item):
    """Rows as they are, the columns named for people."""

    columns: tuple[Column, ...]

    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Grid(Item):
    """A heat map: a cell for each value of `row` and of `column`, darker where `value` is more.

    `row_order` and `column_order` order them; `heads` are further columns beside a row's name.
    `hint` are the columns that a cell tells when pointed at. With `is_first_apart` the first
    column of cells does not set the scale of colours: in retention it is 100 percent.
    """

    row: Column
    column: Column
    value: Column
    row_order: str
    column_order: str
    heads: tuple[Column, ...] = ()
    hint: tuple[Column, ...] = ()
    is_first_apart: bool = False

    kind: ClassVar[str] = "grid"


@dataclass(frozen=True)
class Board:
    """A page: the question that it answers, its filters, and its items in reading order."""

    name: str
    title: Text
    question: Text
    filters: tuple[Choice | Period, ...]
    items: tuple[Item, ...]

    @property
    def marts(self) -> tuple[str, ...]:
        """The published tables that it shows, each once."""
        return tuple(dict.fromkeys(mart for item in self.items for mart in item.marts))
