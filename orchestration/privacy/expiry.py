"""Retention periods: raw rows older than their feed keeps them go, what was counted stays.

A cut-off asks no clock: it is the month in which the data's horizon lies, so many months before,
and never goes back. Before an ingest loads anything, when the last build was whole, it is seen what
is due (`look`), dbt writes the archive from the facts, and archive and cut-offs move together
(`begin`); when everything is loaded, rows before the cut-offs leave the raw tables and files
(`remove`), those that have only just come among them.

The archive is committed and kept beside the warehouse before the first file is touched: whatever
is killed in between, the next run goes on with `remove`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.ingest.definitions.hashes import FILES
from orchestration.ingest.feeds import (
    EXPIRES_BY,
    FEEDS,
    LATEST_STAYS,
    VERSIONS_OF,
)
from orchestration.ingest.instants import define_raw_instant
from orchestration.ingest.seeds import Seeds
from orchestration.privacy import archive
from orchestration.privacy.removing import Removal, drop_derived, reached
from orchestration.project import Settings
from orchestration.store import watermarks
from orchestration.store.sql import literal, quote, value
from orchestration.transform.dbt_runs import configuration_hash, load_manifest

EVENTS = "events"
DEFINITION = "data_retention"
SESSION_DAYS = 3
"""Days for which a session may last: whoever was active in the last of them may go on."""


@dataclass(frozen=True)
class Expiry:
    """What a run removed: rows whose time was over, and rows that came when it was already."""

    row_count: int
    late_row_count: int
    file_count: int

    def summary(self) -> str:
        """A sentence for a person."""
        what = [
            f"{count:,} raw row(s) {how}"
            for count, how in (
                (self.row_count, "have expired"),
                (self.late_row_count, "older than what is kept were left out"),
            )
            if count
        ]
        return f"{' and '.join(what)}, of {self.file_count:,} file(s)."


@dataclass(frozen=True)
class Due:
    """The cut-offs that have moved, by feed, and what to tell a person."""

    cuts: dict[str, archive.Cut]
    notes: tuple[str, ...] = ()


def marker_path(settings: Settings) -> Path:
    """A file that stands from an expiry's beginning until the last traces of rows are gone."""
    return settings.warehouse.with_name(settings.warehouse.name + ".expiring")


def look(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    seeds: Seeds,
    say: Callable[[str], None],
) -> Due:
    """See which cut-offs have moved, and say where the archive will end.

    Before anything is loaded: facts and raw must be those of the last build, which must have
    been whole. Else nothing moves, and a later run does it.
    """
    archive.create_tables(connection)
    archive.recall(connection, settings)
    if marker_path(settings).exists() and _cutoffs(connection):
        archive.keep(connection, settings)  # as a run before was killed, perhaps
    periods = _periods(seeds)
    notes: list[str] = []
    is_asked = periods and settings.horizon is None
    horizon = _horizon(connection, settings, seeds) if is_asked else None
    if horizon is None:
        return Due({})
    if EVENTS in periods and (others := _other_logs(connection)):
        notes.append(
            f"Events do not expire while logs of other sources are loaded: {', '.join(others)}."
        )
        del periods[EVENTS]
    cuts = _moves(connection, settings, periods, horizon)
    for feed, cut in cuts.items():
        say(f"Rows of {feed} before {cut.at:%Y-%m-%d %H:%M} UTC expire.")
    if cuts:
        marker_path(settings).touch()
    if EVENTS in cuts:
        archive.prepare(connection, cuts[EVENTS])
    return Due(cuts, tuple(notes))


def begin(
    connection: duckdb.DuckDBPyConnection, settings: Settings, due: Due, now: datetime
) -> None:
    """Move the cut-offs that are due, and the archive with them; it has been written."""
    if due.cuts:
        _commit(connection, due.cuts, now)
        archive.keep(connection, settings)


def remove(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    links: Path,
    now: datetime,
    say: Callable[[str], None],
) -> Expiry | None:
    """Take the rows before the cut-offs out of raw; None when there are none.

    Raises `WarehouseError` when a raw file cannot be rewritten.
    """
    cutoffs = _cutoffs(connection)
    if not cutoffs:
        return None
    is_due = _exists(connection, "raw.expiries where removed_at is null")
    _find_rows(connection, settings, cutoffs, 0 if is_due else _scanned(connection))
    count = connection.execute("select count(*) from expired_rows").fetchone()
    row_count = int(count[0]) if count else 0
    removal = Removal(connection, settings, links, "expired_rows", "that have expired")
    if row_count:
        say(f"Taking {row_count:,} raw row(s) out that are older than is kept.")
    rewritten = removal.rewrite_files() if row_count else []
    connection.begin()
    try:
        removal.take_out(rewritten, now)
        connection.execute(
            f"""
            insert into raw.expiry_removals
            select e.feed, f.source_file, e.load_id, count(*), {value(not is_due)}, {value(now)}
            from expired_rows as e
            inner join raw.ingest_files as f on e.load_id = f.load_id
            group by e.feed, f.source_file, e.load_id
            """
        )
        connection.execute(
            f"update raw.expiries set removed_at = {value(now)} where removed_at is null"
        )
        connection.execute("delete from raw.expiry_scans")
        connection.execute(
            "insert into raw.expiry_scans select coalesce(max(load_id), 0) from raw.ingest_files"
        )
        if is_due:
            drop_derived(connection)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    if not row_count:
        return None
    return Expiry(row_count if is_due else 0, 0 if is_due else row_count, len(rewritten))


def _periods(seeds: Seeds) -> dict[str, int]:
    """For how many months rows are kept, by feed."""
    rows = (row.values for row in seeds.tables[DEFINITION].rows)
    return {row["feed"]: row["keep_months"] for row in rows}


def _horizon(
    connection: duckdb.DuckDBPyConnection, settings: Settings, seeds: Seeds
) -> datetime | None:
    """How far the data of the last build reach; None unless it was whole, and is the last word."""
    last = watermarks.last(connection)
    if last is None or last.load_id != watermarks.newest_load_id(connection):
        return None
    attempt = connection.execute(
        "select completed_at from raw.build_attempts order by started_at desc limit 1"
    ).fetchone()
    if attempt is not None and attempt[0] is None:
        return None
    is_of_this_sql = last.configuration_hash == configuration_hash(settings, load_manifest())
    if not is_of_this_sql or not _are_computed(connection, seeds):
        return None  # of other SQL or definitions: the next build makes what is to be archived
    row = connection.execute("select max(data_through_at) from facts.dim_horizon").fetchone()
    through: datetime | None = row[0] if row else None
    newest = reached(connection)
    if through is None or (newest is not None and through < newest):
        return None  # a build as of an earlier instant: its facts leave rows out
    return through


def _are_computed(connection: duckdb.DuckDBPyConnection, seeds: Seeds) -> bool:
    """Are the definitions that were read those that the last build computed?"""
    loaded = dict(
        connection.execute("select file, content_hash from seeds.definition_files").fetchall()
    )
    read = {file.file: file.content_hash for file in seeds.files}
    are_loaded = all(read.get(f"{name}.csv") == loaded.get(f"{name}.csv") for name in FILES)
    return are_loaded and not _exists(
        connection,
        "seeds.definition_hashes where definition_hash is distinct from computed_hash",
    )


def _moves(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    periods: dict[str, int],
    horizon: datetime,
) -> dict[str, archive.Cut]:
    """By feed, the cut-offs that have moved and have rows before them."""
    before = _cutoffs(connection)
    zone = ZoneInfo(settings.timezone)
    today = horizon.replace(tzinfo=UTC).astimezone(zone).date()
    moves: dict[str, archive.Cut] = {}
    for feed, months in periods.items():
        number = today.year * 12 + today.month - 1 - months
        if number < 24:  # before the year 2
            continue
        day = date(number // 12, number % 12 + 1, 1)
        overlap, paths = _overlap(connection) if feed == EVENTS else (0, 0)
        if overlap >= (day - date(2, 1, 1)).days:
            continue
        day -= timedelta(days=overlap)
        at = _midnight(settings.timezone, day)
        cut = archive.Cut(at, day, _midnight(settings.timezone, day + timedelta(days=paths)))
        if feed in before and before[feed] >= at:
            continue
        if _has_rows(connection, settings, feed, at):
            moves[feed] = cut
    return moves


def _overlap(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Days for which events stay longer than is asked, and days that paths look back.

    So much that what hangs on an event before the cut-off is over when its rows go: windows of
    funnels, and of paths twice, as they look both ways.
    """
    row = connection.execute(
        "select (select max(window_seconds) from seeds.dim_funnels), "
        "(select max(greatest(coalesce(window_seconds, 0), coalesce(session_gap_seconds, 0))) "
        "from seeds.dim_paths)"
    ).fetchone()
    funnels, paths = row if row else (None, None)
    path_days = 0 if paths is None else max(SESSION_DAYS, math.ceil(paths / 86_400))
    return max(math.ceil((funnels or 0) / 86_400), 2 * path_days), path_days


def _midnight(timezone: str, day: date) -> datetime:
    """The instant, UTC, at which a day of the reporting zone begins; as the dbt project has it."""
    at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))  # the first of two
    return at.astimezone(UTC).replace(tzinfo=None)


def _has_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, feed: str, at: datetime
) -> bool:
    if feed == EVENTS:
        return _exists(connection, f"staging.stg_events where occurred_at < {value(at)}")
    _find_rows(connection, settings, {feed: at}, 0)
    return _exists(connection, "expired_rows")


def _other_logs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select distinct feed from raw.ingest_files where rows_in > 0 order by feed"
    ).fetchall()
    ours = {feed.name for feed in FEEDS}
    return [feed for (feed,) in rows if feed not in ours]


def _commit(
    connection: duckdb.DuckDBPyConnection, moves: dict[str, archive.Cut], now: datetime
) -> None:
    """Write the archive and the cut-offs; the next build is a rebuild. All of it or nothing."""
    floor = reached(connection)
    connection.begin()
    try:
        if EVENTS in moves:
            archive.swap(connection)
        for feed, cut in moves.items():
            paths = value(cut.paths_from_at) if feed == EVENTS else "null"
            connection.execute(
                f"insert into raw.expiries values ({literal(feed)}, {value(cut.at)}, {paths}, "
                f"{value(now)}, null)"
            )
        if floor is not None:
            connection.execute(f"insert into raw.horizon_floors values ({value(floor)})")
        # Nothing that a build which broke off had made can be gone on with.
        connection.execute("delete from raw.build_attempts")
        connection.execute("delete from raw.built_models")
        watermarks.begin_rebuild(connection)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _cutoffs(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    rows = connection.execute(
        "select feed, max(cutoff_at) from raw.expiries group by feed order by feed"
    ).fetchall()
    return dict(rows)


def _scanned(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select max(load_id) from raw.expiry_scans").fetchone()
    return int(row[0]) if row and row[0] else 0


def _find_rows(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    cutoffs: dict[str, datetime],
    since: int,
) -> None:
    """Make `expired_rows`: rows of loads after `since` that lie before their feed's cut-off.

    What has no instant that can be read goes by the day on which its file was first loaded.
    The latest row of whom or what a feed describes stays: it says how they are, unless it was
    quarantined. Versions of one thing go when all of them may, lest one that was corrected counts
    again. Rows of a file that could not be read go with the last one that could: a file of nothing
    else is refused.
    """
    define_raw_instant(connection, settings)
    connection.execute(
        "create or replace temp table expired_rows "
        "(feed varchar, load_id bigint, row_number bigint)"
    )
    # Of loads that no build has seen it is not known.
    is_staged = _exists(
        connection,
        "information_schema.tables where table_schema = 'staging' and table_name = 'stg_feed_rows'",
    )
    quarantined = (
        "select load_id, row_number from staging.stg_feed_rows where outcome = 'quarantined'"
        if is_staged
        else "select 0, 0 where false"
    )
    for feed, at in cutoffs.items():
        entity = LATEST_STAYS.get(feed)
        is_latest = (
            f"""
            is_whole and rank() over (
                partition by {", ".join(f"trimmed({column})" for column in entity)}, is_whole
                order by instant desc nulls last, content_hash desc
            ) = 1
            """
            if entity
            else "false"
        )
        thing = (
            f"nullif(trimmed({quote(VERSIONS_OF[feed])}), '')" if feed in VERSIONS_OF else "null"
        )
        connection.execute(
            f"""
            insert into expired_rows
            select {literal(feed)}, load_id, row_number
            from (
                select *, {is_latest} as is_latest,
                    case
                        when {thing} is null then coalesce(instant, first_loaded_at)
                        else max(coalesce(instant, first_loaded_at)) over (partition by {thing})
                    end as of_at
                from (
                    select r.*, f.first_loaded_at,
                        raw_instant(r.{quote(EXPIRES_BY[feed])}) as instant,
                        r.malformed_payload is null and (r.load_id, r.row_number) not in (
                            {quarantined}
                        ) as is_whole
                    from raw.{quote(feed)} as r
                    inner join raw.ingest_files as f on r.load_id = f.load_id
                )
            )
            where load_id > {since} and not is_latest and of_at < {value(at)}
            """
        )
        connection.execute(
            f"""
            insert into expired_rows
            select {literal(feed)}, load_id, row_number
            from (
                select
                    r.load_id,
                    r.row_number,
                    e.load_id is null as stays,
                    bool_or(e.load_id is null and r.malformed_payload is null) over (
                        partition by r.load_id
                    ) as is_read
                from raw.{quote(feed)} as r
                left join expired_rows as e
                    on e.feed = {literal(feed)}
                    and r.load_id = e.load_id
                    and r.row_number = e.row_number
                where r.load_id in (select load_id from expired_rows)
            )
            where stays and not is_read
            """
        )


def _exists(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"select 1 from {relation} limit 1").fetchone() is not None
