"""Without which rows a table has none: read from the SQL that makes it.

A join has no rows where what is joined has none, a union where none of its parts has. What only
chooses rows (conditions, limits) is not asked: a table may be empty for other reasons too.
"""

from __future__ import annotations

from functools import cache

import duckdb
from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from orchestration.transform.dbt_process import ALL, ANY, Condition

ALWAYS: Condition = [ALL]
NEVER: Condition = [ANY]
_AROUND = (exp.IgnoreNulls, exp.RespectNulls, exp.Filter, exp.WithinGroup)


def empty_when(scope: Scope | None) -> Condition:
    """Which tables (`schema.table`) have to be empty, so that a query surely gives no row."""
    return NEVER if scope is None else _of_query(scope, {})


def _of_query(scope: Scope, known: dict[int, Condition]) -> Condition:
    if id(scope) not in known:
        known[id(scope)] = NEVER  # for a query that reads itself
        known[id(scope)] = _read(scope, known)
    return known[id(scope)]


def _read(scope: Scope, known: dict[int, Condition]) -> Condition:
    query = scope.expression
    if isinstance(query, exp.SetOperation):
        parts = [_of_query(part, known) for part in scope.set_operation_scopes]
        return _all(*parts) if isinstance(query, exp.Union) else parts[0]
    first = query.args.get("from_") if isinstance(query, exp.Select) else None
    if first is None or _is_of_no_rows(query):
        return NEVER

    def of(source: exp.Expression) -> Condition:
        found = scope.sources.get(source.alias_or_name)
        if source.args.get("joins") or source.args.get("pivots"):
            return NEVER
        if isinstance(found, exp.Table):
            return f"{found.db}.{found.name}" if found.db else NEVER
        return NEVER if found is None or found.is_udtf else _of_query(found, known)

    empty = of(first.this)
    for join in query.args.get("joins") or []:
        joined = of(join.this)
        if join.method not in ("", "ASOF"):
            return NEVER
        if join.side == "RIGHT":
            empty = joined
        elif join.side == "FULL":
            empty = _all(empty, joined)
        elif not join.side and join.kind in ("", "INNER", "CROSS", "SEMI"):
            empty = _any(empty, joined)
    return empty


def _is_of_no_rows(query: exp.Select) -> bool:
    """May it give a row of no rows, as a sum over all does?"""
    group = query.args.get("group")
    if group is not None:
        return all(map(_has_no_key, group.expressions))
    if query.args.get("having"):
        return True
    pending = [*query.expressions, query.args.get("qualify"), query.args.get("order")]
    while pending:
        node = pending.pop()
        if isinstance(node, exp.AggFunc):
            return True
        if isinstance(node, exp.Anonymous) and node.name.lower() not in _of_one_row():
            return True
        if isinstance(node, exp.Window):
            function = node.this
            while isinstance(function, _AROUND):
                function = function.this
            pending.extend(function.iter_expressions())
            pending.extend(part for part in node.iter_expressions() if part is not node.this)
        elif isinstance(node, exp.Expression) and not isinstance(node, exp.Query):
            pending.extend(node.iter_expressions())
    return False


def _has_no_key(group: exp.Expression) -> bool:
    """Is one of the groupings that it stands for that of all rows?"""
    if isinstance(group, exp.GroupingSets):
        return any(map(_has_no_key, group.expressions))
    if isinstance(group, exp.Tuple):
        return not group.expressions
    return isinstance(group, exp.Rollup | exp.Cube)


@cache
def _of_one_row() -> frozenset[str]:
    """Functions that look at one row, of those that the parser has no word for."""
    with duckdb.connect() as connection:
        return frozenset(
            name
            for (name,) in connection.execute(
                "select function_name from duckdb_functions() group by function_name"
                " having bool_and(function_type = 'scalar')"
            ).fetchall()
        )


def _any(*parts: Condition) -> Condition:
    return _joined(ANY, parts)


def _all(*parts: Condition) -> Condition:
    return _joined(ALL, parts)


def _joined(word: str, parts: tuple[Condition, ...]) -> Condition:
    """Flat, without what decides nothing; what decides it alone, where there is such a part."""
    decides, nothing = (ALWAYS, NEVER) if word == ANY else (NEVER, ALWAYS)
    flat: list[Condition] = []
    for part in parts:
        if part == decides:
            return decides
        inner = part[1:] if isinstance(part, list) and part[0] == word else [part]
        flat.extend(one for one in inner if part != nothing and one not in flat)
    return flat[0] if len(flat) == 1 else [word, *flat]
