"""Drawn worlds for the users and RFM areas: event streams, definitions, their builds.

The streams aim at boundaries: silences around the limits of states and stages, days around
the change to summer time, orders around the edge of 365 days. Each world is built once a
process, `build` with an earlier horizon too.
"""

from __future__ import annotations

import atexit
import csv
import io
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from orchestration.project import Settings
from orchestration.transform.dbt_runs import exposed_nodes, load_manifest
from tests import support
from tests.warehouse.drawn_retentions import retention_seeds, retentions
from tests.warehouse.draws import gather, seed
from tests.warehouse.retention_oracle import Retention

UTC = ZoneInfo("UTC")


def ripening() -> list[str]:
    """Published marts whose rows ripen by themselves; some only do when a definition has ended."""
    return [
        node["alias"]
        for node in exposed_nodes(load_manifest())
        if node["schema"] == "marts" and "is_mature" in node["columns"]
        and node["columns"]["is_mature"]["config"]["meta"].get("ripens_by_itself", True)
    ]  # fmt: skip


# All of them and what they are made of.
SELECTION = " ".join(
    f"+{name}" for name in (*ripening(), "fct_retention_returns", "fct_sessions", "fct_user_days",
                            "fct_user_growth_states", "fct_user_state_spans")
)  # fmt: skip
USERS = {"plain": 120, "local": 80}
DRAWN_STICKINESS = 20
# Silences, in days from one active day to the next, around every limit there is.
GAPS = (1, 1, 1, 2, 3, 6, 7, 8, 9, 14, 20, 27, 28, 29, 30, 31, 32, 45, 90)

EVENT_NAMES = """event_name,label_en,label_zh,area,role,is_activity,is_key_action
open,,,product,element_click,true,false
read,,,content,page_view,true,{is_read_key}
buy,,,product,order,true,false
refund,,,product,refund,false,false
push,,,content,exposure,false,false
skim,,,content,read_start,false,false
ask,,,user,invite,false,{is_read_key}
shelve,,,platform,listing,false,false
look,,,platform,demand,false,false
"""
ACTIVITIES = """activity_id,event_name,new_by
any,,{any_new_by}
reading,read,
buying,buy,created_at
never,unheard_of,
wide,*,
"""
STICKINESS = """stickiness_id,activity_id,interval,period,from_at,to_at,min_occurrences,\
is_cumulative,max_occurrences,interval_size
days_28,any,day,28_days,,,,,,
days_28_twice,reading,day,28_days,,,2,true,,
hours_28,any,hour,28_days,,,,,,
hours_28_wide,wide,hour,28_days,,,,,,
weeks_28,any,week,28_days,,,3,,,
months_28,any,month,28_days,,,2,,,
days_week,any,,week,,,,,,
hours_week,reading,hour,week,,,,true,,
weeks_month,any,week,month,,,2,true,,
days_month,buying,day,month,,,,,,
days_range,any,day,range,2023-11-03,2024-02-09,,,,
months_range,reading,month,range,2023-11-03,,2,,,
cut_range,any,day,range,2023-10-28 18:30:00,2024-03-10T12:00:00Z,2,,,
hours_range,any,hour,range,2024-03-01,2024-03-20,,true,,
"""
# Funnels, retention and channels are compared elsewhere; here they ripen.
FUNNELS = """funnel_id,window_seconds,breakdown,to_at
to_buy,1209600,event:plan,
to_read,86400,,2023-09-30
"""
FUNNEL_STEPS = """funnel_id,step_number,event_name
to_buy,1,open
to_buy,2,read
to_buy,3,buy
to_read,1,*
to_read,2,read
"""
CONVERSIONS = """conversion_id,event_name,lookback_days,refund_days
buying,buy,7,7
"""
MEASURES = """measure_id,kind,event_name,value,window_days,pre_days
buying,proportion,buy,,14,30
spending,mean,buy,event:amount,7,30
"""

KPIS = """kpi_id,parent_kpi_id,kind,event_name,property,drivers,segment_by
star,,product,,,readers|reads_each|price,
readers,star,users,read,,,
reads_each,star,ratio,,,reads|readers,
reads,reads_each,count,read,,,event:page
price,star,ratio,,,paid|reads,
paid,price,sum,buy,event:amount,,
"""
FEATURES = """feature_id,event_name,eligible_event,released_at,adopt_uses,window_days
reading,read,,2023-03-05 13:00,,
buying,buy,open,,2,14
"""


@dataclass(frozen=True)
class World:
    """Settings, definitions and events of one warehouse."""

    timezone: str
    week_start: str
    seeds: dict[str, str]
    events: tuple[dict[str, Any], ...]
    created: dict[str, datetime]
    has_key_actions: bool
    is_calibrated: bool
    _days: dict[str | None, dict[str, set[date]]] = field(default_factory=dict)

    def local(self, event: dict[str, Any]) -> datetime:
        """Instant of an event on the clock of the reporting zone."""
        return event["occurred_at"].astimezone(ZoneInfo(self.timezone))

    def day(self, event: dict[str, Any]) -> date:
        return self.local(event).date()

    def active_events(self) -> dict[str, list[dict[str, Any]]]:
        """Events that count as activity, by user."""
        users: dict[str, list[dict[str, Any]]] = {}
        for event in self.events:
            if event["event_name"] not in ("refund", "push", "skim", "ask", "shelve", "look"):
                users.setdefault(event["user_id"], []).append(event)
        return users

    def active_days(self, event_name: str | None = None) -> dict[str, set[date]]:
        """Days with activity, of any kind or of one event's, by user."""
        if event_name not in self._days:
            self._days[event_name] = {
                user: days
                for user, events in self.active_events().items()
                if (
                    days := {
                        self.day(event)
                        for event in events
                        if event_name is None or event["event_name"] == event_name
                    }
                )
            }
        return self._days[event_name]

    @cached_property
    def first_date(self) -> date:
        return min(min(days) for days in self.active_days().values())

    @cached_property
    def data_through_at(self) -> datetime:
        return max(event["occurred_at"] for event in self.events)

    @cached_property
    def last_date(self) -> date:
        return self.data_through_at.astimezone(ZoneInfo(self.timezone)).date()

    def dates(self) -> list[date]:
        """Every day from the first active one to the horizon."""
        return list(days_between(self.first_date, self.last_date))

    def is_closed(self, next_date: date) -> bool:
        """Whether a period has closed whose next one begins on `next_date`."""
        return self.midnight(next_date) <= self.data_through_at

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.timezone)).astimezone(
            UTC
        )

    def period_start(self, grain: str, day: date) -> date:
        """First day of the day, week or month that holds a day."""
        if grain == "day":
            return day
        if grain == "month":
            return day.replace(day=1)
        offset = day.weekday() if self.week_start == "monday" else (day.weekday() + 1) % 7
        return day - timedelta(days=offset)

    def next_period(self, grain: str, start: date) -> date:
        if grain == "month":
            return (start + timedelta(days=31)).replace(day=1)
        return start + timedelta(days=7 if grain == "week" else 1)


def days_between(first: date, last: date) -> Iterator[date]:
    """Days from one to another, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _life(draw: random.Random, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Events of one user over up to 17 months, with orders that grow and are paid back."""
    start, end = date(2023, 1, 17), date(2024, 6, 12)
    day = start + timedelta(days=draw.choice((0, 0, 1, 30, 200, draw.randrange(500))))
    gaps = draw.choice((GAPS, GAPS[:5], GAPS[:9], GAPS[5:], (7, 8), (30, 31)))
    is_buyer = draw.random() < 0.7
    events: list[dict[str, Any]] = []
    orders = 0
    while day <= end:
        for _ in range(draw.choice((1, 1, 2, 4))):
            name = draw.choice(("open", "open", "read", "buy" if is_buyer else "read"))
            event: dict[str, Any] = {
                "event_name": name,
                "occurred_at": _instant(draw, zone, day),
                "properties": {"plan": draw.choice(("pro", "free"))},
                "page": f"/{orders % 3}",
            }
            if name == "buy":
                orders += 1
                event["amount"] = draw.choice(("0", "9.99", "25.5", "25.5", "100"))
                event["merchant_id"] = f"shop {orders % 9}" if orders % 4 else None
                if draw.random() < 0.8:
                    event["order_id"] = f"order {orders}"
                    events += _later_states(draw, zone, event, day, end)
            events.append(event)
        if draw.random() < 0.2:
            events.append(
                {
                    "event_name": draw.choice(("push", "skim", "ask")),
                    "occurred_at": _instant(draw, zone, day + timedelta(days=1)),
                    "content_id": f"piece {draw.randrange(9)}",
                }
            )
            shop = {"event_name": "look" if orders % 3 else "shelve", "content_id": None,
                    "merchant_id": f"shop {orders % 9}"}  # fmt: skip
            events.append({**events[-1], **shop})
        day += timedelta(days=draw.choice(gaps))
    return events


def _evening(draw: random.Random) -> list[dict[str, Any]]:
    """Events of some hours or days, with pauses at the limit of a session and beside it."""
    at = datetime(2024, 2, 1, 20, tzinfo=UTC) + timedelta(minutes=draw.randrange(600))
    pauses = draw.choice(((1799, 1800, 1801), (0, 1, 1799), (1200, 1799), (1800,), (1620,)))
    events = []
    for _ in range(draw.choice((1, 5, 40, 300))):
        name = draw.choice(("open", "open", "open", "push"))
        events.append({"event_name": name, "occurred_at": at})
        at += timedelta(seconds=draw.choice(pauses), microseconds=draw.choice((0, 0, 1)))
    return events


def _stream(name: str, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Events of all drawn users, and of some that no draw would hit on."""
    chance = st.randoms(use_true_random=True)
    lives = gather(chance.map(lambda draw: _life(draw, zone)), USERS[name], f"{name} lives")
    evenings = gather(chance.map(_evening), 25, f"{name} evenings")
    for number, events in enumerate([*lives, *evenings]):
        for event in events:
            own = {"user_id": f"user {number}"}
            if "order_id" in event:
                own["order_id"] = f"{number} {event['order_id']}"
            yield {**event, **own}
    # An hour that the clock shows twice, once in each.
    for fold in (0, 1):
        yield {
            "user_id": "night owl",
            "event_name": "read",
            "occurred_at": datetime(2023, 11, 5, 1, 30, fold=fold, tzinfo=zone).astimezone(UTC),
        }
    # Someone who never pauses for 30 minutes: a session ends after 72 hours, and again.
    for number in range(400):
        yield {
            "user_id": "marathon",
            "event_name": "open",
            "occurred_at": datetime(2024, 2, 1, tzinfo=UTC) + timedelta(minutes=27 * number),
        }
    # The last day is not over, and nobody is active on some days before it.
    yield {
        "user_id": "user 0",
        "event_name": "open",
        "occurred_at": datetime(2024, 6, 16, 20, 15, 30, tzinfo=UTC),
    }


def _created(draw: random.Random, events: list[dict[str, Any]]) -> dict[str, datetime]:
    """Creation of most users: with their first event, days beside it, or long before."""
    created: dict[str, datetime] = {}
    for event in events:
        user = event["user_id"]
        if user not in created:
            away = draw.choice((0, 0, 0, 1, -1, 6, -6, -40, 40))
            created[user] = event["occurred_at"] + timedelta(days=away, minutes=draw.randrange(90))
    return {user: at for user, at in created.items() if draw.random() < 0.9}


@st.composite
def _stickiness(draw: st.DrawFn) -> str:
    """A row of stickiness.csv without its id."""
    period = draw(st.sampled_from(("28_days", "week", "month", "range", "range")))
    bounds = ("", "")
    if period == "range":
        bounds = draw(
            st.sampled_from(
                (("2023-11-03", "2024-02-09"), ("", "2024-03-01"), ("2024-01-31 12:00:00", ""),
                 ("2023-10-28T18:30:00Z", "2024-03-10T12:00:00Z"))
            )
        )  # fmt: skip
    least = draw(st.sampled_from(("", "2", "3")))
    most = draw(st.sampled_from(("", "", "3", "5")))
    unit = draw(st.sampled_from(("hour", "day", "day", "week", "month")))
    return ",".join(
        (
            draw(st.sampled_from(("any", "reading", "buying", "wide"))),
            unit, period, *bounds, least, draw(st.sampled_from(("", "true"))), most,
            draw(st.sampled_from(("", "2", "3", "7"))),
        )
    )  # fmt: skip


def _later_states(
    draw: random.Random, zone: ZoneInfo, order: dict[str, Any], day: date, end: date
) -> Iterator[dict[str, Any]]:
    """A second line of the order, refunds of a part or of all, days or months later."""
    for name, chance in (("buy", 0.15), ("refund", 0.25), ("refund", 0.1)):
        later = day + timedelta(days=draw.choice((0, 1, 20, 40, 100)))
        if draw.random() < chance and later <= end:
            amount = draw.choice((order["amount"], "5", "3.3333"))
            yield {**order, "event_name": name, "amount": amount} | {
                "occurred_at": max(_instant(draw, zone, later), order["occurred_at"])
            }


def _instant(draw: random.Random, zone: ZoneInfo, day: date) -> datetime:
    """Somewhere in a local day, often at its edges or in the hours that clocks skip."""
    hour, minute = draw.choice(
        ((0, 0), (0, 30), (1, 15), (1, 45), (2, 30), (12, 0), (18, 45), (23, 59))
    )
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    return local.replace(fold=draw.randrange(2)).astimezone(UTC)


@cache
def world(name: str) -> World:
    """`plain`: fixed limits, key actions, UTC, weeks from Monday. `local`: New York, weeks
    from Sunday, calibrated limits, no key action, money by cut points."""
    is_plain = name == "plain"
    zone = "UTC" if is_plain else "America/New_York"
    draw = random.Random(f"{seed()} {name}")
    stream = sorted(_stream(name, ZoneInfo(zone)), key=lambda event: event["occurred_at"])
    drawn = gather(_stickiness(), DRAWN_STICKINESS, f"{name} stickiness")
    stickiness = "".join(f"drawn_{number},{row}\n" for number, row in enumerate(drawn))
    mode = "" if is_plain else "calibrated"
    stages = f"""stage_id,mode,min_active_days,min_active_weeks,of_weeks,silent_over_days
introduction,,{"" if is_plain else 3},,,
growth,,,,,
maturity,,,{"" if is_plain else 2},{"" if is_plain else 3},
dormancy,{mode},,,,
churn,{mode},,,,
"""
    cut_points = "measure,score,at_least,at_most\n"
    if not is_plain:
        cut_points += "monetary,1,,20\nmonetary,2,20.01,50\nmonetary,3,50.01,100\n"
        cut_points += "monetary,4,100.01,200\nmonetary,5,200.01,\n"
    return World(
        timezone=zone,
        week_start="monday" if is_plain else "sunday",
        seeds={
            "event_names": EVENT_NAMES.format(is_read_key=str(is_plain).lower()),
            "activities": ACTIVITIES.format(any_new_by="" if is_plain else "created_at"),
            "stickiness": STICKINESS + stickiness,
            "funnels": FUNNELS,
            "funnel_steps": FUNNEL_STEPS,
            "conversions": CONVERSIONS,
            "campaign_measures": MEASURES,
            "features": FEATURES,
            "kpis": KPIS,
            **retention_seeds(drawn_retentions(name), ZoneInfo(zone)),
            "lifecycle_stages": stages,
            "rfm_cut_points": cut_points,
        },
        events=tuple(
            {"event_id": f"event {number}", **event} for number, event in enumerate(stream)
        ),
        created=_created(draw, stream),
        has_key_actions=is_plain,
        is_calibrated=not is_plain,
    )


def drawn_retentions(name: str) -> list[Retention]:
    """Retentions over the world's events; no value is beyond a breakdown's limit, which more
    entrants may move."""
    drawn = gather(retentions("", ("open", "read", "buy", "push")), 40, f"{name} retentions")
    return [
        replace(retention, retention_id=f"drawn {number}", limit=25)
        for number, retention in enumerate(drawn)
    ]


@cache
def folder_of(name: str, horizon: str) -> Path:
    """A folder of a world's own, removed with the process."""
    folder = Path(mkdtemp(prefix=f"yunying-users-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def environment_of(name: str, horizon: str = "") -> dict[str, str]:
    """Settings in which a world is built."""
    return {
        "YUNYING_TIMEZONE": world(name).timezone,
        "YUNYING_WEEK_START": world(name).week_start,
        "YUNYING_HORIZON": horizon,
    }


def settings_of(name: str) -> Settings:
    """Settings of a world that is built, for further dbt commands over it."""
    return support.settings_of(folder_of(name, ""), environment_of(name))


def release_warehouse() -> None:
    """Let go of the file: dbt-duckdb holds it beyond the reset of dbt's adapters."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def build_warehouse(folder: Path, **wanted: Any) -> Path:
    """`support.build_warehouse`, after which nothing holds the file."""
    try:
        return support.build_warehouse(folder, **wanted)
    finally:
        release_warehouse()


@cache
def build(name: str, horizon: str = "") -> Path:
    """The warehouse of a world, as of an earlier horizon if one is given."""
    wanted = world(name)
    return build_warehouse(
        folder_of(name, horizon),
        events=[
            {**event, "occurred_at": event["occurred_at"].isoformat()} for event in wanted.events
        ],
        feeds={
            "users": [
                {"user_id": user, "created_at": at.isoformat()}
                for user, at in [*wanted.created.items(), ("nobody", wanted.data_through_at)]
            ],
            "feedback": [
                {
                    "user_id": user,
                    "kind": "nps",
                    "score": at.day % 11,
                    "tags": "price|speed",
                    "submitted_at": (at + timedelta(hours=at.day)).isoformat(),
                }
                for user, at in wanted.created.items()
            ],
            "contents": [
                {
                    "content_id": f"piece {number}",
                    "author_id": f"author {number % 3}",
                    "planned_at": datetime(2023, number + 1, 20, tzinfo=UTC).isoformat(),
                    "published_at": datetime(2023, number + 1, 21, 3, tzinfo=UTC).isoformat()
                    if number % 2
                    else None,
                }
                for number in range(9)
            ],
            **campaign_feeds(),
        },
        seeds=wanted.seeds,
        environment=environment_of(name, horizon),
        select=SELECTION,
    )


def campaign_feeds() -> dict[str, list[dict[str, Any]]]:
    """A campaign in each season, aimed at every third user while it runs."""
    starts = [datetime(2023, month, 1, tzinfo=UTC) for month in (2, 5, 8, 11)]
    return {
        "campaigns": [
            {"campaign_id": f"c{number}", "starts_at": at.isoformat(), "budget_amount": 90,
             "ends_at": (at + timedelta(days=9)).isoformat(), "goal_measure_id": "spending",
             "target_value": 500}
            for number, at in enumerate(starts)
        ],
        "campaign_assignments": [
            {"campaign_id": f"c{number}", "user_id": f"user {user}",
             "assigned_at": (at + timedelta(hours=user)).isoformat(),
             "variant": "control" if user % 2 else "mail"}
            for number, at in enumerate(starts)
            for user in range(number % 3, 120, 3)
        ],
        "channel_costs": [
            {"campaign_id": f"c{number}", "cost_date": f"{at + timedelta(days=day):%Y-%m-%d}",
             "cost_amount": 11}
            for number, at in enumerate(starts)
            for day in range(-2, 15, 3)
        ],
    }  # fmt: skip


def read_rows(text: str) -> list[dict[str, str]]:
    """Rows of a definition file."""
    return list(csv.DictReader(io.StringIO(text)))


def rows_of(warehouse: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    """Rows of a table in a total order, as tuples of the columns that are named."""
    names = [column.strip() for column in columns.split(",")]
    rows = support.query(warehouse, f"select {columns} from {table}")
    return sorted((tuple(row[name] for name in names) for row in rows), key=repr)


def compared(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The oracle's rows in the order of `rows_of`."""
    return sorted(rows, key=repr)
