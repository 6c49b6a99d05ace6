"""Ids as ingest reads them: numbers of any type, blanks of any kind, placeholders."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import duckdb
import pytest

from orchestration.ingest.ids import define_person_id
from orchestration.ingest.readers import BLANKS, MACROS
from orchestration.ingest.seeds import read_seeds
from orchestration.store.warehouse import connect
from tests.pipeline.ingest_support import World
from tests.warehouse.test_engine_bodies import macros

# Marks of format that show themselves.
SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"


def blanks() -> list[str]:
    """What people see nothing of, by Unicode: white space, controls, marks of format."""
    return [
        chr(code)
        for code in range(0x10000)
        if chr(code) not in SEEN
        and unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp", "Cc", "Cf")
    ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def define(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    for macro in MACROS:
        connection.execute(macro)
    define_person_id(connection, read_seeds(world.settings))


def test_ingest_and_staging_trim_the_same_which_is_every_blank_of_unicode(world: World) -> None:
    assert str(macros("types.sql").blank_characters()).strip() == BLANKS
    invisible = [*blanks(), "\u2800", "\u3164", "\u115f", "\u1160", "\uffa0", "\u034f"]
    assert len(invisible) > 100
    world.ingest()
    with connect(world.settings) as connection:
        define(connection, world)
        staged = str(macros("types.sql", "engines/duckdb/functions.sql").default__trimmed("t"))
        texts = [f"{mark}{mark} u 1{mark}" for mark in invisible]
        texts += ["❤️", "葛\U000e0100", "用户１", "", "\t \u3000", "\u200d\u200du\ufeff"]
        found = connection.execute(
            f"select t, trimmed(t), {staged}, person_id(t) from (select unnest(?) as t)", [texts]
        ).fetchall()
    assert {row[1] for row in found[: len(invisible)]} == {"u 1"}
    assert [row[1] for row in found[len(invisible) :]] == [
        "❤️", "葛\U000e0100", "用户１", "", "", "u"
    ]  # fmt: skip
    assert all(row[1] == row[2] and row[3] == (row[1] or None) for row in found)


def test_placeholders_are_nobody_and_the_list_is_the_folders_own(world: World) -> None:
    texts = [" NULL\t", "undefined", "[object Object]", "00000000-0000-0000-0000-000000000000"]
    people = ["0", "unknown", "u1", "nullable", "None of us"]
    world.ingest()

    def ids() -> list[str | None]:
        with connect(world.settings) as connection:
            define(connection, world)
            rows = connection.execute(
                "select person_id(t) from (select unnest(?) as t)", [[*texts, *people]]
            ).fetchall()
        return [row[0] for row in rows]

    assert ids() == [None] * len(texts) + people
    world.seed("placeholder_ids.csv", "placeholder_id\nUnknown\n0\n")
    world.ingest()
    assert ids() == [text.strip() for text in texts] + [None, None, *people[2:]]


NUMBERS = """
    select * from (values (12345, 1), (1e16, 2), (-7, 3), (0.5, 4), ('nan'::double, 5),
        (9007199254740993, 6), (1e300, 7), (null, 8)) as t(number, place)
"""


def test_a_whole_number_of_a_parquet_is_that_number_whatever_holds_it(world: World) -> None:
    for kind in ("double", "float", "decimal(38, 3)", "bigint"):
        places = {"double": "place", "bigint": "1, 3, 8"}.get(kind, "1, 3, 4, 8")
        world.put_parquet(
            f"events/{kind[:3]}.parquet",
            f"select number::{kind} as user_id, number::{kind} as order_id, 'e' as event_name, "
            f"4.0::double as app_version from ({NUMBERS}) where place in ({places})",
        )
    world.ingest()
    found: dict[str, list[str | None]] = {}
    for file, user, order, version in world.rows(
        "select source_file, user_id, order_id, app_version from raw.events order by all"
    ):
        found.setdefault(file, []).append(user)
        assert user == order
        assert version == "4.0"  # a version is no id
    few = {"12345", "-7", None}
    assert set(found["events/dou.parquet"]) == {
        *few, "0.5", "10000000000000000", "9007199254740992", "1e+300",
    }  # fmt: skip
    assert set(found["events/flo.parquet"]) == {*few, "0.5"}
    assert set(found["events/dec.parquet"]) == {*few, "0.500"}
    assert set(found["events/big.parquet"]) == few


def test_a_whole_number_of_a_json_line_is_that_number_and_a_text_is_a_text(world: World) -> None:
    written = ["12345", "12345.0", "1e16", "1.5", '"12345.0"', '"00123"', "12345678901234567890123"]
    world.put(
        "events/a.jsonl",
        "".join(f'{{"event_id":"{n}","user_id":{text}}}\n' for n, text in enumerate(written)),
    )
    world.ingest()
    assert [row[0] for row in world.rows("select user_id from raw.events order by row_number")] == [
        "12345",
        "12345",
        "10000000000000000",
        "1.5",
        "12345.0",
        "00123",
        written[-1],
    ]


@pytest.mark.parametrize("broken", ["", 'a"b",\n'], ids=["whole", "mended"])
def test_ids_of_a_csv_are_doubles_where_all_of_a_column_are(world: World, broken: str) -> None:
    world.put(
        "events/a.csv",
        "user_id,order_id,content_id,app_version\n12345.0,12345.0,00123,2.0\n,7,00124,3.0\n"
        f"1e+16,,00125,1.0\n{broken}",
    )
    world.put("events/b.csv", "user_id,order_id,content_id,app_version\n12345,8.0,c,1.0\n")
    world.ingest()
    assert world.rows(
        "select user_id, order_id, content_id, app_version from raw.events "
        "where malformed_payload is null order by source_file, row_number"
    ) == [
        ("12345", "12345.0", "00123", "2.0"),
        (None, "7", "00124", "3.0"),
        ("10000000000000000", None, "00125", "1.0"),
        ("12345", "8", "c", "1.0"),
    ]
    assert world.rows(
        "select source_file, column_name from raw.ingest_columns "
        "where column_type = 'DOUBLE in text' order by all"
    ) == [("events/a.csv", "user_id"), ("events/b.csv", "order_id")]


def test_ids_of_another_log_are_numbers_too(world: World) -> None:
    world.put_parquet("shop_log/a.parquet", "select 5::double as uid, 5::double as price")
    world.ingest()
    assert world.rows("select uid, price from raw.shop_log") == [("5", "5.0")]


def test_an_event_without_an_id_of_its_own_has_a_hash(world: World) -> None:
    world.put("events/a.jsonl", '{"event_id":"\\u200b\\t","page":"/"}\n{"event_id":"1"}\n')
    world.ingest()
    found = world.rows("select content_hash from raw.events order by row_number")
    assert re.fullmatch("[0-9a-f]{32}", str(found[0][0]))
    assert found[1] == (None,)
