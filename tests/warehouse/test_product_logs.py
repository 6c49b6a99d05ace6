"""Logs of Mixpanel, Amplitude, PostHog and Snowplow become events and users, as these count."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random

import duckdb
import pytest

from orchestration.ingest.feeds import LOGS
from tests.support import build_warehouse, ingest_raw, query, settings_of
from tests.warehouse import exports, product_logs
from tests.warehouse.draws import seed
from tests.warehouse.test_exports import MODELS, write

ROWS = {
    log: getattr(product_logs, log)(Random(f"{log} {seed()}"))
    for log in ("mixpanel", "amplitude", "posthog", "snowplow")
}
ACTS = {log: getattr(product_logs, f"acts_of_{log}")(rows) for log, rows in ROWS.items()}
IDLE = {
    "mixpanel": {"$identify", "$merge", "$create_alias", "$experiment_started"},
    "amplitude": {"$exposure", "session_start", "revenue_refunded"},
    "posthog": {"$identify", "$create_alias", "$merge_dangerously", "$set", "$pageleave",
                "$feature_flag_called"},
    "snowplow": set(),
}  # fmt: skip
PLAN = """event_name,label_en,label_zh,area,role,is_activity,is_key_action
Order Paid,Order paid,支付订单,product,order,true,true
"""


def packed(rows: list[exports.Row]) -> bytes:
    return gzip.compress(exports.lines(rows).encode())


def write_all(raw: Path) -> None:
    """The logs as their tools export them: gz, a zip of gz, Parquet, lines without a header."""
    (raw / "mixpanel").mkdir(parents=True)
    half = len(ROWS["mixpanel"]) // 2
    (raw / "mixpanel/2.json.gz").write_bytes(packed(ROWS["mixpanel"][:half]))
    (raw / "mixpanel/1.jsonl.gz").write_bytes(packed(ROWS["mixpanel"][half:]))
    profiles = json.dumps(product_logs.profiles_of_mixpanel())
    write(raw / "mixpanel/people.json", profiles)
    (raw / "amplitude").mkdir()
    with zipfile.ZipFile(raw / "amplitude/export.zip", "w") as archive:
        for hour in range(5):
            rows = ROWS["amplitude"][hour::5]
            archive.writestr(f"77/77_2024-03-01_{hour}#{hour}.json.gz", packed(rows))
    half = len(ROWS["posthog"]) // 2
    written = [*ROWS["posthog"][:half], *product_logs.calls_of_posthog()]
    write(raw / "posthog/1.jsonl", exports.lines(written))
    write(raw / "../posthog.json", exports.lines(ROWS["posthog"][half:]))
    with duckdb.connect() as connection:  # JSON is text there, and instants have a type
        connection.execute(
            "copy (select * replace (json(properties) as properties, json(person_properties) as"
            " person_properties, cast(timestamp as timestamptz) as timestamp) from read_json("
            f"'{raw}/../posthog.json', format = 'newline_delimited', columns = {{uuid: 'varchar',"
            " event: 'varchar', distinct_id: 'varchar', properties: 'json', person_id: 'varchar',"
            " person_properties: 'json', elements_chain: 'varchar', timestamp: 'varchar',"
            f" created_at: 'timestamp'}})) to '{raw}/posthog/2.parquet.zst'"
        )
    (raw / "snowplow/run=1").mkdir(parents=True)
    lines = product_logs.tsv_of_snowplow(ROWS["snowplow"][::2])
    (raw / "snowplow/run=1/2024-03-01-4961.gz").write_bytes(gzip.compress(lines.encode()))
    lines = product_logs.tsv_of_snowplow(ROWS["snowplow"][1::2])
    write(raw / "snowplow/run=1/part-00000", lines)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs, with lines that are no event; what came first among them came in a later build."""
    folder = tmp_path_factory.mktemp("logs")
    raw, late = folder / "raw", folder / "late"
    write_all(raw)
    for log in ROWS:
        bad = "\n".join(line for line, _ in product_logs.BAD[log])
        write(raw / f"{log}/bad.{'tsv' if log == 'snowplow' else 'jsonl'}", bad)
        write(raw / f"{log}/odd.json", exports.lines(product_logs.ODD[log]))
    for name in ("mixpanel/2.json.gz", "posthog/1.jsonl", "snowplow/run=1/2024-03-01-4961.gz"):
        (late / name).parent.mkdir(parents=True)
        (raw / name).rename(late / name)

    def build() -> Path:
        environment = {"YUNYING_EVENT_SOURCES": ",".join(ROWS)}
        return build_warehouse(
            folder, seeds={"event_names": PLAN}, environment=environment, only=MODELS
        )

    build()
    shutil.copytree(late, raw, dirs_exist_ok=True)
    return build()


@pytest.mark.parametrize("log", ROWS)
def test_users_sessions_and_events_of_each_day(warehouse: Path, log: str) -> None:
    exports.assert_counted(warehouse, log, ACTS[log], IDLE[log])


def test_every_line_ends_in_one_place(warehouse: Path) -> None:
    ledger = query(warehouse, "select * from staging.stg_ingest_ledger")
    assert all(
        row["rows_in"] == row["rows_staged"] + row["rows_duplicate"] + row["rows_quarantined"]
        for row in ledger
    )
    for log in ROWS:
        of_log = [row for row in ledger if row["feed"] == log]
        assert len(of_log) > 2
        assert sum(row["rows_duplicate"] for row in of_log) > 0, log
        assert not any(row["error"] for row in of_log)
    reasons = Counter(
        (row["source_id"], row["reason"])
        for row in query(warehouse, "select source_id, reason from staging.stg_events__quarantined")
    )
    wanted = Counter((log, reason) for log in ROWS for _, reason in product_logs.BAD[log])
    # A profile that says no time.
    assert reasons - wanted == Counter({("mixpanel", "unparseable_occurred_at"): 1})
    assert not wanted - reasons


def test_rows_of_an_odd_shape_are_events_all_the_same(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select source_id, user_id, count(*) as events from facts.fct_events"
        " where event_name = 'odd' group by all order by all",
    )
    # Amplitude's have no id, and are told apart by what they say.
    assert [tuple(row.values()) for row in rows] == [
        ("amplitude", "aodd", 4), ("mixpanel", "9", 1), ("mixpanel", "modd", 1),
        ("posthog", "podd", 4), ("snowplow", "wodd", 4),
    ]  # fmt: skip


def test_orders_have_what_was_paid_and_given_back(warehouse: Path) -> None:
    wanted: dict[str, tuple[float, float]] = {}
    for rows in (ROWS["mixpanel"], ROWS["posthog"]):
        for row in rows:
            if row["event"] == "Order Paid":
                told = row["properties"]
                wanted[told["order_id"]] = (float(told["amount"]), 0)
    for row in ROWS["snowplow"]:
        if row["event"] == "transaction":
            wanted[row["tr_orderid"]] = (float(row["tr_total"]), 0)
    once = {row["$insert_id"] or row["uuid"]: row for row in ROWS["amplitude"]}
    sums = [
        (row["event_properties"]["order_id"], product_logs.sum_of(row))
        for row in once.values()
        if row["event_type"] == "revenue_amount"
    ]
    for order in {order for order, paid in sums if paid > 0}:
        of_order = [paid for named, paid in sums if named == order]
        wanted[order] = (
            sum(paid for paid in of_order if paid > 0), -sum(paid for paid in of_order if paid < 0)
        )  # fmt: skip
    found = query(
        warehouse,
        "select order_id, gross_amount, refunded_amount from facts.fct_order_states"
        " where valid_to_date is null",
    )
    assert {
        row["order_id"]: (float(row["gross_amount"]), float(row["refunded_amount"]))
        for row in found
    } == wanted
    assert any(refunded for _, refunded in wanted.values())


SAID: dict[str, list[tuple[str | None, ...]]] = {
    "mixpanel": [
        ("$mp_web_page_view", "web", None, "FR", "/home", "mail", None, None),
        ("$experiment_started", "web", None, "FR", "/home", "mail", None, "new home"),
        ("Article Read", "ios", "3.4.1", "FR", None, "mail", "a1", None),
    ],
    "amplitude": [
        ("[Amplitude] Page Viewed", "web", "5.6", "France", "/home", "push", None, None),
        ("$exposure", "web", "5.6", "France", None, "mail", None, "new-home"),
        ("$exposure", "web", "5.6", "France", None, None, None, "new-home"),
        ("Article Read", "web", "5.6", "France", None, "mail", "a1", None),
    ],
    "posthog": [
        ("$pageview", "web", None, "FR", "/home", "mail", None, None),
        ("$screen", "ios", "9.1", "FR", "Home", None, None, None),
        ("$feature_flag_called", "web", None, "FR", "/home", "mail", None, "new-home"),
        ("$feature_flag_called", "web", None, "FR", "/home", "mail", None, None),
    ],
    "snowplow": [
        ("page_view", "web", None, "FR", "/home", "mail", None, None),
        ("article_read", "web", None, "FR", "/home", "mail", "a1", None),
    ],
}
"""Event, platform, version, country, page, utm_source, content and campaign."""


@pytest.mark.parametrize("log", SAID)
def test_what_an_event_says_stands_in_our_columns(warehouse: Path, log: str) -> None:
    rows = query(
        warehouse,
        "select distinct event_name, platform, app_version, country, page, utm_source, content_id,"
        " campaign_id from facts.fct_events where source_id = ?",
        [log],
    )
    found = {tuple(row.values()) for row in rows}
    assert {*SAID[log]} <= found
    referrers = query(
        warehouse,
        "select distinct referrer from facts.fct_events where source_id = ? and referrer <> ''",
        [log],
    )
    assert {row["referrer"] for row in referrers} <= {"https://search.example/"}


def test_sessions_of_the_tools_are_kept(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select event_id, source_session_id as session from facts.fct_events"
        " where source_id = 'amplitude' and event_name <> 'odd'",
    )
    given = {row["$insert_id"] or row["uuid"]: row for row in ROWS["amplitude"]}
    assert len(rows) == len(given)
    for row in rows:
        told = given[row["event_id"]]
        session = f"{told['device_id']}.{told['session_id']}"
        assert row["session"] == (None if told["session_id"] == -1 else session)
    [counted] = query(
        warehouse,
        "select count(distinct source_session_id) filter (where source_id = 'posthog') as p,"
        " count(distinct source_session_id) filter (where source_id = 'snowplow') as w"
        " from facts.fct_events",
    )
    assert counted["p"] == len(
        {r["properties"].get("$session_id") for r in ROWS["posthog"]} - {None}
    )
    assert counted["w"] == len({row["domain_sessionid"] for row in ROWS["snowplow"]})


def test_properties_are_those_of_the_event(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select event_name, properties from facts.fct_events where event_name in"
        " ('Added', 'article_read', '$exposure') and source_id in ('snowplow', 'amplitude')",
    )
    found = {row["event_name"]: json.loads(row["properties"]) for row in rows}
    assert found == {
        "Added": {"se_category": "shop", "se_label": "\\N", "se_value": "2.5"},
        "article_read": {"content_id": "a1", "said": 'with "quotes"'},
        "$exposure": {"flag_key": "new-home", "variant": "on"},
    }
    [odd] = query(
        warehouse,
        "select distinct properties from facts.fct_events where user_id = 'wodd'",
    )
    assert json.loads(odd["properties"]) == {"unstruct_event_com_shop_odd_1": {"a": 1}}


def test_users_have_the_latest_of_each_property(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select user_id, properties, cast(created_at as date) as since"
        " from intermediate.int_users_latest order by user_id",
    )
    users = {row["user_id"]: (json.loads(row["properties"]), str(row["since"])) for row in rows}
    told, since = users.pop("mu1")
    assert (told["plan"], told["$city"], since) == ("pro", "Paris", "2024-02-03")
    assert users.pop("mu2")[1] == "2024-03-02"
    assert users.pop("pold")[0] == {"city": "Lyon", "level": 2, "source": "mail"}
    last: dict[str, tuple[str, str]] = {}
    for log, time, column in (
        ("amplitude", "event_time", "user_properties"),
        ("posthog", "timestamp", "person_properties"),
    ):
        for row in ROWS[log]:
            user = row.get("user_id", row.get("distinct_id"))
            if plan := row.get(column, {}).get("plan"):
                last[user] = max(last.get(user, ("", "")), (row[time], plan))
    assert {user: told["plan"] for user, (told, _) in users.items()} == {
        user: plan for user, (_, plan) in last.items()
    }
    assert {since for user, (_, since) in users.items() if user[0] == "a"} == {"2024-02-01"}


@pytest.mark.parametrize(
    ("log", "time", "column"),
    [("amplitude", "event_time", "user_properties"), ("posthog", "timestamp", "person_properties")],
)
def test_a_state_of_a_user_is_told_as_it_came_and_as_it_was_last(
    warehouse: Path, log: str, time: str, column: str
) -> None:
    told: dict[tuple[str, str], set[datetime]] = {}
    for row in ROWS[log]:
        if plan := row.get(column, {}).get("plan"):
            user = row.get("user_id", row.get("distinct_id"))
            at = datetime.fromisoformat(row[time]).replace(tzinfo=None)
            told.setdefault((user, plan), set()).add(at)
    rows = query(
        warehouse,
        "select user_id, properties, updated_at from "
        f"staging.stg_{log}__users where properties like '%plan%'",
    )
    assert {
        (row["user_id"], json.loads(row["properties"])["plan"], row["updated_at"]) for row in rows
    } == {(*state, at) for state, of_it in told.items() for at in (min(of_it), max(of_it))}


def test_who_is_erased_is_who_staging_reads(warehouse: Path) -> None:
    for log in ROWS:
        exports.assert_erased_is_staged(warehouse, log, LOGS[log])


def test_who_asks_to_be_forgotten_is_in_no_log(tmp_path: Path) -> None:
    """Not in what is packed in a zip, or has no header, either."""
    settings = settings_of(tmp_path)
    settings.seeds_dir.mkdir()
    raw = tmp_path / "raw"
    write_all(raw)
    # Of each log somebody who was seen with a device.
    asking = {
        log: next(user for device, user, _, _ in acts if user and device == user.replace("u", "d"))
        for log, acts in ACTS.items()
    }
    invited = [{"event_type": "Joined", "user_id": "au99", "event_time": "2024-03-02 00:00:00",
                "event_properties": {"inviter_id": asking["amplitude"]}}]  # fmt: skip
    write(raw / "amplitude/invited.json", exports.lines(invited))
    requests = [{"user_id": user, "requested_at": "2024-05-01"} for user in asking.values()]
    write(raw / "erasure_requests/1.json", exports.lines(requests))
    ingest_raw(settings)
    for log, rows in ROWS.items():
        device = asking[log].replace("u", "d")
        theirs = [f'"{asking[log]}"', f'"{device}"', f'"$device:{device}"']
        left = [row for row in rows if not any(name in json.dumps(row) for name in theirs)]
        assert 0 < len(left) < len(rows)
        beside = {
            "mixpanel": product_logs.profiles_of_mixpanel(),
            "posthog": product_logs.calls_of_posthog(),
        }.get(log, [])
        others = sum(not any(name in json.dumps(row) for name in theirs) for row in beside)
        [counted] = query(settings.warehouse, f"select count(*) as rows from raw.{log}")
        assert counted["rows"] == len(left) + others
        if log == "amplitude":
            left = [row for hour in range(5) for row in rows[hour::5] if row in left]
            with zipfile.ZipFile(raw / "amplitude/export.zip") as archive:
                [name] = archive.namelist()
                assert archive.read(name).decode() == exports.lines(left)
        if log == "snowplow":
            lines = gzip.decompress((raw / "snowplow/run=1/2024-03-01-4961.gz").read_bytes())
            lines += (raw / "snowplow/run=1/part-00000").read_bytes()
            left = [row for half in (0, 1) for row in rows[half::2] if row in left]
            assert lines.decode() == product_logs.tsv_of_snowplow(left)
