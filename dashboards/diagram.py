"""How the published tables hang together: a diagram, drawn from keys and relationships.

Marts stand on the left, what names their ids on the right; a line is a relationship that a test
of every build holds. `dbterd` was tried: it gives the text of a diagram, and the scripts that
would draw it are fetched from elsewhere, so it does not open offline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.project import Project, Relation
from dashboards.tables import Table

LINE = 18
_GAP = 16
_BOX_WIDTH = 300
_RIGHT = 520
WIDTH = _RIGHT + _BOX_WIDTH + 10


@dataclass(frozen=True)
class Box:
    """A table with the columns that are shown, and where it stands, in pixels."""

    table: Table
    columns: tuple[tuple[str, bool], ...]
    x: int
    y: int

    width: int = _BOX_WIDTH

    @property
    def height(self) -> int:
        return LINE * (len(self.columns) + 1) + 10

    def line_of(self, column: str) -> int:
        """The middle of a column's line."""
        place = [name for name, _ in self.columns].index(column)
        return self.y + LINE * (place + 1) + LINE // 2 + 4


@dataclass(frozen=True)
class Diagram:
    """Boxes, and the paths between them as SVG has them."""

    boxes: tuple[Box, ...]
    paths: tuple[str, ...]
    width: int
    height: int


def diagram(tables: Sequence[Table], project: Project) -> Diagram:
    """The published tables that have a key or a relationship."""
    published = {table.full_name for table in tables}
    relations = [
        one for one in project.relations if one.table in published and one.to_table in published
    ]
    named = {relation.to_table for relation in relations}
    # Those that the same table names stand together, the others below.
    names = {relation.table: relation.to_table for relation in reversed(relations)}
    pointing = sorted(
        (table for table in tables if table.full_name not in named),
        key=lambda table: (
            table.full_name not in names,
            names.get(table.full_name, ""),
            table.name,
        ),
    )
    left = _column(pointing, relations, project, 4)
    boxes = {box.table.full_name: box for box in left}
    # What is named stands at the height of the first that names it.
    order = {relation.to_table: boxes[relation.table].y for relation in reversed(relations)
             if relation.table in boxes}  # fmt: skip
    labels = sorted(
        (table for table in tables if table.full_name in named),
        key=lambda table: (order.get(table.full_name, 0), table.name),
    )
    heights = [order.get(table.full_name, 0) for table in labels]
    right = _column(labels, relations, project, _RIGHT, heights)
    boxes |= {box.table.full_name: box for box in right}
    paths = tuple(_path(boxes, relation) for relation in relations)
    height = max((box.y + box.height for box in boxes.values()), default=0) + 8
    return Diagram(tuple(boxes.values()), paths, WIDTH, height)


def _column(
    tables: Sequence[Table],
    relations: Sequence[Relation],
    project: Project,
    x: int,
    heights: Sequence[int] = (),
) -> list[Box]:
    """Boxes one below the other, each no higher than is asked for."""
    boxes: list[Box] = []
    y = 4
    for place, table in enumerate(tables):
        keys = project.keys.get(table.full_name, ())
        others = [r.column for r in relations if r.table == table.full_name]
        others += [r.to_column for r in relations if r.to_table == table.full_name]
        columns = tuple((name, name in keys) for name in dict.fromkeys((*keys, *others)))
        y = max(y, heights[place]) if heights else y
        box = Box(table, columns, x, y)
        boxes.append(box)
        y += box.height + _GAP
    return boxes


def _path(boxes: dict[str, Box], relation: Relation) -> str:
    ours, theirs = boxes[relation.table], boxes[relation.to_table]
    start = (ours.x + ours.width, ours.line_of(relation.column))
    end = (theirs.x, theirs.line_of(relation.to_column))
    if ours.x == theirs.x:
        end = (theirs.x + theirs.width, end[1])
        bend = start[0] + 60
        return f"M{start[0]} {start[1]} C{bend} {start[1]} {bend} {end[1]} {end[0]} {end[1]}"
    middle = (start[0] + end[0]) // 2
    return f"M{start[0]} {start[1]} C{middle} {start[1]} {middle} {end[1]} {end[0]} {end[1]}"
