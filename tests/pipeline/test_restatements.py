"""Ripe figures that moved: each is told, in the build that moved it, with the reason; no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.commands.rollback import rollback
from orchestration.ingest import ledger
from orchestration.project import Settings
from orchestration.publish.builds import DATABASE, PublishedBuild
from orchestration.publish.publishing import publish
from orchestration.publish.restatements import REASONS, Restating, restating, take_in
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import exposed_nodes, load_manifest
from tests.support import build_warehouse, query, settings_of

DAYS, PEOPLE = ("marts", "mart_days"), ("marts", "mart_people")
LIST = ("marts", "mart_restatements")
WATCHED = Restating(LIST, {DAYS: ("day", "part"), PEOPLE: ("user_id",)})
SAME = {"definitions": "d", "settings": "s", "project": "p", "code": "c"}

Change = tuple[str, Any, str | None, str | None, str | None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_of(tmp_path)
    with connect(settings) as connection:
        ledger.create_tables(connection)
        connection.execute(
            """
            create schema marts; create schema staging; create schema facts;
            create table marts.mart_days (
                day date, part text, figure bigint, rate double, is_mature boolean
            );
            insert into marts.mart_days values
                ('2024-01-01', null, 10, 0.5, true), ('2024-01-01', 'web', 4, null, true),
                ('2024-01-02', null, 7, 0.25, false);
            create table marts.mart_people (user_id text, score bigint, is_mature boolean);
            insert into marts.mart_people values ('Zhuo Wenjun', 1, true), ('Xiangru', 2, true);
            create table staging.stg_events (load_id bigint, occurred_at timestamp);
            create table facts.dim_horizon as
            select timestamp '2024-01-02 12:00' as data_through_at;
            create table marts.mart_restatements as select * from raw.restatements_log;
            """
        )
        arrive(connection, "a.csv", load_id=1, occurred_at="2024-01-01")
    return settings


def arrive(
    connection: duckdb.DuckDBPyConnection, file: str, load_id: int, occurred_at: str
) -> None:
    """A version of a file, in the place of the one before, with one event."""
    connection.execute("delete from raw.ingest_files where source_file = ?", [file])
    connection.execute(
        "insert into raw.ingest_files by name select 'events' as feed, ? as source_file,"
        " 1 as size_bytes, '' as stat_signature, ? as load_id, 'loaded' as status, 1 as rows_in,"
        " timestamp '2024-01-02' as loaded_at",
        [file, load_id],
    )
    connection.execute(
        "insert into staging.stg_events values (?, cast(? as timestamp))", [load_id, occurred_at]
    )


def change(settings: Settings, sql: str) -> None:
    with connect(settings) as connection:
        connection.execute(sql)


def release(
    settings: Settings, made_of: dict[str, str] | None = None, restating: Restating = WATCHED
) -> PublishedBuild:
    parts = {**SAME, **(made_of or {})}
    return publish(settings, [DAYS, PEOPLE, LIST], "hash", made_of=parts, restating=restating)


def told(settings: Settings) -> list[Change]:
    """(table, key, column, old, new) of what readers are told."""
    rows = query(
        settings.publish_dir / DATABASE,
        "select * from marts.mart_restatements order by build_id, row_key desc, column_name",
    )
    assert all(row["is_gone"] == (row["column_name"] is None) for row in rows)
    return [
        (
            row["table_name"].removeprefix("marts.mart_"),
            tuple(json.loads(row["row_key"]).values()),
            row["column_name"],
            row["old_value"],
            row["new_value"],
        )
        for row in rows
    ]


def reasons(settings: Settings) -> set[str]:
    """Reasons of the newest build's changes."""
    rows = query(
        settings.publish_dir / DATABASE,
        "select * from marts.mart_restatements where build_id = (select build_id from build)",
    )
    for row in rows:
        words = [REASONS[reason] for reason in row["reasons"].split(", ")]
        assert row["reason_en"] == "; ".join(english for english, _ in words)
        assert row["reason_zh"] == "；".join(chinese for _, chinese in words)
    [listed] = {row["reasons"] for row in rows}
    return set(listed.split(", "))


MOVE = (
    "update marts.mart_days set figure = 11, rate = 0.6 where day = '2024-01-01' and part is null"
)
MOVED: list[Change] = [
    ("days", ("2024-01-01", None), "figure", "10", "11"),
    ("days", ("2024-01-01", None), "rate", "0.5", "0.6"),
]


def test_what_does_not_move_or_is_not_ripe_is_not_told(settings: Settings) -> None:
    assert release(settings).restated_value_count == 0
    change(
        settings,
        "update marts.mart_days set figure = 8, is_mature = true where day = '2024-01-02';"
        " insert into marts.mart_days values ('2024-01-03', null, 1, 1, true)",
    )
    assert release(settings).restated_value_count == 0
    assert told(settings) == []


def test_each_value_of_a_ripe_row_that_moved_is_told_with_its_key(settings: Settings) -> None:
    first = release(settings)
    change(settings, MOVE)
    change(settings, "update marts.mart_days set rate = 0.1 where part = 'web'")
    second = release(settings)
    assert second.restated_value_count == 3
    assert told(settings) == [*MOVED, ("days", ("2024-01-01", "web"), "rate", None, "0.1")]
    [row, *_] = query(
        settings.publish_dir / DATABASE, "select * from marts.mart_restatements limit 1"
    )
    assert (row["previous_build_id"], row["build_id"]) == (first.build_id, second.build_id)
    assert str(row["restated_at"]) == second.built_at
    parquet = settings.publish_dir / "parquet/marts/mart_restatements.parquet"
    assert duckdb.sql(f"select count(*) from '{parquet}'").fetchall() == [(3,)]
    assert second.row_counts["marts.mart_restatements"] == 3


def test_what_is_of_everything_so_far_goes_on_untold(settings: Settings) -> None:
    """In all rows, or in those in which the named column is empty."""
    in_some = replace(WATCHED, so_far={DAYS: {"figure": "part", "rate": True}})
    release(settings, restating=in_some)
    change(settings, "update marts.mart_days set figure = figure + 1, rate = 0.9 where is_mature")
    release(settings, restating=in_some)
    assert told(settings) == [("days", ("2024-01-01", "web"), "figure", "4", "5")]


def test_a_row_that_is_gone_or_ripe_no_more_is_told(settings: Settings) -> None:
    release(settings)
    change(settings, "delete from marts.mart_days where part = 'web'")
    change(settings, "update marts.mart_days set is_mature = false where day = '2024-01-01'")
    release(settings)
    assert told(settings) == [
        ("days", ("2024-01-01", None), "is_mature", "true", "false"),
        ("days", ("2024-01-01", "web"), None, None, None),
    ]


def test_what_was_told_stays_through_builds_and_rebuilds_and_goes_back_with_a_rollback(
    settings: Settings,
) -> None:
    release(settings)
    change(settings, MOVE)
    moved = release(settings)
    # A warehouse made anew knows nothing of it.
    change(settings, "delete from raw.restatements_log; delete from marts.mart_restatements")
    release(settings)
    assert told(settings) == MOVED
    rollback(settings, moved.previous_build_id)
    assert told(settings) == []
    release(settings)
    assert told(settings) == MOVED, "once, against the build that readers were taken back to"


@pytest.mark.parametrize(
    ("happened", "made_of", "expected"),
    [
        ("late", {}, {"late_rows"}),
        ("late feedback", {}, {"late_rows"}),
        ("new", {}, {"new_rows"}),
        ("replaced", {}, {"replaced_files"}),
        ("withdrawn", {}, {"withdrawn_files"}),
        ("erased", {}, {"erasure"}),
        ("", {"definitions": "d2"}, {"changed_definitions"}),
        ("", {"settings": "s2"}, {"changed_settings"}),
        ("", {"project": "p2"}, {"changed_code"}),
        ("", {"code": "c2"}, {"changed_code"}),
        ("", {}, {"unknown"}),
        ("late", {"definitions": "d2", "code": "c2"}, {"late_rows", "changed_definitions"}),
    ],
)
def test_the_reason_is_what_happened_between_the_builds(
    settings: Settings, happened: str, made_of: dict[str, str], expected: set[str]
) -> None:
    release(settings)
    with connect(settings) as connection:
        connection.execute(MOVE)
        if happened == "late":
            arrive(connection, "b.csv", load_id=2, occurred_at="2024-01-01 09:00")
        elif happened == "late feedback":
            connection.execute(
                "insert into raw.feedback by name select 'f.csv' as source_file, 1 as row_number,"
                " 2 as load_id, '2024-01-01' as submitted_at"
            )
        elif happened == "new":
            arrive(connection, "b.csv", load_id=2, occurred_at="2024-01-02 13:00")
        elif happened == "replaced":
            arrive(connection, "a.csv", load_id=2, occurred_at="2024-01-02 13:00")
        elif happened == "withdrawn":
            connection.execute("update raw.ingest_files set status = 'withdrawn', load_id = 2")
        elif happened == "erased":
            connection.execute("insert into raw.erasures values ('r', null, '2024-01-01', null)")
    release(settings, made_of)
    assert reasons(settings) == expected


def test_an_erasure_leaves_no_key_of_somebody_who_is_gone(settings: Settings) -> None:
    release(settings)
    change(settings, "update marts.mart_people set score = score + 1")
    release(settings)
    assert {key for _, key, *_ in told(settings)} == {("Zhuo Wenjun",), ("Xiangru",)}
    change(
        settings,
        "insert into raw.erasures values ('r', null, '2024-01-01', null);"
        " delete from marts.mart_people where user_id = 'Zhuo Wenjun';"
        " delete from marts.mart_days where part = 'web'",
    )
    # What the warehouse takes in before the new build is published names nobody at all.
    with connect(settings) as connection:
        take_in(connection, settings, LIST, epoch=1)
        assert connection.execute("select count(*) from raw.restatements_log").fetchone() == (0,)
    release(settings)
    assert [(key, column) for _, key, column, *_ in told(settings)] == [
        (("Xiangru",), "score"),
        (("2024-01-01", "web"), None),
    ]
    for path in (settings.publish_dir / "builds").rglob("*"):
        assert not path.is_file() or b"Wenjun" not in path.read_bytes(), path
    with connect(settings) as connection:
        take_in(connection, settings, LIST, epoch=1)
        assert connection.execute("select count(*) from raw.restatements_log").fetchone() == (2,)


def test_keyed_hashes_are_not_compared_with_ids_nor_beside_them(
    settings: Settings, tmp_path: Path
) -> None:
    release(settings)
    change(settings, "update marts.mart_people set score = 5 where user_id = 'Xiangru'")
    release(settings)
    assert told(settings) == [("people", ("Xiangru",), "score", "2", "5")]
    with connect(settings) as connection:
        take_in(connection, settings, LIST, epoch=0)
        connection.execute("insert into marts.mart_restatements from raw.restatements_log")
    keyed = settings_of(tmp_path, {"YUNYING_PSEUDONYM_KEY": "secret"})
    change(keyed, MOVE)
    build = release(keyed)
    assert told(keyed) == MOVED
    file = settings.publish_dir / "builds" / build.build_id / DATABASE
    assert b"Xiangru" not in file.read_bytes(), "nor in what a deletion would leave behind"
    change(keyed, "update marts.mart_people set score = 6 where user_id = 'Xiangru'")
    release(keyed)
    [*_, (_, [hashed], *_)] = told(keyed)
    assert len(hashed) == 64


def test_a_published_file_that_cannot_be_read_holds_up_no_build(settings: Settings) -> None:
    build = release(settings)
    (settings.publish_dir / "builds" / build.build_id / DATABASE).write_bytes(b"no database")
    with connect(settings) as connection:
        take_in(connection, settings, LIST, epoch=0)
    change(settings, MOVE)
    release(settings)
    assert told(settings) == []


def test_every_published_table_that_ripens_is_watched_by_its_key() -> None:
    watched = restating(load_manifest())
    assert watched is not None
    assert watched.table == LIST
    ripening = {
        (node["schema"], node["alias"])
        for node in exposed_nodes(load_manifest())
        if "is_mature" in node["columns"]
    }
    assert watched.keys.keys() == ripening
    assert len(ripening) > 12
    assert watched.keys["marts", "mart_active_users_daily"] == ("activity_date",)
    assert watched.keys["marts", "mart_lifecycle_daily"] == ("activity_date", "stage_id")


def test_a_late_row_restates_a_ripe_day_and_the_warehouse_learns_what_readers_were_told(
    tmp_path: Path,
) -> None:
    """Through dbt."""
    select = "+mart_active_users_daily +mart_restatements"
    relation = ("marts", "mart_active_users_daily")
    settings = settings_of(tmp_path)
    watched = Restating(LIST, {relation: ("activity_date",)})

    def deliver(name: str, day: str) -> None:
        event = {"event_name": "open", "user_id": name, "occurred_at": f"{day}T10:00:00Z"}
        build_warehouse(tmp_path, events=[event], select=select)

    def show() -> PublishedBuild:
        return publish(settings, [relation, LIST], "hash", made_of=SAME, restating=watched)

    deliver("u1", "2024-05-01")
    deliver("u1", "2024-05-03")
    show()
    deliver("u2", "2024-05-01")
    assert show().restated_value_count > 0
    sql = "select * from marts.mart_restatements order by all"
    listed = query(settings.publish_dir / DATABASE, sql)
    by_day = {
        (json.loads(row["row_key"])["activity_date"], row["column_name"]): row for row in listed
    }
    first = by_day["2024-05-01", "dau"]
    assert (first["old_value"], first["new_value"]) == ("1", "2")
    assert first["reasons"] == "late_rows"
    assert ("2024-05-02", "mau") in by_day
    assert ("2024-05-02", "dau") not in by_day
    assert not any(day == "2024-05-03" for day, _ in by_day), "that day was not over"

    assert query(settings.warehouse, sql) == []
    with connect(settings) as connection:
        take_in(connection, settings, LIST, epoch=0)
    deliver("u1", "2024-05-04")
    assert query(settings.warehouse, sql) == listed
    assert show().restated_value_count == 0
    assert query(settings.publish_dir / DATABASE, sql) == listed


def test_people_whose_ids_are_left_out_are_not_compared(settings: Settings) -> None:
    """As of those who have taken their consent back: any of them would be each other."""
    change(settings, "insert into marts.mart_people values (null, 3, true), (null, 4, true)")
    release(settings)
    change(settings, "update marts.mart_people set score = 10 * score where score > 1")
    release(settings)
    assert told(settings) == [("people", ("Xiangru",), "score", "2", "20")]


def test_what_earlier_builds_told_of_nobody_goes(settings: Settings) -> None:
    release(settings)
    change(settings, MOVE)
    build = release(settings)
    published = settings.publish_dir / "builds" / build.build_id / DATABASE
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            "insert into marts.mart_restatements by name select * replace ("
            "'marts.mart_people' as table_name, '{\"user_id\":null}' as row_key)"
            " from marts.mart_restatements"
        )
    assert len(told(settings)) == 2 * len(MOVED)
    release(settings)
    assert told(settings) == MOVED
