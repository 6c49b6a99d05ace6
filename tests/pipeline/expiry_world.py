"""Months of a product with definitions of every kind, in deliveries: what is old, what follows,
and rows that come late but within what is kept."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.pipeline.erasure_world import as_csv, write_jsonl, write_parquet
from verify.world import SEEDS as WORLD_SEEDS
from verify.world import draw_world

Row = dict[str, Any]

OLD = "VERY-OLD"
CUTOFF = datetime(2023, 12, 4)
"""Four months before May are January; funnels and paths need 28 days more."""
MONTH_KEPT = datetime(2024, 1, 1)
FIRST_ENDS = datetime(2024, 2, 10)
PERSON = "Pia-PLANTED"
NAMES = ("first", "second", "third")
"""Of the deliveries: doubts about what a feed says name its file."""

SEEDS = {
    **WORLD_SEEDS,
    "activities": WORLD_SEEDS["activities"] + "on_ios,,,view,\n",
    "stickiness": (
        "stickiness_id,activity_id,interval,period,from_at,to_at\n"
        "weekly,any,day,week,,\nrolling,buy,day,28_days,,\nhourly,on_ios,hour,month,,\n"
        "part,any,day,range,2023-11-15 06:00,2024-02-20 12:00\n"
    ),
    "funnels": (
        "funnel_id,order_mode,window_seconds,count_by,breakdown,breakdown_attribution,"
        "hold_constant,conversion_time,trend_grain\n"
        "buying,,604800,,event:platform,first,,,\nagain,,,,,,,,hour\n"
        "by_plan,,,,user:plan,last,,,\nlast_platform,,,,event:platform,last,,first_completion,\n"
        "tries,,432000,attempts,event:platform,step_2,,,\nheld,,432000,attempts,,,event:platform,,\n"
        "each_value,,,,event:platform,all,,mean_of_furthest,\nnext,strict,86400,,,,,,\n"
        "either,any,259200,,,,,,\nfirst_order,,,,,,,,\nfirst_ios,,,,,,,,\n"
    ),
    "funnel_steps": (
        "funnel_id,step_number,exclusion_number,event_name,first_time,excluded_after_step,"
        "excluded_before_step\n"
        "buying,1,,open,,,\nbuying,2,,view,,,\nbuying,3,,order,,,\nagain,1,,order,,,\n"
        "again,2,,order,,,\nby_plan,1,,open,,,\nby_plan,2,,order,,,\nlast_platform,1,,open,,,\n"
        "last_platform,2,,view,,,\ntries,1,,open,,,\ntries,2,,view,,,\ntries,,1,refund,,1,2\n"
        "held,1,,view,,,\nheld,2,,order,,,\neach_value,1,,open,,,\neach_value,2,,order,,,\n"
        "next,1,,open,,,\nnext,2,,view,,,\neither,1,,view,,,\neither,2,,order,,,\n"
        "first_order,1,,open,,,\nfirst_order,2,,order,event,,\nfirst_ios,1,,view,matching,,\n"
        "first_ios,2,,*,,,\n"
    ),
    "retentions": (
        "retention_id,cohort_event,cohort_mode,return_event,granularity,window_mode,kind,periods,"
        "breakdown,value_property\n"
        "week,*,first_matching,*,week,,,8,,\nbuyers,order,recurring,order,month,,,4,,\n"
        "rolls,view,first_matching,*,week,rolling,,8,event:platform,\n"
        "firsts,order,first_ever,open,day,,on_or_after,40,,\n"
        "worth,order,recurring,order,month,,,4,event:platform,event:amount\n"
        "worth_rolling,order,first_matching,order,month,rolling,,4,,event:amount\n"
        "hours,view,first_matching,view,hour,,,48,,\n"
    ),
    "paths": (
        "path_id,anchor_event,direction,item_event,repeats,scope,occurrences,session_gap_seconds\n"
        "visits,,after,,last,session,,\naround,order,both,open|view,first,user,,\n"
        "first_order,order,both,view,,user,first,\nown,view,before,,,session,,3600\n"
    ),
    "filters": (
        "definition,definition_id,side,any_of,scope,property,operator,value\n"
        "activity,on_ios,,,event,platform,is,ios\nretention,firsts,cohort,,event,platform,is,ios\n"
        "funnel,first_ios,1,,event,platform,is,ios\n"
        "profile_tag,buyers,,,user,order_count,gte,2\nprofile_tag,silent,,,user,silent_days,gt,3\n"
    ),
}
RETENTION = "feed,keep_months\nevents,4\n"


def deliveries(seed: int = 11, scale: float = 0.3) -> list[dict[str, list[Any]]]:
    """Three deliveries by feed; of devices, the last one alone shows whose one of them is."""
    draw = random.Random(f"expiry {seed}")
    world = draw_world(random.Random(f"world {seed}"), scale)
    first, second, third = {**world, "events": []}, {"events": []}, {"events": []}
    for row in [*world["events"], *_never_pausing(), *_of_person(), *_of_device()]:
        at = None if isinstance(row, str) else _at(row)
        if not isinstance(row, str) and at is not None and at < CUTOFF:
            properties = {**(row.get("properties") or {}), "note": f"note-{OLD}"}
            row = {**row, "app_version": f"version-{OLD}", "properties": properties}
        is_late = at is not None and at >= MONTH_KEPT and draw.random() < 0.15
        if isinstance(row, str) or at is None or (at < FIRST_ENDS and not is_late):
            first["events"].append(row)
            continue
        if row.get("user_id") and row.get("anonymous_id"):
            row = {**row, "anonymous_id": None}
        draw.choice([second, third])["events"].append(row)
    first["events"] += [_end("end", "2024-05-30"), *_in_other_spellings()]
    third["events"] += [_end("end 2", "2024-06-30"), _event("s0", "u_new", 137, "open",
                                                            anonymous_id="d_old")]  # fmt: skip
    return [first, second, third]


def _event(number: str, user: str | None, day: float, name: str, **more: Any) -> Row:
    at = datetime(2023, 10, 1) + timedelta(days=day)
    return {"event_id": number, "event_name": name, "user_id": user, "platform": "ios",
            "occurred_at": at.isoformat(), **more}  # fmt: skip


def _end(number: str, received_on: str) -> Row:
    """The horizon from its delivery on."""
    return _event(number, "u1", 121, "open", received_at=f"{received_on}T10:00:00")


def _of_device() -> list[Row]:
    """Somebody who signs in for the first time months after the cut-off."""
    return [
        _event(f"a{number}", None, 3 + 9.3 * number, name, anonymous_id="d_old")
        for number, name in enumerate(["open", "view", "order", "open", "view"])
    ] + [_event("s1", "u_new", 138, "order"), _event("s2", "u_new", 139.5, "view")]


def _of_person() -> list[Row]:
    """Somebody who is there all the time, and asks to be forgotten at last."""
    return [
        _event(f"p{number}", PERSON, 1.7 * number, name, anonymous_id="device-PLANTED",
               order_id=f"order-PLANTED-{number}" if name == "order" else None, amount="7")
        for number, name in enumerate(["open", "view", "order", "open", "view"] * 16)
    ] + [
        # What somebody else did, and names them.
        _event("p80", "u3", 125, "accept", campaign_id="c1", properties={"inviter_id": PERSON})
    ]  # fmt: skip


def _in_other_spellings() -> list[Row]:
    spellings = ("1706745600", "1706745600000", "1706745600000000", "20240201T120000Z",
                 "2024/02/01 13:00", "2024-02-01T14:00:00+02:00", "-5", "1e3", "",
                 "20240201T12")  # fmt: skip
    return [
        _event(f"t{number}", "u_spells", 0, "open", occurred_at=text)
        for number, text in enumerate(spellings)
    ]


def _at(row: Row) -> datetime | None:
    try:
        return datetime.fromisoformat(str(row.get("occurred_at")))
    except ValueError:
        return None


def _never_pausing() -> list[Row]:
    """People whose visits go on through the cut-off: one for longer than a session may."""
    return [
        {
            "event_id": f"n{number}",
            "event_name": "view",
            "occurred_at": (CUTOFF + timedelta(minutes=20 * number - 2000)).isoformat(),
            "user_id": "u_through",
            "platform": "ios",
        }
        for number in range(300)
    ] + [
        # And somebody who sees the first page of a visit only after it.
        {"event_id": "before", "event_name": "open", "user_id": "u_lands", "platform": "ios",
         "occurred_at": (CUTOFF - timedelta(minutes=10)).isoformat()},
        {"event_id": "after", "event_name": "view", "user_id": "u_lands", "platform": "ios",
         "page": "/after", "occurred_at": (CUTOFF + timedelta(minutes=10)).isoformat()},
    ]  # fmt: skip


def write(folder: Path, feeds: dict[str, list[Any]], name: str) -> None:
    """Each feed as a file; events in files of several formats, old and new rows mixed."""
    for feed, rows in feeds.items():
        target = folder / "raw" / feed
        target.mkdir(parents=True, exist_ok=True)
        if feed != "events":
            (target / f"{name}.jsonl").write_text(_lines(rows), encoding="utf-8")
            continue
        whole = [row for row in rows if not isinstance(row, str)]
        write_jsonl(target / f"{name}-1.jsonl", whole[::3])
        (target / f"{name}-2.csv").write_bytes(as_csv(whole[1::3]))
        write_parquet(target / f"{name}-3.parquet", whole[2::3])
        broken = [row for row in rows if isinstance(row, str)]
        # Of its rows that can be read none stays.
        old = next((row for row in whole if OLD in json.dumps(row)), whole[0])
        (target / f"{name}-4.jsonl").write_text(_lines([*broken, old]), encoding="utf-8")


def _lines(rows: list[Any]) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


def without(feeds: dict[str, list[Any]], user: str) -> dict[str, list[Any]]:
    """The feeds without a user's rows."""
    return {feed: [row for row in rows if user not in str(row)] for feed, rows in feeds.items()}
