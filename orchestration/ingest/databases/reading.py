"""Reading databases: what is new in their tables becomes raw files, before these are loaded.

A table with a column that says when a row last changed is read from the latest time on that was
read, less an overlap: rows come late when a transaction was long, or a clock went back. What of
these was read before is known by a hash of the row, and not written again. So a file holds new
rows and new versions of rows, is written once, and what was read stays. Rows without a time are
read each time. A table without such a column is read whole, and its file written anew when any
row is another. A file that an erasure or an expiry rewrote is never looked at.

Nothing counts before everything is read: a read that fails leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from orchestration.ingest.databases.declared import (
    Database,
    DatabasesError,
    Table,
    read_declared,
)
from orchestration.ingest.databases.servers import (
    BITS,
    BOOLEAN,
    DATE,
    INTEGER,
    LOCAL,
    TIMES,
    Column,
    Row,
    Server,
    open_server,
)
from orchestration.ingest.databases.state import NO_HASHES, Hashes, Known, State, hidden_path
from orchestration.project import Settings

if TYPE_CHECKING:
    import pyarrow.parquet as pq

Say = Callable[[str], None]

READ_TAG = "yunying/databases-read"
"""A run with this tag was started by who had read the databases for it."""

PAGES_WITHOUT_KEY = 20
"""So many pages of rows may have one time, or stand in a table that is read whole, where no key
tells where a page ended."""
_WHOLE = "whole"
_UNDATED = "undated"
_EPOCH = datetime(1970, 1, 1)


def read_databases(settings: Settings, say: Say) -> None:
    """Bring what is new in the databases into the raw folder; nothing where none are declared.

    The warehouse's lock must be held. Raises `DatabasesError` with a sentence when the settings
    file is wrong or a database does not give its rows; nothing has changed then.
    """
    if settings.databases is None:
        return
    databases = read_declared(settings.databases)
    state = State.open(settings.raw_dir)
    _sweep(settings.raw_dir, databases)
    files: list[str] = []
    told: list[str] = []
    for database in databases:
        say(f"reading the database {database.name} …")
        with open_server(database) as server:
            for table in database.tables:
                reading = _Reading(settings.raw_dir, state, database, table, server)
                reading.read()
                files += reading.files
                told.append(reading.sentence())
    state.commit(files)
    for sentence in told:
        say(sentence)


def folders(settings: Settings) -> tuple[Path, ...]:
    """Where files lie that were read from databases: they come with a build, and ask for none."""
    if settings.databases is None:
        return ()
    with suppress(DatabasesError):  # the next build says it
        return tuple(
            settings.raw_dir / database.folder(table)
            for database in read_declared(settings.databases)
            for table in database.tables
        )
    return ()


def _sweep(raw_dir: Path, databases: Sequence[Database]) -> None:
    """Take out what a killed run had written and not counted."""
    for database in databases:
        for table in database.tables:
            for path in (raw_dir / database.folder(table)).glob(".*.new"):
                path.unlink()


@dataclass
class _Reading:
    """One table, read once."""

    raw_dir: Path
    state: State
    database: Database
    table: Table
    server: Server
    files: list[str] = field(default_factory=list)
    row_count: int = 0

    def read(self) -> None:
        self.source = self.database.source(self.table)
        self.of = f"table {self.table.table}" if self.table.table else f"the query {self.source}"
        self.relation = self.server.relation(self.table.table, self.table.query)
        found = {column.name: column for column in self.server.columns(self.relation, self.of)}
        before = self._known_before(found)
        columns = self.table.columns or {name: name for name in found}
        self._check(found, columns)
        self.outputs = [*columns, *(name for name in self.table.values if name not in columns)]
        self.selected = list(
            dict.fromkeys([*columns.values(), *self._time_column(), *self.table.key])
        )
        self.kinds = {name: found[name].holds for name in self.selected}
        self.taken = [self.selected.index(column) for column in columns.values()]
        self.makers = [
            _maker(found[column].holds, self.database.time_zone) for column in columns.values()
        ]
        self.known = Known(
            self.database.meaning(self.table),
            sorted(found),
            reads=before.reads + 1 if before else 1,
        )
        is_as_before = before is not None and before.meaning == self.known.meaning
        self.writer = _Writer(self)
        try:
            if self.table.updated_at is None:
                self._read_whole(before if is_as_before else None)
            else:
                self._read_news(before if is_as_before else None)
        finally:
            self.writer.close()
        self._take_over(before, is_as_before)
        self.state.tables[self.source] = self.known

    def sentence(self) -> str:
        where = self.database.folder(self.table)
        if not self.row_count:
            return f"{self.source}: nothing new"
        return f"{self.source}: {self.row_count:,} new or changed rows, in {where}"

    def _time_column(self) -> tuple[str, ...]:
        return (self.table.updated_at,) if self.table.updated_at else ()

    def _known_before(self, found: Mapping[str, Column]) -> Known | None:
        """What was known. Raises `DatabasesError` where a column of then is no more, and all are
        read: nobody has said that it may be missing."""
        before = self.state.tables.get(self.source)
        if before is None or self.table.columns is not None:
            return before
        lost = [name for name in before.columns if name not in found]
        if lost and before.meaning == self.database.meaning(self.table):
            raise DatabasesError(
                f"{self.source}: {self.of} has lost {_listed(lost)}. Bring it back, or name under "
                "columns those that are to be read."
            )
        return before

    def _check(self, found: Mapping[str, Column], columns: Mapping[str, str]) -> None:
        asked = dict.fromkeys([*columns.values(), *self._time_column(), *self.table.key])
        missing = [name for name in asked if name not in found]
        if missing:
            raise DatabasesError(
                f"{self.source}: {self.of} has no {_listed(missing)}. It has {_listed(found)}. "
                "Bring the column back, or mend the settings file."
            )
        time = self.table.updated_at
        if time is not None and found[time].holds not in (*TIMES, INTEGER):
            raise DatabasesError(
                f"{self.source}: updated_at is {time}, which holds no times. Give a column of "
                "times or of epochs, or a query that makes one."
            )

    def _take_over(self, before: Known | None, is_as_before: bool) -> None:
        """Keep the files of before in mind. Where all was read anew, their rows leave, but for what
        was written in their place: of a table read whole, of one of which the settings file says
        something else now, and where it is not known how far the files go."""
        folder = self.raw_dir / self.database.folder(self.table)
        there = {
            path.relative_to(self.raw_dir).as_posix(): _columns_of(path)
            for path in sorted(folder.glob("*.parquet") if before is None else ())
        }
        is_anew = not is_as_before or (self.known.digest or "").startswith("0 ")
        for name, columns in {**there, **(before.files if before else {})}.items():
            if name in self.known.files:
                continue
            if is_anew and columns:
                self.writer.write_empty(name, columns)
                columns = []
            self.known.files[name] = columns

    # A table that is read whole

    def _read_whole(self, before: Known | None) -> None:
        total, count = 0, 0
        for rows in self._pages("", ()):
            total = (total + int(_hashes(rows).sum(dtype=np.uint64))) % 2**64
            count += len(rows)
            self.writer.write(_WHOLE, self._made(rows))
        self.known.digest = f"{count} {total:016x}"
        if before is not None and before.digest == self.known.digest:
            self.writer.discard()
            return
        self.row_count = count

    # A table of which is read what is new

    def _read_news(self, before: Known | None) -> None:
        time = str(self.table.updated_at)
        holds = self.kinds[time]
        name = self.server.name(time)
        least, most = self.server.bounds(holds)
        since = self._since(before.newest, holds) if before and before.newest else None
        timed = f"{name} > {least}" if since is None else f"{name} >= {self._literal(since, time)}"
        untimed = f"{name} is null or {name} <= {least}"
        if most is not None:
            timed, untimed = f"{timed} and {name} <= {most}", f"{untimed} or {name} > {most}"
        clock = self._clock(holds)
        seen = self.state.seen(self.source) if before else NO_HASHES
        again: list[tuple[datetime | None, Hashes]] = []
        newest = (_instant(before.newest, holds), before.newest) if before else (None, None)
        at = self.selected.index(time)
        for condition, order in ((timed, (time,)), (untimed, ())):
            last = NO_HASHES
            for rows in self._pages(condition, order):
                hashes = self._write_unseen(rows, at, np.concatenate((seen, last)))
                last = NO_HASHES if self.table.key else hashes
                # A time ahead of the clock must not hide what comes before it.
                dated = ((_instant(row[at], holds), row[at]) for row in reversed(rows))
                passed = next((each for each in dated if each[0] and each[0] <= clock), None)
                if passed is not None and (newest[0] is None or passed[0] > newest[0]):
                    newest = passed
                again.append((_instant(rows[-1][at], holds), hashes))
                if newest[0] is not None:
                    begin = newest[0] - self._overlap()
                    again = [each for each in again if each[0] is None or each[0] >= begin]
        self.known.newest = newest[1]
        remembered = np.unique(np.concatenate([NO_HASHES, *(hashes for _, hashes in again)]))
        self.files.append(self.state.write_seen(self.source, remembered))

    def _write_unseen(self, rows: Sequence[Row], at: int, seen: Hashes) -> Hashes:
        """Write the rows that are none of those seen, into files by the day of their time, which
        stands at this place; return the hashes of all."""
        hashes = _hashes(rows)
        first = np.zeros(len(rows), dtype=bool)
        first[np.unique(hashes, return_index=True)[1]] = True
        chosen = np.flatnonzero(first & ~np.isin(hashes, seen)).tolist()
        self.row_count += len(chosen)
        made = self._made([rows[index] for index in chosen])
        holds = self.kinds[self.selected[at]]
        for day, listed in groupby(range(len(chosen)), lambda i: _day(rows[chosen[i]][at], holds)):
            part = list(listed)
            self.writer.write(day, [column[part[0] : part[-1] + 1] for column in made])
        return hashes

    def _overlap(self) -> timedelta:
        return timedelta(minutes=self.database.overlap_minutes)

    def _since(self, newest: str, holds: str) -> str:
        """From which value on is read: the latest that was, less the overlap."""
        instant = _instant(newest, holds)
        assert instant is not None
        if holds == INTEGER:
            unit = _unit(int(newest))
            return str(int(newest) - int(self._overlap().total_seconds() * unit))
        with suppress(OverflowError):
            instant -= self._overlap()
        if holds == DATE:
            return instant.date().isoformat()
        return instant.isoformat(sep=" ") + ("+00" if newest.endswith("+00") else "")

    def _clock(self, holds: str) -> datetime:
        """What time it is, as a column has it."""
        zone = self.database.time_zone if holds in (LOCAL, DATE) else UTC
        return datetime.now(zone).replace(tzinfo=None)

    # Pages

    def _pages(self, condition: str, order: tuple[str, ...]) -> Iterator[list[Row]]:
        """Rows in order of `order` and the key; a page begins behind the end of the last one."""
        if self.table.key:
            yield from self._pages_by(condition, (*order, *self.table.key))
        elif order:
            yield from self._pages_of_times(condition, order[0])
        else:
            rows = self._page(condition, (), PAGES_WITHOUT_KEY * self.database.page_rows + 1)
            self._check_without_key(len(rows))
            if rows:
                yield rows

    def _pages_by(self, condition: str, order: Sequence[str]) -> Iterator[list[Row]]:
        at = [self.selected.index(name) for name in order]
        after = ""
        while True:
            rows = self._page(_all_of(condition, after), order, self.database.page_rows)
            if rows:
                yield rows
            if len(rows) < self.database.page_rows:
                return
            ends = [rows[-1][index] for index in at]
            if None in ends:
                raise DatabasesError(
                    f"{self.source}: {self.of} has rows without {_listed(self.table.key)}. Give a "
                    "key that every row has."
                )
            after = self._beyond(order, ends)

    def _beyond(self, order: Sequence[str], ends: Sequence[Any]) -> str:
        """SQL: comes after these values, in this order; its first part can use an index."""
        parts, same = [], ""
        for name, end in zip(order, ends, strict=True):
            column, literal = self.server.name(name), self._literal(end, name)
            parts.append(_all_of(same, f"{column} > {literal}"))
            same = _all_of(same, f"{column} = {literal}")
        first, begin = self.server.name(order[0]), self._literal(ends[0], order[0])
        return _all_of(f"{first} >= {begin}", " or ".join(f"({part})" for part in parts))

    def _pages_of_times(self, condition: str, time: str) -> Iterator[list[Row]]:
        """Without a key a page begins with the time that the last one ended with, and grows as
        long as that is all that it holds."""
        at, begin, limit = self.selected.index(time), "", self.database.page_rows
        since = None
        while True:
            rows = self._page(_all_of(condition, begin), (time,), limit)
            if rows:
                yield rows
            if len(rows) < limit:
                return
            if rows[-1][at] == since:
                self._check_without_key(limit)
                limit *= 2
                continue
            since, limit = rows[-1][at], self.database.page_rows
            begin = f"{self.server.name(time)} >= {self._literal(since, time)}"

    def _check_without_key(self, row_count: int) -> None:
        most = PAGES_WITHOUT_KEY * self.database.page_rows
        if row_count > most:
            why = "of one updated_at" if self.table.updated_at else "and no updated_at"
            raise DatabasesError(
                f"{self.source}: {self.of} has more than {most:,} rows {why}, and no key to read "
                "them by in pages. Name its key."
            )

    def _page(self, condition: str, order: Sequence[str], limit: int) -> list[Row]:
        listed = ", ".join(self.server.name(name) for name in self.selected)
        sql = f"select {listed} from {self.relation}"
        if condition:
            sql += f" where {condition}"
        if order:
            sql += f" order by {', '.join(self.server.name(name) for name in order)}"
        return self.server.rows(f"{sql} limit {limit}", self.of)

    def _literal(self, value: Any, column: str) -> str:
        return self.server.literal(value, self.kinds[column])

    def _made(self, rows: Sequence[Row]) -> list[list[str | None]]:
        """The feed's columns of these rows, as text."""
        columns = list(zip(*rows, strict=True)) or [()] * len(self.selected)
        made = [
            [maker(value) for value in columns[index]]
            for index, maker in zip(self.taken, self.makers, strict=True)
        ]
        return [*made, *([value] * len(rows) for value in self.table.values.values())]


class _Writer:
    """Writes the files of a read, under hidden names, one at a time."""

    def __init__(self, reading: _Reading) -> None:
        self.reading = reading
        self.day: str | None = None
        self.file: pq.ParquetWriter | None = None

    def write(self, day: str, columns: Sequence[Sequence[str | None]]) -> None:
        import pyarrow as pa

        if self.file is None or (self.day is not None and day > self.day):
            self._begin(day)
        assert self.file is not None
        self.file.write_table(
            pa.table([pa.array(column, pa.string()) for column in columns], self._schema())
        )

    def write_empty(self, name: str, columns: Sequence[str]) -> None:
        """Put a file without rows in the place of one whose rows are to leave."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(column, pa.string()) for column in columns])
        hidden = hidden_path(self.reading.raw_dir / name)
        hidden.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(schema.empty_table(), hidden)
        self.reading.files.append(name)

    def discard(self) -> None:
        """Leave what lies there as it is."""
        self.close()
        for name in self.reading.files:
            hidden_path(self.reading.raw_dir / name).unlink()
        self.reading.files.clear()
        self.reading.known.files.clear()

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def _schema(self) -> Any:
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in self.reading.outputs])

    def _begin(self, day: str) -> None:
        import pyarrow.parquet as pq

        self.close()
        reading = self.reading
        part = "" if day == _WHOLE else f".{reading.known.reads}"
        name = f"{reading.database.folder(reading.table)}/{day}{part}.parquet"
        hidden = hidden_path(reading.raw_dir / name)
        hidden.parent.mkdir(parents=True, exist_ok=True)
        self.day, self.file = day, pq.ParquetWriter(hidden, self._schema(), compression="zstd")
        reading.files.append(name)
        reading.known.files[name] = reading.outputs


def _columns_of(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return list(pq.read_schema(path).names)


def _all_of(*conditions: str) -> str:
    """SQL: all of these hold, save the empty ones."""
    return " and ".join(f"({each})" for each in conditions if each)


def _listed(names: Any) -> str:
    return ", ".join(names)


def _hashes(rows: Sequence[Row]) -> Hashes:
    """A hash of each row."""
    digests = b"".join(
        blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest() for row in rows
    )
    return np.frombuffer(digests, dtype=np.uint64)


def _maker(holds: str, zone: ZoneInfo) -> Callable[[Any], str | None]:
    """How a value of a column becomes the text that a raw file has."""
    if holds == LOCAL and zone.key != "UTC":
        return lambda value: _in_zone(_dated(_text(value)), zone)
    if holds in TIMES:
        return lambda value: _dated(_text(value))
    if holds == BOOLEAN:
        return lambda value: {"t": "true", "f": "false"}.get(value, value)
    if holds == BITS:
        return lambda value: _text(
            str(int.from_bytes(value, "big")) if isinstance(value, bytes) else value
        )
    return _text


def _text(value: Any) -> str | None:
    """Bytes as hexadecimal digits, as ids are often kept in."""
    return value.hex() if isinstance(value, bytes) else value


def _dated(text: str | None) -> str | None:
    """A zero date is none."""
    return None if text is None or text.startswith("0000-00-00") else text


def _in_zone(text: str | None, zone: ZoneInfo) -> str | None:
    """With its offset; what is no time stays as it is, and is found out when it is staged."""
    if text is None:
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat(sep=" ")
    return text


def _unit(epoch: int) -> int:
    """How many of its units a second has: seconds, milliseconds or microseconds."""
    return next((unit for unit in (1, 1_000) if epoch < 10**11 * unit), 1_000_000)


def _instant(value: Any, holds: str) -> datetime | None:
    """A time to be ordered by, without a zone; None where it is none."""
    if value is None:
        return None
    with suppress(ValueError, OverflowError):
        if holds == INTEGER:
            epoch = int(value)
            return None if epoch <= 0 else _EPOCH + timedelta(seconds=epoch / _unit(epoch))
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return None


def _day(value: Any, holds: str) -> str:
    """The day that a row's file is called by."""
    instant = _instant(value, holds)
    return _UNDATED if instant is None else instant.date().isoformat()
