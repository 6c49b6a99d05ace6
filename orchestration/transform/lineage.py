"""From which columns each column of a table is made: read from the SQL that made it.

A column's parents are the columns of other tables whose values it takes or computes with; a
number of rows has the rows of its table, written `*`. What only chooses or orders rows (joins,
conditions, windows) is not among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

ColumnOf = tuple[str, str, str]
"""Schema, table and column; `*` for a column: the rows."""
ROWS = "*"
Lineage = dict[str, list[ColumnOf]]
DIALECT = "duckdb"


def schema_of(columns: Mapping[tuple[str, str], Mapping[str, str]], catalog: str) -> MappingSchema:
    """What queries may read: the columns of every table of the database `catalog`."""
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for (schema, table), types in columns.items():
        # Types do not matter here, and parsing them takes longer than all the rest.
        nested.setdefault(schema, {})[table] = dict.fromkeys(types, "text")
    return MappingSchema({catalog: nested}, dialect=DIALECT)


def scope_of(sql: str, schema: MappingSchema) -> Scope | None:
    """A query, taken apart; None when it cannot be read."""
    try:
        query = qualify(
            sqlglot.parse_one(sql, dialect=DIALECT),
            schema=schema,
            dialect=DIALECT,
            validate_qualify_columns=False,
        )
        return build_scope(query)
    except SqlglotError:
        return None


def column_lineage(scope: Scope | None) -> Lineage:
    """The parents of each column that a query gives, in order; empty when it cannot be read."""
    if scope is None:
        return {}
    return {name: sorted(parents) for name, parents in _Walk().outputs(scope)}


class _Walk:
    """Follows columns from a query through its subqueries to tables; each subquery once."""

    def __init__(self) -> None:
        self._known: dict[int, list[tuple[str, set[ColumnOf]]]] = {}

    def outputs(self, scope: Scope) -> list[tuple[str, set[ColumnOf]]]:
        """Name and parents of the columns of a query."""
        if id(scope) not in self._known:
            self._known[id(scope)] = []  # for a query that reads itself
            self._known[id(scope)] = (
                self._united(scope)
                if isinstance(scope.expression, exp.SetOperation)
                else [
                    (select.alias_or_name, self._parents(scope, select))
                    for select in scope.expression.selects
                ]
            )
        return self._known[id(scope)]

    def _united(self, scope: Scope) -> list[tuple[str, set[ColumnOf]]]:
        first, *others = (self.outputs(part) for part in scope.set_operation_scopes)
        return [
            (name, parents.union(*(other[place][1] for other in others if place < len(other))))
            for place, (name, parents) in enumerate(first)
        ]

    def _parents(self, scope: Scope, expression: exp.Expression) -> set[ColumnOf]:
        found: set[ColumnOf] = set()
        for node in _own_nodes(expression):
            if isinstance(node, exp.Star):
                found |= self._rows(scope)
            elif isinstance(node, exp.Query):
                inner = [s for s in scope.subquery_scopes if s.expression is node.unnest()]
                found.update(*(parents for s in inner for _, parents in self.outputs(s)))
            else:
                found |= self._origin(scope, node)
        return found

    def _origin(self, scope: Scope, column: Any) -> set[ColumnOf]:
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            return {(source.db, source.name, column.name)} if source.db else set()
        if source is None:
            return set()
        if source.is_udtf:
            return self._parents(scope, source.expression)
        return dict(self.outputs(source)).get(column.name, set())

    def _rows(self, scope: Scope) -> set[ColumnOf]:
        """The tables whose rows are those of a query, before joins and groups."""
        if isinstance(scope.expression, exp.SetOperation):
            return set().union(*(self._rows(part) for part in scope.set_operation_scopes))
        first = scope.expression.args.get("from_")
        source = scope.sources.get(first.alias_or_name) if first else None
        if isinstance(source, exp.Table):
            return {(source.db, source.name, ROWS)} if source.db else set()
        return self._rows(source) if source is not None and not source.is_udtf else set()


def _own_nodes(expression: exp.Expression) -> Iterator[exp.Expression]:
    """Columns of an expression, `*` of a count, and the queries in it, which it does not enter."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Column | exp.Query | exp.Star):
            yield node
        elif isinstance(node, exp.Window):
            pending.append(node.this)
        else:
            pending.extend(node.iter_expressions())
