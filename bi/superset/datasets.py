"""A dataset for each item of a board, and for the choices of each of its filters.

Its SQL is the item's own; so what Superset shows is what the board shows. Round it stand: words in
both languages in one column, since Superset has one for all readers; the words of the filters,
which Superset compares; and what it sorts by, which it can do by names alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent, indent
from typing import Any

import duckdb

from bi.superset import assets
from dashboards.board import Board, Chart, Choice, Column, Grid, Item, Table, Text, Tiles
from orchestration.store.sql import literal

Content = dict[str, Any]
Words = Mapping[str, Text]
"""What the columns of a table mean, by name."""

ORDER = "board_row"
"""The column that tells in which order the board has the rows."""
RIPENESS = {True: Text("closed", "已结束"), False: Text("still open", "未结束")}
IS_TIME = frozenset({"DATE", "TIMESTAMP"})
FORMATS = {
    "count": ",d", "rate": ".1%", "amount": ",.2f", "decimal": ",.1f", "duration": "DURATION",
}  # fmt: skip


def both(text: Text) -> str:
    """Words in both languages, in one line."""
    words = text.en if text.en == text.zh else f"{text.en} {text.zh}"
    # Which currency it is, is a setting of a build.
    return words.replace(" ({currency})", "").replace("（{currency}）", "")


def titled(text: Text) -> str:
    """The same as a title."""
    return both(Text(text.en + " ·", text.zh))


def label_of(column: str) -> str:
    """The column with the words of a filter's values."""
    return f"{column}_label"


def choices_of(board: Board, column: str) -> str:
    """The name of the dataset with the choices of a filter."""
    return f"{board.name}_{column}_choices"


def metric_of(column: str) -> str:
    """The name of the metric that gives a column's figure."""
    return f"figure_{column}"


def duration_of(column: str) -> str:
    """The column with a duration in milliseconds, which Superset tells in words."""
    return f"{column.removesuffix('_seconds')}_milliseconds"


def place_of(column: str) -> str:
    """The column with the place of a column's words among the others."""
    return f"{column}_rank"


def path_of(name: str) -> str:
    """The file of a dataset."""
    return f"datasets/Yunying/{name}.yaml"


@dataclass(frozen=True)
class Dataset:
    """What Superset is given of an item. `types` are those of its columns, by name, in order."""

    name: str
    board: Board
    item: Item
    sql: str
    types: Mapping[str, str]

    @property
    def uuid(self) -> str:
        return assets.uuid_of(self.path)

    @property
    def path(self) -> str:
        return path_of(self.name)

    @cached_property
    def labels(self) -> dict[str, Text]:
        """What people call its columns."""
        return dict(_labels(self))

    def label(self, column: str) -> Text:
        """What people call a column; its name where the board has no word for it."""
        return self.labels.get(column, Text(column, column))

    def named(self, column: str) -> str:
        """The column in which an ordered column's words stand behind their place."""
        ordered = f"{column}_in_order"
        return ordered if ordered in self.types else column


def dataset(
    connection: duckdb.DuckDBPyConnection, board: Board, item: Item, name: str | None = None
) -> Dataset:
    """The dataset of an item. Raises `duckdb.Error` when a table that it reads is missing."""
    sql = _sql(connection, board, item)
    return Dataset(name or f"{board.name}_{item.id}", board, item, sql, _types(connection, sql))


def choices(connection: duckdb.DuckDBPyConnection, board: Board, choice: Choice) -> Dataset:
    """The dataset of the values of a filter, in their order, with what they are bound to.

    Superset chooses a first value before it knows that of the filter above it; so those that
    belong to the first there come first.
    """
    label = label_of(choice.column)
    bound = _types(connection, choice.options).keys() & {
        one.column for one in board.filters if isinstance(one, Choice)
    }
    above = [one for one in board.filters if isinstance(one, Choice) and one.column in bound]
    lines = [
        f"select own.value as {choice.column}, own.label_en as {label}_en,",
        f"    own.label_zh as {label}_zh, own.* exclude (value, label_en, label_zh, place)",
        f"from ({_numbered(choice.options, 'place')}) as own",
    ]
    for one in above:
        lines += [
            "left join (",
            f"    select value, min(place) as place from ({_numbered(one.options, 'place')})",
            "    group by value",
            f") as {one.column}_above",
            f"    on {_same(f'own.{one.column}', f'{one.column}_above.value')}",
        ]
    places = [f"{one.column}_above.place" for one in above]
    lines.append(f"order by {', '.join([*places, 'own.place'])}")
    item = Item(choice.column, choice.label, choice.label, (), "\n".join(lines))
    return dataset(connection, board, item, choices_of(board, choice.column))


def content(made: Dataset, tables: Mapping[str, Words], metrics: Iterable[Content]) -> Content:
    """A dataset as Superset takes it in, its columns described as those of the marts are."""
    item = made.item
    labels = made.labels
    words = {
        column: both(text)
        for mart in reversed(item.marts)
        for column, text in tables.get(mart, {}).items()
    }
    return {
        "table_name": made.name,
        "main_dttm_col": item.day,
        "description": f"{titled(item.title)}: {both(item.reading)}",
        "schema": "marts",
        "sql": made.sql,
        "uuid": made.uuid,
        "metrics": [metric("rows", Text("Rows", "行数"), "count(*)", ",d"), *metrics],
        "columns": [
            {
                "column_name": name,
                "type": type_,
                "is_dttm": type_ in IS_TIME,
                **({"verbose_name": both(labels[name])} if name in labels else {}),
                **({"description": words[name]} if name in words else {}),
            }
            for name, type_ in made.types.items()
        ],
        "version": assets.VERSION,
        "database_uuid": assets.DATABASE_UUID,
    }


def metric(name: str, label: Text, expression: str, number: str) -> Content:
    return {
        "metric_name": name,
        "verbose_name": both(label),
        "expression": expression,
        "d3format": number,
    }


def figure(column: str, label: Text, number: str) -> Content:
    """The figure of one row. Where filters leave more than one there is none: their sum would be
    a figure that no mart has."""
    expression = f'case when count(*) = 1 then max("{column}") end'
    return metric(metric_of(column), label, expression, number)


def _sql(connection: duckdb.DuckDBPyConnection, board: Board, item: Item) -> str:
    types = _types(connection, item.sql)
    filters = [
        one
        for one in board.filters
        if isinstance(one, Choice)
        and one.column in types
        and f"{label_of(one.column)}_en" not in types
    ]
    orders = dict(_orders(item))
    selected = [f"shown.{ORDER}"]
    for name in types:
        stem = name.removesuffix("_en")
        if name == f"{stem}_en" and f"{stem}_zh" in types:
            selected.append(f'{_words("shown", stem)} as "{stem}"')
        elif not (name.endswith("_zh") and f"{name.removesuffix('_zh')}_en" in types):
            selected.append(f"shown.{name}")
    selected += [
        f"1000 * shown.{name} as {duration_of(name)}" for name in _durations(item) if name in types
    ]
    selected += [
        f"{_words(f'{one.column}_choices', 'label')} as {label_of(one.column)}" for one in filters
    ]
    if "is_mature" in types:
        ripe, open_ = (literal(both(RIPENESS[is_ripe])) for is_ripe in (True, False))
        selected.append(f"case when shown.is_mature then {ripe} else {open_} end as ripeness")
    if isinstance(item, Chart) and item.series is not None and item.series.labels is not None:
        cases = " ".join(
            f"when {literal(value)} then {literal(both(text))}"
            for value, text in item.series.labels.items()
        )
        selected.append(f"case shown.{item.series.column} {cases} end as {item.series.label}")
    for name, order in orders.items():
        place = f"dense_rank() over (order by shown.{order})"
        word = _words("shown", name) if f"{name}_en" in types else f"shown.{name}"
        selected.append(f"{place} as {place_of(name)}")
        # Dates sort by themselves.
        selected.append(
            f"case when regexp_matches({word}, '^[0-9]{{4}}-') then {word}"
            f" else format('{{:02d}} {{}}', {place}, {word}) end as {name}_in_order"
        )
    ctes = [("shown", _numbered(item.sql, ORDER))]
    joins = []
    for one in filters:
        ctes.append((f"{one.column}_choices", dedent(one.options).strip()))
        bound = [name for name in _types(connection, one.options) if name in types]
        conditions = [_same(f"shown.{one.column}", f"{one.column}_choices.value")] + [
            _same(f"shown.{name}", f"{one.column}_choices.{name}")
            for name in bound
            if name not in ("value", "label_en", "label_zh")
        ]
        joins.append(f"left join {one.column}_choices\n    on " + "\n    and ".join(conditions))
    lines = [
        "with " + ",\n\n".join(f"{name} as (\n{indent(sql, '    ')}\n)" for name, sql in ctes),
        "",
        "select",
        ",\n".join(f"    {one}" for one in selected),
        "from shown",
        *joins,
    ]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def _numbered(sql: str, name: str) -> str:
    own = indent(dedent(sql).strip(), "    ")
    return f"select row_number() over () as {name}, * from (\n{own}\n)"


def _words(relation: str, stem: str) -> str:
    english, chinese = f"{relation}.{stem}_en", f"{relation}.{stem}_zh"
    return f"nullif(concat_ws(' ', {english}, nullif({chinese}, {english})), '')"


def _same(one: str, other: str) -> str:
    """The page compares them as text, too."""
    return f"cast({one} as varchar) is not distinct from cast({other} as varchar)"


def _types(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, str]:
    described = connection.execute(f"describe {sql}").fetchall()
    types = {name: type_ for name, type_, *_ in described}
    if len(types) < len(described):
        raise ValueError(f"two columns have one name; give one of them another:\n{sql}")
    return types


def _orders(item: Item) -> Iterator[tuple[str, str]]:
    """Columns of names, and the columns that the board orders them by."""
    if isinstance(item, Grid):
        yield item.row.column, item.row_order
        yield item.column.column, item.column_order
    if isinstance(item, Chart):
        if item.series is not None and item.series.order is not None:
            yield item.series.label, item.series.order
        for encoding in encodings(item.spec):
            for axis in (encoding.get("x", {}), encoding.get("y", {})):
                if isinstance(axis.get("sort"), Mapping):
                    yield axis["field"], axis["sort"]["field"]


def _durations(item: Item) -> list[str]:
    found = []
    if isinstance(item, Table):
        found += [one.column for one in item.columns if one.format == "duration"]
    if isinstance(item, Chart):
        found += [
            one["field"]
            for encoding in encodings(item.spec)
            for one in encoding.get("tooltip", ())
            if one.get("format") == "duration"
        ]
    return list(dict.fromkeys(found))


def encodings(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What the layers of a chart encode, each with what it has from the whole."""
    whole = spec.get("encoding", {})
    for layer in spec.get("layer", [spec]):
        own = {**whole, **layer.get("encoding", {})}
        yield {channel: encoded for channel, encoded in own.items() if encoded is not None}


def _labels(made: Dataset) -> Iterator[tuple[str, Text]]:
    """What the board calls its columns, the most telling last."""
    item = made.item
    if "is_mature" in made.types:
        yield "is_mature", Text("Closed", "已结束")
        yield "ripeness", Text("Period", "时期")
    if isinstance(item, Chart):
        for encoding in encodings(item.spec):
            for channel in ("x", "y"):
                title = encoding.get(channel, {}).get("axis", {}) or {}
                if isinstance(title.get("title"), Text):
                    yield encoding[channel]["field"], title["title"]
            for one in encoding.get("tooltip", ()):
                yield from _named(made, one["field"], one["title"])
    if isinstance(item, Tiles):
        for tile in item.tiles:
            yield tile.column, tile.label
    columns: tuple[Column, ...] = ()
    if isinstance(item, Table):
        columns = item.columns
    if isinstance(item, Grid):
        columns = (*item.hint, *item.heads, item.value, item.column, item.row)
    for column in columns:
        yield from _named(made, column.column, column.label)
    for choice in made.board.filters:
        if isinstance(choice, Choice) and label_of(choice.column) in made.types:
            yield label_of(choice.column), choice.label


def _named(made: Dataset, column: str, label: Text) -> Iterator[tuple[str, Text]]:
    for name in (column, made.named(column), duration_of(column)):
        if name in made.types:
            yield name, label
