"""What a file's bytes become in raw: each format, each odd value, each broken row."""

from __future__ import annotations

import gzip
import json
from hashlib import md5
from itertools import product
from pathlib import Path

import pytest
import zstandard

from orchestration.ingest.feeds import FEEDS
from tests.pipeline.ingest_support import World

NASTY = [
    "x" * 10_000,
    "🛒💥",
    "下单成功",
    'it\'s "quoted" `so`',
    "'; drop table raw.events; --",
    '"); delete from raw.ingest_files; --',
    "a,b;c|d\te",
    "line one\nline two",
    "back\\slash and $1 and {brace}",
    " leading and trailing ",
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def csv_of(rows: list[list[str]], delimiter: str = ",") -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    return "".join(delimiter.join(cell(text) for text in row) + "\n" for row in rows)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_text_in_every_field_comes_through_as_it_was(world: World, kind: str, suffix: str) -> None:
    if kind == "csv":
        rows = [[str(number), text, text] for number, text in enumerate(NASTY)]
        text = csv_of([["event_id", "event_name", "page"], *rows])
    else:
        text = "".join(
            json.dumps({"event_id": str(number), "event_name": text, "page": text}) + "\n"
            for number, text in enumerate(NASTY)
        )
    data = text.encode()
    data = {
        "": lambda: data,
        ".gz": lambda: gzip.compress(data),
        ".zst": lambda: zstandard.compress(data),
    }[suffix]()
    loaded = world.load(f"events/file.{kind}{suffix}", data)
    assert (loaded.status, loaded.rows_in, loaded.malformed_rows) == ("loaded", len(NASTY), 0)
    assert world.rows("select event_name, page from raw.events order by row_number") == [
        (text, text) for text in NASTY
    ]
    world.assert_adds_up()


def test_nasty_text_in_parquet_comes_through(world: World) -> None:
    values = ", ".join(
        f"({number}, '" + text.replace("'", "''") + "')" for number, text in enumerate(NASTY)
    )
    world.put_parquet(
        "events/a.parquet", f"select * from (values {values}) t(event_id, event_name)"
    )
    world.ingest()
    assert world.rows("select event_name from raw.events order by row_number") == [
        (text,) for text in NASTY
    ]


@pytest.mark.parametrize(
    "name",
    [
        'events/it\'s "quoted".csv',
        "events/a*b?[1].csv",
        "events/*.csv",
        "events/date=2024-01-01/country=CN/part-0.csv",
        "events/空 格/文件 名.csv",
        "events/'; drop table raw.events; --.csv",
        "events/UPPER.CSV",
        "events/back\\slash.csv",
        "events/${HOME}~%20.csv",
    ],
)
def test_any_file_name_is_loaded_and_adds_no_columns(world: World, name: str) -> None:
    world.put("events/other.csv", "event_id,event_name\n9,other\n")
    world.put(name, "event_id,event_name\n1,x\n")
    world.ingest()
    assert world.rows(
        "select event_id, country, properties from raw.events where source_file = ?", [name]
    ) == [("1", None, None)]
    assert world.rows("select count(*) from raw.events") == [(2,)]


def test_nul_bytes_come_through_or_are_malformed(world: World) -> None:
    world.put("events/a.csv", b"event_id,event_name\n1,a\0b\n2,c\n")
    world.put("events/b.jsonl", b'{"event_id":"3","event_name":"a\\u0000b"}\n{"event_id":"4\0"}\n')
    world.ingest()
    assert world.rows(
        "select event_id, event_name, malformed_payload from raw.events "
        "order by source_file, row_number"
    ) == [
        ("1", "a\0b", None),
        ("2", "c", None),
        ("3", "a\0b", None),
        (None, None, '{"event_id":"4\0"}'),
    ]


# CSV


def test_csv_rows_with_broken_quotes_or_field_counts_are_malformed_and_keep_their_place(
    world: World,
) -> None:
    text = (
        "event_id,event_name\n"
        "1,good\n"
        "2\n"
        "3,too,many\n"
        '4,"spans\nlines"\n'
        '5,"never closed\n'
        "6,good\n"
        '7,"a"b\n'
        '8,"closed"\n'
        '9,"spans\n\n\nmore ""quoted"" lines"\n'
        "10,good\n"
    )
    loaded = world.load("events/a.csv", text)
    assert (loaded.rows_in, loaded.malformed_rows) == (10, 4)
    assert world.rows(
        "select row_number, event_id, event_name, malformed_payload from raw.events "
        "order by row_number"
    ) == [
        (1, "1", "good", None),
        (2, None, None, "2"),
        (3, None, None, "3,too,many"),
        (4, "4", "spans\nlines", None),
        (5, None, None, '5,"never closed'),
        (6, "6", "good", None),
        (7, None, None, '7,"a"b'),
        (8, "8", "closed", None),
        (9, "9", 'spans\n\n\nmore "quoted" lines', None),
        (10, "10", "good", None),
    ]
    world.assert_adds_up()


def test_a_quote_that_is_never_closed_swallows_nothing(world: World) -> None:
    rows = [f"{number},x" for number in range(5_000)]
    rows[7] = '7,"x'
    loaded = world.load("events/a.csv", "event_id,event_name\n" + "\n".join(rows) + "\n")
    assert (loaded.rows_in, loaded.malformed_rows) == (5_000, 1)
    assert world.rows("select row_number from raw.events where malformed_payload is not null") == [
        (8,)
    ]


def test_a_mended_read_agrees_with_a_plain_one(world: World) -> None:
    """The reader for broken files gives good rows exactly as the fast one does."""
    good = csv_of(
        [["event_id", "event_name", "sku"], *([str(n), t, t] for n, t in enumerate(NASTY))]
    )
    good += '50,plain,\n51,"",x\n 52 , mid"quote ,y\n53, "spaced" ,z\n\n54,x,y,\n'
    world.put("events/good.csv", good)
    world.put("events/broken.csv", good + "one field\n")
    world.ingest()
    columns = "row_number, event_id, event_name, properties, content_hash"
    fast, mended = (
        world.rows(
            f"select {columns} from raw.events where source_file = ? "
            "and malformed_payload is null order by row_number",
            [name],
        )
        for name in ("events/good.csv", "events/broken.csv")
    )
    world.assert_adds_up()
    assert world.ledger("events/broken.csv")["error"] is None
    assert len(fast) == len(NASTY) + 5
    assert fast == mended


@pytest.mark.parametrize("is_broken", [False, True])
def test_delimiters_line_ends_and_byte_order_marks(world: World, is_broken: bool) -> None:
    written = list(product(",;\t|", ("\n", "\r\n"), (b"", b"\xef\xbb\xbf")))
    for number, (delimiter, line_end, mark) in enumerate(written):
        lines = [["Event_ID", " event_name "], ["1", "x"], ["2", '"a' + line_end + 'b"']]
        text = line_end.join(delimiter.join(line) for line in lines) + line_end
        text += "3" + line_end if is_broken else ""
        world.put(f"events/{number}.csv", mark + text.encode())
    assert len(world.ingest().files) == len(written)
    for number in range(len(written)):
        found = world.rows(
            "select event_id, replace(event_name, chr(13), '') from raw.events"
            f" where source_file = 'events/{number}.csv' order by row_number"
        )
        assert found[:2] == [("1", "x"), ("2", "a\nb")], written[number]
        assert len(found) == 2 + is_broken


def test_mixed_line_ends_keep_every_row(world: World) -> None:
    loaded = world.load("events/a.csv", "event_id,event_name\n1,x\r\n2,y\n3,z\r\n")
    assert (loaded.rows_in, loaded.malformed_rows) == (3, 0)
    assert world.rows("select event_id, event_name from raw.events order by row_number") == [
        ("1", "x"), ("2", "y"), ("3", "z"),
    ]  # fmt: skip


def test_columns_named_twice_or_in_another_case(world: World) -> None:
    world.load("events/a.csv", "event_id,EVENT_ID,Event_Name,,sku,sku\n1,2,x,y,3,4\n")
    [(event_id, event_name, properties)] = world.rows(
        "select event_id, event_name, properties from raw.events"
    )
    assert (event_id, event_name) == ("1", "x")
    assert json.loads(properties) == {"EVENT_ID_2": "2", "column_4": "y", "sku": "3", "sku_2": "4"}


def test_an_empty_cell_is_null_and_an_unknown_one_leaves_no_property(world: World) -> None:
    world.load("events/a.csv", 'event_id,event_name,sku\n1,,\n2,"",7\n')
    assert world.rows("select event_name, properties from raw.events order by row_number") == [
        (None, None),
        (None, '{"sku":"7"}'),
    ]


def test_header_only_blank_and_zero_bytes_are_no_rows_and_no_error(world: World) -> None:
    for name, data in {
        "a.csv": "event_id,event_name\n", "b.csv": "", "c.jsonl": "", "d.jsonl": "\n\n  \n",
        "e.csv": "\n\n", "f.csv": "event_id,event_name", "g.jsonl.zst": "", "h.csv.gz": "",
    }.items():  # fmt: skip
        world.put(f"events/{name}", data)
    report = world.ingest()
    assert {(file.status, file.rows_in) for file in report.files} == {("loaded", 0)}
    assert len(report.files) == 8


def test_blank_lines_above_the_header_are_passed_over(world: World) -> None:
    for is_broken in ("", "9\n"):
        world.load("events/a.csv", "\n\nevent_id,event_name\n1,x\n" + is_broken)
        assert world.rows("select event_id from raw.events where event_id is not null") == [("1",)]


# JSON lines


def test_malformed_json_lines_stand_between_good_ones_at_their_line(world: World) -> None:
    lines = ['{"event_id": "1"}', "{bad", "", "[1, 2]", '"text"', "null", "  ", '{"event_id": 2}',
             '{"event_id": 3} trailing', '{"event_id": "4"}', "{}"]  # fmt: skip
    loaded = world.load("events/a.jsonl", "\n".join(lines))
    assert (loaded.rows_in, loaded.malformed_rows) == (9, 5)
    assert world.rows(
        "select row_number, event_id, malformed_payload from raw.events order by row_number"
    ) == [
        (1, "1", None),
        (2, None, "{bad"),
        (4, None, "[1, 2]"),
        (5, None, '"text"'),
        (6, None, "null"),
        (8, "2", None),
        (9, None, '{"event_id": 3} trailing'),
        (10, "4", None),
        (11, None, None),
    ]
    world.assert_adds_up()


def test_a_broken_line_beside_an_id_that_has_a_point_is_that_line(world: World) -> None:
    world.load("events/a.jsonl", '{"event_id":"1","user_id":12345.0}\n{"event_id":"2","use')
    rows = "select event_id, user_id, malformed_payload from raw.events order by row_number"
    assert world.rows(rows) == [("1", "12345", None), (None, None, '{"event_id":"2","use')]


def test_json_values_as_text(world: World) -> None:
    world.load(
        "events/a.jsonl",
        '{"event_id":12345678901234567890123456789,"event_name":true,"amount":1e309,'
        '"page":0.1,"user_id":null,"country":"","referrer":{"a":[1, 2]},"order_id":NaN}\n',
    )
    assert world.rows(
        "select event_id, event_name, amount, page, user_id, country, referrer, order_id "
        "from raw.events"
    ) == [("12345678901234567890123456789", "true", "1e309", "0.1", None, "", '{"a":[1,2]}', None)]


def test_unknown_keys_are_folded_and_the_files_own_properties_win(world: World) -> None:
    world.load(
        "events/a.jsonl",
        '{"event_id":"1","sku":5,"only":null,"deep":{"a":1},"properties":{"sku":9,"n":null,"deep":{"b":2}}}\n'
        '{"event_id":"2","properties":{}}\n'
        '{"event_id":"3","properties":[1]}\n'
        '{"event_id":"4","properties":"{\\"k\\": 1}","x":2}\n'
        '{"event_id":"5","properties":"plain"}\n'
        '{"event_id":"6","Event_Name":"y","weird \\" key/~":1}\n'
        '{"event_id":"7","properties":null}\n',
    )
    found = dict(world.rows("select event_id, properties from raw.events"))
    assert {key: value and json.loads(value) for key, value in found.items()} == {
        "1": {"only": None, "sku": 9, "n": None, "deep": {"b": 2}},
        "2": None,
        "3": {"properties": [1]},
        "4": {"x": 2, "k": 1},
        "5": {"properties": "plain"},
        "6": {'weird " key/~': 1},
        "7": None,
    }
    assert world.rows("select event_name from raw.events where event_id = '6'") == [("y",)]


def test_calls_of_a_log_load_within_little_memory(world: World) -> None:
    """Those of a library say 2 KB of where they come from; a warehouse here may take 1 GB."""
    call = {
        "type": "track", "event": "Opened", "userId": "u", "timestamp": "2024-03-01T08:00:00Z",
        "context": {"userAgent": "x" * 2000}, "properties": {"said": "x" * 200}, "version": 2,
    }  # fmt: skip
    calls = "".join(json.dumps({**call, "messageId": str(n)}) + "\n" for n in range(3000))
    assert world.load("segment/1.json", calls).rows_in == 3000
    assert world.rows("select distinct properties from raw.segment") == [
        (json.dumps({"version": 2, "said": "x" * 200}, separators=(",", ":")),)
    ]


def test_properties_of_a_csv(world: World) -> None:
    world.load(
        "events/a.csv",
        csv_of([["event_id", "sku", "properties"], ["1", "5", '{"a": 1, "sku": 2}'],
                ["2", "5", "not json"], ["3", "5", "[1]"], ["4", "", "null"]]),
    )  # fmt: skip
    found = dict(world.rows("select event_id, properties from raw.events"))
    assert {key: value and json.loads(value) for key, value in found.items()} == {
        "1": {"a": 1, "sku": 2},
        "2": {"sku": "5", "properties": "not json"},
        "3": {"sku": "5", "properties": [1]},
        "4": None,
    }


def test_a_value_without_end_is_malformed_and_the_warehouse_stays_readable(world: World) -> None:
    """DuckDB reads such a value again for each null after it: 3 MB were gigabytes to scan."""
    long = "é" * 1_500_000
    short = "x" * 100_000
    rest = "".join(f'{{"event_id":"{number}"}}\n' for number in range(5_000))
    world.put(
        "events/a.jsonl",
        json.dumps({"event_id": "long", "page": long}, ensure_ascii=False) + "\n"
        + json.dumps({"event_id": "unknown", "extra": long}) + "\n"
        + "broken " + long + "\n\n\n"
        + json.dumps({"event_id": "short", "page": short}) + "\n"
        + rest,
    )  # fmt: skip
    world.put("events/b.csv", f"event_id,page\nlong,{long}\nshort,{short}\n" + "1,\n" * 5_000)
    world.put_parquet(
        "events/c.parquet",
        f"select event_id, case event_id when 'long' then repeat('é', 1500000) when 'short' "
        f"then '{short}' end as page from (values ('long'), ('short'), ('x')) t(event_id)",
    )
    report = world.ingest()
    assert [file.malformed_rows for file in report.files] == [3, 1, 1]
    assert world.rows(
        "select count(*), max(strlen(malformed_payload)) < 40000, max(length(page)), "
        "count(*) filter (where event_id = 'short') from raw.events"
    ) == [(10_009, True, 100_000, 3)]
    assert world.rows(
        "select count(*) from raw.events where malformed_payload is not null "
        "and malformed_payload like '%é … (cut: 3000% bytes)'"
    ) == [(4,)]
    world.assert_adds_up()


def test_a_csv_of_one_column_has_no_rows_at_its_blank_lines(world: World) -> None:
    for broken in ("", '"x\n'):
        world.load("events/a.csv", "event_id\n\n1\n\n2\n" + broken)
        assert world.rows(
            "select row_number, event_id from raw.events where event_id is not null order by 1"
        ) == [(1, "1"), (2, "2")]


def test_json_that_is_nested_without_end_is_malformed_and_crashes_nothing(world: World) -> None:
    depth = 600_000
    deep = "[" * depth + "]" * depth
    world.put("events/a.jsonl", f'{{"event_id":"1","sku":{deep}}}\n{{"event_id":"2"}}\n')
    world.put(
        "events/b.csv",
        csv_of(
            [
                ["event_id", "sku", "properties"],
                ["3", "x", deep],
                ["4", "x", deep[-80_000:-20_000].replace("]", "[") + "]" * 60_000],
            ]
        ),
    )
    world.ingest()
    assert world.rows(
        "select source_file, row_number, event_id, left(malformed_payload, 10) from raw.events "
        "order by all"
    ) == [
        ("events/a.jsonl", 1, None, '{"event_id'),
        ("events/a.jsonl", 2, "2", None),
        ("events/b.csv", 1, None, '3 {"sku":"'),
        ("events/b.csv", 2, "4", None),
    ]
    [(properties,)] = world.rows("select properties from raw.events where event_id = '4'")
    assert json.loads(properties)["properties"].startswith("[[[[")


def test_keys_without_end_are_folded_and_not_all_recorded(world: World) -> None:
    world.put(
        "events/a.jsonl",
        "".join(
            json.dumps({f"k{number}_{part}": 1 for part in range(5)} | {"event_id": str(number)})
            + "\n"
            for number in range(1_000)
        ),
    )
    loaded = world.ingest().files[0]
    assert (loaded.status, loaded.rows_in) == ("loaded", 1_000)
    assert world.rows(
        "select count(*) from raw.events where event_id = cast(row_number - 1 as varchar) "
        "and len(json_keys(properties)) = 5"
    ) == [(1_000,)]
    assert world.rows("select count(*) between 2000 and 2002 from raw.ingest_columns") == [(True,)]


def test_a_log_with_columns_without_end_is_unreadable(world: World) -> None:
    world.put("log/a.jsonl", "".join(f'{{"k{number}":1}}\n' for number in range(3_000)))
    [file] = world.ingest().files
    assert file.status == "failed"
    assert "columns" in (file.error or "")


# Parquet


def test_parquet_types_as_text(world: World) -> None:
    world.put_parquet(
        "events/a.parquet",
        """
        select 9223372036854775807 as event_id, 12.50::decimal(10, 2) as amount, 0.1 as page,
            timestamp '2024-01-02 03:04:05.678901' as occurred_at,
            timestamptz '2024-01-02 03:04:05+02' as received_at,
            date '2024-01-02' as referrer, true as platform, 0.1::double as app_version,
            [1, 2] as utm_term, {'a': 'x', 'b': null} as properties,
            timestamp_ns '2024-01-02 03:04:05.123456789' as utm_source, 'b'::blob as country,
            5 as "Sku", 1.5::decimal(5, 2) as price, 'nan'::double as ratio, {'q': [1]} as nest,
            null::integer as nothing, timestamp '2024-01-01' as seen
        """,
    )
    world.ingest()
    [row] = world.rows(
        "select event_id, amount, page, occurred_at, received_at, referrer, platform, "
        "app_version, utm_term, utm_source, country, properties from raw.events"
    )
    assert row[:-1] == (
        "9223372036854775807", "12.50", "0.1", "2024-01-02 03:04:05.678901",
        "2024-01-02 01:04:05+00", "2024-01-02", "true", "0.1", "[1,2]",
        "2024-01-02 03:04:05.123456", "b",
    )  # fmt: skip
    assert json.loads(row[-1]) == {
        "Sku": 5, "price": 1.5, "ratio": "nan", "nest": {"q": [1]}, "seen": "2024-01-01 00:00:00",
        "a": "x", "b": None,
    }  # fmt: skip


def test_a_parquet_with_our_own_column_names_in_it(world: World) -> None:
    for number in (1, 2):
        world.put_parquet(
            f"events/{number}.parquet",
            "select 'e' || i as event_id, i as file_row_number, 'f' as filename, i as row_number, "
            "i as load_id, 'x' as _file from range(10, 15) t(i)",
        )
    world.ingest()
    assert world.rows("select source_file, row_number, event_id from raw.events order by all") == [
        (f"events/{file}.parquet", n, f"e{n + 9}") for file in (1, 2) for n in range(1, 6)
    ]
    [(properties,)] = world.rows("select properties from raw.events where event_id = 'e10' limit 1")
    assert json.loads(properties)["load_id"] == 10


def test_the_same_event_has_the_same_content_hash_in_every_format(world: World) -> None:
    world.put("events/a.csv", "page,sku,event_name,received_at\n1,7,x,2024-01-01\n")
    world.put("events/b.jsonl", '{"event_name":"x","sku":"7","page":"1"}\n')
    world.put("events/d.jsonl", '{"event_name":"x","sku":"7","page":"1","event_id":" "}\n')
    world.put_parquet("events/c.parquet", "select 'x' as event_name, 1 as page, '7' as sku")
    world.ingest()
    [(digest,)] = world.rows("select distinct content_hash from raw.events")
    text = '\x1eevent_name=x\x1epage=1\x1eproperties={"sku":"7"}'
    assert digest == md5(text.encode(), usedforsecurity=False).hexdigest()


def test_rows_that_an_id_tells_apart_are_not_hashed(world: World) -> None:
    world.put("events/a.csv", 'event_id,event_name\n1,x\n,x\n"  ",x\n1,too,many\n')
    world.put("users/u.csv", "user_id\n1\n")
    world.ingest()
    hashed = "select row_number from raw.events where content_hash is not null order by 1"
    assert world.rows(hashed) == [(2,), (3,)]
    assert world.rows("select count(content_hash) from raw.users") == [(1,)]


def test_many_parquet_files_number_their_rows_each(world: World) -> None:
    for number in range(20):
        world.put_parquet(
            f"events/{number:02}.parquet",
            f"select {number} * 1000 + i as event_id from range({number}) t(i)",
        )
    world.ingest()
    assert world.rows(
        "select count(*) from raw.events where cast(event_id as integer) % 1000 <> row_number - 1"
    ) == [(0,)]
    world.assert_adds_up()


# Files that cannot be read


def truncated_gzip() -> bytes:
    return gzip.compress(b'{"event_id":"1"}\n' * 1_000)[:-10]


def damaged_gzip() -> bytes:
    data = bytearray(gzip.compress(json.dumps([*range(5_000)]).encode()))
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


UNREADABLE = {
    "truncated.jsonl.gz": (truncated_gzip(), "cut off"),
    "damaged.csv.gz": (damaged_gzip(), "damaged"),
    "plain.jsonl.gz": (b'{"event_id":"1"}\n', "gzip"),
    "truncated.jsonl.zst": (zstandard.compress(b'{"event_id":"1"}\n' * 1_000)[:-5], "cut off"),
    "damaged.jsonl.zst": (zstandard.compress(bytes(range(256)) * 9)[:50] + b"zzzz" * 9, "zstd"),
    "plain.csv.zst": (b"event_id\n1\n", "zstd"),
    "latin.csv": ("event_id,event_name\n1,x\n2,é\n".encode("latin-1"), "not UTF-8"),
    "latin.jsonl": ('{"event_id":"é"}\n'.encode("latin-1"), "not UTF-8"),
    "latin-header.csv": ("event_id,préfix\n1,x\n".encode("latin-1"), "not UTF-8"),
    "binary.csv": (b"event_id\n\0\0\1\2\xff", "binary"),
    "page.csv": (b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n", "HTML"),
    "page.jsonl": (b"\n  <html>\n<body>503</body>\n", "HTML"),
    "array.jsonl": (b'[\n  {"event_id": "1"},\n  {"event_id": "2"},\n', "breaks off in line 4"),
    "text.jsonl": (b"hello\nworld\n", "JSON object"),
    "strange.csv": (b"colour,size\nred,1\n", "None of the columns"),
    "headless.csv": (b"1,x\n2,y\n", "None of the columns"),
    "zero.parquet": (b"", "no parquet file"),
    "page.parquet": (b"<html></html>" * 50, "no parquet file"),
    "packed.parquet.gz": (gzip.compress(b"PAR1"), "Unpack"),
}


def test_unreadable_files_are_ledger_rows_and_the_others_load(world: World) -> None:
    whole = world.put_parquet(
        "events/whole.parquet", "select i as event_id from range(100000) t(i)"
    )
    data = whole.read_bytes()
    cases = {
        **UNREADABLE,
        "cut.parquet": (data[: len(data) // 2], "no parquet file"),
        "damaged.parquet": (data[:50_000] + bytes(9_000) + data[59_000:], "damaged"),
        "strange.parquet": (
            world.put_parquet("other/x.parquet", "select 1 as colour").read_bytes(),
            "None of the columns",
        ),
    }
    for name, (content, _) in cases.items():
        world.put(f"events/{name}", content)
    for number in range(30):
        world.put(f"events/good-{number}.jsonl", f'{{"event_id":"j{number}"}}\n')
        world.put(f"events/good-{number}.csv", f"event_id\nc{number}\n")
    report = world.ingest()
    errors = {Path(file.source_file).name: file.error or "" for file in report.failed_files}
    assert {
        name: said in errors.get(name, "") for name, (_, said) in cases.items()
    } == dict.fromkeys(cases, True), errors
    assert set(errors) == set(cases)
    assert world.rows("select count(*) from raw.events") == [(100_060,)]
    for name in cases:
        row = world.ledger(f"events/{name}")
        assert (row["status"], row["rows_in"]) == ("failed", 0)
        assert row["error"] == errors[name]
        assert row["first_loaded_at"] is None
        assert "/" not in errors[name].replace("/login", "") or "tmp" not in errors[name]
    world.assert_adds_up()


def test_a_file_that_may_not_be_opened_is_unreadable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.put("events/a.csv", "event_id\n1\n")
    target = path.with_name("gone")
    path.unlink()
    path.symlink_to(target)  # a link to nowhere is passed over …
    assert world.ingest().files == ()
    target.mkdir()  # … a folder that is named like a file is no file
    assert world.ingest().files == ()


# Other sources' logs


def test_a_folder_of_another_name_is_a_table_that_grows_with_its_files(world: World) -> None:
    world.put("app_log/a.jsonl", '{"id":1,"Load_ID":"x","ts":"t"}\nbroken\n{"id":2,"ID":3}\n')
    world.ingest()
    world.put("app_log/b.csv", "id,new column,ts\n4,n,u\n")
    world.put_parquet("app_log/c.parquet", "select 5 as id, {'a': 1} as deep")
    world.ingest()
    assert world.rows(
        'select source_file, row_number, id, load_id_, ts, "new column", deep, malformed_payload '
        "from raw.app_log order by source_file, row_number"
    ) == [
        ("app_log/a.jsonl", 1, "1", "x", "t", None, None, None),
        ("app_log/a.jsonl", 2, None, None, None, None, None, "broken"),
        ("app_log/a.jsonl", 3, "2", None, None, None, None, None),
        ("app_log/b.csv", 1, "4", None, "u", "n", None, None),
        ("app_log/c.parquet", 1, "5", None, None, None, '{"a":1}', None),
    ]
    world.assert_adds_up()


def test_column_names_are_never_read_as_sql(world: World) -> None:
    header = 'id,"a""b\'; drop table raw.users;--","new\nline"'
    world.put("log/a.csv", header + "\n1,2,3\n")
    world.put("events/a.csv", header.replace("id", "event_id") + "\n1,2,3\n")
    world.put("log/b.jsonl", '{"a\\u0000b":1}\n')
    [failed] = world.ingest().failed_files
    assert "NUL" in (failed.error or "")
    assert world.rows('select id, "a""b\'; drop table raw.users;--", "new\nline" from raw.log') == [
        ("1", "2", "3")
    ]
    [(properties,)] = world.rows("select properties from raw.events")
    assert json.loads(properties) == {"a\"b'; drop table raw.users;--": "2", "new\nline": "3"}
    assert world.rows("select count(*) from raw.users") == [(0,)]


def test_folders_that_would_hide_our_tables_are_named_and_left_out(world: World) -> None:
    world.put("ingest_files/a.csv", "x\n1\n")
    world.put("stray.csv", "event_id\n1\n")
    world.put("events/notes.md", "hello")
    world.put("Users/u.csv", "user_id\n7\n")
    report = world.ingest()
    said = " ".join(report.notes)
    assert "ingest_files" in said
    assert "stray.csv" in said
    assert "events/notes.md is not read: its name ends in none of .parquet, .csv" in said
    assert world.rows("select user_id, source_file from raw.users") == [("7", "Users/u.csv")]


def test_every_declared_feed_has_a_table_of_its_columns(world: World) -> None:
    world.ingest()
    for feed in FEEDS:
        expected = ["source_file", "row_number", "load_id", "content_hash", *feed.column_names,
                    "properties", "malformed_payload"]  # fmt: skip
        found = world.rows(
            "select column_name from duckdb_columns() where schema_name = 'raw' "
            "and table_name = ? order by column_index",
            [feed.name],
        )
        assert [name for (name,) in found] == expected
