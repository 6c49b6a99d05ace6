"""Small logs of Mixpanel, Amplitude, PostHog and Snowplow, drawn from what they publish of their
formats, and what each tells by day, read in Python."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from orchestration.ingest.feeds import FEEDS_BY_NAME
from tests.warehouse.exports import BEGIN, Act, Row, iso, visits


def _seconds(value: object) -> datetime:
    """An instant in seconds or milliseconds, as a number or as text."""
    number = float(str(value))
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC).replace(
        tzinfo=None
    )


def mixpanel(chance: Random, people: int = 12) -> list[Row]:
    """Events of projects that tell people apart in each of Mixpanel's ways, not deduplicated; of a
    visitor who signed up in between, exported before and after."""
    rows: list[Row] = []
    known: set[str] = set()
    for number, (device, user, at) in enumerate(visits(chance, people, "m")):
        person = int(device[2:])
        seconds = int(at.timestamp())
        properties: Row = {
            # With time_in_ms, as text, or as it is without.
            "time": (seconds * 1000 + 7, str(seconds), seconds)[number % 3],
            "distinct_id": user or (f"$device:{device}" if person % 2 else device),
            "$device_id": device,
            "$insert_id": f"m{number:04}",
            "mp_processing_time_ms": int(at.timestamp() * 1000) + 900,
            "mp_lib": "web",
            "$current_url": "https://shop.example/home?utm_id=1#top",
            "$referrer": "$direct" if number % 2 else "https://search.example/",
            "mp_country_code": "FR",
            "utm_source": "mail",
        }
        if user is not None:
            properties["$user_id"] = user
            if user not in known and person % 2 == 0:
                anonymous = {"$anon_distinct_id": device, "$insert_id": f"i{number}"}
                rows.append({"event": "$identify", "properties": {**properties, **anonymous}})
            known.add(user)
        elif person == 4:  # the id that was chosen of those that were joined, which is another's
            properties["distinct_id"] = "18c1-4d2a-77b0-9e-0f4"
        name = chance.choice(
            ("$mp_web_page_view", "Article Read", "Order Paid", "$experiment_started")
        )
        if name == "Order Paid":
            amount = 20.5 + number
            properties |= {
                "order_id": f"m{number}", "amount": str(amount) if number % 2 else amount,
                "currency": "USD",
            }  # fmt: skip
        elif name == "$experiment_started":
            properties |= {"Experiment name": "new home", "Variant name": "B"}
        elif name == "Article Read":
            properties |= {"$os": "iOS", "mp_lib": "swift", "content_id": "a1",
                           "$app_version_string": "3.4.1", "$current_url": None}  # fmt: skip
        rows.append({"event": name, "properties": properties})
        if chance.random() < 0.15:
            again = {**properties, "mp_processing_time_ms": int(at.timestamp() * 1000) + 90_000_000}
            if user is None and person % 3 > 0 and person != 4:
                again["distinct_id"] = f"mu{person}"
            rows.append({"event": name, "properties": again})
    at = int(BEGIN.timestamp())
    rows += [
        {"event": "$merge", "properties": {"time": at, "$distinct_ids": ["md3", "mu3"]}},
        {"event": "$create_alias",
         "properties": {"time": at, "distinct_id": "md6", "alias": "mu6", "$insert_id": "al"}},
        # Of a server, which knows no device.
        {"event": "Order Shipped",
         "properties": {"time": at, "distinct_id": "mu1", "$insert_id": "srv"}},
    ]  # fmt: skip
    return rows


def profiles_of_mixpanel() -> list[Row]:
    """Profiles as they are exported, of today and of a week ago."""
    return [
        {"$distinct_id": "mu1", "$properties": {
            "$created": "2024-02-03T04:05:06", "$last_seen": "2024-03-02T08:00:00",
            "plan": "free", "$city": "Paris"}},
        {"$distinct_id": "mu1", "$properties": {
            "$created": "2024-02-03T04:05:06", "$last_seen": "2024-03-09T08:00:00",
            "plan": "pro"}},
        {"$distinct_id": "$device:md0", "$properties": {
            "$last_seen": "2024-03-02T08:00:00", "plan": "free"}},
        {"$distinct_id": "mu2", "$properties": {"$created": "2024-03-02T08:00:00"}},
    ]  # fmt: skip


def acts_of_mixpanel(rows: Iterable[Row]) -> list[Act]:
    """What people did, each once: by event, instant and id, as Mixpanel says to tell them apart."""
    acts: dict[tuple[str, datetime, str], Act] = {}
    for row in rows:
        told, event = row["properties"], row["event"]
        at = _seconds(told["time"])
        device, user = told.get("$device_id"), told.get("$user_id")
        if event == "$merge":
            device, user = told["$distinct_ids"]
        elif event == "$create_alias":
            device, user = told["distinct_id"], told["alias"]
        elif device is None:
            user = told["distinct_id"]
        acts.setdefault((event, at, told.get("$insert_id", "")), (device, user, event, at))
    return list(acts.values())


def amplitude(chance: Random, people: int = 12) -> list[Row]:
    """Events of a browser and a server; hours overlap, libraries send again, some have no id."""
    rows: list[Row] = []
    for number, (device, user, at) in enumerate(visits(chance, people, "a")):
        row: Row = {
            "$insert_id": f"a-{number}" if number % 4 else None,
            "$schema": 13,
            "amplitude_id": 900_000 + int(device[2:]),
            "app": 77,
            "country": "France",
            "device_id": device,
            "event_time": f"{at:%Y-%m-%d %H:%M:%S.%f}",
            "client_event_time": f"{at + timedelta(minutes=4):%Y-%m-%d %H:%M:%S.%f}",
            "server_upload_time": f"{at + timedelta(seconds=9, days=chance.random() < 0.1)}",
            "event_id": number,
            "event_type": chance.choice(
                ("[Amplitude] Page Viewed", "Article Read", "revenue_amount", "$exposure",
                 "session_start")
            ),
            "event_properties": {"content_id": "a1"},
            "platform": "Web",
            "session_id": -1 if number % 5 == 0 else int(at.timestamp() * 1000),
            "user_creation_time": "2024-02-01 00:00:00.000000",
            "user_id": user,
            "user_properties": {"plan": f"plan {at.day}", "utm_source": "mail"} if user else {},
            "uuid": f"00000000-0000-11ee-0000-{number:012}",
            "version_name": "5.6",
            "data": {"path": "/batch"},
        }  # fmt: skip
        if row["event_type"] == "revenue_amount":
            # Of every other one the sum is left to whoever reads it; some money goes back.
            row["event_properties"] = {
                "order_id": f"a{number // 3}",
                "$price": 10.25,
                "$quantity": 2.5,
            }
            if number % 2:
                row["event_properties"] |= {"$revenue": -5 if number % 3 else "20.5"}
        elif row["event_type"] == "$exposure":
            row["event_properties"] = {"flag_key": "new-home", "variant": "on"}
        elif row["event_type"] == "[Amplitude] Page Viewed":
            row["event_properties"] = {
                "[Amplitude] Page Path": "/home", "utm_source": "push", "referrer": "",
                "[Amplitude] Page Location": "https://shop.example/home?x=1",
            }  # fmt: skip
        rows.append(row)
        if chance.random() < 0.2:  # the same hour once more, or a library that sent it again
            sent = {"uuid": f"again-{number}"} if row["$insert_id"] else {}
            rows.append({**row, **sent, "server_upload_time": f"{at + timedelta(hours=30)}"})
    return rows


def acts_of_amplitude(rows: Iterable[Row]) -> list[Act]:
    """What people did, each once."""
    first = {row["$insert_id"] or row["uuid"]: row for row in rows}
    return [
        (
            row["device_id"],
            row["user_id"],
            "revenue_refunded" if sum_of(row) < 0 else row["event_type"],
            datetime.fromisoformat(row["event_time"]),
        )
        for row in first.values()
    ]


def sum_of(row: Row) -> float:
    """The money of a row of Amplitude."""
    told = row["event_properties"]
    return float(told.get("$revenue", told.get("$price", 0) * told.get("$quantity", 1)))


def posthog(chance: Random, people: int = 12) -> list[Row]:
    """Events of a browser, a phone and a server, before and after somebody signs in."""
    rows: list[Row] = []
    known: set[str] = set()
    for number, (device, user, at) in enumerate(visits(chance, people, "p")):
        is_phone = int(device[2:]) % 2 == 1
        name = chance.choice(
            ("$screen" if is_phone else "$pageview", "$autocapture", "Order Paid",
             "$feature_flag_called", "$pageleave")
        )  # fmt: skip
        properties: Row = {
            "$lib": "posthog-ios" if is_phone else "web",
            "$is_identified": user is not None,
            "$session_id": f"s{number // 3}",
            "$geoip_country_code": "FR",
        }
        if is_phone:
            properties |= {"$os": "iOS", "$screen_name": "Home", "$app_version": "9.1"}
        else:
            properties |= {
                "$device_id": device, "$pathname": "/home", "$referrer": "$direct",
                "$current_url": "https://shop.example/home", "utm_source": "mail",
            }  # fmt: skip
        if name == "Order Paid":
            properties |= {"order_id": f"p{number}", "amount": 20.5 + number}
        elif name == "$feature_flag_called":
            on = ("control", "test", False)[number % 3]
            properties |= {"$feature_flag": "new-home", "$feature_flag_response": on}
        row: Row = {
            "uuid": f"018e-{number:06}",
            "event": name,
            "distinct_id": user or device,
            "properties": properties,
            "person_id": f"person of {device}",
            "person_properties": {"plan": f"plan {at.day}"} if user else {},
            "elements_chain": "",
            "team_id": 1,
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00",
            "created_at": iso(at + timedelta(seconds=3, days=chance.random() < 0.1)),
        }
        if user is not None and user not in known:
            known.add(user)
            told = {**properties, "$anon_distinct_id": device, "$set": {"mail": "x"}}
            rows.append({**row, "uuid": f"id-{number}", "event": "$identify", "properties": told})
        rows.append(row)
        if chance.random() < 0.15:
            rows.append({**row, "created_at": iso(at + timedelta(hours=20))})
    at = iso(BEGIN)
    rows += [
        {"uuid": "alias", "event": "$create_alias", "distinct_id": "pd3", "timestamp": at,
         "properties": {"distinct_id": "pd3", "alias": "pu3"}},
        {"uuid": "merge", "event": "$merge_dangerously", "distinct_id": "pu6", "timestamp": at,
         "properties": {"alias": "pd6"}},
        {"uuid": "server", "event": "Order Shipped", "distinct_id": "pu1", "timestamp": at,
         "properties": {"$lib": "posthog-python"}},
    ]  # fmt: skip
    return rows


def calls_of_posthog() -> list[Row]:
    """What an older export tells of a user: in its calls alone."""
    return [
        {"uuid": f"set{number}", "event": "$set", "distinct_id": "pold",
         "timestamp": f"2024-03-0{number}T00:00:00Z", "properties": told}
        for number, told in (
            (3, {"$set": {"city": "Paris"}, "$set_once": {"source": "mail", "city": "Rome"}}),
            (4, {"$set": {"city": "Lyon", "level": 2}, "$set_once": {"source": "push"}}),
        )
    ]  # fmt: skip


def acts_of_posthog(rows: Iterable[Row]) -> list[Act]:
    """What people did, each once."""
    acts = []
    for row in {row["uuid"]: row for row in rows}.values():
        told = row["properties"]
        user, device = row["distinct_id"], told.get("$device_id")
        if row["event"] == "$create_alias":
            user, device = told["alias"], user
        elif row["event"] == "$merge_dangerously":
            device = told["alias"]
        elif row["event"] == "$identify":
            device = told["$anon_distinct_id"]
        elif told.get("$is_identified") is False:
            user, device = None, user
        at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=None)
        acts.append((device, user, row["event"], at))
    return acts


def snowplow(chance: Random, people: int = 12) -> list[Row]:
    """Events of a tracker of a browser; what it sends again has another time, and some of them make
    an id twice."""
    rows: list[Row] = []
    for number, (device, user, at) in enumerate(visits(chance, people, "w")):
        name = chance.choice(("page_view", "struct", "unstruct", "transaction"))
        row: Row = {
            "app_id": "shop",
            "platform": "web",
            "event": name,
            "event_name": {"struct": "event", "unstruct": "article_read"}.get(name, name),
            "event_id": f"w{number:04}",
            "event_fingerprint": f"f{number}",
            "collector_tstamp": stamp(at + timedelta(seconds=2)),
            "derived_tstamp": stamp(at),
            "user_id": user,
            "domain_userid": device,
            "domain_sessionid": f"s{number // 3}",
            "geo_country": "FR",
            "page_urlpath": "/home",
            "page_title": '"Sale" \\ 50% off\\',
            "mkt_source": "mail",
            "br_cookies": "1",
            "contexts": '{"schema":"iglu:c","data":[{"schema":"iglu:page","data":{"a":"\\\\"}}]}',
        }
        if name == "struct":
            row |= {
                "se_category": "shop",
                "se_action": "Added",
                "se_label": "\\N",
                "se_value": "2.5",
            }
        elif name == "unstruct":
            told = {"content_id": "a1", "said": 'with "quotes"'}
            row["unstruct_event"] = json.dumps(
                {"schema": "iglu:unstruct", "data": {"schema": "iglu:article", "data": told}}
            )
        elif name == "transaction":
            row |= {
                "tr_orderid": f"w{number}",
                "tr_total": f"{20.5 + number}",
                "tr_currency": "USD",
            }
        rows.append(row)
        if chance.random() < 0.15:  # sent again
            later = at + timedelta(hours=20)
            rows.append({**row, "collector_tstamp": stamp(later),
                         "derived_tstamp": stamp(at + timedelta(milliseconds=40))})  # fmt: skip
        if chance.random() < 0.1:  # another event
            rows.append({**row, "event": "page_ping", "event_name": "page_ping",
                         "event_fingerprint": f"other{number}"})  # fmt: skip
    return rows


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def tsv_of_snowplow(rows: Iterable[Row]) -> str:
    names = FEEDS_BY_NAME["snowplow"].column_names
    return "".join("\t".join(row.get(name) or "" for name in names) + "\n" for row in rows)


def acts_of_snowplow(rows: Iterable[Row]) -> list[Act]:
    """What people did, each once: what came first of an id and a fingerprint."""
    first: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row["collector_tstamp"]):
        first.setdefault((row["event_id"], row["event_fingerprint"]), row)
    return [
        (
            row["domain_userid"],
            row["user_id"],
            {"struct": "Added", "unstruct": "article_read"}.get(row["event"], row["event"]),
            datetime.fromisoformat(row["derived_tstamp"]),
        )
        for row in first.values()
    ]


BAD: dict[str, list[tuple[str, str]]] = {
    "mixpanel": [
        ('{"event": "x", "properties": {"time": 1709337600, "distinct_id": ""}}', "missing_actor"),
        ('{"event": "x", "properties": {"time": "soon", "distinct_id": "mu1"}}',
         "unparseable_occurred_at"),
        ('{"event": "x", "properties": {"time": 1709337600, "distinct_id": "mu1", '
         '"amount": "1,234.50"}}', "invalid_amount"),
        ('{"page": 0, "status": "ok", "results": [{"$distinct_id": "mu1"}]}', "missing_event_name"),
        ('{"event": "cut o', "malformed_row"),
    ],
    "amplitude": [
        ('{"event_type": "x", "event_time": "2024-03-02 00:00:00.0", "session_id": -1}',
         "missing_actor"),
        ('{"event_type": "x", "event_time": "soon", "user_id": "au1"}', "unparseable_occurred_at"),
        # Ids that were merged, as a file of their own tells.
        ('{"amplitude_id": 1, "merged_amplitude_id": 2, "merge_event_time": "2024-03-02"}',
         "missing_event_name"),
        ('{"event_type": "cut o', "malformed_row"),
    ],
    "posthog": [
        ('{"uuid": "b1", "event": "x", "timestamp": "2024-03-02T00:00:00Z"}', "missing_actor"),
        ('{"uuid": "b2", "event": "x", "distinct_id": "pu1"}', "unparseable_occurred_at"),
        # A person, of an export of persons.
        ('{"distinct_id": "pu1", "person_id": "x", "properties": {}, "person_version": 3}',
         "missing_event_name"),
        ('{"uuid": "cut o', "malformed_row"),
    ],
    "snowplow": [
        (tsv_of_snowplow([{"event": "x", "event_id": "b1", "derived_tstamp": "2024-03-02"}])[:-1],
         "missing_actor"),
        (tsv_of_snowplow([{"event": "x", "user_id": "wu1", "derived_tstamp": "soon"}])[:-1],
         "unparseable_occurred_at"),
        ("shop\tweb\tcut off", "malformed_row"),
    ],
}  # fmt: skip
"""Lines that are no event, with the reason."""

ODD: dict[str, list[Row]] = {
    "mixpanel": [
        {"event": "odd", "properties": {"time": 1709337600, "distinct_id": 9,
                                        "$device_id": {"a": 1}, "$current_url": ["x"]}},
        {"$distinct_id": "modd", "$properties": "none"},
        {"event": "odd", "properties": "none", "distinct_id": "modd", "time": 1709337601},
    ],
    "amplitude": [
        {"event_type": "odd", "event_time": "2024-03-02 00:00:00", "user_id": "aodd",
         "event_properties": odd, "user_properties": odd, "session_id": "-1"}
        for odd in ("none", [1], 5, None)
    ],
    "posthog": [
        {"uuid": f"odd{number}", "event": "odd", "distinct_id": "podd", "properties": odd,
         "person_properties": odd, "timestamp": "2024-03-02 00:00:00"}
        for number, odd in enumerate(("none", [1], 5, None))
    ],
    # As loaders write them, with columns of their own.
    "snowplow": [
        {"event": "unstruct", "event_name": "odd", "event_id": f"odd{number}", "user_id": "wodd",
         "derived_tstamp": "2024-03-02T00:00:00Z", "unstruct_event": odd,
         "unstruct_event_com_shop_odd_1": {"a": 1}}
        for number, odd in enumerate(("none", [1], 5, None))
    ],
}  # fmt: skip
"""Rows whose parts have another shape than the tool says."""
