"""Results that stay: a suite that passed is not evaluated again while nothing is new to it.

What a suite finds hangs on its rules, on the rows of every table that these read, on what they
compare with, and on this package. All that has one state, a hash, which is noted once the suite
has passed without a warning and its page is drawn. What has no state is evaluated each time: a
suite of a large table, which changes with each day, and one that asks the clock.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import great_expectations as gx

_PASSED = "passed_suites.json"
# From half to double of what the builds had that are kept. Whoever looks for less, in a series that
# has weekdays and holidays, finds false alarms: the newest day is judged by SQL over the four weeks
# before it, in `raw.events` and `marts.mart_active_users_daily`. A new product's rows are too few.
_RECENT = "select min(figure) / 2, max(figure) * 2 from ({0}) as builds"
_LEAST_ROWS = 28
_NO_BOUNDS = (0, 1e300)
# A hash of 30 columns of a million rows costs 0.15 s of processor.
_HASHED_ROWS = 1_000_000
_OF_EACH_BUILD = re.compile(
    r"\b(now|today|random|uuid|gen_random_uuid|nextval|current_\w+|localtime\w*)\b", re.I
)
_OF_NO_TABLE = {"generate_series", "range", "unnest"}
_OWN = ("great_expectations.", "expectations.validate")
# Kwargs of expectations that read another table than the suite's, or another database.
_ELSEWHERE = ("other_table_name", "comparison_data_source_name")


class Asked:
    """What is asked of the warehouse beside the rules themselves, each of it once.

    `builds` are the folders of the builds that figures are compared with.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, builds: Sequence[Path]) -> None:
        self._connection = connection
        self._builds = builds
        self.row_count = cache(self._row_count)
        self._rows = cache(self._hash_of_rows)
        self._one = cache(self._first_row)

    def _row_count(self, table: str) -> int | None:
        """The rows of a table, None where there is none."""
        row = self._one(f"select count(*) from {table}")
        return row[0] if row else None

    def parameters(self, suite: gx.ExpectationSuite) -> dict[str, Any]:
        """What the rules of a suite name as `$PARAMETER`, but for what could not be asked."""
        found: dict[str, Any] = {}
        for expectation in suite.expectations:
            meta = expectation.meta or {}
            for name, sql in meta.get("parameters", {}).items():
                if row := self._one(sql):
                    found[name] = row[0]
            if "recent" in meta:
                least, most = self._of_recent_builds(suite.name, meta["recent"])
                found |= {f"least_{meta['rule']}": least, f"most_{meta['rule']}": most}
        return found

    def _of_recent_builds(self, table: str, figure: str) -> tuple[Any, ...]:
        files = [
            folder / "parquet" / f"{table.replace('.', '/')}.parquet" for folder in self._builds
        ]
        each = " union all ".join(
            f"select {figure} as figure from read_parquet({_literal(file)})"
            f" having count(*) >= {_LEAST_ROWS}"
            for file in files
            if file.is_file()
        )
        found = self._one(_RECENT.format(each)) if each else None
        return found if found and found[0] is not None else _NO_BOUNDS

    def state(self, suite: gx.ExpectationSuite) -> str | None:
        """What the suite's result hangs on; None where that is not known."""
        configs = [expectation.configuration.to_json_dict() for expectation in suite.expectations]
        if any(map(_is_elsewhere, suite.expectations)):
            return None
        queries = [sql for config in configs for sql in _queries(config["kwargs"])]
        try:
            tables = {suite.name}.union(*(self._tables_of(sql, suite.name) for sql in queries))
        except (duckdb.Error, LookupError, ValueError):
            return None
        rows = {table: self._rows(table) for table in sorted(tables)}
        if None in rows.values():
            return None
        rules = [{**config, "id": None} for config in configs]
        made_of = [_package(), suite.meta, rules, self.parameters(suite), rows]
        return hashlib.sha256(json.dumps(made_of, default=str).encode()).hexdigest()

    def _tables_of(self, query: str, table: str) -> set[str]:
        """The tables that a query reads. Raises `ValueError` of what cannot be told."""
        row = self._connection.execute(
            "select json_serialize_sql(?::varchar)", [query.format(batch=table)]
        ).fetchone()
        parsed = json.loads(row[0]) if row else {"error": True}
        if parsed["error"]:
            raise ValueError(query)
        nodes = list(_nodes(parsed))
        functions = {
            node["function"]["function_name"]
            for node in nodes
            if node.get("type") == "TABLE_FUNCTION"
        }
        if functions - _OF_NO_TABLE:
            raise ValueError(query)
        named = {each["key"] for node in nodes for each in node.get("cte_map", {}).get("map", ())}
        read = {
            f"{node['schema_name']}.{node['table_name']}".removeprefix(".")
            for node in nodes
            if node.get("type") == "BASE_TABLE"
        }
        return read - named

    def _hash_of_rows(self, table: str) -> str | None:
        count = self._row_count(table)
        if count is None or count > _HASHED_ROWS:
            return None
        columns = self._connection.execute(f"select * from {table} limit 0").description
        return (
            f"{columns} {self._one(f'select bit_xor(hash(of)), sum(hash(of)) from {table} as of')}"
        )

    def _first_row(self, sql: str) -> tuple[Any, ...] | None:
        try:
            return self._connection.execute(sql).fetchone()
        except duckdb.Error:
            return None


def passed(folder: Path) -> dict[str, str]:
    """By suite, the state in which it last passed."""
    path = folder / _PASSED
    return json.loads(path.read_bytes()) if path.is_file() else {}


def note(folder: Path, states: Mapping[str, str | None]) -> None:
    """Note these suites alone as passed: one that is being evaluated, or fails, has not."""
    temporary = folder / f".{_PASSED}"
    temporary.write_text(json.dumps({name: state for name, state in states.items() if state}))
    temporary.replace(folder / _PASSED)


def _nodes(parsed: object) -> Iterator[dict[str, Any]]:
    """All parts of a parsed query."""
    if isinstance(parsed, dict):
        yield parsed
    if isinstance(parsed, dict | list):
        for part in parsed.values() if isinstance(parsed, dict) else parsed:
            yield from _nodes(part)


def _queries(kwargs: Mapping[str, Any]) -> Iterator[str]:
    return (value for name, value in kwargs.items() if "query" in name and value)


def _is_elsewhere(expectation: gx.expectations.Expectation) -> bool:
    """Does it, or may it, read more than its table and its query?"""
    kwargs = expectation.configuration.kwargs
    is_own = type(expectation).__module__.startswith(_OWN)
    asks = _OF_EACH_BUILD.search(json.dumps(kwargs, default=str))
    return bool(not is_own or asks or any(kwargs.get(name) for name in _ELSEWHERE))


@cache
def _package() -> list[str]:
    folder = Path(__file__).parent
    files = sorted((*folder.glob("*.py"), *folder.glob("templates/*")))
    libraries = [version(name) for name in ("great_expectations", "duckdb")]
    return [*libraries, *(path.read_text(encoding="utf-8") for path in files)]


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
