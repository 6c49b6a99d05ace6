"""Files that are not UTF-8 csv, jsonl or parquet: read as what they are, or named with the mend."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import zstandard
from openpyxl import Workbook, load_workbook

from orchestration.commands.withdraw import withdraw
from orchestration.ingest import files
from orchestration.ingest.arrivals import folder_signature
from orchestration.ingest.documents import values
from orchestration.ingest.encodings import encoding_of
from orchestration.ingest.files import RawFile, UnreadableFileError, csv_shape, format_of
from orchestration.privacy.rewriting import write_without_rows, write_without_texts
from orchestration.store.warehouse import connect
from tests.pipeline.ingest_support import World

EVENTS = [
    ("1", "加入购物车", "首页，上海"),
    ("2", "下单成功", "“好评”——（五星）"),
    ("3", "view", "plain"),
]
HEADER = ["event_id", "event_name", "page", "occurred_at", "user_id"]
TABLE = [[*row, "2024-06-01 10:00:00", "u"] for row in EVENTS]
CSV = "".join(f'{a},{b},"{c}",{d},{e}\n' for a, b, c, d, e in (HEADER, *TABLE))
LINES = "".join(
    json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) + "\n" for row in TABLE
)
ROWS = "select event_id, event_name, page from raw.events order by row_number"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# Encodings


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_the_encodings_of_excel_is_read_and_said(world: World, encoding: str) -> None:
    packings = {
        "": lambda data: data,
        ".gz": gzip.compress,
        ".zst": zstandard.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
    }
    for suffix, pack in packings.items():
        world.put(f"events/a.csv{suffix}", pack(CSV.encode(encoding)))
        world.put(f"events/b.jsonl{suffix}", pack(LINES.encode(encoding)))
    report = world.ingest()
    assert not report.failed_files
    label = "UTF-16" if "16" in encoding else "GBK (GB18030)"
    for file in report.files:
        assert (file.rows_in, file.malformed_rows, file.notes) == (3, 0, f"Read as {label}.")
        assert world.ledger(file.source_file)["notes"] == file.notes
        rows = ROWS.replace("order by", f"where source_file = '{file.source_file}' order by")
        assert world.rows(rows) == EVENTS
    assert "events/a.csv: Read as" in report.summary()
    assert not list(world.root.glob("*.links"))
    world.assert_adds_up()


def test_a_mark_of_utf_8_is_no_part_of_the_first_column(world: World) -> None:
    world.put("events/a.csv", CSV.encode("utf-8-sig"))
    world.put("events/b.csv", b'\xef\xbb\xbf"event_id","event_name\n"\n1,x\n')
    report = world.ingest()
    assert [file.rows_in for file in report.files] == [3, 1]
    assert report.files[0].notes is None
    assert not world.rows("select 1 from raw.events where properties is not null")


def test_an_encoding_is_found_where_it_begins_to_show(world: World) -> None:
    plain = "event_id,event_name\n" + "".join(f"{i},view\n" for i in range(60_000))
    world.put("events/late.csv", (plain + "x,下单成功\n").encode("gbk"))
    world.put("events/late.csv.gz", gzip.compress((plain + "x,下单成功\n").encode("gbk")))
    world.put("events/latin.csv", (plain + "x,préfix\n").encode("latin-1"))
    world.put("events/good.csv", plain)
    report = world.ingest()
    assert {file.source_file: file.status for file in report.files} == {
        "events/good.csv": "loaded",
        "events/late.csv": "loaded",
        "events/late.csv.gz": "loaded",
        "events/latin.csv": "failed",
    }
    assert "line 60002 shows it" in (report.failed_files[0].error or "")
    assert (
        world.rows("select event_name from raw.events where event_id = 'x'") == [("下单成功",)] * 2
    )
    world.assert_adds_up()


OTHERS = {
    "latin-1": "id,nom\n1,Müller\n2,préfix à café ÀÉ\n",
    "cp1252": "id,name\n1,Größe\n2,Straße\n",
    "shift_jis": "id,name\n1,注文\n2,カートに追加\n",
    "euc_jp": "id,name\n1,注文\n2,カートに追加\n",
    "euc_kr": "id,name\n1,주문하기\n2,장바구니에 추가했습니다\n3,서울특별시 강남구\n",
    "big5": "id,name\n1,加入購物車\n2,下單成功\n",
    "cp1251": "id,name\n1,Привет\n2,Заказ\n",
    "utf-32": "id,name\n1,下单\n",
}


@pytest.mark.parametrize("encoding", OTHERS)
def test_other_encodings_are_not_read_as_chinese(world: World, encoding: str) -> None:
    world.put("log/a.csv", OTHERS[encoding].encode(encoding))
    world.put("log/b.csv.gz", gzip.compress(OTHERS[encoding].encode(encoding)))
    report = world.ingest()
    assert len(report.failed_files) == 2
    for file in report.failed_files:
        assert "Save it as UTF-8" in (file.error or "")


def test_chinese_of_any_length_is_told_from_a_cut_character() -> None:
    data = "，".join(["漏斗", "张三"] * 40).encode("gb18030")
    for end in range(8, len(data)):
        assert encoding_of(data[:end], is_whole=False) == "gb18030"
    assert encoding_of(data[:9], is_whole=True) is None
    assert encoding_of("下单🛒成功💥".encode("gb18030"), is_whole=True) == "gb18030"
    assert encoding_of(b"", is_whole=True) == "utf-8"


def test_utf_8_with_a_byte_missing_is_not_read_as_chinese() -> None:
    data = "用户加入购物车，下单成功；上海市浦东新区世纪大道的张三给了五星好评。\n".encode()
    for at in range(len(data) - 1):
        assert encoding_of(data[:at] + data[at + 1 :] + data * 3, is_whole=True) is None


def test_a_large_file_in_gbk_is_not_held_in_memory(world: World) -> None:
    line = "u,view,上海市浦东新区世纪大道加入购物车下单成功评价\n".encode("gbk")
    with world.put("events/a.csv", b"").open("wb") as out:
        out.write(b"user_id,event_name,page\n")
        for _ in range(100):
            out.write(line * 11_000)  # 55 MB
    assert (world.settings.raw_dir / "events/a.csv").stat().st_size > 50e6
    code = (
        "import resource, sys; from pathlib import Path;"
        "from orchestration.ingest.plain import look_into, write_plain;"
        "from orchestration.ingest.files import RawFile;"
        "path = Path(sys.argv[1]);"
        "seen = look_into(RawFile('events', 'a', path, 'csv', None, path.stat().st_size, ''));"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "write_plain(seen, Path(sys.argv[2]));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    new = world.root / "plain.csv"
    path = world.settings.raw_dir / "events/a.csv"
    out = subprocess.run(
        [sys.executable, "-c", code, str(path), str(new)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(out.stdout) < 20_000  # kilobytes
    assert new.read_bytes() == path.read_bytes().decode("gbk").encode()


# Excel's line


def test_the_line_sep_is_passed_over(world: World) -> None:
    encodings, hints = (
        ("utf-8", "utf-8-sig", "utf-16", "gbk"),
        ("sep={}", '"sep={}"', "SEP={}", "sep={} "),
    )
    written = list(product(encodings, hints, ("\n", "\r\n"), ",;\t|^"))
    for number, (encoding, hint, end, delimiter) in enumerate(written):
        rows = [["event_id", "event_name"], ["1", "下单成功"], ["2", '"a,b;c"']]
        lines = [hint.format(delimiter), *(delimiter.join(row) for row in rows)]
        world.put(f"events/{number}.csv", (end.join(lines) + end).encode(encoding))
    report = world.ingest()
    assert not report.failed_files
    assert world.rows(
        "select row_number, event_id, event_name, count(*) from raw.events group by all order by 1"
    ) == [(1, "1", "下单成功", len(written)), (2, "2", "a,b;c", len(written))]
    assert all("Line 1 is Excel's sep=: passed over." in (f.notes or "") for f in report.files)


def test_a_wrong_sep_does_not_hide_the_columns_and_a_broken_row_keeps_its_place(
    world: World,
) -> None:
    loaded = world.load("events/a.csv", "sep=;\nevent_id,event_name\n1,x\n2\n3,y\n")
    assert (loaded.rows_in, loaded.malformed_rows) == (3, 1)
    assert world.rows("select row_number, event_id, malformed_payload from raw.events order by 1")[
        1
    ] == (2, None, "2")


def test_full_width_delimiters_part_where_the_header_says_so() -> None:
    assert csv_shape("funnel_id，label_zh\n", ("funnel_id", "label_zh")).delimiter == "，"
    assert csv_shape("funnel_id｜label_zh\n", ("funnel_id", "label_zh")).delimiter == "｜"
    assert csv_shape("funnel_id,label，zh\n", ("funnel_id", "label_zh")).delimiter == ","


# JSON


OBJECTS = [{"event_id": str(n), "event_name": "下单", "page": [1, {"a": "]}"}]} for n in range(3)]
JSON_TEXTS = {
    "array": json.dumps(OBJECTS),
    "pretty": json.dumps(OBJECTS, indent=2, ensure_ascii=False),
    "lines of an array": "[" + ",\r\n".join(json.dumps(each) for each in OBJECTS) + "\r\n]\r\n",
    "arrays in lines": "\n".join(json.dumps([each]) for each in OBJECTS),
    "objects over lines": "\n".join(json.dumps(each, indent=1) for each in OBJECTS),
    "objects one behind the other": "".join(json.dumps(each) for each in OBJECTS),
    "nested arrays": json.dumps([OBJECTS[:1], [OBJECTS[1:2], OBJECTS[2:]]]),
    "marked": "\ufeff " + json.dumps(OBJECTS),
    "a comma too many": json.dumps(OBJECTS)[:-1] + ",]",
    "an object, then an array": json.dumps(OBJECTS[0]) + "\n" + json.dumps(OBJECTS[1:]) + "\n",
    "lines": "".join(json.dumps(each) + "\n" for each in OBJECTS),
}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("service_log.20240301", ("csv", None)),
        ("log.2024-03-01-06.gz", ("csv", "gz")),
        ("events.parquet.20240301", ("parquet", None)),
        ("dump.xlsx.2024-03-01", ("xlsx", None)),
        ("events.tar.20240301", None),
        ("events.20241341", None),
    ],
)
def test_a_date_behind_a_name_says_nothing_of_its_format(
    name: str, found: tuple[str, str | None] | None
) -> None:
    assert format_of(name) == found


def test_json_is_read_however_its_objects_stand(world: World) -> None:
    for name, text in JSON_TEXTS.items():
        folder = f"events/{name}"
        for file in ("a.json", "b.jsonl", "c.ndjson", "d.txt", "e.JSON", "service_log.20240301"):
            world.put(f"{folder}/{file}", text)
        world.put(f"{folder}/i.log.2024-03-01-06.gz", gzip.compress(text.encode()))
        world.put(f"{folder}/f.json.gz", gzip.compress(text.encode()))
        world.put(f"{folder}/g.json.zst", zstandard.compress(text.encode("utf-16-le")))
        world.put(f"{folder}/h.zip", zipped({"inner.json": text.encode()}))
    report = world.ingest()
    assert {f.source_file: (f.rows_in, f.malformed_rows, f.error) for f in report.files} == (
        dict.fromkeys((f.source_file for f in report.files), (3, 0, None))
    )
    assert len(report.files) == 10 * len(JSON_TEXTS)
    assert world.rows(
        "select distinct row_number, event_id, event_name, page from raw.events order by 1"
    ) == [(n + 1, str(n), "下单", '[1,{"a":"]}"}]') for n in range(3)]
    world.assert_adds_up()


def test_numbers_of_json_stay_as_they_are_written(world: World) -> None:
    world.put("events/a.json", '[\n{"event_id": 12345678901234567890123, "amount": 1.25}\n]')
    world.ingest()
    assert world.rows("select event_id, amount from raw.events") == [
        ("12345678901234567890123", "1.25")
    ]


BROKEN_JSON = {
    "cut.json": ('[\n{"event_id":"1"},\n{"event_id":"2', "breaks off in line 3"),
    "end.json": ('[{"event_id":"1"},\n{"event_id":"2"}\n', "breaks off"),
    "word.json": ('[\n{"event_id":"1"},\n{"event_id":x}]', "Line 3 is no JSON"),
    "comma.json": ('[{"event_id":"1"}\n{"event_id":"2"}]', "Line 2 is no JSON: a comma"),
    "deep.json": ("[" + '{"a":' * 5_000 + "1" + "}" * 5_000 + "]", "nested too deeply"),
    "numbers.json": ("[1, 2, 3]", "JSON object"),
    "latin.json": ('[{"event_id":"é"}]'.encode("latin-1"), "not UTF-8"),
    "tail.json": ('[{"event_id":"1"}] and more', "no JSON"),
}


def test_broken_json_is_an_error_with_its_line(world: World) -> None:
    for name, (text, _) in BROKEN_JSON.items():
        world.put(f"events/{name}", text)
    world.put("events/good.json", "[]")
    report = world.ingest()
    errors = {Path(file.source_file).name: file.error or "" for file in report.failed_files}
    assert set(errors) == set(BROKEN_JSON)
    for name, (_, said) in BROKEN_JSON.items():
        assert said in errors[name], errors[name]
    assert world.ledger("events/good.json")["rows_in"] == 0


def test_values_are_the_same_however_their_text_is_cut() -> None:
    text = '[ {"a": "x\\u4e0b]", "b": [1.5e3, tru' + 'e]} , -12.50,"t\\"", null]\n {"c":\n1}'
    expected = ['{"a": "x\\u4e0b]", "b": [1.5e3, true]}', "-12.50", '"t\\""', "null", '{"c":\n1}']
    for size in (1, 2, 3, 7, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert list(values(pieces)) == expected
    with pytest.raises(UnreadableFileError, match="16,000,000 characters"):
        list(values(['["', *["x" * 1_000_000] * 20]))


def test_an_array_of_a_million_elements_is_read(world: World) -> None:
    with world.put("events/a.json", "[").open("a") as out:
        for start in range(0, 1_000_000, 10_000):
            rows = range(start, start + 10_000)
            out.write(",".join(f'{{"event_id":"{n}","event_name":"view"}}' for n in rows))
            out.write("]" if start == 990_000 else ",\n")
    [file] = world.ingest().files
    assert (file.rows_in, file.malformed_rows) == (1_000_000, 0)
    assert world.rows(
        "select count(*) from raw.events where event_id <> cast(row_number - 1 as varchar)"
    ) == [(0,)]


# Zip


def encrypted() -> bytes:
    data = bytearray(zipped({"a.csv": CSV.encode()}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def test_a_zip_of_one_file_is_read_and_any_other_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_UNPACKED_BYTES", 5 << 20)
    one = zipped({"a.csv": CSV.encode("gbk")})
    damaged = bytearray(zipped({"a.csv": CSV.encode() * 50}))
    damaged[60:80] = bytes(20)
    cases = {
        "two.zip": (zipped({"a.csv": b"x", "b.csv": b"x"}), "holds 2 files"),
        "none.zip": (zipped({}), "holds 0 files"),
        "parquet.zip": (zipped({"a.parquet": b"PAR1"}), "a.parquet"),
        "again.zip": (zipped({"a.zip": one}), "a.zip"),
        "secret.zip": (encrypted(), "encrypted"),
        "bomb.zip": (zipped({"a.csv": bytes(20 << 20)}), "unpacks to over 0.0 GB"),
        "page.zip": (b"<html></html>", "no zip"),
        "cut.zip": (one[:-30], "no zip"),
        "damaged.zip": (bytes(damaged), "damaged"),
    }
    world.put("events/one.zip", one)
    world.put(
        "events/mac.zip", zipped({"f/": b"", "f/a.csv": CSV.encode(), "__MACOSX/f/._a.csv": b""})
    )
    for name, (data, _) in cases.items():
        world.put(f"events/{name}", data)
    report = world.ingest()
    errors = {Path(file.source_file).name: file.error or "" for file in report.failed_files}
    assert set(errors) == set(cases)
    for name, (_, said) in cases.items():
        assert said in errors[name], (name, errors[name])
    assert world.ledger("events/one.zip")["notes"] == "It is a.csv in a zip. Read as GBK (GB18030)."
    assert world.rows(ROWS + ", source_file") == [row for row in EVENTS for _ in range(2)]


def test_a_zip_of_json_lines_is_read_in_order_and_written_again_without_rows(world: World) -> None:
    at = '"event_name":"view","occurred_at":"2024-03-01"'
    lines = [f'{{"event_id":"{n}","user_id":"u{n}",{at}}}' for n in range(1, 8)]
    members = {
        "9/day_02#1.json.gz": gzip.compress("\n".join(lines[3:]).encode()),
        "9/day_01#1.json.gz": gzip.compress("\n".join(lines[:2]).encode()),  # no last line break
        "9/day_01#2.json": lines[2].encode(),
    }
    path = world.put("events/day.zip", zipped(members))
    cut = {**members, "9/day_03#1.json.gz": gzip.compress(b"{}\n" * 100)[:-9]}
    world.put("events/cut.zip", zipped(cut))
    report = world.ingest()
    [failed] = report.failed_files
    assert (failed.error or "").startswith("The file cannot be read")
    rows = "select row_number, event_id from raw.events order by row_number"
    assert world.rows(rows) == [(n, str(n)) for n in range(1, 8)]
    assert world.ledger("events/day.zip")["notes"] == "It is 3 files of a zip."
    world.put("events/cut.zip", zipped({}))
    world.put("erasure_requests/1.csv", "user_id,requested_at\nu2,2024-05-01\nu6,2024-05-01\n")
    world.ingest()
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["9/day_01#1.json"]
        left = archive.read("9/day_01#1.json").decode().splitlines()
    assert left == [line for n, line in enumerate(lines, 1) if n not in (2, 6)]


def test_what_a_bomb_unpacks_to_is_bounded_whatever_it_says_of_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_UNPACKED_BYTES", 3 << 20)
    line = "1,下单成功\n".encode("gbk")
    world.put("events/a.csv.gz", gzip.compress(b"event_id,event_name\n" + line * 1_000_000))
    world.put("events/b.csv.xz", lzma.compress(b"event_id,event_name\n" + line * 1_000_000))
    for file in world.ingest().files:
        assert (file.status, "unpacks to over" in (file.error or "")) == ("failed", True)


# Workbooks


def test_a_workbook_is_read_as_a_csv_would_be(world: World) -> None:
    header = ["event_id", "event_name", "occurred_at", "amount", "user_id", "page", None]
    rows = [
        [1, "下单", datetime(2024, 6, 1, 10, 30, 0), 12.5, "007", True],
        [],
        [2, 'a,b\n"c"', date(2024, 6, 2), 10.0, 1234567890123456789, None],
        ["0003", "view", "2024-06-03T00:00:00Z", 1e3, 1.2345678901234568e18, 0.1],
    ]
    world.put("events/a.xlsx", workbook(("Sheet1", [header, *rows])))
    report = world.ingest()
    assert report.files[0].error is None
    assert world.rows(
        "select row_number, event_id, event_name, occurred_at, amount, user_id, page, properties "
        "from raw.events order by 1"
    ) == [
        (1, "1", "下单", "2024-06-01 10:30:00", "12.5", "007", "true", None),
        (2, "2", 'a,b\n"c"', "2024-06-02", "10", "1234567890123457024", None, None),
        (3, "0003", "view", "2024-06-03T00:00:00Z", "1000", "1234567890123457024", "0.1", None),
    ]
    assert "user_id has numbers of over 15 digits, in 2 rows" in (report.files[0].notes or "")
    world.assert_adds_up()


def test_the_sheet_of_the_feed_is_read_and_else_the_first(world: World) -> None:
    own = [["event_id"], ["1"]]
    other = [["x"], ["9"]]
    world.put("events/named.xlsx", workbook(("Notes", other), ("Events", own)))
    world.put("events/first.xlsx", workbook(("Data", own), ("Notes", other)))
    world.put("events/EMPTY.XLSX", workbook(("Data", [])))
    world.put("events/wrong.xlsx", workbook(("Data", other)))
    world.put("events/page.xlsx", b"<html></html>")
    world.put("events/old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    world.put("events/zip.xlsx", zipped({"a.csv": b"event_id\n1\n"}))
    report = world.ingest()
    assert {Path(f.source_file).name: (f.rows_in, f.notes) for f in report.loaded_files} == {
        "EMPTY.XLSX": (0, None),
        "first.xlsx": (1, world.ledger("events/first.xlsx")["notes"]),
        "named.xlsx": (1, world.ledger("events/named.xlsx")["notes"]),
    }
    assert "Of 2 sheets Events is read." in world.ledger("events/named.xlsx")["notes"]
    errors = {Path(f.source_file).name: f.error or "" for f in report.failed_files}
    assert "None of the columns" in errors.pop("wrong.xlsx")
    assert set(errors) == {"page.xlsx", "old.xlsx", "zip.xlsx"}
    assert all("no .xlsx" in error for error in errors.values()), errors


# Names


def test_what_is_not_read_is_named_one_by_one_with_the_mend(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mends = {
        "a.avro": "parquet", "b.orc": "parquet", "c.7z": "unpack", "d.xls": ".xlsx",
        "e.tar.gz": "unpack", "f.csv.lz4": ".gz", "g.pdf": "ends in none", "h": "ends in none",
    }  # fmt: skip
    for name in mends:
        world.put(f"events/{name}", "x")
    for name in ("_SUCCESS", "._a.csv", ".hidden", "_temporary/0/part.csv", "_committed_123"):
        world.put(f"events/{name}", "event_id\n1\n")
    folder = world.settings.raw_dir / "events"
    (folder / "gone.csv").symlink_to(folder / "nowhere.csv")
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    os.mkfifo(folder / "pipe.csv")
    (world.settings.raw_dir / "users").symlink_to("nowhere")
    (world.settings.raw_dir / "turn").symlink_to("turn")
    (folder / "up").symlink_to(folder)
    report = world.ingest()
    assert report.files == ()
    notes = {note.split(" is not read: ")[0]: note for note in report.notes}
    for name, mend in mends.items():
        assert mend in notes[f"events/{name}"]
    assert "nowhere.csv" in notes["events/gone.csv"]
    assert "leads back to itself" in notes["events/loop.csv"]
    assert "no file" in notes["events/pipe.csv"]
    assert "nowhere" in notes["users"]
    assert "leads back to itself" in notes["turn"]
    assert len(report.notes) == len(mends) + 6
    assert folder_signature([world.settings.raw_dir])
    assert notes["events/a.avro"] in report.summary()

    for number in range(30):
        world.put(f"contents/{number:02}.bak", "x")
    said = [note for note in world.ingest().notes if "contents" in note]
    assert len(said) == 21
    assert said[-1] == "contents: and 10 more are not read."


def test_a_folder_that_may_not_be_read_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("events/good.csv", "event_id\n1\n")
    closed = world.put("events/closed/a.csv", "event_id\n2\n").parent
    real = os.scandir

    def scandir(path: Any) -> Any:
        if isinstance(path, str) and Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = world.ingest()
    assert [file.source_file for file in report.files] == ["events/good.csv"]
    assert any(
        "folder events/closed is not read: Permission denied" in note for note in report.notes
    )


@pytest.mark.parametrize("name", ["a.parq", "b.snappy.parquet", "c.PARQUET", "d.pq"])
def test_parquet_by_its_other_names(world: World, name: str) -> None:
    world.put_parquet(f"events/{name}", "select 1 as event_id")
    assert [file.rows_in for file in world.ingest().files] == [1]


@pytest.mark.parametrize("name", ["a.tsv", "b.txt", "c.CSV", "d.tsv.gz"])
def test_csv_by_its_other_names(world: World, name: str) -> None:
    data = b"event_id\tevent_name\n1\tx\n"
    loaded = world.load(f"events/{name}", gzip.compress(data) if name.endswith("gz") else data)
    assert loaded.rows_in == 1
    assert world.rows("select event_id, event_name from raw.events") == [("1", "x")]


# What the ledger does with them


FOREIGN = {
    "a.csv": CSV.encode("gbk"),
    "b.csv": ("sep=,\n" + CSV).encode("utf-16"),
    "c.json": json.dumps([json.loads(line) for line in LINES.splitlines()], indent=1).encode(),
    "d.zip": zipped({"a.csv": CSV.encode("gb18030")}),
    "e.csv.bz2": bz2.compress(CSV.encode()),
    "f.jsonl.xz": lzma.compress(LINES.encode("utf-16-be")),
    "g.xlsx": workbook(
        ("Sheet", [HEADER, [], *TABLE]), ("More", [["x"]])
    ),
    "h.jsonl": (
        LINES.splitlines()[0] + "\n[" + ", ".join(LINES.splitlines()[1:]) + "]\n"
    ).encode(),
    "i.csv": ('"sep=;"\r\n' + CSV.replace(",", ";").replace("\n", "\r\n")).encode("utf-8-sig"),
    "j.csv.gz": gzip.compress(CSV.encode("gbk")),
}  # fmt: skip


def rows_by_file(world: World) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    rows = ROWS.replace("select ", "select source_file, ")
    for source_file, *row in world.rows(rows):
        found.setdefault(source_file.removeprefix("events/"), []).append(tuple(row))
    return found


def foreign_files(world: World) -> Iterator[RawFile]:
    for name in FOREIGN:
        suffix, compression, *_ = [*name.partition(".")[2].split("."), None]
        path = world.settings.raw_dir / "events" / name
        yield RawFile("events", name, path, files.FORMATS.get(str(suffix), "zip"), compression,
                      path.stat().st_size, "")  # fmt: skip


def test_files_are_replaced_withdrawn_and_rewritten_as_others_are(world: World) -> None:
    for name, content in FOREIGN.items():
        world.put(f"events/{name}", content)
    loaded = {file.source_file: file for file in world.ingest().files}
    assert [(file.error, file.rows_in) for file in loaded.values()] == [(None, 3)] * len(FOREIGN)
    assert world.ingest().files == ()  # their hashes are known
    before = rows_by_file(world)
    with connect(world.settings) as connection:
        for file in foreign_files(world):
            write_without_rows(connection, file, {2}, 3, world.root / f"link-{file.path.name}")
    again = {file.source_file: file for file in world.ingest().files}
    assert again.keys() == loaded.keys()
    for name, file in again.items():
        assert (file.error, file.rows_in) == (None, 2), name
        assert (loaded[name].notes or "").split(".")[0] == (file.notes or "").split(".")[0], name
    assert rows_by_file(world) == {name: [rows[0], rows[2]] for name, rows in before.items()}
    for file in foreign_files(world):
        assert write_without_texts(file, {"view"}) >= 1, file
    world.ingest()
    left = rows_by_file(world)
    for name, rows in before.items():
        assert left.get(name, []) in ([rows[0]], []), name
    for name in FOREIGN:
        withdraw(world.settings, f"events/{name}")
    assert world.rows("select count(*) from raw.events") == [(0,)]
    assert world.ingest().files == ()
    world.assert_adds_up()


def test_the_other_sheets_of_a_rewritten_workbook_stay(world: World) -> None:
    world.load("events/g.xlsx", FOREIGN["g.xlsx"])
    path = world.settings.raw_dir / "events/g.xlsx"
    file = RawFile("events", "g.xlsx", path, "xlsx", None, path.stat().st_size, "")
    with connect(world.settings) as connection:
        write_without_rows(connection, file, {1, 3}, 3, world.root / "link")
    book = load_workbook(path)
    assert book.sheetnames == ["Sheet", "More"]
    rows = [[cell.value for cell in row] for row in book["Sheet"].iter_rows()]
    assert [row for row in rows if any(row)] == [HEADER, TABLE[1]]


def test_a_warehouse_of_before_gets_the_notes(world: World) -> None:
    world.put("events/a.csv", CSV)
    world.ingest()
    with connect(world.settings) as connection:
        connection.execute("alter table raw.ingest_files drop column notes")
    world.put("events/b.csv", CSV.encode("gbk"))
    world.ingest()
    assert world.rows("select source_file, notes from raw.ingest_files order by 1") == [
        ("events/a.csv", None),
        ("events/b.csv", "Read as GBK (GB18030)."),
    ]
