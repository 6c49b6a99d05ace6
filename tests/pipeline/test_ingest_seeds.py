"""Definition files as people save them, and what a wrong one leads to."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from orchestration.defs.ingest import seeds
from orchestration.defs.ingest.seeds import DEFINITIONS
from orchestration.project import SHIPPED_SEEDS_DIR
from orchestration.warehouse import connect
from tests.pipeline.ingest_support import World

FALLBACKS = {"lifecycle_stages", "rfm_segments", "rfm_segment_labels"}


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
        ("funnel_id,label_zh\na,é\n".encode("latin-1"), "line 2 shows it"),
        ("funnel_id,label_zh\na,カート\n".encode("shift_jis"), "GBK"),
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


# As Chinese Excel saves them

FUNNELS = "funnel_id,label_en,label_zh\npay,Pay,“下单”到支付\n,,\nvisit,Visit,访问\n"


def read_as(world: World, name: str = "funnels") -> list[tuple[object, ...]]:
    report = world.ingest()
    assert [seed.error for seed in report.seeds if seed.error] == []
    return world.rows(f"select row_number, funnel_id, label_zh from seeds.{name}")


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("above", ["", "sep=,\r\n", '"sep=,"\n'])
def test_encodings_and_the_line_sep_of_excel_are_read(
    world: World, encoding: str, above: str
) -> None:
    world.seed("funnels.csv", (above + FUNNELS).encode(encoding))
    at = 2 + bool(above)
    assert read_as(world) == [(at, "pay", "“下单”到支付"), (at + 2, "visit", "访问")]
    world.seed("funnels.csv", (above + FUNNELS + "x,y\n").encode(encoding))
    world.ingest()
    assert f"Line {at + 3} " in status(world, "funnels")[2]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "，", "；", "｜"])
@pytest.mark.parametrize("above", ["", "sep={}\n"])
def test_other_delimiters_part_the_columns(world: World, delimiter: str, above: str) -> None:
    world.seed("funnels.csv", above.format(delimiter) + FUNNELS.replace(",", delimiter))
    assert [row[1:] for row in read_as(world)] == [("pay", "“下单”到支付"), ("visit", "访问")]


def test_a_full_width_comma_in_one_row_is_named(world: World) -> None:
    world.seed("funnels.csv", FUNNELS + "x，Y，Z\n")
    world.ingest()
    assert "Line 5" in status(world, "funnels")[2]
    assert "full-width ，: write ," in status(world, "funnels")[2]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_a_workbook_is_a_definition_file(world: World) -> None:
    header = ["funnel_id", "label_zh", "window_seconds", "from_at", "time_bins"]
    rows = [["pay", "支付", 604800.0, date(2024, 6, 1), True], [], [2, "访问", None, "2024/6/1", 1]]
    path = world.settings.seeds_dir / "funnels.xlsx"
    workbook(path, {"Notes": [["x"], [1]], "funnels": [header, *rows]})
    report = world.ingest()
    assert "funnels.xlsx" in {seed.file for seed in report.seeds}
    query = (
        "select row_number, funnel_id, label_zh, window_seconds, from_at, time_bins "
        "from seeds.funnels"
    )
    expected = [
        (2, "pay", "支付", "604800", "2024-06-01", "true"),
        (4, "2", "访问", None, "2024/6/1", "1"),
    ]
    assert world.rows(query) == expected
    with connect(world.settings, read_only=True) as connection:
        assert not seeds.have_changed(connection, world.settings.seeds_dir)
    world.ingest()
    assert world.rows(query) == expected

    world.seed("funnels.csv", FUNNELS)
    error = next(seed.error for seed in world.ingest().seeds if "funnels.csv" in seed.file)
    assert "funnels.csv and funnels.xlsx are both there" in (error or "")
    assert world.rows("select count(*) from seeds.funnels") == [(0,)]
    path.unlink()
    assert len(read_as(world)) == 2
    workbook(path, {"funnels": [header, *rows]})
    with connect(world.settings, read_only=True) as connection:
        assert seeds.have_changed(connection, world.settings.seeds_dir)
    assert any("both there" in (seed.error or "") for seed in world.ingest().seeds)


def test_a_workbook_replaces_what_is_shipped_and_a_damaged_one_is_an_error(world: World) -> None:
    path = world.settings.seeds_dir / "lifecycle_stages.xlsx"
    workbook(path, {"Sheet1": [["stage_id", "silent_over_days"], ["churn", 60]]})
    world.ingest()
    stages = "select stage_id, silent_over_days from seeds.lifecycle_stages"
    assert world.rows(stages) == [("churn", "60")]
    path.write_bytes(path.read_bytes()[:-200])
    [error] = [seed.error for seed in world.ingest().seeds if seed.error]
    assert "no .xlsx" in error


def test_files_that_look_like_definitions_and_are_not_read_are_strangers(world: World) -> None:
    for name in ("funnels.xls", "funnels.json", "my.xlsx", "~$funnels.xlsx", "README.md"):
        world.seed(name, b"x")
    world.ingest()
    assert world.rows("select file from seeds.definition_files where not is_known") == [
        ("funnels.json",), ("funnels.xls",), ("my.xlsx",),
    ]  # fmt: skip
