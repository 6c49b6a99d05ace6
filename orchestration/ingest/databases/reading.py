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
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from pathlib import Path

import numpy as np

from orchestration.ingest.databases import times
from orchestration.ingest.databases.declared import (
    Database,
    DatabasesError,
    Table,
    read_declared,
)
from orchestration.ingest.databases.paging import Pages
from orchestration.ingest.databases.servers import (
    INTEGER,
    TIMES,
    Column,
    Row,
    Server,
    open_server,
)
from orchestration.ingest.databases.state import (
    FOLDER,
    NO_HASHES,
    Hashes,
    Known,
    State,
    hidden_path,
)
from orchestration.ingest.databases.writing import UNDATED, WHOLE, Files
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.project import Settings

Say = Callable[[str], None]

_CHANGED = "updated_at"
"""The column of feeds that says since when a version holds."""


def read_databases(settings: Settings, say: Say) -> None:
    """Bring what is new in the databases of the settings file into the raw folder.

    The warehouse's lock must be held. Raises `DatabasesError` with a sentence when the settings
    file is wrong or a database does not give its rows; nothing has changed then.
    """
    databases = read_declared(settings.databases) if settings.databases else ()
    state = State.open(settings.raw_dir)
    _sweep(settings.raw_dir)
    files: list[str] = []
    told: list[str] = []
    try:
        for database in databases:
            say(f"reading the database {database.name} …")
            with _called(database.name), open_server(database) as server:
                for table in database.tables:
                    written, row_count = _read(settings.raw_dir, state, server, table)
                    files += written
                    told.append(_sentence(database, table, row_count))
    except BaseException:
        _sweep(settings.raw_dir)
        raise
    state.commit(files)
    for sentence in told:
        say(sentence)


@contextmanager
def _called(name: str) -> Iterator[None]:
    """What goes wrong is said with the database's name."""
    try:
        yield
    except DatabasesError as error:
        raise DatabasesError(f"{name}: {error}") from None


def _sweep(raw_dir: Path) -> None:
    """Take out what was written and does not count: it holds rows of people, or says that they
    were seen."""
    for pattern in (f"*/*.*/{hidden_path(Path('*.parquet')).name}", f"{FOLDER}/.*.new"):
        for path in raw_dir.glob(pattern):
            path.unlink()


def _sentence(database: Database, table: Table, row_count: int) -> str:
    source = database.source(table)
    if not row_count:
        return f"{source}: nothing new"
    return f"{source}: {row_count:,} new or changed rows, in {database.folder(table)}"


def _read(raw_dir: Path, state: State, server: Server, table: Table) -> tuple[list[str], int]:
    """Read one table; return the files that it is in, and how many rows were new. What is known of
    it now stands in the state."""
    database = server.database
    source = database.source(table)
    of = f"table {table.table}" if table.query is None else f"the query of {table.name}"
    relation = server.relation(table.table, table.query)
    found = {column.name: column for column in server.columns(relation, of)}
    last, meaning = state.tables.get(source), database.meaning(table)
    # What was read by another settings file is read anew.
    before = last if last is not None and last.meaning == meaning else None
    columns = _columns(table, found)
    _check(table, of, found, columns, before)
    times_of = (table.updated_at,) if table.updated_at else ()
    kinds = {name: found[name].holds for name in (*columns.values(), *times_of, *table.key)}
    reads = last.reads + 1 if last else 1
    files = Files(raw_dir, database.folder(table), reads, [*columns, *table.values])
    known = Known(meaning, sorted(found), reads=reads)
    reading = _Reading(
        database,
        table,
        Pages(server, relation, of, kinds, table.key, database.page_rows),
        columns,
        files,
        known,
    )
    try:
        if table.updated_at is None:
            row_count = reading.whole(before)
        else:
            row_count = reading.news(before, state.seen(source) if before else NO_HASHES)
    finally:
        files.close()
    _put_away(files, known, last, is_anew=before is None or known.is_empty)
    state.tables[source] = known
    return [*files.written, state.write_seen(source, reading.again)], row_count


def _columns(table: Table, found: Mapping[str, Column]) -> dict[str, str]:
    """The feed's columns, with the table's column that fills each. Where the feed has versions,
    the time of a row's last change is that of its version."""
    columns = dict(table.columns or {name: name for name in found if name not in table.values})
    feed = FEEDS_BY_NAME.get(table.feed)
    has_versions = feed is not None and _CHANGED in feed.column_names
    if table.updated_at and has_versions and _CHANGED not in table.values:
        columns.setdefault(_CHANGED, table.updated_at)
    return columns


def _check(
    table: Table,
    of: str,
    found: Mapping[str, Column],
    columns: Mapping[str, str],
    before: Known | None,
) -> None:
    """Raise `DatabasesError` where a column is not there that is asked for, or was there when all
    were read: nobody has said that it may be missing."""
    times_of = [table.updated_at] if table.updated_at else []
    asked = dict.fromkeys([*columns.values(), *times_of, *table.key])
    missing = [name for name in asked if name not in found]
    if missing:
        raise DatabasesError(
            f"{of} has no {', '.join(missing)}. It has {', '.join(found)}. Bring the column back, "
            "or mend the settings file."
        )
    lost = [name for name in before.columns if name not in found] if before else []
    if lost and table.columns is None:
        raise DatabasesError(
            f"{of} has lost {', '.join(lost)}. Bring it back, or name under columns those that are "
            "to be read."
        )
    for name in times_of:
        if found[name].holds not in (*TIMES, INTEGER):
            raise DatabasesError(
                f"updated_at of {of} is {name}, which holds no times. Give a column of times or of "
                "epochs, or a query that makes one."
            )


def _put_away(files: Files, known: Known, last: Known | None, is_anew: bool) -> None:
    """Keep the files of reads before in mind. Where all was read anew their rows leave, but for
    those in whose place others were written."""
    known.files |= files.written
    for name, columns in (last.files if last else files.there()).items():
        if name not in known.files:
            if is_anew and columns:
                files.write_empty(name, columns)
            known.files[name] = [] if is_anew else columns


@dataclass
class _Reading:
    """One table on its way into files. `again` are hashes of the rows that the next read meets
    once more."""

    database: Database
    table: Table
    pages: Pages
    columns: Mapping[str, str]
    files: Files
    known: Known
    again: Hashes = field(default_factory=NO_HASHES.copy)

    def whole(self, before: Known | None) -> int:
        """Read all rows, and leave the file as it is where none is another; return their number."""
        total, count = 0, 0
        for rows in self.pages.where("", None):
            total = (total + int(_hashes(rows).sum(dtype=np.uint64))) % 2**64
            count += len(rows)
            self.files.write(WHOLE, self._made(rows))
        self.known.digest = f"{count} {total:016x}"
        if before is not None and before.digest == self.known.digest:
            self.files.discard()
            return 0
        return count

    def news(self, before: Known | None, seen: Hashes) -> int:
        """Read what changed since, and what has no time; return how many rows were not seen."""
        time = str(self.table.updated_at)
        holds = self.pages.kinds[time]
        overlap = timedelta(minutes=self.database.overlap_minutes)
        now = times.clock(holds, self.database.time_zone)
        newest = before.newest if before else None
        newest_at = times.instant(newest, holds)
        timed, untimed = self._conditions(
            time, times.before(newest, holds, overlap) if newest else None
        )
        place = list(self.pages.kinds).index(time)
        met: list[tuple[datetime | None, Hashes]] = []
        count = 0
        for condition, order in ((timed, time), (untimed, None)):
            last = NO_HASHES
            for rows in self.pages.where(condition, order):
                hashes = _hashes(rows)
                count += self._write_unseen(rows, place, hashes, np.concatenate((seen, last)))
                last = NO_HASHES if self.table.key else hashes
                # A time ahead of the clock must not hide what comes before it.
                for row in reversed(rows) if order else ():
                    at = times.instant(row[place], holds)
                    if at is not None and at <= now:
                        if newest_at is None or at > newest_at:
                            newest, newest_at = row[place], at
                        break
                met.append((times.instant(rows[-1][place], holds) if order else None, hashes))
                if newest_at is not None:
                    met = [
                        each for each in met if each[0] is None or each[0] >= newest_at - overlap
                    ]
        self.known.newest = newest
        self.again = np.unique(np.concatenate([NO_HASHES, *(hashes for _, hashes in met)]))
        return count

    def _conditions(self, time: str, since: str | None) -> tuple[str, str]:
        """SQL: a row has a time, from `since` on; it has none, or one that is no time."""
        column = self.pages.server.name(time)
        least, most = self.pages.server.bounds(self.pages.kinds[time])
        timed = f"{column} > {least}"
        if since is not None:
            timed = f"{column} >= {self.pages.literal(since, time)}"
        untimed = f"{column} is null or {column} <= {least}"
        if most is not None:
            return f"{timed} and {column} <= {most}", f"{untimed} or {column} > {most}"
        return timed, untimed

    def _write_unseen(self, rows: Sequence[Row], place: int, hashes: Hashes, seen: Hashes) -> int:
        """Write the rows whose hashes were not seen, by the day of the time that stands at that
        place; return their number."""
        is_first = np.zeros(len(rows), dtype=bool)
        is_first[np.unique(hashes, return_index=True)[1]] = True
        chosen = [rows[index] for index in np.flatnonzero(is_first & ~np.isin(hashes, seen))]
        holds = self.pages.kinds[str(self.table.updated_at)]

        def day(row: Row) -> str:
            at = times.instant(row[place], holds)
            return at.date().isoformat() if at else UNDATED

        for name, of_a_day in groupby(chosen, day):
            self.files.write(name, self._made(list(of_a_day)))
        return len(chosen)

    def _made(self, rows: Sequence[Row]) -> list[list[str | None]]:
        """The feed's columns of these rows, as text."""
        given = dict(zip(self.pages.kinds, zip(*rows, strict=True), strict=True))
        zone = self.database.time_zone
        made = [
            [*map(times.maker(self.pages.kinds[column], zone), given[column])]
            for column in self.columns.values()
        ]
        return [*made, *([value] * len(rows) for value in self.table.values.values())]


def _hashes(rows: Sequence[Row]) -> Hashes:
    """A hash of each row."""
    digests = (blake2b(repr(row).encode(), digest_size=8).digest() for row in rows)
    return np.frombuffer(b"".join(digests), dtype=np.uint64)
