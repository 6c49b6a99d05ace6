"""The rows of a table or a query in pages, each asked for by where the last one ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.ingest.databases.declared import DatabasesError
from orchestration.ingest.databases.servers import Row, Server

PAGES_WITHOUT_KEY = 20
"""So many pages of rows may have one time, or stand in a table that is read whole, where no key
tells where a page ended."""


@dataclass(frozen=True)
class Pages:
    """A relation, the columns that are taken of it with what they hold, and its key."""

    server: Server
    relation: str
    of: str
    kinds: Mapping[str, str]
    key: tuple[str, ...]
    page_rows: int

    def where(self, condition: str, time: str | None) -> Iterator[list[Row]]:
        """Rows for which a condition holds, in order of the time, if one is given, and the key."""
        if self.key:
            yield from self._by_key(condition, (*((time,) if time else ()), *self.key))
        elif time:
            yield from self._by_time(condition, time)
        else:
            rows = self._page(condition, (), PAGES_WITHOUT_KEY * self.page_rows + 1)
            self._check_without_key(len(rows), "")
            if rows:
                yield rows

    def literal(self, value: Any, column: str) -> str:
        return self.server.literal(value, self.kinds[column])

    def _by_key(self, condition: str, order: Sequence[str]) -> Iterator[list[Row]]:
        places = [list(self.kinds).index(name) for name in order]
        after = ""
        while True:
            rows = self._page(_all_of(condition, after), order, self.page_rows)
            if rows:
                yield rows
            if len(rows) < self.page_rows:
                return
            ends = [rows[-1][place] for place in places]
            if None in ends:
                raise DatabasesError(
                    f"{self.of} has rows without {', '.join(self.key)}. Give a key that every row "
                    "has."
                )
            after = self._after(order, ends)

    def _after(self, order: Sequence[str], ends: Sequence[Any]) -> str:
        """SQL: comes after these values, in this order; its first part can use an index."""
        parts, same = [], ""
        for name, end in zip(order, ends, strict=True):
            column, literal = self.server.name(name), self.literal(end, name)
            parts.append(_all_of(same, f"{column} > {literal}"))
            same = _all_of(same, f"{column} = {literal}")
        first = f"{self.server.name(order[0])} >= {self.literal(ends[0], order[0])}"
        return _all_of(first, " or ".join(f"({part})" for part in parts))

    def _by_time(self, condition: str, time: str) -> Iterator[list[Row]]:
        """Without a key a page begins with the time that the last one ended with, and grows as
        long as that is all that it holds. So rows come twice."""
        place, begin, limit, since = list(self.kinds).index(time), "", self.page_rows, None
        while True:
            rows = self._page(_all_of(condition, begin), (time,), limit)
            if rows:
                yield rows
            if len(rows) < limit:
                return
            if rows[-1][place] == since:
                self._check_without_key(limit, f" of one {time}")
                limit *= 2
                continue
            since, limit = rows[-1][place], self.page_rows
            begin = f"{self.server.name(time)} >= {self.literal(since, time)}"

    def _check_without_key(self, row_count: int, which: str) -> None:
        most = PAGES_WITHOUT_KEY * self.page_rows
        if row_count > most:
            raise DatabasesError(
                f"{self.of} has more than {most:,} rows{which}, and no key to read them by in "
                "pages. Name its key."
            )

    def _page(self, condition: str, order: Sequence[str], limit: int) -> list[Row]:
        sql = f"select {self._names(self.kinds)} from {self.relation}"
        if condition:
            sql += f" where {condition}"
        if order:
            sql += f" order by {self._names(order)}"
        return self.server.rows(f"{sql} limit {limit}", self.of)

    def _names(self, columns: Sequence[str] | Mapping[str, str]) -> str:
        return ", ".join(self.server.name(column) for column in columns)


def _all_of(*conditions: str) -> str:
    """SQL: all of these hold, save the empty ones."""
    return " and ".join(f"({each})" for each in conditions if each)
