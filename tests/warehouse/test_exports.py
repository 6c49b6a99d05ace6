"""Logs of known tools become events and users by one setting, counted as the tool would."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from orchestration.ingest import came_in
from orchestration.ingest.feeds import LOGS
from orchestration.project import Settings, SettingsError
from tests.support import WAREHOUSE, build_warehouse, ingest_raw, query, settings_of
from tests.warehouse import exports
from tests.warehouse import exports_of_sites as sites
from tests.warehouse.draws import seed

MODELS = (
    "+fct_events +fct_sessions +fct_order_states +int_users_latest +stg_ingest_ledger "
    "+stg_events__quarantined +dim_audience_exports +fct_audience_members"
)
SEGMENT = [*exports.segment(Random(f"segment {seed()}")), *exports.calls_of_users()]
GA4 = exports.ga4(Random(f"ga4 {seed()}"))
SENSORSDATA = [*exports.sensorsdata(Random(f"sensorsdata {seed()}")), *exports.profiles()]
SEGMENT_TABLES = sites.segment_tables(Random(f"segment_tables {seed()}"))
GROWINGIO = sites.growingio(Random(f"growingio {seed()}"))
SITES = {
    "matomo": sites.matomo(Random(f"matomo {seed()}")),
    "umami": sites.umami(Random(f"umami {seed()}")),
    "plausible": sites.plausible(Random(f"plausible {seed()}")),
    "umeng": sites.umeng(Random(f"umeng {seed()}")),
}
COLUMNS = {
    "matomo": ("idvisitor", "user_id", "kind", "server_time"),
    "umami": ("session_id", "distinct_id", "event_name", "created_at"),
    "plausible": ("user_id", None, "name", "timestamp"),
    "umeng": ("umid", None, "event_name", "cli_timestamp"),
}
"""Which columns say device, user, event and instant."""
ACTS = {
    "segment": exports.acts_of_segment(SEGMENT),
    "ga4": exports.acts_of_ga4(GA4),
    "sensorsdata": exports.acts_of_sensorsdata(SENSORSDATA),
    "segment_tables": sites.acts_of_segment_tables(SEGMENT_TABLES),
    **{log: sites.acts(rows, *COLUMNS[log]) for log, rows in SITES.items()},
    "growingio": sites.acts(
        (
            row | {"kind": sites.kind_of_growingio(row)}
            for rows in GROWINGIO.values()
            for row in rows
        ),
        "visitUserId", "loginUserId", "kind", "time",
    ),
}  # fmt: skip
IDLE = {
    "segment": {"identify", "alias", "group", "Order Refunded"},
    "ga4": {"refund", "app_remove"},
    "sensorsdata": {"$SignUp", "profile_set", "profile_set_once", "profile_increment"},
    "segment_tables": {"identify", "alias", "Order Refunded"},
    "matomo": {"goal", "cart"},
    "umami": {"performance"},
    "plausible": {"engagement"},
    "umeng": set[str](),
    "growingio": {"imp"},
}
PLAN = """event_name,label_en,label_zh,area,role,is_activity,is_key_action
PayOrder,Order paid,支付订单,product,order,true,true
$WebClick,Click,点击,product,,true,false
Paid,Paid,付款,product,order,true,true
PayApp,Paid,付款,product,order,true,true
PayGrowing,Paid,付款,product,order,true,true
"""

FEED_USERS = [
    {"user_id": "su1", "plan": "none", "age": 30, "updated_at": "2024-03-01T00:00:00Z"},
    {"user_id": "su1", "plan": "basic", "city": "Paris", "updated_at": "2024-03-03T00:00:00Z"},
    {"user_id": "nu1", "city": "Rome"},
]
"""What the users feed tells of people of whom the logs tell too; the last at no instant."""
ASKED = {
    "plan": ["none", "basic", "free", "pro", *(f"plan {day}" for day in range(1, 10))],
    "city": ["Paris", "Rome", "上海", "杭州"],
    "age": ["30"],
    "source": ["mail"],
}
INSTANTS = [exports.BEGIN + timedelta(hours=hour) for hour in (-12, -1, 0, 30, 55, 80, 130, 500)]
INSTANTS[2:2] = [exports.BEGIN + timedelta(minutes=minute) for minute in (3, 4, 5)]
AUDIENCES = {f"{name}={value}": (name, value) for name in ASKED for value in ASKED[name]}
LISTS = {
    "audiences": "audience_id,schedule,consent_default,holdout_rate\n" + "".join(
        f"{audience},{'|'.join(exports.iso(at) for at in INSTANTS)},true,0\n"
        for audience in AUDIENCES
    ),
    "filters": "definition,definition_id,scope,property,operator,value\n" + "".join(
        f"audience,{audience},user,{name},is,{value}\n"
        for audience, (name, value) in AUDIENCES.items()
    ),
}  # fmt: skip
"""A list of whom each property says each value of, as of each instant."""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of each tool in a file or two, with lines that are no event."""
    folder = tmp_path_factory.mktemp("exports")
    half = len(SEGMENT) // 2
    write(folder / "raw/segment/1.json", exports.lines(SEGMENT[half:]))
    write(folder / "raw/segment/2.json", exports.lines(SEGMENT[:half]))
    write(folder / "raw/segment/bad.jsonl", "\n".join(line for line, _ in exports.BAD_SEGMENT))
    half = len(GA4) // 2
    write(folder / "raw/ga4/events_20240301.json", exports.lines(GA4[:half]))
    write(folder / "raw/ga4/refused.json", exports.lines([exports.NO_VISITOR]))
    write(folder / "ga4.json", exports.lines(GA4))  # so that all types are known
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select * replace (cast(event_timestamp as bigint) as event_timestamp)"
            f" from read_json('{folder}/ga4.json', format = 'newline_delimited') offset {half})"
            f" to '{folder}/raw/ga4/events_20240305.parquet'"
        )
    half = len(SENSORSDATA) // 2
    write(folder / "raw/sensorsdata/1.log.json", exports.lines(SENSORSDATA[half:]))
    write(folder / "raw/sensorsdata/2.log.json", exports.lines(SENSORSDATA[:half]))
    for name, rows in SEGMENT_TABLES.items():
        write(folder / f"raw/segment_tables/{name}.csv", sites.table(rows))
    for log in ("matomo", "umami"):
        half = len(SITES[log]) // 2
        write(folder / f"raw/{log}/1.csv", sites.table(SITES[log][:half]))
        write(folder / f"raw/{log}/2.csv", sites.table(SITES[log][half:]))
    for name, rows in GROWINGIO.items():
        write(folder / f"growingio/{name}.csv", sites.table(rows, escape="\\"))
        target = folder / f"raw/growingio/{name}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(  # as the page of sources says
            f"copy (from read_csv('{folder}/growingio/{name}.csv', escape = '\\', "
            f"all_varchar = true)) to '{target}'"
        )
    for log in ("plausible", "umeng"):
        write(folder / f"raw/{log}/1.jsonl", exports.lines(SITES[log]))
    for log, bad in sites.BAD.items():
        write(folder / f"raw/{log}/bad.jsonl", exports.lines(row for row, _ in bad))
    for log, rows in (exports.ODD | sites.ODD).items():
        write(folder / f"raw/{log}/odd.json", exports.lines(rows))
    # Rows of the feed beside them, whose visitors are others.
    feed = {"event_id": "f", "event_name": "open", "user_id": "f", "occurred_at": "2024-04-01"}
    return build_warehouse(
        folder,
        events=[feed],
        feeds={"users": FEED_USERS},
        seeds={"event_names": PLAN, **LISTS},
        environment={"YUNYING_EVENT_SOURCES": ",".join(["feed", *ACTS])},
        select=MODELS,
    )


@pytest.mark.parametrize("log", ACTS)
def test_users_sessions_and_events_of_each_day(warehouse: Path, log: str) -> None:
    exports.assert_counted(warehouse, log, ACTS[log], IDLE[log])


def test_every_line_ends_in_one_place(warehouse: Path) -> None:
    ledger = query(warehouse, "select * from staging.stg_ingest_ledger where feed <> 'events'")
    assert all(
        row["rows_in"] == row["rows_staged"] + row["rows_duplicate"] + row["rows_quarantined"]
        for row in ledger
    )
    assert sum(row["rows_duplicate"] for row in ledger) > 0
    reasons = query(warehouse, "select source_id, reason from staging.stg_events__quarantined")
    assert Counter(row["reason"] for row in reasons if row["source_id"] == "segment") == Counter(
        reason for _, reason in exports.BAD_SEGMENT
    )
    assert {row["reason"] for row in reasons if row["source_id"] == "ga4"} == {"missing_actor"}
    assert not any(row["source_id"] == "sensorsdata" for row in reasons)
    for log, bad in sites.BAD.items():
        assert Counter(row["reason"] for row in reasons if row["source_id"] == log) == Counter(
            reason for _, reason in bad
        )


def test_rows_of_an_odd_shape_are_events_all_the_same(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select source_id, user_id, count(*) as events from facts.fct_events"
        " where event_name = 'odd' group by all order by all",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("ga4", "odd", 2), ("growingio", "odd", 3), ("matomo", "odd", 1),
        ("plausible", "anon:odd", 5),
        ("segment", "9", 1), ("segment", "odd", 1), ("segment_tables", "odd", 1),
        ("sensorsdata", "odd", 2), ("umami", "odd", 4), ("umeng", "anon:odd", 3),
    ]  # fmt: skip


def test_orders_have_what_was_paid(warehouse: Path) -> None:
    orders = {
        **{
            row["properties"]["order_id"]: float(row["properties"]["total"])
            for row in SEGMENT
            if row.get("event") == "Order Completed"
        },
        **{
            row["ecommerce"]["transaction_id"]: row["ecommerce"]["purchase_revenue"]
            for row in GA4
            if row["event_name"] == "purchase"
        },
        **{
            row["properties"]["order_id"]: row["properties"]["amount"]
            for row in SENSORSDATA
            if row.get("event") == "PayOrder"
        },
        **{row["order_id"]: row["total"] for row in SEGMENT_TABLES["order_completed"]},
        **{row["idorder"]: float(row["revenue"]) for row in SITES["matomo"] if "idorder" in row},
        **{
            row["event_data"]["order_id"]: float(row["event_data"]["revenue"])
            for row in SITES["umami"]
            if "event_data" in row
        },
        **{
            f"P{row['meta.value'][0]}": row["revenue_source_amount"]
            for row in SITES["plausible"]
            if row["name"] == "Paid"
        },
        **{
            row["eventVariable"]["order_id"]: row["eventNumber"]
            for row in GROWINGIO["custom_event"]
        },
        **{
            told["order_id"]: float(told["amount"])
            for told in (json.loads(row["event_kv_json"]) for row in SITES["umeng"])
            if "order_id" in told
        },
    }
    found = query(
        warehouse,
        "select order_id, gross_amount from facts.fct_order_states where gross_amount > 0",
    )
    assert {row["order_id"]: float(row["gross_amount"]) for row in found} == orders
    assert len({order[0] for order in orders}) == 9


def test_what_a_call_of_segment_says_stands_in_our_columns(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select distinct platform, app_version, utm_source, utm_medium, utm_campaign, referrer,"
        " page, content_id, source_session_id is not null as has_session from facts.fct_events"
        " where source_id = 'segment' and event_name in ('page', 'screen', 'Article Read')",
    )
    web = {
        "platform": "web",
        "app_version": None,
        "utm_source": "mail",
        "utm_medium": "email",
        "utm_campaign": "spring",
        "referrer": "https://search.example/",
        "has_session": False,
    }
    phone = {"platform": "ios", "app_version": "3.4.1", "utm_source": None, "utm_medium": None,
             "utm_campaign": None, "referrer": None, "has_session": True}  # fmt: skip
    wanted = [
        {**web, "page": "/home", "content_id": None},
        {**web, "page": "/shop", "content_id": "a1"},
        {**phone, "page": "Home", "content_id": None},
        {**phone, "page": None, "content_id": "a1"},
    ]
    assert sorted(rows, key=str) == sorted(
        ({name: row[name] for name in rows[0]} for row in wanted), key=str
    )


def test_what_a_site_s_log_says_stands_in_our_columns(warehouse: Path) -> None:
    columns = ("platform", "country", "page", "referrer", "utm_source", "utm_campaign", "utm_term",
               "content_id")  # fmt: skip

    def said(log: str, events: str) -> set[tuple[str | None, ...]]:
        rows = query(
            warehouse,
            f"select distinct {', '.join(columns)} from facts.fct_events where source_id = ?"
            f" and event_name in ({events})",
            [log],
        )
        return {tuple(row.values()) for row in rows}

    campaign = ("mail", "spring", None)
    assert said("segment_tables", "'page'") == {("web", None, "/home", None, *campaign, None)}
    assert said("segment_tables", "'screen'") == {("android", None, "Home", None, *campaign, None)}
    assert said("segment_tables", "'Article Read'") == {
        ("web", None, "/shop", None, *campaign, "a1")
    }
    assert said("segment_tables", "'Soundtracks Bought'") == {
        ("web", None, None, None, *campaign, "a1")
    }
    first, later = (None, "spring", "shoes"), (None, None, None)
    pages = {event: {row[2] for row in said("matomo", f"'{event}'")} for event in sites.MATOMO_URLS}
    assert pages == {"order": {"/checkout"}, "cart": {"/cart"}, "goal": {"/"}}
    assert said("matomo", "'action', 'search'") == {
        ("web", country, "/home", None, *tags, None)
        for country in ("FR", None)
        for tags in (first, later)
    }
    assert said("umami", "'pageview'") == {
        ("web", "FR", "/home", "search.example/", *tags, None)
        for tags in ((None, "spring", None), ("mail", None, None))
    }
    assert said("plausible", "'pageview'") == {
        ("web", country, "/home", None, source, None, None, None)
        for country, source in (("FR", "mail"), (None, None))
    }
    assert said("growingio", "'page'") == {
        ("web", None, "/home", "https://search.example/", "mail", None, None, None)
    }
    assert said("umeng", "'PayApp'") == {("android", "中国", None, None, *later, "a1")}


def test_what_an_event_of_ga4_says_stands_in_our_columns(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select * from facts.fct_events where source_id = 'ga4' and event_name <> 'odd'",
    )
    wanted = {row["event_params"][4]["value"]["int_value"]: row for row in GA4}
    assert len(rows) == len(wanted)
    for row in rows:
        told = json.loads(row["properties"])
        given = wanted[told["number"]]
        session = given["event_params"][0]["value"]["int_value"]
        is_odd, is_paid = int(told["number"]) % 2, int(told["number"]) % 4 == 1
        assert told["engagement"] == "1.5"
        assert (row["source_session_id"], row["page"], row["platform"], row["utm_campaign"]) == (
            f"{given['user_pseudo_id']}.{session}", "/home" if is_odd else "/", "web", None
        )  # fmt: skip
        source = "google" if is_paid else None if is_odd else "mail"
        assert (row["utm_source"], row["utm_medium"]) == (source, "cpc" if is_paid else None)
        assert row["country"] in (None, "France")


def test_what_sensorsdata_could_not_tell_is_empty(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select distinct platform, page, utm_source from facts.fct_events"
        " where source_id = 'sensorsdata' and event_name = 'ViewProduct' order by all",
    )
    assert [tuple(row.values()) for row in rows] == [("web", "/home", "mail"), ("web", None, None)]
    roles = query(
        warehouse,
        "select event_name, role from seeds.dim_event_names where event_name in"
        " ('$WebClick', '$AppClick')",
    )
    assert {row["event_name"]: row["role"] for row in roles} == {
        "$WebClick": None, "$AppClick": "element_click",
    }  # fmt: skip


def told_of_users() -> Iterator[tuple[str, datetime, int, dict[str, Any]]]:
    """User, instant, precedence and what was told."""
    for row in SEGMENT:
        traits = (
            row.get("traits") or row["context"].get("traits") if row["type"] == "identify" else 0
        )
        if traits:
            yield row["userId"], exports.at(row["timestamp"]), 1, traits
    for row in SEGMENT_TABLES["identifies"]:
        told = {name: row[name] for name in ("plan", "name") if name in row}
        yield row["user_id"], exports.at(row["timestamp"].replace(" UTC", "Z")), 1, told
    for row in GA4:
        if row["user_id"]:
            at = datetime.fromtimestamp(int(row["event_timestamp"]) / 1e6, exports.UTC)
            plan = row["user_properties"][0]["value"]["string_value"]
            yield row["user_id"], at, 1, {"plan": plan}
    for row in SENSORSDATA:
        at = datetime.fromtimestamp(row["time"] / 1000, exports.UTC)
        if row["type"] == "profile_set":
            yield row["login_id"], at, 1, row["properties"]
        if row["type"] == "profile_set_once":  # the first of these stays
            yield row["login_id"], at, -row["time"], row["properties"]


def known_of_users(instant: datetime | None = None) -> dict[str, dict[str, Any]]:
    """What is known at an instant: of the feed the latest row, then each call in its turn."""
    told = list(told_of_users())
    latest = {}
    for row in FEED_USERS:
        at = exports.at(row.get("updated_at", "1900-01-01T00:00:00Z"))
        if instant is None or at <= instant:
            says = {name: row[name] for name in row if name not in ("user_id", "updated_at")}
            latest[row["user_id"]] = (row["user_id"], at, 1, says)
    users: dict[str, dict[str, Any]] = {}
    for user, at, _, says in sorted([*told, *latest.values()], key=lambda one: (one[2], one[1])):
        if instant is None or at <= instant:
            users.setdefault(user, {}).update(says)
    return users


def test_users_have_the_latest_of_each_property(warehouse: Path) -> None:
    rows = query(
        warehouse,
        "select user_id, properties, cast(created_at as date) as since"
        " from intermediate.int_users_latest where properties is not null",
    )
    users = {row["user_id"]: (json.loads(row["properties"]), str(row["since"])) for row in rows}
    assert {user: told for user, (told, _) in users.items()} == known_of_users()
    told = {"plan": "pro", "city": "Paris", "mail": "u1@shop.example",
            "createdAt": "2023-05-06T00:00:00Z"}  # fmt: skip
    assert users["su1"] == (told, "2023-05-06")
    assert users["su2"] == ({"plan": "free"}, "None")
    assert users["nu1"][0] == {"city": "杭州", "level": 2, "source": "mail"}


def test_a_list_knows_what_was_told_by_its_instant(warehouse: Path) -> None:
    found = {
        (row["audience_id"], row["export_at"], row["user_id"])
        for row in query(
            warehouse, "select audience_id, export_at, user_id from facts.fct_audience_members"
        )
    }
    wanted = {
        (audience, at.replace(tzinfo=None), user)
        for at in INSTANTS
        for user, told in known_of_users(at).items()
        for audience, (name, value) in AUDIENCES.items()
        if str(told.get(name)) == value
    }
    assert found == wanted
    named = {f"plan={plan}" for plan in ("none", "basic", "free", "pro")}
    named |= {"city=Paris", "city=Rome", "city=上海", "city=杭州", "age=30", "source=mail"}
    assert {audience for audience, _, _ in wanted} > named


def test_who_is_erased_is_who_staging_reads(warehouse: Path) -> None:
    for log in ("events", *ACTS):
        exports.assert_erased_is_staged(warehouse, log, LOGS[log])


def test_a_source_that_nobody_reads_is_said(tmp_path: Path) -> None:
    environment = {"YUNYING_EVENT_SOURCES": "feed, Segment,feed"}
    assert Settings.from_environment(environment).event_sources == ("feed", "segment")
    with pytest.raises(SettingsError, match="'ga5', which no folder of models/staging reads: give"):
        Settings.from_environment({"YUNYING_EVENT_SOURCES": "feed,ga5"})
    for log in ("segment", "events", "evnets"):
        write(tmp_path / f"raw/{log}/1.json", exports.lines(SEGMENT[:3]))
    build_warehouse(
        tmp_path, select="+stg_ingest_ledger", environment={"YUNYING_EVENT_SOURCES": "ga4"}
    )
    rows = query(tmp_path / WAREHOUSE, "select error, rows_in from staging.stg_ingest_ledger")
    assert rows == [{"error": "no staging model reads this feed", "rows_in": 0}] * 3
    with duckdb.connect(str(tmp_path / WAREHOUSE)) as connection:
        told = came_in._unread(connection)
    assert [sentence.partition(" reads them: ")[2].partition(",")[0] for sentence in told] == [
        "name feed in YUNYING_EVENT_SOURCES",
        "give the folder the name of a feed or a log",
        "name segment in YUNYING_EVENT_SOURCES",
    ]


INVITED = {
    "segment": {
        "type": "track", "event": "Joined", "userId": "su7", "messageId": "joined",
        "timestamp": "2024-03-02T10:00:00Z",
        "properties": {"invite_id": "i", "inviter_id": "su1"},
    },
    "ga4": {
        "event_name": "joined", "user_id": "gu7", "event_timestamp": 1709374000000000,
        "event_params": [{"key": "inviter_id", "value": {"string_value": "gu1"}}],
    },
    "sensorsdata": {
        "type": "track", "event": "joined", "login_id": "nu7", "distinct_id": "nu7",
        "time": 1709374000000, "properties": {"inviter_id": "nu1"},
    },
}  # fmt: skip


def test_who_asks_to_be_forgotten_is_in_no_log(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.seeds_dir.mkdir()
    logs = {"segment": SEGMENT, "ga4": GA4, "sensorsdata": SENSORSDATA, **SITES}
    logs["segment_tables"] = [row for rows in SEGMENT_TABLES.values() for row in rows]
    logs["growingio"] = [row for rows in GROWINGIO.values() for row in rows]
    invited = INVITED | sites.INVITED
    for log, rows in logs.items():
        write(tmp_path / f"raw/{log}/1.json", exports.lines(rows))
        # Who accepted their invite names them.
        write(tmp_path / f"raw/{log}/3.json", exports.lines([invited[log]]))
    # The user of a row of the warehouse's table `users` is its id.
    write(tmp_path / "raw/segment_tables/users.json", exports.lines([{"id": "Wu1", "plan": "pro"}]))
    alias = {"type": "alias", "previousId": "su1", "userId": "su9"}
    write(tmp_path / "raw/segment/2.json", exports.lines([alias]))
    users = [f"{done[0][0][0]}u1" for done in ACTS.values()]
    # Of whom no log knows which user it is, the device asks.
    acts = [act for done in ACTS.values() for act in done]
    devices = {device for device, *_ in acts if device and device.split(".")[0].endswith("d1")}
    devices -= {device for device, user, *_ in acts if user}
    requests = [{"user_id": user, "requested_at": "2024-05-01"} for user in users]
    requests += [{"anonymous_id": one, "requested_at": "2024-05-01"} for one in sorted(devices)]
    write(tmp_path / "raw/erasure_requests/1.json", exports.lines(requests))
    ingest_raw(settings)
    for log, rows in logs.items():
        letter = ACTS[log][0][0][0]
        theirs = (f'"{letter}u1"', f'"{letter}d1"', f'"{letter}d1.')
        left = [row for row in rows if not any(name in json.dumps(row) for name in theirs)]
        assert 0 < len(left) < len(rows)
        assert (tmp_path / f"raw/{log}/1.json").read_text() == exports.lines(left)
        assert not (tmp_path / f"raw/{log}/3.json").read_text().strip()
        [counted] = query(settings.warehouse, f"select count(*) as rows from raw.{log}")
        assert counted["rows"] == len(left)
    assert not (tmp_path / "raw/segment_tables/users.json").read_text().strip()
