"""Definition files as people save them, and what a wrong one leads to."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from orchestration.ingest import seeds
from orchestration.ingest.definitions.problems import DefinitionsError
from orchestration.ingest.definitions.schema import DEFINITIONS
from orchestration.project import SHIPPED_SEEDS_DIR
from orchestration.store.warehouse import connect
from tests.pipeline.ingest_support import World

FALLBACKS = {"lifecycle_stages", "placeholder_ids", "rfm_segments", "rfm_segment_labels"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def files(world: World) -> dict[str, tuple[int, str | None]]:
    rows = world.rows("select file, row_count, unknown_columns from seeds.definition_files")
    return {file: (count, unknown) for file, count, unknown in rows}


def test_rows_know_the_line_that_a_person_sees(world: World) -> None:
    world.seed("event_names.csv", 'event_name,label_en\na,"two\nlines"\n\n,,,\nb, B \n')
    with pytest.raises(DefinitionsError, match=r"event_names\.csv, line 5: it has not"):
        world.ingest()
    world.seed("event_names.csv", 'event_name,label_en\na,"two\nlines"\n\n,\nb, B \n')
    world.seed("activities.csv", "activity_id;event_name;note\r\nany;;x\r\nbuy;b;y\r\n")
    world.ingest()
    assert world.rows("select row_number, event_name, label_en, area from seeds.event_names") == [
        (2, "a", "two\nlines", None),
        (6, "b", "B", None),
    ]
    assert world.rows("select row_number, activity_id, event_name from seeds.activities") == [
        (2, "any", None),
        (3, "buy", "b"),
    ]
    assert files(world)["activities.csv"] == (2, "note")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("activity_id,label_zh\na,é\n".encode("latin-1"), "line 2 shows it"),
        ("activity_id,label_zh\na,カート\n".encode("shift_jis"), "GBK"),
        (b"<html><body>", "HTML"),
        (b"colour\nred\n", "must name the columns"),
        (b"activity_id,label_en\na,b\nc\n", "line 3"),
        (b'activity_id,label_en\na,b\nc,"d\n', "line 3"),
    ],
)
def test_a_file_that_is_no_csv_stops_all_and_is_not_a_crash(
    world: World, data: bytes, said: str
) -> None:
    world.seed("event_names.csv", "event_name\na\n")
    world.ingest()
    world.seed("event_names.csv", "event_name\nb\n")
    world.seed("activities.csv", data)
    with pytest.raises(DefinitionsError, match=f"activities.csv.*{said}"):
        world.ingest()
    assert world.rows("select event_name from seeds.event_names") == [("a",)]
    assert world.rows("select count(*) from seeds.activities") == [(0,)]


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
    stages = ["introduction", "growth", "maturity", "dormancy", "churn"]
    own = "".join(f"{stage},{60 if stage == 'churn' else ''}\n" for stage in stages)
    world.seed("lifecycle_stages.csv", f"stage_id,silent_over_days\n{own}")
    world.ingest()
    days = "select silent_over_days, label_en from seeds.lifecycle_stages where stage_id = 'churn'"
    assert world.rows(days) == [(60, None)]
    (world.settings.seeds_dir / "lifecycle_stages.csv").unlink()
    world.ingest()
    assert world.rows(days) == [(30, "Churn")]


def test_a_folder_has_changed_when_a_file_in_it_has(world: World) -> None:
    def have_changed() -> bool:
        with connect(world.settings, read_only=True) as connection:
            return seeds.have_changed(connection, world.settings.seeds_dir)

    world.seed("activities.csv", "activity_id\na\n")
    world.ingest()
    assert not have_changed()
    for name, content in (
        ("activities.csv", "activity_id\nb\n"),
        ("rfm_segment_labels.csv", "segment_id\nchampions\n"),
        ("stranger.csv", "a\n1\n"),
    ):
        world.seed(name, content)
        assert have_changed()
        world.ingest()
        assert not have_changed()
    (world.settings.seeds_dir / "activities.csv").unlink()
    assert have_changed()


def test_a_folder_that_is_as_it_was_is_read_once(world: World) -> None:
    world.seed("activities.csv", "activity_id\na\n")
    read = seeds.read_seeds(world.settings)
    assert seeds.read_seeds(world.settings) is read
    # Neither where it is missing nor where it cannot be read a file has content.
    (world.settings.seeds_dir / "audiences.csv").mkdir()
    assert [each.file for each in seeds.read_seeds(world.settings).of("error")] == ["audiences.csv"]


def test_a_definition_that_vanishes_is_empty_again(world: World) -> None:
    world.seed("activities.csv", "activity_id\na\n")
    world.ingest()
    (world.settings.seeds_dir / "activities.csv").unlink()
    world.ingest()
    assert world.rows("select count(*) from seeds.activities") == [(0,)]


def test_a_file_of_no_known_name_is_listed(world: World) -> None:
    world.seed("plans.csv", "plan_id\na\n")
    world.ingest()
    assert world.rows("select file from seeds.definition_files where not is_known") == [
        ("plans.csv",)
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
    for kind, file, name in (
        ("profile_tag", "profile_tags", "tag_id"),
        ("audience", "audiences", "audience_id"),
        ("kpi", "kpis", "kpi_id"),
    ):
        ids[kind] = {row[name] for row in shipped(file)}
    for row in shipped("filters"):
        assert row["definition_id"] in ids[row["definition"]]


# As Chinese Excel saves them

PLAN = "event_name,label_en,label_zh\npay,Pay,“下单”到支付\n,,\nvisit,Visit,访问\n"


def plan(world: World) -> list[tuple[object, ...]]:
    found = seeds.read_seeds(world.settings)
    found.raise_errors()
    return [
        (row.line, row.values["event_name"], row.values["label_zh"])
        for row in found.tables["event_names"].rows
    ]


def errors(world: World) -> str:
    return "\n".join(map(str, seeds.read_seeds(world.settings).of("error")))


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("above", ["", "sep=,\r\n", '"sep=,"\n'])
def test_encodings_and_the_line_sep_of_excel_are_read(
    world: World, encoding: str, above: str
) -> None:
    world.seed("event_names.csv", (above + PLAN).encode(encoding))
    at = 2 + bool(above)
    assert plan(world) == [(at, "pay", "“下单”到支付"), (at + 2, "visit", "访问")]
    world.seed("event_names.csv", (above + PLAN + "x,y\n").encode(encoding))
    assert f"event_names.csv, line {at + 3}:" in errors(world)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "，", "；", "｜"])
@pytest.mark.parametrize("above", ["", "sep={}\n"])
def test_other_delimiters_part_the_columns(world: World, delimiter: str, above: str) -> None:
    world.seed("event_names.csv", above.format(delimiter) + PLAN.replace(",", delimiter))
    assert [row[1:] for row in plan(world)] == [("pay", "“下单”到支付"), ("visit", "访问")]


def test_a_full_width_comma_in_one_row_is_named(world: World) -> None:
    world.seed("event_names.csv", PLAN + "x，Y，Z\n")
    assert "line 5" in errors(world)
    assert "full-width ，: write ," in errors(world)


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_a_workbook_is_a_definition_file(world: World) -> None:
    header = ["currency", "rate", "valid_from_date"]
    rows = [["EUR", 1, date(2024, 6, 1)], [], ["CNY", 0.14, "2024/6/1"]]
    path = world.settings.seeds_dir / "currency_rates.xlsx"
    workbook(path, {"Notes": [["x"], [1]], "currency_rates": [header, *rows]})
    query = "select row_number, currency, cast(rate as double), valid_from_date"
    query += " from seeds.currency_rates"
    expected = [(2, "EUR", 1.0, date(2024, 6, 1)), (4, "CNY", 0.14, date(2024, 6, 1))]
    for _ in range(2):
        world.ingest()
        assert world.rows(query) == expected
        with connect(world.settings, read_only=True) as connection:
            assert not seeds.have_changed(connection, world.settings.seeds_dir)
    workbook(path, {"currency_rates": [header, *rows, ["USDT", "x", None]]})
    assert "currency_rates.xlsx, line 5" in errors(world)

    workbook(path, {"currency_rates": [header, *rows]})
    world.seed("currency_rates.csv", "currency,rate\nEUR,1\n")
    assert "currency_rates.csv and currency_rates.xlsx are both there" in errors(world)
    with connect(world.settings, read_only=True) as connection:
        assert seeds.have_changed(connection, world.settings.seeds_dir)


def test_a_workbook_replaces_what_is_shipped_and_a_damaged_one_is_an_error(world: World) -> None:
    path = world.settings.seeds_dir / "placeholder_ids.xlsx"
    workbook(path, {"Sheet1": [["placeholder_id"], ["nobody"]]})
    world.ingest()
    assert world.rows("select placeholder_id from seeds.placeholder_ids") == [("nobody",)]
    path.write_bytes(path.read_bytes()[:-200])
    assert "no .xlsx" in errors(world)


def test_files_that_look_like_definitions_and_are_not_read_are_named(world: World) -> None:
    for name in ("my.xlsx", "~$funnels.xlsx", "README.md"):
        world.seed(name, b"x")
    world.ingest()
    assert world.rows("select file from seeds.definition_files where not is_known") == [
        ("my.xlsx",)
    ]
    for name in ("funnels.xls", "funnels.json"):
        world.seed(name, b"x")
    read = "\n".join(map(str, seeds.read_seeds(world.settings).problems))
    for name in ("funnels.xls", "funnels.json"):
        assert f"{name}: no definitions are read from a file of this name" in read
