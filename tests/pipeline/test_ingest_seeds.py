"""Definition files as people save them, and what a wrong one leads to."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from orchestration.defs.ingest import seeds
from orchestration.defs.ingest.feeds import FEEDS
from orchestration.defs.ingest.seeds import DEFINITIONS
from orchestration.project import SHIPPED_SEEDS_DIR
from orchestration.warehouse import connect
from tests.pipeline.ingest_support import World

FALLBACKS = {"lifecycle_stages", "rfm_segments", "rfm_segment_labels", "placeholder_ids"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def status(world: World, name: str) -> tuple[int, str | None, str]:
    [(rows, unknown, error)] = world.rows(
        "select row_count, unknown_columns, error from seeds.definition_files where file = ?",
        [f"{name}.csv"],
    )
    return rows, unknown, error or ""


def test_rows_know_the_line_that_a_person_sees(world: World) -> None:
    world.seed(
        "funnels.csv",
        'funnel_id,label_en\na,"two\nlines"\n\n,,,\nb, B \n',
    )
    world.seed("activities.csv", "activity_id;event_name;note\r\nany;;x\r\nbuy;order_placed;y\r\n")
    world.ingest()
    assert world.rows("select row_number, funnel_id, label_en, breakdown from seeds.funnels") == []
    assert "Line 5" in status(world, "funnels")[2]
    world.seed("funnels.csv", 'funnel_id,label_en\na,"two\nlines"\n\n,\nb, B \n')
    world.ingest()
    assert world.rows("select row_number, funnel_id, label_en, breakdown from seeds.funnels") == [
        (2, "a", "two\nlines", None),
        (6, "b", "B", None),
    ]
    assert world.rows("select row_number, activity_id, event_name from seeds.activities") == [
        (2, "any", None),
        (3, "buy", "order_placed"),
    ]
    assert status(world, "activities") == (2, "note", "")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("funnel_id,label_zh\na,漏斗\n".encode("gbk"), "UTF-8"),
        ("funnel_id,label_zh\na,漏斗\n".encode("utf-16"), "UTF-16"),
        (b"<html><body>", "HTML"),
        (b"colour\nred\n", "must name the columns"),
        (b"funnel_id,label_en\na,b\nc\n", "Line 3"),
        (b'funnel_id,label_en\na,b\nc,"d\n', "Line 3"),
    ],
)
def test_a_file_that_is_no_csv_is_an_error_and_not_a_crash(
    world: World, data: bytes, said: str
) -> None:
    world.seed("funnels.csv", data)
    world.seed("activities.csv", "activity_id\nany\n")
    report = world.ingest()
    rows, _, error = status(world, "funnels")
    assert rows == 0
    assert said in error
    assert world.rows("select count(*) from seeds.funnels") == [(0,)]
    assert world.rows("select activity_id from seeds.activities") == [("any",)]
    assert error in report.summary()


def test_missing_files_are_empty_tables_and_stages_and_segments_fall_back(world: World) -> None:
    world.settings.seeds_dir.rmdir()
    world.ingest()
    for definition in DEFINITIONS:
        columns = [
            name
            for (name,) in world.rows(
                "select column_name from duckdb_columns() where schema_name = 'seeds' "
                "and table_name = ? order by column_index",
                [definition.name],
            )
        ]
        assert columns == ["row_number", *definition.columns]
        [(count,)] = world.rows(f"select count(*) from seeds.{definition.name}")
        assert bool(count) == (definition.name in FALLBACKS), definition.name


def test_an_own_file_replaces_the_shipped_one_whole(world: World) -> None:
    world.seed("lifecycle_stages.csv", "stage_id,silent_over_days\nchurn,60\n")
    world.ingest()
    assert world.rows("select stage_id, silent_over_days from seeds.lifecycle_stages") == [
        ("churn", "60")
    ]
    (world.settings.seeds_dir / "lifecycle_stages.csv").unlink()
    world.ingest()
    assert world.rows("select count(*) from seeds.lifecycle_stages") == [(5,)]


def test_a_file_that_did_not_change_is_not_read_again_and_its_table_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seed("funnels.csv", "funnel_id,extra,more\na,b,c\n")
    world.ingest()
    before = world.rows("select * from seeds.definition_files")
    monkeypatch.setattr(seeds, "_stage_fields", lambda *_: pytest.fail("read again"))
    world.ingest()
    assert world.rows("select * from seeds.definition_files") == before
    assert world.rows("select funnel_id from seeds.funnels") == [("a",)]


def test_a_folder_has_changed_when_a_file_in_it_has(world: World) -> None:
    def have_changed() -> bool:
        with connect(world.settings, read_only=True) as connection:
            return seeds.have_changed(connection, world.settings.seeds_dir)

    world.seed("funnels.csv", "funnel_id\na\n")
    world.ingest()
    assert not have_changed()
    for name, content in (
        ("funnels.csv", "funnel_id\nb\n"),
        ("lifecycle_stages.csv", "stage_id,silent_over_days\nchurn,60\n"),
        ("stranger.csv", "a\n1\n"),
    ):
        world.seed(name, content)
        assert have_changed()
        world.ingest()
        assert not have_changed()
    (world.settings.seeds_dir / "funnels.csv").unlink()
    assert have_changed()


def test_a_definition_that_vanishes_is_empty_again(world: World) -> None:
    world.seed("funnels.csv", "funnel_id\na\n")
    world.ingest()
    (world.settings.seeds_dir / "funnels.csv").unlink()
    world.ingest()
    assert world.rows("select count(*) from seeds.funnels") == [(0,)]


def test_a_file_of_no_known_name_is_listed(world: World) -> None:
    world.seed("funels.csv", "funnel_id\na\n")
    world.ingest()
    assert world.rows("select file from seeds.definition_files where not is_known") == [
        ("funels.csv",)
    ]


# What is shipped


def shipped(name: str) -> list[dict[str, str]]:
    with (SHIPPED_SEEDS_DIR / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_shipped_files_have_the_columns_of_their_kind_and_labels_in_both_languages() -> None:
    for definition in DEFINITIONS:
        path = SHIPPED_SEEDS_DIR / f"{definition.name}.csv"
        header = path.read_text(encoding="utf-8").splitlines()[0]
        assert header.split(",") == list(definition.columns)
        for row in shipped(definition.name):
            assert None not in row, row
            assert all(row.get(label, "x") for label in ("label_en", "label_zh")), row


def test_every_column_of_every_definition_and_feed_is_explained_in_the_readme() -> None:
    text = (SHIPPED_SEEDS_DIR / "README.md").read_text(encoding="utf-8")
    for definition in DEFINITIONS:
        assert f"`{definition.name}.csv`" in text
        assert [name for name in definition.columns if f"`{name}`" not in text] == []
    for feed in FEEDS:
        section = text.split(f"#### `{feed.name}`")[1].split("\n#### ")[0]
        assert [name for name in feed.column_names if f"`{name}`" not in section] == []


def test_the_shipped_segments_cover_each_of_the_125_cells_once() -> None:
    cells = shipped("rfm_segments")
    assert len({(row["r_score"], row["f_score"], row["m_score"]) for row in cells}) == 125
    assert len(cells) == 125
    assert {row["segment_id"] for row in cells} == {
        row["segment_id"] for row in shipped("rfm_segment_labels")
    }


def test_shipped_definitions_point_at_each_other() -> None:
    events = {row["event_name"] for row in shipped("event_names")}
    activities = {row["activity_id"] for row in shipped("activities")}
    funnels = {row["funnel_id"] for row in shipped("funnels")}
    retentions = {row["retention_id"] for row in shipped("retentions")}
    assert {row["activity_id"] for row in shipped("stickiness")} <= activities
    assert {row["funnel_id"] for row in shipped("funnel_steps")} == funnels
    named = {row["event_name"] for row in [*shipped("funnel_steps"), *shipped("activities")]}
    named |= {
        row[name] for row in shipped("retentions") for name in ("cohort_event", "return_event")
    }
    assert named - {""} <= events
    ids = {"funnel": funnels, "retention": retentions, "activity": activities}
    for row in shipped("filters"):
        assert row["definition_id"] in ids[row["definition"]]
