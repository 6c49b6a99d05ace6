"""Promise 5: whoever asks to be forgotten is in no byte of what the project keeps, and the rest is
as if they had never been there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.engines import tables
from orchestration.ingest.loader import ingest
from orchestration.privacy import erased_people, erasure
from orchestration.project import DBT_PROJECT_DIR
from orchestration.store.keyed_hash import keyed_hash
from orchestration.store.warehouse import WarehouseError
from orchestration.transform.dbt_runs import load_manifest
from tests import support
from tests.pipeline.erasure_world import (
    DEVICE,
    OTHERS,
    PERSON,
    REQUEST,
    SEEDS,
    THEIRS,
    event,
    holding,
    write,
)
from tests.support import query, settings_of
from verify.compare import compare, histories


def rows_that_differ(left: Path, right: Path) -> dict[str, int]:
    """By table, but for those of erasures. Which files there were is no matter of the rows."""
    compared = compare(left, right, histories=histories(load_manifest()))
    assert compared.tables > 60
    return {
        one.table: one.left_rows + one.right_rows
        for one in compared.differences
        if "erasure" not in one.table
    }


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that held the person for one build, and was asked to forget them."""
    folder = tmp_path_factory.mktemp("erased")
    write(folder, OTHERS, "others")
    write(folder, THEIRS, "theirs")
    # Cut off in the middle of a row of theirs.
    broken = json.dumps(THEIRS["events"][0])[:200]
    (folder / "raw" / "events" / "broken.jsonl").write_text(
        broken + "\n" + json.dumps(OTHERS["events"][0]) + "\n"
    )
    support.build_warehouse(folder, seeds=SEEDS)
    assert query(
        folder / support.WAREHOUSE, "select * from facts.fct_events where user_id = ?", [PERSON]
    )
    write(folder, {"erasure_requests": [REQUEST]}, "requests")
    support.build_warehouse(folder)
    return folder


@pytest.fixture(scope="module")
def never(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without their rows, and with the last instant that had been reached."""
    folder = tmp_path_factory.mktemp("never")
    write(folder, OTHERS, "others")
    (folder / "raw" / "events" / "broken.jsonl").write_text(json.dumps(OTHERS["events"][0]) + "\n")
    settings = settings_of(folder)
    (settings.raw_dir / "erasure_requests").mkdir()
    (settings.seeds_dir).mkdir()
    for name, text in SEEDS.items():
        (settings.seeds_dir / f"{name}.csv").write_text(text, encoding="utf-8")
    ingest(settings)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("insert into raw.horizon_floors values ('2024-01-28 10:05:00')")
        connection.execute("insert into raw.unjoined_anonymous_ids values ('kiosk'), ('tablet')")
    support.transform(settings)
    return folder


def test_no_byte_holds_the_person(erased: Path) -> None:
    assert holding(erased) == []


def test_the_rest_is_as_if_they_had_never_been(erased: Path, never: Path) -> None:
    assert rows_that_differ(erased / support.WAREHOUSE, never / support.WAREHOUSE) == {}


def test_devices_that_were_shared_stay_unjoined(erased: Path) -> None:
    users = query(
        erased / support.WAREHOUSE,
        "select event_id, user_id from facts.fct_events where event_id in ('e76', 'e70', 'e903')",
    )
    assert {row["event_id"]: row["user_id"] for row in users} == {"e76": "anon:kiosk", "e70": "u3"}


def test_the_horizon_does_not_go_back(erased: Path) -> None:
    (row,) = query(erased / support.WAREHOUSE, "select data_through_at from facts.dim_horizon")
    assert row["data_through_at"] == datetime(2024, 1, 28, 10, 5)


def test_the_certificate_says_what_went_without_a_name(erased: Path) -> None:
    settings = settings_of(erased)
    key = erasure.key_path(settings).read_text(encoding="utf-8")
    rows = query(
        settings.warehouse,
        "select person_hash, object, removed_count from marts.mart_erasure_certificates",
    )
    assert {row["person_hash"] for row in rows} == {keyed_hash(key, PERSON)}
    counts = {row["object"]: row["removed_count"] for row in rows}
    assert counts["raw.events"] == len(THEIRS["events"]) + 1  # the cut row too
    assert counts["files of events"] == 5
    assert counts["raw.users"] == counts["raw.feedback"] == counts["raw.contents"] == 1
    assert counts["raw.consents"] == 2
    # One is in quarantine, and one is what somebody else did.
    assert counts["facts.fct_events"] == len(THEIRS["events"]) - 2
    assert counts["facts.fct_campaign_events"] == 1
    assert counts["facts.fct_funnel_opened_attempts"] > 0


def test_files_keep_what_others_did_and_when_they_came(erased: Path) -> None:
    settings = settings_of(erased)
    assert not ingest(settings).files  # the ledger knows the rewritten files
    wrong = query(
        settings.warehouse,
        "select * from staging.stg_ingest_ledger"
        " where rows_in <> rows_staged + rows_duplicate + rows_quarantined",
    )
    assert wrong == []
    kept = query(settings.warehouse, "select count(*) as n from raw.events")[0]["n"]
    assert kept == len(OTHERS["events"]) + 1


def test_consents_are_spans_and_a_no_wins_a_tie(erased: Path) -> None:
    rows = query(
        erased / support.WAREHOUSE,
        "select user_id, purpose, is_granted, day(valid_from_at) as since, "
        "day(valid_to_at) as until, is_current from facts.fct_consent_spans order by 1, 2, 4",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("u1", "marketing", False, 3, None, True),
        ("u2", "analytics", True, 2, None, True),
        ("u2", "marketing", True, 2, 6, False),
        ("u2", "marketing", False, 6, 9, False),
        ("u2", "marketing", True, 9, None, True),
        ("u3", "marketing", False, 5, None, True),
    ]


def test_a_file_delivered_again_brings_nobody_back(erased: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(erased, folder)
    settings = settings_of(folder)
    before = query(settings.warehouse, "select * from raw.build_watermarks order by completed_at")
    write(folder, {"events": THEIRS["events"], "users": THEIRS["users"]}, "again")
    # A device that they shared goes on being used by somebody.
    write(folder, {"events": [event(950, None, "tablet", 29, occurred_at="2024-03-01")]}, "new")
    support.build_warehouse(folder)
    assert holding(folder) == []
    (row,) = query(
        settings.warehouse, "select user_id from facts.fct_events where event_id = 'e950'"
    )
    assert row["user_id"] == "anon:tablet"
    # What no build had taken in costs no rebuild.
    after = query(settings.warehouse, "select * from raw.build_watermarks order by completed_at")
    assert len(after) == len(before) + 1


def test_an_erasure_that_is_killed_is_taken_up_again(
    erased: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "killed"
    write(folder, {feed: [*OTHERS[feed], *THEIRS[feed]] for feed in OTHERS}, "all")
    settings = settings_of(folder)
    ingest(settings)
    with duckdb.connect(str(settings.warehouse)) as connection:  # as a whole build would leave it
        connection.execute("create schema facts")
        connection.execute("create table facts.fct_events as select * from raw.events")
        connection.execute(
            "insert into raw.build_watermarks select max(load_id), 'c', now() from raw.events"
        )
    write(folder, {"erasure_requests": [REQUEST]}, "requests")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("_forget", "_finish"):
        with monkeypatch.context() as patch:
            patch.setattr(erasure._Erasing, step, killed)
            with pytest.raises(KeyboardInterrupt):
                ingest(settings)
    ingest(settings)
    assert holding(folder) == []
    assert query(settings.warehouse, "select count(*) as n from raw.events")[0]["n"] == len(
        OTHERS["events"]
    )


def test_the_certificate_counts_what_lies_in_files_of_spark(erased: Path, tmp_path: Path) -> None:
    write(tmp_path, {feed: [*OTHERS[feed], *THEIRS[feed]] for feed in OTHERS}, "all")
    settings = settings_of(tmp_path)
    ingest(settings)
    folder = tmp_path / "spark" / "builds" / "one" / "facts" / "fct_events"
    folder.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse)) as connection:  # as a whole build would leave it
        connection.execute("create schema facts")
        connection.execute(f"copy raw.events to '{folder}/part-0.parquet'")
        connection.execute(f"create view facts.fct_events as from '{folder}/*.parquet'")
        connection.execute("create view facts.fct_others as from facts.fct_events")
        noted = tables.Table("user_id string", folder, tables.files_in(folder))
        tables.note(connection, {("facts", "fct_events"): noted})
        connection.execute(
            "insert into raw.build_watermarks select max(load_id), 'c', now() from raw.events"
        )
    write(tmp_path, {"erasure_requests": [REQUEST]}, "requests")
    ingest(settings)
    counted = query(
        settings.warehouse,
        "select object, removed_count from raw.erasure_removals where layer = 'facts'",
    )
    named = sum(row["user_id"] == PERSON for row in THEIRS["events"])
    assert counted == [{"object": "facts.fct_events", "removed_count": named}]


def test_a_lost_warehouse_keeps_them_out_too(erased: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lost"
    shutil.copytree(erased, folder)
    settings = settings_of(folder)
    settings.warehouse.unlink()
    write(folder, {"users": THEIRS["users"]}, "again")
    ingest(settings)
    assert holding(folder) == []


def test_another_key_is_an_error(erased: Path, tmp_path: Path) -> None:
    folder = tmp_path / "key"
    shutil.copytree(erased, folder)
    with pytest.raises(WarehouseError, match="YUNYING_ERASURE_KEY"):
        ingest(settings_of(folder, {"YUNYING_ERASURE_KEY": "another"}))


def test_who_arrives_after_the_request_stays_out_with_their_devices(tmp_path: Path) -> None:
    write(tmp_path, {**OTHERS, "erasure_requests": [REQUEST]}, "first")
    settings = settings_of(tmp_path)
    ingest(settings)
    anonymous = {"events": [row for row in THEIRS["events"] if row["user_id"] is None]}
    write(tmp_path, anonymous, "second")
    ingest(settings)  # nobody can know whose they are
    rest = {**THEIRS, "events": [row for row in THEIRS["events"] if row["user_id"]]}
    write(tmp_path, rest, "third")
    ingest(settings)
    assert holding(tmp_path) == []


def test_a_log_of_its_own_is_searched_in_every_column(tmp_path: Path) -> None:
    write(tmp_path, {**OTHERS, "erasure_requests": [REQUEST]}, "first")
    log = tmp_path / "raw" / "shop_log"
    log.mkdir()
    (log / "a.csv").write_text(f"who,what\n{PERSON},bought-PLANTED\nu1,bought\n")
    ingest(settings_of(tmp_path))
    assert holding(tmp_path) == []
    assert (log / "a.csv").read_text() == "who,what\nu1,bought\n"


def test_a_request_may_name_a_device(tmp_path: Path) -> None:
    write(tmp_path, {feed: [*OTHERS[feed], *THEIRS[feed]] for feed in OTHERS}, "all")
    request = {"anonymous_id": DEVICE, "requested_at": "2024-02-01"}
    write(tmp_path, {"erasure_requests": [request]}, "requests")
    ingest(settings_of(tmp_path))
    assert holding(tmp_path) == []


@pytest.mark.parametrize("text", [None, "soon", "0", "1e400", "1.7172E+18", "2024-02-01 09:00 CST"])
def test_a_request_whose_time_cannot_be_read_is_of_its_load(
    tmp_path: Path, text: str | None
) -> None:
    loaded_at = datetime(2024, 3, 1, 12)
    write(tmp_path, {feed: [*OTHERS[feed], *THEIRS[feed]] for feed in OTHERS}, "all")
    write(tmp_path, {"erasure_requests": [{**REQUEST, "requested_at": text}]}, "requests")
    settings = settings_of(tmp_path)
    ingest(settings, now=loaded_at)
    assert holding(tmp_path) == []
    asked = query(settings.warehouse, "select requested_at from raw.erasures")
    assert asked == [{"requested_at": loaded_at}]
    # The tablet was theirs until then, and is somebody else's from then on.
    before = event(960, None, "tablet", 1, occurred_at="2024/2/29 10:00")
    after = event(961, None, "tablet", 1, occurred_at="20240302T100000Z")
    write(tmp_path, {"events": [before, after]}, "later")
    ingest(settings)
    rows = query(settings.warehouse, "select event_id from raw.events where event_id >= 'e96'")
    assert rows == [{"event_id": "e961"}]


def test_files_that_are_not_loaded_are_searched(tmp_path: Path) -> None:
    write(tmp_path, OTHERS, "others")
    write(tmp_path, THEIRS, "theirs")
    settings = settings_of(tmp_path)
    bad = settings.raw_dir / "events" / "bad.csv"
    bad.write_bytes(b"user_id,page\n" + PERSON.encode() + b",x\nu1,\xff\xfe\n")
    cut = settings.raw_dir / "events" / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(PERSON.encode() * 100)[:-4])
    ingest(settings)
    write(tmp_path, {"erasure_requests": [REQUEST]}, "requests")
    report = ingest(settings)
    assert bad.read_bytes() == b"user_id,page\nu1,\xff\xfe\n"
    assert report.erasure is not None
    assert report.erasure.unreadable == ("events/cut.jsonl.gz",)
    assert query(
        settings.warehouse, "select object from raw.erasure_removals where not is_removed"
    ) == [{"object": "events/cut.jsonl.gz"}]


def test_limits_are_those_of_the_dbt_project() -> None:
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["shared_device_max_users"] == erased_people.SHARED_DEVICE_MAX_USERS
    assert project["vars"]["future_tolerance_days"] == erased_people.FUTURE_TOLERANCE_DAYS
    assert project["vars"]["earliest_plausible_date"] == erased_people.EARLIEST_PLAUSIBLE_DATE


BOTH = {"user_id": "Pia", "anonymous_id": "A", "requested_at": "2024-02-01"}
PIA = {"user_id": "Pia", "requested_at": "2024-02-01"}


@pytest.mark.parametrize(
    ("events", "request_of", "left"),
    [
        # Whose a device is was said: its owner is somebody else.
        ([("q1", "Q", "A", 1), ("q2", "Q", None, 2), ("t0", None, "A", 3), ("p1", "Pia", "A", 4),
          ("p2", "Pia", "D", 5)], BOTH, {"q1", "q2"}),
        # Rows in quarantine join nobody, be they first or many.
        ([("q0", "Q", "A", 1, {"event_name": None}), ("a1", None, "A", 2), ("p1", "Pia", "A", 3),
          ("a2", None, "A", 4)], PIA, {"q0"}),
        ([("p1", "Pia", "A", 1), ("a2", None, "A", 2),
          *((f"u{n}", f"u{n}", "A", 1, {"occurred_at": f"2099-01-0{n}"}) for n in (1, 2, 3))],
         PIA, {"u1", "u2", "u3"}),
        # Of one instant the smallest event_id is first, whatever users are called.
        ([("e1", "Pia", "A", 1), ("e2", "Ann", "A", 1), ("e3", None, "A", 2)], PIA, {"e2"}),
        ([("e1", "Rob", "A", 1), ("e2", "Pia", "A", 1), ("e3", None, "A", 2)], PIA, {"e1", "e3"}),
    ],
)  # fmt: skip
def test_whose_a_device_is_as_facts_have_it(
    tmp_path: Path, events: list[Any], request_of: dict[str, str], left: set[str]
) -> None:
    settings = settings_of(tmp_path)
    rows = [
        {"event_id": name, "event_name": "open", "user_id": user, "anonymous_id": device,
         "occurred_at": f"2024-01-0{day}T10:00:00Z", **(more[0] if more else {})}
        for name, user, device, day, *more in events
    ]  # fmt: skip
    write(tmp_path, {"events": rows, "erasure_requests": [request_of]}, "all")
    settings.seeds_dir.mkdir()
    ingest(settings)
    kept = query(settings.warehouse, "select event_id from raw.events")
    assert {row["event_id"] for row in kept} == left


@pytest.mark.parametrize(
    "name",
    ["张伟", "Zoë", "auth0|5f7c", "aGVsbG8=", "o'brien", "a b", "pia/1", "#7", "{guid-1}", "x,y",
     "a~b", "a*b", "a%b", 'say "hi"'],
)  # fmt: skip
def test_a_row_that_is_none_keeps_no_id(tmp_path: Path, name: str) -> None:
    settings = settings_of(tmp_path)
    folder = settings.raw_dir / "events"
    folder.mkdir(parents=True)
    settings.seeds_dir.mkdir()
    told = json.dumps({"event_name": "open", "user_id": name, "page": "/"}, ensure_ascii=False)
    escaped = json.dumps({"event_name": "open", "user_id": name, "page": "/"})
    other = '{"event_name": "open", "user_id": "another", "page": "/'
    lines = [told[:-2], escaped[:-2], other, '{"event_name": "open", "user_id": "u"}']
    (folder / "cut.jsonl").write_text("\n".join(lines), encoding="utf-8")
    text = io.StringIO()
    csv.writer(text).writerows([["event_name", "user_id"], ["open", name, "x", "y"]])
    (folder / "wide.csv").write_text(text.getvalue(), encoding="utf-8")
    ingest(settings)
    malformed = (
        "select malformed_payload as text from raw.events where malformed_payload is not null"
    )
    assert len(query(settings.warehouse, malformed)) == 4
    write(tmp_path, {"erasure_requests": [{"user_id": name, "requested_at": "2024-02-01"}]}, "r")
    ingest(settings)
    assert [row["text"] for row in query(settings.warehouse, malformed)] == [other]
    assert name not in (folder / "wide.csv").read_text(encoding="utf-8")
