"""What is said of a file that lacks its feed's columns, and of what came in, at a build's end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestration.commands.build import Narrator, _tell_outcome
from orchestration.ingest import came_in
from orchestration.ingest.feeds import FEEDS, FEEDS_BY_NAME
from orchestration.ingest.hints import what_is_missing
from orchestration.project import DBT_PROJECT_DIR
from orchestration.store.warehouse import connect
from tests.pipeline.ingest_support import World

EVENTS = FEEDS_BY_NAME["events"]
EXPORTS = {
    "Segment": "type event messageId userId anonymousId timestamp properties context",
    "RudderStack": "messageId anonymousId rudderId event originalTimestamp",
    "warehouse tables": "id anonymous_id event event_text original_timestamp sent_at received_at",
    "GA4": "event_date event_timestamp event_name event_params user_pseudo_id geo",
    "Mixpanel": "event properties",
    "Mixpanel ": "event time distinct_id $insert_id mp_country_code",
    "Amplitude": "event_type event_time user_id device_id amplitude_id $insert_id",
    "PostHog": "uuid event properties distinct_id timestamp elements_chain",
    "Snowplow": "app_id platform collector_tstamp event_id domain_userid",
    "SensorsData 神策": "distinct_id time type event properties lib project",
    "GrowingIO": "visitUserId sessionId time requestType loginUserId",
    "Umeng 友盟 ": "umid event_name svr_timestamp cli_timestamp event_kv_json",
    "Umeng 友盟": "umid event_id event_time app_version",
    "Matomo": "idvisit idvisitor server_time type",
    "Umami": "website_id session_id visit_id event_id created_at url_path event_type",
    "Plausible": "name timestamp hostname pathname session_id",
    "AppsFlyer": "AppsFlyer ID,Event Time,Event Name,Customer User ID",
}


FOLDERS = {
    "Segment": "segment", "RudderStack": "segment", "GA4": "ga4", "Mixpanel": "mixpanel",
    "Mixpanel ": "mixpanel", "Amplitude": "amplitude", "PostHog": "posthog",
    "Snowplow": "snowplow", "SensorsData 神策": "sensorsdata",
}  # fmt: skip


@pytest.mark.parametrize("product", FOLDERS)
def test_a_product_whose_log_is_read_is_told_its_folder(product: str) -> None:
    said = " ".join(what_is_missing(EVENTS, EXPORTS[product].split()))
    assert f"or lay it in the folder {FOLDERS[product]}: docs/en/sources.md says how." in said


def test_lines_without_a_header_are_told_their_folder(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put("events/part.tsv", "shop" + "\t,web" * 130 + "\n")
    [failed] = world.ingest().failed_files
    assert "as many fields as a log of snowplow: lay it in that folder" in (failed.error or "")


@pytest.mark.parametrize("product", EXPORTS)
def test_a_product_is_known_by_its_columns_and_the_columns_to_rename_are_its(product: str) -> None:
    columns = EXPORTS[product].split("," if "," in EXPORTS[product] else " ")
    said = " ".join(what_is_missing(EVENTS, columns))
    assert "It looks like an export of " in said
    assert product.strip() in said
    renames = dict(
        reversed(each.split(" as "))
        for each in said.split("Deliver ")[1].split(", or lay it")[0].split(", ")
    )
    assert {"occurred_at", *renames} <= {*EVENTS.column_names}
    assert "occurred_at" in renames
    assert {theirs.split(".")[0] for theirs in renames.values()} <= {*columns}


def test_columns_of_nobody_s_are_matched_by_their_names() -> None:
    said = " ".join(what_is_missing(EVENTS, ["事件名称", "Event Time", "UserID", "x"]))
    assert "It has no event_name, occurred_at, user_id or anonymous_id." in said
    assert "looks like" not in said
    assert (
        "Deliver 事件名称 as event_name, Event Time as occurred_at, UserID as user_id, or" in said
    )


def test_nothing_is_said_of_a_file_that_has_what_its_rows_need() -> None:
    assert what_is_missing(EVENTS, ["Event_Name", "occurred_at", "anonymous_id", "event"]) == ()
    assert what_is_missing(None, ["x"]) == ()
    assert what_is_missing(FEEDS_BY_NAME["users"], ["user_id"]) == ()
    assert "It has no user_id" in what_is_missing(FEEDS_BY_NAME["users"], ["uid"])[0]


def test_of_sums_by_day_it_is_said_that_they_hold_no_events() -> None:
    said = what_is_missing(EVENTS, ["date", "visitors", "pageviews", "visits"])
    assert "It looks like an export of Plausible's dashboard, which has sums and no events." in said


def test_ingest_and_staging_require_the_same_columns() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "feeds.sql").read_text()
    listed = re.findall(
        r"'(\w+)': \[([^\]]*)\]", macro.split("feed_required_columns")[1].split("endmacro")[0]
    )
    required = {feed: set(re.findall(r"\w+", columns)) for feed, columns in listed}
    for feed in FEEDS:
        if feed.name in required:
            assert set(feed.required) == required[feed.name], feed.name
    assert EVENTS.required == ("event_name", "occurred_at")


def test_the_end_of_a_build_tells_of_rows_in_quarantine_and_of_files_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    world = World(tmp_path)
    world.put("events/log.jsonl", '{"messageId":"1","userId":"u","anonymousId":"a","event":"x"}\n')
    world.put("events/good.csv", "event_name,occurred_at,user_id\na,2024-01-01,u\n" * 1)
    world.put("events/bad.csv", "event_name,occurred_at,user_id\na,never,u\nb,2024-01-01,u\n")
    world.put("events/cut.json", "[{")
    world.put("events/x.avro", "x")
    world.ingest()
    with connect(world.settings) as connection:
        # As dbt leaves them.
        connection.execute(
            """
            create schema staging; create schema marts;
            create table staging.stg_ingest_ledger as
            select
                *, case when source_file = 'events/log.jsonl' then 1
                when source_file = 'events/bad.csv' then 1 else 0 end as rows_quarantined,
                rows_in - rows_quarantined as rows_staged
            from raw.ingest_files;
            create table marts.mart_quarantined_rows as
            select
                feed, source_file,
                if(source_file = 'events/bad.csv', 'unparseable_occurred_at', 'missing_event_name')
                    as reason,
                'Mend it.' as mend_en, rows_quarantined as row_count
            from staging.stg_ingest_ledger where rows_quarantined > 0;
            """
        )
        assert came_in.quarantine(connection) == (
            "2 of 4 rows are in quarantine: 1 missing_event_name, 1 unparseable_occurred_at. "
            "marts.mart_quarantined_rows has them by file, with the mend."
        )
    assert _tell_outcome(Narrator(sys.stdout), world.settings, True) == 0
    out = capsys.readouterr().out
    assert "2 of 4 rows are in quarantine" in out
    assert "! events/cut.json could not be read: The file is cut off" in out
    assert "! events/log.jsonl: none of its 1 rows is staged: 1 missing_event_name." in out
    assert "export of Segment or RudderStack. Deliver event as event_name" in out
    assert "! events/x.avro is not read: write it as parquet." in out
    assert "events/bad.csv" not in out  # half of it is staged
    with connect(world.settings) as connection:
        connection.execute("update staging.stg_ingest_ledger set rows_in = 1 where rows_in = 2")
    _tell_outcome(Narrator(sys.stdout), world.settings, False)
    assert "Mend it. Its columns: event_name, occurred_at, user_id." in capsys.readouterr().out


def test_files_without_end_are_told_by_number(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(50):
        world.put(f"events/{number}.jsonl", "not json\n")
    world.ingest()
    with connect(world.settings) as connection:
        connection.execute(
            """
            create schema staging; create schema marts;
            create table staging.stg_ingest_ledger as
            select *, 0 as rows_staged, 0 as rows_quarantined from raw.ingest_files;
            create table marts.mart_quarantined_rows (
                feed text, source_file text, reason text, mend_en text, row_count bigint
            );
            """
        )
        told = came_in.troubles(connection, world.settings)
        assert came_in.quarantine(connection) is None
    assert len(told) == came_in.MAX_FILES + 1
    assert told[-1].startswith("… and 30 files more")
