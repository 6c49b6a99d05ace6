"""Retention periods: old raw rows are in no byte, and every mart is as if they were still there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.ingest import ledger, loader, readers
from orchestration.ingest.definitions.problems import DefinitionsError
from orchestration.ingest.feeds import (
    EXPIRES_BY,
    FEEDS,
    FEEDS_BY_NAME,
    LATEST_STAYS,
    VERSIONS_OF,
)
from orchestration.privacy import archive, expiry, removing
from orchestration.project import Settings
from orchestration.store import audience_lists
from orchestration.store.warehouse import WarehouseError, compact, connect
from orchestration.transform.dbt_runs import ARCHIVE, load_manifest
from tests import support
from tests.pipeline import expiry_world as world
from tests.pipeline.erasure_world import everything, holding
from tests.pipeline.test_erasure import rows_that_differ
from tests.support import query, settings_of

# What is one row per raw row, or a step of counting on the way to the facts that are archived.
OF_RAW_ROWS = {
    "facts.fct_events", "facts.fct_user_timelines", "facts.fct_sessions",
    "facts.fct_quarantined_rows",
    "marts.mart_quarantined_rows", "marts.mart_quarantined_samples",
    "facts.fct_definition_chosen_events", "facts.fct_definition_matches",
    "facts.fct_definition_values", "facts.fct_path_events", "facts.fct_path_runs",
    # Its streams are gone; the rest is compared as fct_funnel_attempts.
    "facts.fct_funnel_opened_attempts",
    # Its events and instants are gone; what the marts read of it is compared through them.
    "facts.fct_path_items", "facts.fct_path_placed_items", "facts.fct_path_item_ranks",
    # They name sessions, whose ids hang on whose they were then.
    "facts.fct_landings", "facts.fct_touches", "facts.fct_path_ends", "facts.fct_path_touches",
    "facts.fct_user_acquisitions",
}  # fmt: skip
# Counts of days that name nobody keep the number of those who are erased later.
OF_NOBODY = {
    "facts.fct_event_days", "facts.fct_event_day_norms", "marts.mart_event_volume_daily",
    "facts.fct_event_silences", "marts.mart_event_freshness",
}  # fmt: skip


WRITE_NEXT = archive.write_next


@pytest.fixture(scope="module", autouse=True)
def _dbt_in_this_process() -> Iterator[None]:
    """Parsed once: a dbt of its own parses the project for each of these warehouses."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            archive,
            "write_next",
            lambda settings: support.run_dbt(settings, ["build", "--select", ARCHIVE]),
        )
        yield


@pytest.fixture(scope="module")
def delivered() -> list[dict[str, list[Any]]]:
    return world.deliveries()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, delivered: Any) -> Path:
    """The first delivery, built whole, with nothing expired and a period set."""
    folder = tmp_path_factory.mktemp("built")
    world.write(folder, delivered[0], "first")
    support.build_warehouse(folder, seeds=world.SEEDS)
    assert holds_old(folder)  # else nothing would be shown below
    (folder / "seeds" / "data_retention.csv").write_text(world.RETENTION, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def kept_all(tmp_path_factory: pytest.TempPathFactory, delivered: Any) -> Path:
    """All deliveries in a warehouse that lets nothing go."""
    folder = tmp_path_factory.mktemp("kept")
    for name, feeds in zip(world.NAMES, delivered, strict=True):
        world.write(folder, feeds, name)
    return support.build_warehouse(folder, seeds=world.SEEDS)


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory, built: Path, delivered: Any) -> Path:
    """The same deliveries one by one, old rows gone before the second, which is a build of its
    own; then the third, with the first once more."""
    folder = tmp_path_factory.mktemp("expired") / "world"
    shutil.copytree(built, folder)
    settings = settings_of(folder)
    world.write(folder, delivered[1], "second")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(archive, "write_next", WRITE_NEXT)
        report = support.ingest_raw(settings)
    assert report.expiry.row_count > 300
    assert f"{report.expiry.row_count:,} raw row(s) have expired" in report.summary()
    support.transform(settings)
    assert holds_old(folder) == []
    (row,) = query(settings.warehouse, "select min(occurred_at) as first from staging.stg_events")
    assert row["first"] >= world.CUTOFF

    world.write(folder, delivered[2], "third")
    world.write(folder, delivered[0], "first")
    again = support.ingest_raw(settings)
    assert again.expiry.late_row_count == report.expiry.row_count
    assert "were left out" in again.summary()
    support.transform(settings)
    return folder


def holds_old(folder: Path) -> list[str]:
    return [name for name, content in everything(folder) if world.OLD.encode() in content]


def of_ledger_that_do_not_add_up(warehouse: Path) -> list[dict[str, Any]]:
    return query(
        warehouse,
        "select * from staging.stg_ingest_ledger "
        "where rows_in <> rows_staged + rows_duplicate + rows_quarantined",
    )


def test_every_mart_is_as_if_all_rows_were_there(expired: Path, kept_all: Path) -> None:
    """A rebuild over what was archived, and a build that added to it."""
    differing = rows_that_differ(kept_all, expired / support.WAREHOUSE)
    assert differing.keys() - OF_RAW_ROWS == set()
    assert {"facts.fct_events", "facts.fct_sessions"} <= differing.keys()
    assert of_ledger_that_do_not_add_up(expired / support.WAREHOUSE) == []


def test_files_that_come_again_bring_nothing_back(expired: Path) -> None:
    rows = query(
        expired / support.WAREHOUSE,
        "select count(*) as n from raw.events where app_version like '%VERY-OLD%'",
    )
    assert rows == [{"n": 0}]
    assert [name for name in holds_old(expired) if "/raw/" in name] == []
    late = query(
        expired / support.WAREHOUSE,
        "select distinct source_file from raw.expiry_removals where is_late",
    )
    assert len(late) == 4


@pytest.fixture(scope="module")
def expired_twice(tmp_path_factory: pytest.TempPathFactory, expired: Path) -> Path:
    """A month later more goes: what is archived then was archived before in part."""
    folder = tmp_path_factory.mktemp("twice") / "world"
    shutil.copytree(expired, folder)
    report = support.ingest_raw(settings_of(folder))
    assert report.expiry.row_count > 100
    return folder


def test_a_cut_off_moves_on(expired_twice: Path) -> None:
    warehouse = expired_twice / support.WAREHOUSE
    cuts = query(warehouse, "select cutoff_at from raw.expiries order by 1")
    assert [row["cutoff_at"].isoformat()[:10] for row in cuts] == ["2023-12-04", "2024-01-04"]
    assert query(warehouse, "select 1 from raw.expiries where removed_at is null") == []


def test_archived_people_are_erased_and_a_lost_warehouse_finds_its_archive(
    expired_twice: Path, delivered: Any, tmp_path: Path
) -> None:
    """Both at once: everything is made anew of raw files and the kept archive, but the person."""
    settings = settings_of(expired_twice)
    settings.warehouse.unlink()
    request = {"user_id": world.PERSON, "requested_at": "2024-07-01"}
    support.build_warehouse(expired_twice, feeds={"erasure_requests": [request]})
    assert holding(expired_twice) == []
    removed = query(
        settings.warehouse,
        "select object from raw.erasure_removals where layer = 'archive' and removed_count > 0",
    )
    assert {"archive.arc_user_days", "archive.arc_funnel_attempts",
            "archive.arc_retention_members", "archive.arc_identity_pairs"} <= {
        row["object"] for row in removed
    }  # fmt: skip
    for name, feeds in zip(world.NAMES, delivered, strict=True):
        world.write(tmp_path, world.without(feeds, world.PERSON), name)
    (tmp_path / "raw" / "erasure_requests").mkdir()
    never = support.build_warehouse(tmp_path, seeds=world.SEEDS)
    differing = rows_that_differ(never, settings.warehouse)
    assert differing.keys() - OF_RAW_ROWS - OF_NOBODY == set()
    assert of_ledger_that_do_not_add_up(settings.warehouse) == []


def test_whom_an_archived_event_names_is_forgotten_and_what_others_did_stays() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema raw; create temp table names as select 'pia' as id")
        archive.create_tables(connection)
        connection.execute(
            "insert into archive.arc_invite_events by name select * from (values"
            " ('pia', null, 1), ('bob', 'pia', 2), ('bob', 'cid', 3))"
            " as events (user_id, inviter_id, event_id)"
        )
        archive.forget_people(connection)
        left = connection.execute(
            "select user_id, inviter_id from archive.arc_invite_events order by event_id"
        ).fetchall()
    assert left == [("bob", None), ("bob", "cid")]


# From here on: single runs of ingest over a copy of the first build.


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "copy")
    return tmp_path / "copy"


class KilledError(BaseException):
    """As if the process ended here."""


def killed_at(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, *, after: bool = False
) -> None:
    real = getattr(where, name)

    def strike(*arguments: Any, **more: Any) -> None:
        if after:
            real(*arguments, **more)
        raise KilledError

    monkeypatch.setattr(where, name, strike)


KILLS = {
    "before dbt writes the archive": (archive, "write_next", False),
    "between dbt's writing and the swap": (archive, "write_next", True),
    "as the archive is swapped": (archive, "swap", True),
    "before it is kept": (archive, "keep", False),
    "once it is kept": (archive, "keep", True),
    "after the first file": (removing.Removal, "put_back", False),
    "before the rows are out": (removing.Removal, "take_out", False),
    "before what was computed is dropped": (expiry, "drop_derived", False),
    "before the warehouse is compact": (loader, "compact", False),
}


@pytest.fixture(scope="module")
def unkilled(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("unkilled") / "copy"
    shutil.copytree(built, folder)
    support.ingest_raw(settings_of(folder))
    return left_over(settings_of(folder))


def left_over(settings: Settings) -> dict[str, Any]:
    """What raw and its files hold, loads and clocks apart."""
    found: dict[str, Any] = {
        path.relative_to(settings.raw_dir).as_posix(): path.read_bytes()
        for path in settings.raw_dir.rglob("*")
        if path.is_file() and path.suffix != ".parquet"
    }
    tables = [f"raw.{name}" for name in (*FEEDS_BY_NAME, "ingest_files")]
    apart = ["load_id", "first_loaded_at", "loaded_at", "stat_signature", "content_hash"]
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        for table in (*tables, *(f"archive.{name}" for name in archive.models())):
            rows = connection.execute(f"select columns(c -> c not in {apart}) from {table}")
            found[table] = sorted(map(str, rows.fetchall()))
    return found


# Where most is under way; elsewhere in the long run.
STRUCK = {"between dbt's writing and the swap", "as the archive is swapped", "after the first file"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in STRUCK else [pytest.mark.long]) for name in KILLS],
)
def test_a_killed_expiry_is_taken_up_again(
    name: str, folder: Path, unkilled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(folder)
    where, function, after = KILLS[name]
    before = left_over(settings)
    with monkeypatch.context() as patched:
        killed_at(patched, where, function, after=after)
        with pytest.raises(KilledError):
            support.ingest_raw(settings)
    if where is archive and function != "keep":  # nothing has moved yet
        assert left_over(settings) == before
        assert query(settings.warehouse, "select 1 from raw.expiries") == []
    support.ingest_raw(settings)
    assert left_over(settings) == unkilled
    assert holds_old(folder) == []
    assert query(settings.warehouse, "select 1 from raw.expiries where removed_at is null") == []
    assert (archive.kept_dir(settings) / "arc_user_days.parquet").exists()
    assert tables_of_next(settings) == ["cut"]


def tables_of_next(settings: Settings) -> list[str]:
    rows = query(
        settings.warehouse,
        "select table_name from duckdb_tables() where schema_name = 'archive_next' order by 1",
    )
    return [row["table_name"] for row in rows]


def test_an_archive_with_a_key_twice_takes_no_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(folder)
    before = left_over(settings)
    with connect(settings) as connection:
        connection.execute(
            "insert into facts.fct_user_days from facts.fct_user_days order by all limit 1"
        )
    with monkeypatch.context() as patched:
        patched.setattr(archive, "write_next", WRITE_NEXT)
        with pytest.raises(WarehouseError, match=r"(?s)cannot be written\..*arc_user_days"):
            support.ingest_raw(settings)
    assert left_over(settings) == before
    assert query(settings.warehouse, "select 1 from raw.expiries") == []


def test_an_archive_model_that_is_built_by_hand_archives_nothing(folder: Path) -> None:
    """A build without a selection leaves all of them out."""
    settings = settings_of(folder)
    assert tables_of_next(settings) == ["cut"]
    support.transform(settings, select="fct_user_days+")
    assert "arc_user_days" in tables_of_next(settings)
    assert query(settings.warehouse, "select 1 from archive_next.arc_user_days") == []
    assert support.ingest_raw(settings).expiry.row_count > 300
    assert tables_of_next(settings) == ["cut"]


def test_nothing_expires_while_the_last_build_is_not_whole(folder: Path) -> None:
    settings = settings_of(folder)
    path = settings.seeds_dir / "data_retention.csv"
    path.unlink()
    (settings.raw_dir / "events" / "more.jsonl").write_text('{"event_name": "open"}\n')
    support.ingest_raw(settings)
    path.write_text(world.RETENTION, encoding="utf-8")
    assert support.ingest_raw(settings).expiry is None
    assert query(settings.warehouse, "select 1 from raw.expiries") == []


BUILT_OF = ("raw.build_watermarks.configuration_hash", "seeds.definition_hashes.computed_hash")


def built_of_another(column: str, settings: Settings) -> None:
    table, _, name = column.rpartition(".")
    with connect(settings) as connection:
        connection.execute(f"update {table} set {name} = 'another'")
    assert support.ingest_raw(settings).expiry is None


@pytest.mark.parametrize("column", BUILT_OF)
def test_nothing_is_archived_of_facts_that_other_sql_or_definitions_made(
    column: str, folder: Path
) -> None:
    built_of_another(column, settings_of(folder))
    assert query(folder / support.WAREHOUSE, "select 1 from raw.expiries") == []


@pytest.mark.long
@pytest.mark.parametrize("column", BUILT_OF)
def test_once_they_are_built_anew_they_are_archived(column: str, folder: Path) -> None:
    settings = settings_of(folder)
    built_of_another(column, settings)
    support.transform(settings)
    assert support.ingest_raw(settings).expiry.row_count > 300


@pytest.mark.parametrize(
    "rows",
    ["event,3", "events,", "events,0", "events,2.5", "events,4\nevents,9", "erasure_requests,1"],
)
def test_nothing_is_loaded_and_nothing_expires_while_a_row_is_wrong(
    rows: str, folder: Path
) -> None:
    settings = settings_of(folder)
    (settings.seeds_dir / "data_retention.csv").write_text(f"feed,keep_months\n{rows}\n")
    with pytest.raises(DefinitionsError, match=r"data_retention\.csv, line \d: "):
        support.ingest_raw(settings)
    assert query(settings.warehouse, "select 1 from raw.expiries") == []


def test_events_stay_while_logs_of_other_sources_are_loaded(folder: Path) -> None:
    settings = settings_of(folder)
    path = settings.seeds_dir / "data_retention.csv"
    path.unlink()
    (settings.raw_dir / "shop_log").mkdir()
    (settings.raw_dir / "shop_log" / "1.csv").write_text("a,b\n1,2\n")
    support.ingest_raw(settings)
    with duckdb.connect(str(settings.warehouse)) as connection:  # as a build would
        connection.execute(
            "insert into raw.build_watermarks select (select max(load_id) from raw.ingest_files), "
            "max(configuration_hash), now() at time zone 'UTC' from raw.build_watermarks"
        )
    path.write_text(world.RETENTION, encoding="utf-8")
    report = support.ingest_raw(settings)
    assert report.expiry is None
    assert "shop_log" in report.summary()


def test_of_what_a_feed_describes_the_latest_row_stays(folder: Path) -> None:
    settings = settings_of(folder)
    (settings.seeds_dir / "data_retention.csv").write_text(
        "feed,keep_months\nusers,3\nchannel_costs,4\n"
    )
    latest = """
        select user_id, updated_at, plan from (
            select *, properties ->> 'plan' as plan, rank() over (
                partition by user_id order by try_cast(updated_at as timestamp) desc nulls last,
                    content_hash desc
            ) as place
            from raw.users
        ) where place = 1 order by all
    """
    before = query(settings.warehouse, latest)
    assert support.ingest_raw(settings).expiry.row_count > 100
    assert query(settings.warehouse, latest) == before
    (row,) = query(settings.warehouse, "select min(cost_date) as first from raw.channel_costs")
    assert row["first"] == "2024-01-01"
    ledger = query(
        settings.warehouse,
        "select rows_in from raw.ingest_files where feed in ('users', 'channel_costs') order by 1",
    )
    counts = query(
        settings.warehouse,
        "select count(*) as rows_in from raw.users union all "
        "select count(*) from raw.channel_costs order by 1",
    )
    assert ledger == counts
    assert query(settings.warehouse, "select 1 from archive.arc_users") == []


def to_go(settings: Settings, feed: str, cut: datetime) -> list[tuple[int]]:
    with connect(settings) as connection:
        for macro in readers.MACROS:
            connection.execute(macro)
        expiry._find_rows(connection, settings, {feed: cut}, 0)
        return connection.execute("select row_number from expired_rows order by 1").fetchall()


def test_the_latest_row_that_is_not_quarantined_stays(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    versions = [{"content_id": "c", "updated_at": f"2024-01-0{day}"} for day in range(1, 5)]
    support.write_feeds(tmp_path, {"contents": versions})
    support.ingest_raw(settings)
    # Whether a row can be used no build has said yet.
    assert to_go(settings, "contents", datetime(2024, 3, 1)) == [(1,), (2,), (3,)]
    with connect(settings) as connection:
        connection.execute(
            "create schema if not exists staging; create table staging.stg_feed_rows as"
            " select load_id, row_number, case when row_number = 4 then 'quarantined'"
            " else 'staged' end as outcome from raw.contents"
        )
    assert to_go(settings, "contents", datetime(2024, 3, 1)) == [(1,), (2,), (4,)]


@pytest.mark.parametrize("feed", VERSIONS_OF)
def test_versions_of_one_thing_expire_together(feed: str, tmp_path: Path) -> None:
    """Of what was moved to a day before the cut-off the version before would count again."""
    settings = settings_of(tmp_path)
    rows = [("a", "2024-03-05"), ("a", "2024-01-05"), ("b", "2024-01-05"), ("b", "2024-02-05"),
            ("", "2024-01-06"), ("", "2024-03-06")]  # fmt: skip
    support.write_feeds(
        tmp_path, {feed: [{VERSIONS_OF[feed]: name, EXPIRES_BY[feed]: day} for name, day in rows]}
    )
    support.ingest_raw(settings)
    assert to_go(settings, feed, datetime(2024, 3, 1)) == [(3,), (4,), (5,)]


@pytest.mark.parametrize(
    ("zone", "day", "at"),
    [("America/Havana", date(2020, 11, 1), datetime(2020, 11, 1, 4)),  # midnight comes twice
     ("Africa/Cairo", date(2023, 4, 28), datetime(2023, 4, 27, 22)),  # and here not at all
     ("Asia/Shanghai", date(2024, 3, 1), datetime(2024, 2, 29, 16))],
)  # fmt: skip
def test_a_cut_off_is_the_first_instant_of_its_day(zone: str, day: date, at: datetime) -> None:
    assert expiry._midnight(zone, day) == at


def test_a_definition_that_says_something_else_leaves_its_archive(folder: Path) -> None:
    settings = settings_of(folder)
    support.ingest_raw(settings)
    path = settings.seeds_dir / "funnels.csv"
    text = path.read_text(encoding="utf-8")
    changed = (
        "select definition, definition_id from archive.arc_definitions "
        "where archived_hash <> present_hash"
    )
    path.write_text(text.replace("tries,,432000", "tries,,432001"), encoding="utf-8")
    assert "The funnel tries says something else" in support.ingest_raw(settings).summary()
    assert query(settings.warehouse, changed) == [
        {"definition": "funnel", "definition_id": "tries"}
    ]
    path.write_text(text, encoding="utf-8")
    assert "something else" not in support.ingest_raw(settings).summary()
    assert query(settings.warehouse, changed) == []


def test_every_feed_but_the_requests_may_expire_by_a_column_of_its_own() -> None:
    """Logs of other tools do not: events stay while one is loaded."""
    assert {*EXPIRES_BY} == {feed.name for feed in FEEDS} - {"erasure_requests"}
    for feed, columns in {**{f: (c,) for f, c in EXPIRES_BY.items()}, **LATEST_STAYS}.items():
        assert {*columns} <= {*FEEDS_BY_NAME[feed].column_names}


def test_what_is_archived_is_read_and_what_is_read_is_archived() -> None:
    sources = load_manifest()["sources"].values()
    read = {source["name"] for source in sources if source["source_name"] == "archive"}
    lists = {table.removeprefix("archive.") for table in audience_lists.TABLES}
    assert read == {*archive.models(), "arc_definitions"} | lists
    assert len(read) > 15


def test_an_archive_of_before_is_moved_out_of_raw(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    folder = archive.kept_dir(settings)
    folder.mkdir()
    with connect(settings) as connection:
        ledger.create_tables(connection)
        for statement in (
            "create table raw.archived_users as select 'u1' as user_id, 2 as event_count",
            "create table raw.archived_films as select 1 as load_id",  # of a feed
            f"copy raw.archived_users to '{folder}/archived_users.parquet'",
        ):
            connection.execute(statement)
        archive.create_tables(connection)
        found = "select user_id, event_count from archive.arc_users"
        assert connection.execute(found).fetchall() == [("u1", 2)]
        old = connection.execute(
            "select table_name from duckdb_tables() where table_name like 'archived_%'"
        ).fetchall()
        assert old == [("archived_films",)]
        connection.execute("delete from archive.arc_users")
        archive.recall(connection, settings)
        assert connection.execute(found).fetchall() == [("u1", 2)]


@pytest.fixture(autouse=True)
def _compact_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A marker stands until reports are scrubbed, which ingest alone does not do: here the
    warehouse is written anew once, and the marker goes."""

    def compact_and_unmark(settings: Settings) -> None:
        compact(settings)
        expiry.marker_path(settings).unlink(missing_ok=True)

    monkeypatch.setattr(loader, "compact", compact_and_unmark)
