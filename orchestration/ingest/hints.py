"""What a file lacks for its feed, which product its columns are of, and what to rename."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.ingest.feeds import Feed

_ACTORS = ("user_id", "anonymous_id")
_SHOWN = 12


@dataclass(frozen=True)
class Product:
    """A product's export: columns that it has all of, what is which of ours in it, and the folder
    in which it is read as it is, where there is one."""

    name: str
    columns: tuple[str, ...]
    renames: Mapping[str, str]
    folder: str | None = None


_DISTINCT = {"event_name": "event", "user_id": "distinct_id"}
_TRACKED = {
    "event_name": "event",
    "occurred_at": "timestamp",
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "event_id": "messageId",
}

# The first that fits is named: those with more of their own columns come first.
PRODUCTS = (
    Product("RudderStack", ("messageid", "anonymousid", "rudderid"), _TRACKED, "segment"),
    Product("Segment or RudderStack", ("messageid", "anonymousid"), _TRACKED, "segment"),
    Product("Segment or RudderStack", ("messageid", "userid"), _TRACKED, "segment"),
    Product("Segment or RudderStack", ("messageid", "originaltimestamp"), _TRACKED, "segment"),
    Product(
        "Segment or RudderStack, from its warehouse tables",
        ("anonymous_id", "original_timestamp", "sent_at"),
        {"event_name": "event", "event_id": "id"},
        "segment_tables",
    ),
    Product(
        "GA4's or Firebase's BigQuery export",
        ("event_timestamp", "user_pseudo_id"),
        {"occurred_at": "event_timestamp", "anonymous_id": "user_pseudo_id"},
        "ga4",
    ),
    *(
        Product(
            "Snowplow",
            ("collector_tstamp", instant),
            {"occurred_at": instant, "anonymous_id": "domain_userid"},
            "snowplow",
        )
        for instant in ("derived_tstamp", "collector_tstamp")
    ),
    Product(
        "Amplitude",
        ("event_type", "event_time"),
        {
            "event_name": "event_type",
            "occurred_at": "event_time",
            "anonymous_id": "device_id",
            "event_id": "$insert_id",
        },
        "amplitude",
    ),
    Product(
        "Mixpanel",
        ("$insert_id", "distinct_id"),
        {**_DISTINCT, "occurred_at": "time", "event_id": "$insert_id"},
        "mixpanel",
    ),
    Product("Mixpanel", ("$distinct_id", "$properties"), {}, "mixpanel"),
    *(
        Product(
            "SensorsData 神策",
            (*own, "distinct_id"),
            {**_DISTINCT, "occurred_at": "time"},
            "sensorsdata",
        )
        for own in (("_track_id",), ("map_id",), ("recv_time",), ("flush_time",), ("lib", "type"))
    ),
    *(
        Product(
            "PostHog",
            (*own, "event", "distinct_id"),
            {**_DISTINCT, "occurred_at": "timestamp", "event_id": "uuid"},
            "posthog",
        )
        for own in (("uuid",), ("elements_chain",), ("person_id",), ("team_id",))
    ),
    Product("Mixpanel", ("distinct_id", "time"), {**_DISTINCT, "occurred_at": "time"}, "mixpanel"),
    Product(
        "Umeng 友盟",
        ("umid", "event_name", "svr_timestamp"),
        {"occurred_at": "cli_timestamp", "anonymous_id": "umid"},
        "umeng",
    ),
    *(
        Product(
            "Umeng 友盟",
            own,
            {"event_name": "event_id", "occurred_at": "event_time", "anonymous_id": own[0]},
        )
        for own in (("umid",), ("um_umid",), ("utdid",), ("um_key",))
    ),
    *(
        Product(
            "Matomo",
            own,
            {
                "event_name": "type",
                "occurred_at": "server_time",
                "anonymous_id": own[1],
                "session_id": own[0],
            },
            folder,
        )
        for own, folder in ((("idvisit", "idvisitor"), "matomo"), (("idvisit", "visitorid"), None))
    ),
    Product(
        "GrowingIO",
        ("visituserid", "sessionid"),
        {"event_name": "eventName", "occurred_at": "time", "user_id": "loginUserId",
         "anonymous_id": "visitUserId"},
        "growingio",
    ),
    Product(
        "Umami",
        ("website_id", "session_id", "url_path"),
        {"occurred_at": "created_at", "anonymous_id": "session_id", "page": "url_path"},
        "umami",
    ),
    Product(
        "Plausible",
        ("pathname", "hostname"),
        {"event_name": "name", "occurred_at": "timestamp", "page": "pathname"},
        "plausible",
    ),
    Product(
        "Plausible's dashboard, which has sums and no events",
        ("visitors", "pageviews", "visits"),
        {},
    ),
    Product(
        "AppsFlyer",
        ("appsflyer_id",),
        {
            "event_name": "Event Name",
            "occurred_at": "Event Time",
            "user_id": "Customer User ID",
            "anonymous_id": "AppsFlyer ID",
        },
    ),
    Product(
        "Mixpanel",
        ("event", "properties"),
        {"event_name": "event", "occurred_at": "properties.time",
         "user_id": "properties.distinct_id"},
        "mixpanel",
    ),
)  # fmt: skip

# Other names for our columns, without case, blanks, dots, dashes and underscores.
_ALIKE = {
    "event_name": "event eventname eventtype eventcode eventkey action name type "
    "事件 事件名 事件名称 行为",
    "occurred_at": "timestamp time ts eventtime eventtimestamp clienttime servertime createdat "
    "createtime datetime date logtime originaltimestamp 时间 发生时间 事件时间 日期",
    "user_id": "userid uid user memberid customerid accountid openid distinctid loginid "
    "用户 用户id 用户编号 会员id",
    "anonymous_id": "anonymousid deviceid visitorid clientid cookieid userpseudoid uuid imei "
    "idfa 设备 设备id",
}


def what_is_missing(feed: Feed | None, names: Sequence[str]) -> tuple[str, ...]:
    """What to say of a file that has not the columns that its feed's rows need: in sentences."""
    if feed is None or not names:
        return ()
    found = {name.lower() for name in names}
    lacking = [name for name in feed.required if name not in found]
    if feed.name == "events" and not found & {*_ACTORS}:
        lacking += _ACTORS
    if not lacking:
        return ()
    shown = ", ".join(name[:40] for name in names[:_SHOWN])
    more = f", and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    needed = [name for name in lacking if name not in _ACTORS or name in feed.required]
    needed += [" or ".join(_ACTORS)] * (len(needed) < len(lacking))
    said = [f"It has no {', '.join(needed)}. It has: {shown}{more}."]
    product = _product(found) if feed.name == "events" else None
    if product is not None:
        said.append(f"It looks like an export of {product.name}.")
    renames = _alike(names, lacking)
    spelled = {name.lower(): name for name in names}
    for ours, theirs in (product.renames if product else {}).items():
        column, _, key = theirs.partition(".")  # a key inside a column
        if column.lower() in spelled:
            renames[ours] = spelled[column.lower()] + (f".{key}" if key else "")
    listed = [f"{renames[name]} as {name}" for name in lacking if name in renames]
    said.append(f"Deliver {', '.join(listed)}, " if listed else "Deliver those columns, ")
    if feed.name != "events":
        said[-1] += "or take the file out of the folder."
    elif product is not None and product.folder is not None:
        said[-1] += f"or lay it in the folder {product.folder}: docs/en/sources.md says how."
    else:
        said[-1] += (
            "or lay it in a folder of its own and read it as another log: docs/en/sources.md "
            "says how."
        )
    return tuple(said)


def _product(found: set[str]) -> Product | None:
    names = found | {re.sub(r"\s+", "_", name.strip()) for name in found}
    for product in PRODUCTS:
        if names >= {*product.columns}:
            # event and properties alone are what Mixpanel exports; with more it is anybody's.
            if product.columns == ("event", "properties") and len(found) > 2:
                continue
            return product
    return None


def _alike(names: Sequence[str], lacking: Sequence[str]) -> dict[str, str]:
    """Columns that may be what is lacking under another name."""
    spelled = {re.sub(r"[\s._$-]", "", name.lower()): name for name in reversed(names)}
    found = {}
    for column in lacking:
        known = (column.replace("_", ""), *_ALIKE.get(column, "").split())
        own = next((spelled[name] for name in known if name in spelled), None)
        if own is not None:
            found[column] = own
    return found
