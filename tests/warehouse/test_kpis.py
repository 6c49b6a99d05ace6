"""KPIs: their tree against fractions and loops over all orders, targets, what is wrong with one."""

from __future__ import annotations

import decimal
import math
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest

from orchestration.ingest.definitions.problems import ERROR, WARNING
from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_runs import load_manifest
from tests.support import build_warehouse, python_step, query, read_definitions
from tests.warehouse.draws import seed

START, DAYS = date(2023, 12, 20), 75
# Of no month's end, on either clock.
HORIZON = datetime(2024, 2, 20, 3, 30, tzinfo=UTC)
CLOCKS = {"all": ("UTC", "monday", None), "early": ("America/New_York", "sunday", HORIZON)}
NAMES = ("visit", "order", "refund", "like")
# How many sign and call: around the end of a February, and of the one a year later, a leap year's.
LAST_YEAR = {
    "2023-02-28": (3, 2), "2023-03-01": (7, 1), "2024-02-28": (1, 0), "2024-02-29": (5, 4),
}  # fmt: skip
TIERS = ("gold", "iron", None)
SEEDS = {
    "event_names": "event_name,role,is_activity\n"
    "visit,,\norder,order,\nrefund,refund,false\nlike,,\nsign,,\ncall,,\n",
    "kpis": "kpi_id,parent_kpi_id,direction,kind,event_name,property,mart_column,drivers,"
    "segment_by,is_mix_split,method,grains\n"
    "worth,,,product,,,,visits|order_rate|order_value,event:platform,,,\n"
    "mixed,worth,,product,,,,visitors|depth|order_rate,user:tier,true,lmdi,\n"
    "visits,worth,,count,visit,,,,,,,\n"
    "visitors,worth,,users,visit,,,,,,,\n"
    "depth,worth,,ratio,,,,visits|visitors,,,,\n"
    "order_rate,worth,,ratio,,,,orders|visits,,,lmdi,\n"
    "orders,worth,,count,order,,,,user:tier|event:platform,,,week|month\n"
    "order_value,worth,,ratio,,,,money|orders,,,,\n"
    "money,worth,,sum,order,event:amount,,,,,,\n"
    "back,worth,down,sum,refund,event:amount,,,,,,\n"
    "kept,worth,,difference,,,,money|back|likes,,,,\n"
    "likes,worth,,count,like,,,,,,,\n"
    "acts,worth,,total,,,,visits|orders|likes,,,,\n"
    "chain,worth,,product,,,,visitors|depth|order_rate|order_value|days,,,lmdi,\n"
    "days,worth,,users,,,,,,,,\n"
    "sold,worth,,mart,,,mart_sales_periods.order_count,,,,,\n"
    "liked,worth,,count,like,,,,,,,day\n"
    "signed,worth,,count,sign,,,,,,,\n"
    "called,worth,,count,call,,,,,,,\n"
    "pairs,worth,,product,,,,signed|called,,,,\n",
    "filters": "definition,definition_id,property,operator,value\nkpi,liked,platform,is,web\n",
}
TREE = {line.split(",")[0]: line.split(",") for line in SEEDS["kpis"].splitlines()[1:]}


def drawn() -> list[dict[str, Any]]:
    """Events of thirty people, and those of a year ago; the first days have visits alone."""
    draw = random.Random(f"kpis {seed()}")
    events: list[dict[str, Any]] = []
    for number in range(500):
        day = draw.randrange(DAYS)
        name = draw.choice(NAMES) if day > 5 else "visit"
        at = datetime.combine(START, datetime.min.time(), UTC)
        events.append({
            "event_id": f"e{number:04d}", "event_name": name,
            "user_id": f"u{draw.randrange(30):02d}",
            "occurred_at": (at + timedelta(days=day, hours=draw.randrange(24))).isoformat(),
            "platform": draw.choice(["web", "ios", None]),
            "order_id": f"o{number}" if name in ("order", "refund") else None,
            "amount": f"{draw.randrange(1, 900) / 100}" if name in ("order", "refund") else None,
        })  # fmt: skip
    for day, counts in LAST_YEAR.items():
        for name, count in zip(("sign", "call"), counts, strict=True):
            events += [
                {"event_id": f"{name} {day} {number}", "event_name": name, "user_id": "u00",
                 "occurred_at": f"{day}T18:00:00+00:00", "platform": None}
                for number in range(count)
            ]  # fmt: skip
    return events


EVENTS = drawn()
USERS = {f"u{number:02d}": TIERS[number % 3] for number in range(30)}
Built = Callable[[str], tuple[Path, "Product"]]


class Product:
    """The KPIs of a period, in fractions, by loops over events."""

    def __init__(self, zone: str, week_start: str, horizon: datetime | None) -> None:
        self.week_start = week_start
        self.end = horizon or max(datetime.fromisoformat(e["occurred_at"]) for e in EVENTS)
        self.zone = ZoneInfo(zone)
        self.events = [
            (event, datetime.fromisoformat(event["occurred_at"]).astimezone(self.zone).date())
            for event in EVENTS
            if datetime.fromisoformat(event["occurred_at"]) <= self.end
        ]
        self.of_events: dict[str, list[str]] = {}
        self.by_period: dict[tuple[str, date], list[Mapping[str, Any]]] = {}
        for event, day in self.events:
            for grain in ("day", "week", "month"):
                self.by_period.setdefault((grain, self.start(grain, day)), []).append(event)

    def start(self, grain: str, day: date) -> date:
        if grain == "month":
            return day.replace(day=1)
        ahead = day.weekday() if self.week_start == "monday" else (day.weekday() + 1) % 7
        return day - timedelta(days=ahead if grain == "week" else 0)

    def periods(self, grain: str) -> list[date]:
        last = self.end.astimezone(self.zone).date()
        """From the first day of those that are drawn."""
        day, found = START, set()
        while day <= last:
            found.add(self.start(grain, day))
            day += timedelta(days=1)
        return sorted(found)

    def value(
        self, kpi: str, grain: str, start: date, segment: tuple[str, str] | None = None
    ) -> Fraction | None:
        _, _, _, kind, name, _, _, drivers, segment_by, *_ = TREE[kpi]
        if kind == "product" and segment_by and segment is None:
            parts = [
                self.value(kpi, grain, start, (segment_by, value)) or Fraction(0)
                for value in self.segments(segment_by)
            ]
            return sum(parts, Fraction(0))
        if drivers:
            values = [self.value(driver, grain, start, segment) for driver in drivers.split("|")]
            if segment is not None:
                values = [value or Fraction(0) for value in values]
            if None in values:
                return None
            first, *others = values
            if kind == "ratio":
                return first / others[0] if others[0] else None
            if kind == "product":
                return Fraction(math.prod(values))
            return first + sum(others) * (-1 if kind == "difference" else 1)
        found = [
            event
            for event in self.by_period.get((grain, start), [])
            if event["event_name"] == (name or event["event_name"])
            and (name or event["event_name"] != "refund")
            and (kpi != "sold" or event["event_name"] == "order")
            and (kpi != "liked" or event["platform"] == "web")
            and (segment is None or self.segment(event, segment[0]) == segment[1])
        ]
        if kind == "users":
            return Fraction(len({event["user_id"] for event in found}))
        if kind == "sum":
            return sum((Fraction(event["amount"]) for event in found), Fraction(0))
        return Fraction(len(found))

    def segment(self, event: Mapping[str, Any], segment_by: str) -> str:
        said = {"user:tier": USERS[event["user_id"]], "event:platform": event["platform"]}
        return "::".join(said[one] or "" for one in segment_by.split("|"))

    def segments(self, segment_by: str) -> list[str]:
        if segment_by not in self.of_events:
            found = {self.segment(event, segment_by) for event, _ in self.events}
            self.of_events[segment_by] = sorted(found)
        return self.of_events[segment_by]


def split(
    value: Callable[[list[Fraction]], Fraction], before: list[Fraction], after: list[Fraction]
) -> list[Fraction]:
    """Shapley's value, by its definition."""
    found, orders = [Fraction(0)] * len(before), [*permutations(range(len(before)))]
    for order in orders:
        at = list(before)
        for driver in order:
            was = value(at)
            at[driver] = after[driver]
            found[driver] += (value(at) - was) / len(orders)
    return found


def logarithmic(before: list[Fraction], after: list[Fraction]) -> list[float]:
    """LMDI, by its definition."""
    start, end = float(math.prod(before)), float(math.prod(after))
    mean = start if start == end else (end - start) / math.log(end / start)
    return [mean * math.log(y / x) for x, y in zip(before, after, strict=True)]


def contributions(
    product: Product, kpi: str, grain: str, start: date, other: date
) -> Iterator[tuple[str, str | None, float, float, float]]:
    """Driver, segment, from, to and contribution."""
    _, _, _, kind, *_, drivers, segment_by, is_mixed, method, _ = TREE[kpi]
    names = drivers.split("|") if drivers else []
    if not names and not (segment_by and kind in ("count", "sum")):
        return
    is_parted = bool(segment_by) and kind in ("product", "count", "sum")
    segments = product.segments(segment_by) if is_parted else [None]
    for segment in segments:
        sides = []
        for day in (other, start):
            of = (segment_by, segment) if is_parted else None
            side = [product.value(driver, grain, day, of) for driver in names or [kpi]]
            if is_parted:
                side = [value or Fraction(0) for value in side]
            if is_mixed:
                total = sum(
                    product.value(names[0], grain, day, (segment_by, each)) or 0
                    for each in segments
                )
                side = [total, side[0] / total if total else Fraction(0), *side[1:]]
            sides.append(side)
        before, after = sides
        if None in before or None in after or (is_parted and not any(before) and not any(after)):
            continue
        if kind == "ratio" and not (before[1] and after[1]):
            continue
        told = [names[0], f"{names[0]}:mix", *names[1:]] if is_mixed else names or [kpi]
        is_above = all(each > 0 for each in (*before, *after))
        if kind in ("product", "ratio") and method == "lmdi" and is_above:
            turned = [
                side if kind == "product" else [side[0], 1 / side[1]] for side in (before, after)
            ]
            given = logarithmic(*turned)
        else:
            given = split(
                {"product": math.prod, "ratio": lambda v: v[0] / v[1],
                 "difference": lambda v: v[0] - sum(v[1:])}.get(kind, sum),
                before, after,
            )  # fmt: skip
        for place, name in enumerate(told):
            yield name, segment, float(before[place]), float(after[place]), float(given[place])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    made: dict[str, tuple[Path, Product]] = {}

    def build(name: str) -> tuple[Path, Product]:
        if name not in made:
            zone, week_start, horizon = CLOCKS[name]
            month = {"period_start_date": "2024-01-01", "period_end_date": "2024-01-31"}
            targets = [
                {"kpi_id": "visits", "target_value": 100, **month, "updated_at": "2024-01-02"},
                {"kpi_id": "visits", "target_value": 999, **month, "updated_at": "2024-01-01"},
                {"kpi_id": "orders", "target_value": 50, **month},
                {"kpi_id": "order_rate", "target_value": 0.5, **month},
                {"kpi_id": "back", "target_value": 10000, **month},
                {"kpi_id": "kept", "target_value": -5, **month},
                {"kpi_id": "likes", "target_value": 0, **month},
                {"kpi_id": "likes", "target_value": 2, "period_start_date": "2024-01-09",
                 "period_end_date": "2024-01-09"},
                {"kpi_id": "likes", "target_value": 2, "period_start_date": "2024-01-09",
                 "period_end_date": "2024-01-12"},
                {"kpi_id": "nothing", "target_value": 2, **month},
            ]  # fmt: skip
            folder, half = tmp_path_factory.mktemp(name), len(EVENTS) // 2
            settings = {"YUNYING_TIMEZONE": zone, "YUNYING_WEEK_START": week_start,
                        "YUNYING_HORIZON": horizon.isoformat() if horizon else ""}  # fmt: skip
            users = [{"user_id": user, "tier": tier} for user, tier in USERS.items()]
            selected = {"select": "+mart_kpi_contributions +mart_definition_warnings"}
            # In two deliveries on one clock, of days that overlap; at once on the other.
            if name == "early":
                build_warehouse(
                    folder, events=EVENTS[:half], seeds=SEEDS, environment=settings, **selected
                )
            warehouse = build_warehouse(
                folder,
                events=EVENTS[half:] if name == "early" else EVENTS,
                feeds={"users": users, "kpi_targets": targets},
                seeds=SEEDS,
                environment=settings,
                run_tests=True,
                **selected,
            )
            made[name] = warehouse, Product(zone, week_start, horizon)
        return made[name]

    return build


def grains_of(kpi: str) -> list[str]:
    return (TREE[kpi][-1] or "day|week|month").split("|")


@pytest.mark.parametrize("clock", CLOCKS)
def test_values_are_as_loops_over_events_say(built: Built, clock: str) -> None:
    warehouse, product = built(clock)
    rows = query(warehouse, "select * from marts.mart_kpi_values")
    assert min(row["period_start_date"] for row in rows).year == 2023
    found = {(row["kpi_id"], row["grain"], row["period_start_date"]): row for row in rows}
    expected = {
        (kpi, grain, day): product.value(kpi, grain, day)
        for kpi in TREE
        for grain in grains_of(kpi)
        for day in product.periods(grain)
    }
    start = {grain: product.start(grain, START) for grain in ("day", "week", "month")}
    assert {key for key in found if key[2] >= start[key[1]]} == expected.keys()
    for key, value in expected.items():
        row = found[key]
        assert row["value"] == (None if value is None else pytest.approx(float(value))), key
        before = found.get((*key[:2], previous(product, *key[1:])), {}).get("value")
        assert row["previous_value"] == before, key
        is_over = end_of(product, *key[1:]) <= product.end
        assert row["is_mature"] == is_over, key
        is_known = row["usual_low"] is not None and is_over and row["value"] is not None
        assert (row["is_unusual"] is not None) == is_known, key


def previous(product: Product, grain: str, day: date) -> date:
    return product.start(grain, day - timedelta(days=1))


def end_of(product: Product, grain: str, day: date) -> datetime:
    days = {"day": 1, "week": 7, "month": 31}[grain]
    after = product.start(grain, day + timedelta(days=days))
    return datetime.combine(after, datetime.min.time(), product.zone)


@pytest.mark.parametrize("clock", CLOCKS)
def test_contributions_are_the_mean_over_all_orders_and_sum_to_the_change(
    built: Built, clock: str
) -> None:
    warehouse, product = built(clock)
    rows = query(
        warehouse,
        "select * from marts.mart_kpi_contributions where comparison = 'previous'"
        " and period_start_date >= '2023-12-01'",
    )
    found = {
        (r["kpi_id"], r["grain"], r["period_start_date"], r["driver_id"], r["segment_value"]): r
        for r in rows
    }
    assert len(found) == len(rows)
    expected = {}
    for kpi in TREE:
        # A month has all that a day has; days are many.
        for grain in grains_of(kpi):
            days = product.periods(grain)[1:]
            for day in days[::6] if grain == "day" else days:
                other = previous(product, grain, day)
                told = [*contributions(product, kpi, grain, day, other)]
                for driver, segment, *figures in told:
                    expected[kpi, grain, day, driver, segment] = figures
                if told:
                    change = float(product.value(kpi, grain, day)) - float(
                        product.value(kpi, grain, other)
                    )
                    assert sum(
                        row["contribution"]
                        for key, row in found.items()
                        if key[:3] == (kpi, grain, day)
                    ) == pytest.approx(change, rel=1e-9, abs=1e-9), (kpi, grain, day)
    looked_at = {key[:3] for key in expected}
    assert {key for key in found if key[:3] in looked_at} == expected.keys()
    assert {kpi for kpi, *_ in expected} == {
        "worth", "mixed", "depth", "order_rate", "orders", "order_value", "kept", "acts", "chain",
        "pairs",
    }  # fmt: skip
    for key, (before, after, contribution) in expected.items():
        row = found[key]
        given = (row["from_value"], row["to_value"], row["contribution"])
        assert given == pytest.approx((before, after, contribution), rel=1e-9, abs=1e-9), key


def test_a_year_before_is_52_weeks_and_the_29th_of_february_is_compared_with_the_28th(
    built: Built,
) -> None:
    warehouse, _ = built("all")
    said = query(
        warehouse,
        "select kpi_id, grain, cast(period_start_date as varchar) as start, value,"
        " same_period_last_year_value as before from marts.mart_kpi_values"
        " where kpi_id in ('signed', 'called') and period_start_date >= '2024-02-01'",
    )
    found = {
        (row["kpi_id"], row["grain"], row["start"]): (row["value"], row["before"]) for row in said
    }
    for kpi, start, grain, value, before in (
        ("signed", "2024-02-27", "day", 0, None), ("signed", "2024-02-28", "day", 1, 3),
        ("signed", "2024-02-29", "day", 5, 3), ("signed", "2024-03-01", "day", 0, 7),
        ("called", "2024-02-29", "day", 4, 2),
        # 26 February to 3 March, against 27 February to 5 March.
        ("signed", "2024-02-26", "week", 6, 10), ("called", "2024-02-26", "week", 4, 3),
        ("signed", "2024-02-01", "month", 6, 3), ("called", "2024-02-01", "month", 4, 2),
    ):  # fmt: skip
        assert found[kpi, grain, start] == (value, before), (kpi, grain, start)
    parts = query(
        warehouse,
        "select grain, cast(period_start_date as varchar) as start, driver_id, from_value,"
        " to_value, contribution from marts.mart_kpi_contributions"
        " where comparison = 'last_year' and kpi_id = 'pairs'"
        " and period_start_date >= '2024-02-01'",
    )
    split_of = {
        (row["grain"], row["start"], row["driver_id"]): (
            row["from_value"], row["to_value"], row["contribution"]
        )
        for row in parts
    }  # fmt: skip
    # From 3 x 2 to 5 x 4, 10 x 3 to 6 x 4, 3 x 2 to 6 x 4: each driver by the mean of the other.
    for grain, start, signed, called in (
        ("day", "2024-02-29", (3, 5, 6), (2, 4, 8)),
        ("week", "2024-02-26", (10, 6, -14), (3, 4, 8)),
        ("month", "2024-02-01", (3, 6, 9), (2, 4, 9)),
    ):
        assert split_of[grain, start, "signed"] == pytest.approx(signed), (grain, start)
        assert split_of[grain, start, "called"] == pytest.approx(called), (grain, start)


def test_targets_are_of_their_period_and_their_latest_version(built: Built) -> None:
    warehouse, product = built("all")
    rows = query(
        warehouse,
        "select * from marts.mart_kpi_values where target_value is not null order by kpi_id, grain",
    )
    told = {(row["kpi_id"], row["grain"]): row for row in rows}
    january = date(2024, 1, 1)
    assert {key: row["target_value"] for key, row in told.items()} == {
        ("back", "month"): 10000, ("kept", "month"): -5, ("likes", "day"): 2, ("likes", "month"): 0,
        ("order_rate", "month"): 0.5, ("orders", "month"): 50, ("visits", "month"): 100,
    }  # fmt: skip
    for (kpi, grain), row in told.items():
        day = january if grain == "month" else date(2024, 1, 9)
        value = float(product.value(kpi, grain, day) or 0)
        assert row["period_start_date"] == day
        is_met = value <= row["target_value"] if kpi == "back" else value >= row["target_value"]
        assert row["is_on_target"] is is_met
        rate = value / row["target_value"] if row["target_value"] else None
        assert row["attainment_rate"] == (None if rate is None else pytest.approx(rate))
    # Of those whose drivers all have one.
    split_rows = query(
        warehouse, "select * from marts.mart_kpi_contributions where comparison = 'target'"
    )
    told_of = {(row["kpi_id"], row["period_start_date"]) for row in split_rows}
    assert told_of == {("order_rate", january), ("acts", january)}
    for kpi, aimed in (("order_rate", 50 / 100), ("acts", 100 + 50 + 0)):
        change = float(product.value(kpi, "month", january) or 0) - aimed
        parts = [row["contribution"] for row in split_rows if row["kpi_id"] == kpi]
        assert sum(parts) == pytest.approx(change)


def test_doubts_about_targets_are_told(built: Built) -> None:
    rows = query(
        built("all")[0],
        "select problem from marts.mart_definition_warnings where file like '%kpi_targets%'"
        " order by problem",
    )
    assert [row["problem"] for row in rows] == [
        "target of kept is not above 0: how much of it is reached says nothing, whether it is met"
        " does",
        "target of likes is not above 0: how much of it is reached says nothing, whether it is met"
        " does",
        "target of likes is of no calendar day, week or month: nothing is compared with it",
        "target of nothing: there is no KPI of this id",
    ]


def test_columns_of_marts_are_there_by_grain_and_period() -> None:
    """The schema's list is what the model reads."""
    models = {node["name"]: node for node in load_manifest()["nodes"].values()}
    read = (DBT_PROJECT_DIR / "models/steps/strategy/step_kpi_values.py").read_text("utf-8")
    tables = set()
    for told in BY_NAME["kpis"].field("mart_column").enum:
        table, column = told.split(".")
        tables.add(table)
        columns = models[table]["columns"]
        assert {"grain", "period_start_date", "is_mature"} <= columns.keys(), told
        assert columns[column]["data_type"].startswith(("bigint", "double", "decimal")), told
    assert tables == {node for node in models if f'"{node}": dbt.ref("{node}")' in read}


HEADER = (
    "kpi_id,parent_kpi_id,kind,event_name,property,mart_column,drivers,segment_by,is_mix_split,"
    "method,grains\n"
)
STAR = HEADER + "star,,users,open,,,,,,,\n"
PARTS = STAR + "a,star,count,open,,,,,,,\nb,star,count,view,,,,,,,\nr,star,ratio,,,,a|b,,,,\n"
MART = PARTS + "m,star,mart,,,mart_sales_periods.arpu,,,,,\n"


@pytest.mark.parametrize(
    ("kpis", "line", "severity", "problem", "mend"),
    [
        (STAR + "two,,count,open,,,,,,,\n", 3, ERROR, "two is a second north star: star in",
         "give the parent_kpi_id that it hangs on"),
        (STAR + "k,stra,count,open,,,,,,,\n", 3, ERROR, "KPI stra is unknown",
         "give a kpi_id of kpis.csv"),
        (STAR + "k,l,count,open,,,,,,,\nl,k,count,open,,,,,,,\n", 3, ERROR,
         "KPI k stands above: k > l > k", "take one of them out of parent_kpi_id"),
        (STAR + "k,k,count,open,,,,,,,\n", 3, ERROR, "KPI k stands above: k > k", "take one"),
        (PARTS + "k,star,total,,,,a|l,,,,\nl,star,product,,,,k|b,,,,\n", 6, ERROR,
         "KPI k stands among its own drivers: k > l > k", "take one of them out of drivers"),
        (PARTS + "k,star,total,,,,a|bb,,,,\n", 6, ERROR, "driver bb is no KPI", "add its row"),
        (PARTS + "k,star,total,,,,a|a,,,,\n", 6, ERROR, "driver a stands here twice", "each"),
        (PARTS + "k,star,ratio,,,,a|b|r,,,,\n", 6, ERROR, "a ratio of 3 drivers", "two KPIs"),
        (PARTS + "k,star,product,,,,a,,,,\n", 6, ERROR, "a product of 1 drivers", "two or more"),
        (PARTS + "k,star,difference,,,,,,,,\n", 6, ERROR, "a difference of 0 drivers", "two or"),
        (PARTS + "q,star,ratio,,,,b|a,,,,\nk,star,ratio,,,,r|q,,,,\n", 7, ERROR,
         "it is a ratio of two rates, r and q", "give what the rates are made of"),
        (MART + "p,star,product,,,,r|m,,,,\nk,star,ratio,,,,p|r,,,,\n", 8, ERROR,
         "it is a ratio of two rates, p and r", "give what"),
        (STAR + "k,star,sum,open,,,,,,,\n", 3, ERROR, "property is empty, of kind sum", "give"),
        (STAR + "k,star,sum,open,amount,,,,,,\n", 3, ERROR, "property amount is no property",
         "give one event:<property>"),
        (STAR + "k,star,mart,,,,,,,,\n", 3, ERROR, "mart_column is empty, of kind mart", "give"),
        (STAR + "k,star,mart,,,mart_sales_periods.order_cuont,,,,,\n", 3, ERROR,
         "mart_column mart_sales_periods.order_cuont is unknown",
         "did you mean mart_sales_periods.order_count?"),
        (STAR + "k,star,means,open,,,,,,,\n", 3, ERROR, "kind means is unknown", "give count"),
        (STAR + "k,star,count,open,,,,,,,day|year\n", 3, ERROR, "grain year is unknown", "give"),
        (MART + "k,star,product,,,,a|m,event:page,,,\n", 7, ERROR,
         "driver m is a column of a mart, and has no segments", "leave segment_by empty"),
        (PARTS + "p,star,product,,,,a|b,user:tier,,,\nk,star,product,,,,a|p,event:page,,,\n", 7,
         ERROR, "driver p is parted by user:tier, and this by event:page", "give both the same"),
        (PARTS + "k,star,total,,,,a|b,,true,,\n", 6, WARNING, "is_mix_split says nothing of kind",
         "leave it empty"),
        (PARTS + "k,star,product,,,,a|b,,true,,\n", 6, WARNING,
         "is_mix_split says nothing without segments", "give segment_by"),
        (PARTS + "k,star,count,open,,,a,,,,\n", 6, WARNING, "drivers says nothing of kind count",
         "leave it empty"),
        (PARTS + "k,star,ratio,,,,a|b,event:page,,,\n", 6, WARNING,
         "segment_by says nothing of kind ratio", "leave it empty"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_mend(
    tmp_path: Path, kpis: str, line: int, severity: str, problem: str, mend: str
) -> None:
    said = read_definitions(tmp_path, {"kpis": kpis}).problems
    found = [one for one in said if problem in one.problem.en and mend in one.mend.en]
    assert [(one.file, one.line, one.severity) for one in found] == [
        ("kpis.csv", line, severity)
    ], said
    assert all(one.problem.zh and one.mend.zh for one in found)


def test_a_kpi_is_looked_at_once_however_many_ways_lead_to_it(tmp_path: Path) -> None:
    """Each of 60 levels is made of both of the level below: 2 to the 60th ways, and two rates."""
    rows = [
        f"{name}{level},star,total,,,,a{level + 1}|b{level + 1},,,,\n"
        for level in range(60)
        for name in "ab"
    ]
    rows += ["a60,star,ratio,,,,n|d,,,,\n", "b60,star,ratio,,,,d|n,,,,\n"]
    rows += ["n,star,count,open,,,,,,,\n", "d,star,count,view,,,,,,,\n"]
    said = read_definitions(
        tmp_path, {"kpis": STAR + "".join(rows) + "k,star,ratio,,,,a0|b0,,,,\n"}
    ).problems
    assert [(one.line, one.problem.en) for one in said if one.severity == ERROR] == [
        (127, "it is a ratio of two rates, a0 and b0")
    ]


LEVELS = 1200
CHAIN = [
    "star,,count,open,,,,event:page,,,\n",
    *(f"k{level},star,total,,,,k{level + 1}|leaf,,,,\n" for level in range(LEVELS)),
    f"k{LEVELS},star,count,open,,,,,,,\nleaf,star,count,view,,,,,,,\n",
    "parted,star,product,,,,k0|leaf,event:page,,,\n",
]


class Tables:
    """What dbt gives a model in Python; tables that a test does not name have no rows."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self.named = named

    def config(self, **_: str) -> None:
        return

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        columns = ("grain", "period_start_date", "is_mature", "dimension", "activity_id", "rule_id")
        none = f"select {', '.join(f'null as {column}' for column in columns)} where false"
        return duckdb.sql(self.named.get(name, none))


def test_a_chain_of_kpis_may_be_longer_than_pythons_stack(tmp_path: Path) -> None:
    definitions = read_definitions(tmp_path, {"kpis": HEADER + "".join(CHAIN)})
    assert [one for one in definitions.problems if one.severity == ERROR] == []
    below = [f"k{level}" for level in range(LEVELS + 1)]
    asked = ", ".join(f"('{kpi}', 'event:page')" for kpi in [*below, "leaf", "parted"])
    links = ", ".join(
        f"('k{level}', '{driver}', {number})"
        for level in range(LEVELS)
        for number, driver in enumerate((f"k{level + 1}", "leaf"), start=1)
    )
    kinds = ", ".join(f"('{kpi}', 'total', null, null)" for kpi in below[:-1])
    figures = ", ".join(
        f"('{kpi}', {segment}, 'day', {value}, date '2024-01-01')"
        for kpi, whole in ((below[-1], 5), ("leaf", 2))
        for segment, value in (("null, null", whole), ("'event:page', 'home'", whole))
    )
    tables = Tables({
        "dim_kpis": f"select * from (values {kinds}, ('{below[-1]}', 'count', null, null),"
        " ('leaf', 'count', null, null), ('parted', 'product', 'event:page', null))"
        " as kpis (kpi_id, kind, segment_by, mart_column)",
        "dim_kpi_segments": f"select * from (values {asked}) as asked (kpi_id, segment_by)",
        "dim_kpi_drivers": f"select * from (values {links}, ('parted', 'k0', 1),"
        " ('parted', 'leaf', 2)) as links (kpi_id, driver_id, driver_number)",
        "dim_date_periods": "select 'day' as grain, date '2024-01-01' as period_start_date",
        "fct_kpi_periods": f"select * from (values {figures}) as figures"
        " (kpi_id, segment_by, segment_value, grain, value, period_start_date)",
    })  # fmt: skip
    rows = python_step("strategy/step_kpi_values").model(tables, None).to_pylist()
    found = {(row["kpi_id"], row["segment_by"]): row["value"] for row in rows}
    whole = 5 + 2 * LEVELS
    assert found["k0", None] == found["k0", "event:page"] == whole
    assert found["parted", None] == found["parted", "event:page"] == 2 * whole


CONTRIBUTIONS = python_step("strategy/step_kpi_contributions")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((100, 2), (1e-10, 3)),
        ((100000, 2), (1e-12, 3)),
        ((3e9, 2), (7, 5e8)),
        ((1e9, 1e-6), (1e-6, 1.5e9)),
        ((100, 3), (100.0000001, 3)),
        ((3, 4, 5), (3, 5, 4)),
        ((3, 4), (2.999999, 4.000001)),
    ],
)
def test_logarithmic_means_keep_their_digits(
    before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    found = CONTRIBUTIONS.lmdi(*(np.array(side, float)[:, None] for side in (before, after)))
    with decimal.localcontext(prec=60):
        pairs = [
            (decimal.Decimal(a), decimal.Decimal(b)) for a, b in zip(before, after, strict=True)
        ]
        first, last = (math.prod(side) for side in zip(*pairs, strict=True))
        mean = first if first == last else (last - first) / (last / first).ln()
        right = [float(mean * (b / a).ln()) for a, b in pairs]
    assert found[:, 0] == pytest.approx(right, rel=1e-9, abs=1e-12)
    assert found.sum() == pytest.approx(float(last - first), rel=1e-9, abs=1e-9)


def test_decimals_that_cancel_leave_nothing() -> None:
    combine = python_step("strategy/step_kpi_values").combine
    sides = ((0.3, 0.1, 0.2), (1000000.1, 400000.05, 600000.05), (1.0, 0.5, 0.25))
    net = combine("difference", [np.array(values) for values in zip(*sides, strict=True)])
    assert list(net) == [0, 0, 0.25]
    assert list(np.isnan(combine("ratio", [np.ones(3), net]))) == [True, True, False]


def test_what_the_mix_of_a_total_of_nothing_did_is_all_that_changed() -> None:
    """Segments cancel each other before: to 0, and to what doubles leave of 0.1 + 0.2 - 0.3."""
    sides = {"x": ((5, -5, 0), (1, 2, 0)), "v": ((0.1, 0.2, -0.3), (1, 2, 3))}
    rates = (2, 3, 1), (4, 4, 4)
    names = {"p": ("x", "y"), "q": ("v", "y")}
    days = "2024-01-01", "2024-01-02"
    figures = ", ".join(
        f"('{kpi}', 'event:place', '{place}', 'day', date '{day}', {side[number]})"
        for kpi, both in {**sides, "y": rates}.items()
        for day, side in zip(days, both, strict=True)
        for number, place in enumerate("ABC")
    )
    kinds = ", ".join(f"('{kpi}', 'product', 'event:place', true, 'shapley', 1)" for kpi in names)
    links = ", ".join(
        f"('{kpi}', '{driver}', {number})"
        for kpi, drivers in names.items()
        for number, driver in enumerate(drivers, start=1)
    )
    tables = Tables({
        "dim_kpis": f"select * from (values {kinds}) as kpis"
        " (kpi_id, kind, segment_by, is_mix_split, method, row_number)",
        "dim_kpi_drivers": f"select * from (values {links}) as links"
        " (kpi_id, driver_id, driver_number)",
        "step_kpi_values": f"select * from (values {figures}) as figures"
        " (kpi_id, segment_by, segment_value, grain, period_start_date, value)",
        "dim_kpi_targets": "select '' as kpi_id, '' as grain, current_date as period_start_date,"
        " 0 as target_value where false",
    })  # fmt: skip
    rows = CONTRIBUTIONS.model(tables, None).to_pylist()
    for kpi, (amount, _) in names.items():
        was, now = (
            sum(a * b for a, b in zip(side, rate, strict=True))
            for side, rate in zip(sides[amount], rates, strict=True)
        )
        split = [row for row in rows if row["kpi_id"] == kpi]
        assert sum(row["contribution"] for row in split) == pytest.approx(now - was, abs=1e-9)
        assert {row["from_value"] for row in split if row["driver_id"] == amount} == {0}


def test_a_target_is_met_by_decimals_that_add_up_to_it_and_keeps_its_places(tmp_path: Path) -> None:
    seeds = {
        "kpis": "kpi_id,parent_kpi_id,direction,kind,event_name,property,drivers\n"
        "star,,,users,,,\na,star,,sum,a,event:value,\nb,star,,sum,b,event:value,\n"
        "most,star,down,total,,,a|b\nleast,star,up,total,,,a|b\nless,star,down,total,,,a|b\n"
    }
    events = [
        {"event_id": name, "event_name": name, "user_id": "u", "value": value,
         "occurred_at": f"2026-05-0{day}T10:00:00Z"}
        for name, value, day in (("a", "0.1", 4), ("b", "0.2", 4), ("end", "1", 6))
    ]  # fmt: skip
    aims = {"most": "0.3", "least": "0.3", "less": "0.299999", "a": "0.00125"}
    targets = [
        {"kpi_id": kpi, "target_value": aim, "period_start_date": "2026-05-04",
         "period_end_date": "2026-05-04"}
        for kpi, aim in aims.items()
    ]  # fmt: skip
    warehouse = build_warehouse(
        tmp_path, events=events, feeds={"kpi_targets": targets}, seeds=seeds,
        select="+mart_kpi_values",
    )  # fmt: skip
    rows = query(
        warehouse,
        "select kpi_id, target_value, is_on_target from marts.mart_kpi_values"
        " where target_value is not null",
    )
    assert {row["kpi_id"]: row["target_value"] for row in rows} == {
        kpi: float(aim) for kpi, aim in aims.items()
    }
    met = {row["kpi_id"]: row["is_on_target"] for row in rows}
    assert met == {"most": True, "least": True, "less": False, "a": True}
