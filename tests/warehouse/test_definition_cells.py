"""A cell is read as people and Chinese spreadsheets write it, and not at all where it may mean two
things; a schema says what its file may hold, and the guide says the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.ingest.definitions import cells
from orchestration.ingest.definitions.cells import read
from orchestration.ingest.definitions.schema import BY_NAME, DEFINITIONS, SCHEMAS_DIR
from orchestration.ingest.feeds import EXPIRES_BY
from orchestration.project import DBT_PROJECT_DIR
from tests import support

KNOWN = {"open", "buy", "a,b", "x｜y"}
# Whose words are names of the house, too many for a description.
LISTED = {("data_retention", "feed"), ("kpis", "mart_column")}


def value(column: str, text: str, operator: str | None = None) -> Any:
    name, _, of = column.partition(".")
    return read(BY_NAME[name].field(of), text, {"operator": operator}, KNOWN)


@pytest.mark.parametrize(
    ("column", "texts", "meant"),
    [
        ("event_names.is_activity", ("TRUE", "true", "是", "1", "1.0", "Yes", "ＴＲＵＥ"), True),
        ("event_names.is_activity", ("FALSE", "否", "0", "n"), False),
        ("event_names.is_activity", ("2", "maybe", "1.5"), None),
        ("funnels.window_seconds", ("604800", "604,800", "604800.0", "６０４８００"), 604800),
        ("funnels.window_seconds", ("1e5", "6,04,800", "7.5", "1.21E+06", "0x1"), None),
        ("rfm_cut_points.at_least", ("1,234.50", "１２３４．５"), 1234.5),
        ("rfm_cut_points.at_least", ("1.234,5", "¥5", "NaN", "inf"), None),
        (
            "currency_rates.valid_from_date",
            ("6/1/2024", "45444", "2024-02-30", "20241301", "0204-06-01", "02040601"),
            None,
        ),
        ("funnels.from_at", ("2024/6/1", "2024年6月1日", "2024.6.1", "20240601"), "2024-06-01"),
        ("funnels.from_at", ("2024/6/1 18:00", "2024-06-01T18:00:00"), "2024-06-01 18:00:00"),
        ("funnels.from_at", ("2024/6/1 18:00 +0800",), "2024-06-01 18:00:00+08:00"),
        ("funnels.from_at", ("2024-06-01T18:00:00Z",), "2024-06-01 18:00:00+00:00"),
        ("funnels.from_at", ("6/1/2024", "2024-06-01 25:00", "2024-06-01 18:00 CST"), None),
        ("funnels.from_at", ("0204-06-01 18:00", "0000-00-00"), None),
        ("funnels.order_mode", ("Strict", " ｓｔｒｉｃｔ".strip()), "strict"),
        ("retentions.cohort_mode", ("First ever", "first-ever", "FIRST_EVER"), "first_ever"),
        ("filters.side", ("1", "1.0", "１"), "1"),
        ("filters.side", ("Exclusion 1", "exclusion_01"), "exclusion_1"),
        ("funnels.breakdown_attribution", ("Step 2", "step_02", "step-2"), "step_2"),
        ("retentions.brackets", ("1-3;4;6-8", "1-3；4；6-8", "1–3, 4, 6~8"), "1-3;4;6-8"),
        ("funnel_steps.event_name", ("open｜buy", "open,buy", "open、buy"), "open|buy"),
        ("funnel_steps.event_name", ("a,b",), "a,b"),
        ("funnel_steps.event_name", ("x｜y",), "x｜y"),
        ("funnel_steps.event_name", ("open,unknown",), "open,unknown"),
        (
            "funnels.breakdown",
            ("event:a|user:b", "event:a｜user:b", "event：a，user：b", "Event:a, User:b"),
            "event:a|user:b",
        ),
        ("funnels.breakdown", ("event:a,b",), "event:a,b"),
        ("funnels.breakdown", ("event:\\",), "event:\\"),
        ("currency_rates.currency", ("eur", "ＥＵＲ"), "EUR"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_is_meant(column: str, texts: tuple[str, ...], meant: object) -> None:
    for text in texts:
        assert value(column, text) == meant, text


def test_yes_and_no_are_the_same_in_feeds() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "types.sql").read_text(encoding="utf-8")
    yes, no = re.findall(r"in \(('true'.*|'false'.*)\)", macro)
    for words, is_yes in ((yes, True), (no, False)):
        listed = set(re.findall(r"'([^']+)'", words))
        known = cells.YES if is_yes else cells.NO
        assert listed == {*known, "1.0" if is_yes else "0.0"}
        assert {cells.boolean(each) for each in listed} == {is_yes}


def test_numbers_are_plain_where_sizes_are_compared_and_text_stays_elsewhere() -> None:
    assert value("filters.value", "1,000|２", "GTE") == "1000|2"
    assert value("filters.value", "1,000|２", "is") == "1,000|２"


def test_readers_see_one_spelling_and_a_note_says_so(tmp_path: Path) -> None:
    blank, unseen = "\u3000", "\u200b\ufeff"
    seeds = {
        "event_names": f"{blank}Event_Name ,is_activity\n{unseen}open{blank},是\nbuy,FALSE\n",
        "funnels": "funnel_id,window_seconds,from_at,breakdown\n"
        'f,"604,800",2024/6/1,event:a｜user:b\n',
        "funnel_steps": "funnel_id,step_number,event_name\nf,1.0,open\nf,２,buy｜open\n",
    }
    read_seeds = support.read_definitions(tmp_path, seeds)
    assert read_seeds.problems == ()
    assert set(read_seeds.notes) == {
        "event_names.csv: read as they are meant: line 2, is_activity: 是 is true",
        "funnel_steps.csv: read as they are meant: line 2, step_number: 1.0 is 1; "
        "line 3, step_number: ２ is 2; line 3, event_name: buy｜open is buy|open",
        "funnels.csv: read as they are meant: line 2, window_seconds: 604,800 is 604800; "
        "line 2, breakdown: event:a｜user:b is event:a|user:b; "
        "line 2, from_at: 2024/6/1 is 2024-06-01",
    }
    settings = support.settings_of(tmp_path)
    report = support.ingest_raw(settings)
    assert all(note in report.summary() for note in read_seeds.notes)
    rows = support.query(settings.warehouse, "select * from seeds.funnels")
    assert [(r["window_seconds"], r["from_at"], r["breakdown"]) for r in rows] == [
        (604800, "2024-06-01", "event:a|user:b")
    ]
    assert [(r["order_mode"], r["breakdown_limit"], r["to_at"]) for r in rows] == [
        ("ordered", 25, None)
    ]
    rows = support.query(settings.warehouse, "select * from seeds.event_names")
    assert [(r["event_name"], r["is_activity"], r["is_key_action"]) for r in rows] == [
        ("open", True, False),
        ("buy", False, False),
    ]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.name)
def test_a_limit_is_named_with_its_number(tmp_path: Path, definition: Any) -> None:
    for column in definition.fields:
        if column.maximum is None or column.minimum is None:
            assert column.type not in ("integer", "number"), column.name
            continue
        for number, word in ((column.maximum + 1, "large"), (column.minimum - 1, "small")):
            text = f"{column.name},other\n{number:f},x\n"
            problems = support.read_definitions(tmp_path, {definition.name: text}).problems
            said = [
                each
                for each in problems
                if each.problem.en.startswith(f"{column.name} {number:f} is too {word}")
            ]
            limit = column.maximum if word == "large" else column.minimum
            assert len(said) == 1, problems
            assert f"{limit:,f}" in said[0].problem.en
            assert f"{limit:,f}" in said[0].problem.zh


def test_schemas_are_frictionless_and_speak_both_languages() -> None:
    types = {"string", "integer", "number", "boolean", "date", "datetime"}
    constraints = {"required", "enum", "minimum", "maximum", "pattern"}
    for path in SCHEMAS_DIR.glob("*.yml"):
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert given.keys() <= {"description", "fields", "primaryKey", "foreignKeys", "yunying"}
        assert re.search("[\u4e00-\u9fff]", given["yunying"]["zh"])
        for column in given["fields"]:
            assert column.keys() <= {"name", "type", "description", "constraints", "yunying"}
            assert column["type"] in types
            assert column.get("constraints", {}).keys() <= constraints
            assert column["yunying"]["zh"] != column["description"], column
            for word in column.get("constraints", {}).get("enum", ()):
                told = (column["description"], column["yunying"]["zh"])
                named = all(f"`{word}`" in text for text in told)
                assert named or (path.stem, column["name"]) in LISTED
    feeds = BY_NAME["data_retention"].field("feed").enum
    assert set(feeds) == set(EXPIRES_BY)
