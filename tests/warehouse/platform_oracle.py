"""Merchants, their rules, supply and demand and how concentrated it all is, counted by hand."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]
Period = tuple[str, date | None]
DAY = timedelta(days=1)
STAGES = ("signed_up", "listed", "first_sale", "retained")


@dataclass(frozen=True)
class Calendar:
    """How a place cuts its days and weeks, and up to when it knows what happened."""

    zone: ZoneInfo
    starts_on_sunday: bool
    horizon: datetime

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def start(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def periods(self, day: date) -> tuple[Period, ...]:
        back = (day.weekday() + self.starts_on_sunday) % 7
        return (
            ("all", None),
            ("day", day),
            ("week", day - back * DAY),
            ("month", day.replace(day=1)),
        )

    def every(self, first: date) -> set[Period]:
        count = (self.day(self.horizon) - first).days
        return {period for n in range(count + 1) for period in self.periods(first + n * DAY)}

    def is_over(self, period: Period) -> bool:
        grain, day = period
        if day is None:
            return False
        after = {"day": day + DAY, "week": day + 7 * DAY, "month": (day + 31 * DAY).replace(day=1)}
        return self.start(after[grain]) <= self.horizon


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def latest(rows: Iterable[Row], key: str) -> dict[str, Row]:
    """The last version of each; the draws give each its own `updated_at`."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.get("updated_at") or ""):
        found[row[key]] = row
    return found


class Platform:
    def __init__(self, events: list[Row], merchants: list[Row], breaches: list[Row],
                 calendar: Calendar) -> None:  # fmt: skip
        self.calendar = calendar
        events = [e | {"at": instant(e["occurred_at"])} for e in events]
        self.events = sorted(
            (e for e in events if e["at"] <= calendar.horizon),
            key=lambda e: (e["at"], e["event_id"]),
        )
        self.known = latest(merchants, "merchant_id")
        self.breaches = [
            row | {"at": instant(row["occurred_at"]), "end": instant(row.get("resolved_at"))}
            for row in latest(breaches, "violation_id").values()
            if instant(row["occurred_at"]) <= calendar.horizon
        ]
        self._orders()
        self.acts = list(self._acts())

    def _orders(self) -> None:
        """Orders by id, with what each merchant has of them; and money as it moved."""
        self.orders: dict[str, Row] = {}
        self.moves: list[tuple[str, str | None, date, Fraction, Fraction]] = []
        for event in self.events:
            if event["event_name"] == "order":
                name = event.get("order_id") or f"own {event['event_id']}"
                order = self.orders.setdefault(
                    name, {"at": event["at"], "user": event["user_id"], "parts": {}}
                )
                day, amount = (
                    self.calendar.day(event["at"]),
                    Fraction(str(event.get("amount") or 0)),
                )
                part = order["parts"].setdefault(event.get("merchant_id"), {"day": day, "own": 0})
                part["own"] += amount
                self.moves.append((name, event.get("merchant_id"), day, amount, Fraction(0)))
        ordered = list(self.moves)
        for event in self.events:
            order = self.orders.get(event.get("order_id") or "")
            if event["event_name"] != "refund" or order is None:
                continue
            day = max(self.calendar.day(event["at"]), self.calendar.day(order["at"]))
            amount, shares = Fraction(str(event["amount"])), Counter()
            for name, merchant, moved, gross, _ in ordered:
                if name == event["order_id"] and moved <= day:
                    shares[merchant] += gross
            whole = sum(shares.values())
            if event.get("merchant_id"):
                shares, whole = {event["merchant_id"]: 1}, 1
            elif not whole:
                shares, whole = {min(filter(None, shares), default=None): 1}, 1
            for merchant, share in shares.items():
                self.moves.append(
                    (event["order_id"], merchant, day, Fraction(0), amount * share / whole)
                )

    def _acts(self) -> Iterator[Row]:
        """What is said of merchants; of an order's merchants where it names none itself."""
        for event in self.events:
            if event["event_name"] in ("order", "refund", "other") and not event.get("merchant_id"):
                continue
            day, named = self.calendar.day(event["at"]), [event.get("merchant_id")]
            if event["event_name"] in ("fulfil", "cancel", "complaint", "rating") and not named[0]:
                order = self.orders.get(event.get("order_id") or "", {"parts": {}})
                named = [
                    merchant for merchant, part in order["parts"].items()
                    if merchant and part["day"] <= day
                ] or [None]  # fmt: skip
            for merchant in named:
                yield event | {"merchant": merchant, "day": day}

    def merchants(self) -> Rows:
        found: Rows = defaultdict(lambda: Counter(dict.fromkeys(
            ("order_count", "gross_amount", "refunded_amount", "fulfilled_count",
             "cancelled_count", "complaint_count", "rating_count", "rating_sum",
             "violation_count", "open_violation_count"), 0)))  # fmt: skip
        buyers, firsts, once = defaultdict(set), {}, set()

        def add(merchant: str | None, day: date, figure: str | None = None, value: Any = 1) -> None:
            if merchant is None:
                return
            firsts[merchant] = min(day, firsts.get(merchant, day))
            for period in self.calendar.periods(day):
                if figure:
                    found[merchant, *period][figure] += value

        for _, merchant, day, gross, refunded in self.moves:
            add(merchant, day, "gross_amount", gross)
            add(merchant, day, "refunded_amount", refunded)
        for order in self.orders.values():
            for merchant, part in order["parts"].items():
                add(merchant, part["day"], "order_count")
                for period in self.calendar.periods(part["day"]):
                    buyers[merchant, *period].add(order["user"])
        for act in self.acts:
            role, merchant, name = act["event_name"], act["merchant"], act.get("order_id")
            add(merchant, act["day"])
            if role in ("fulfil", "cancel") and (
                name is None or (merchant, role, name) not in once
            ):
                once.add((merchant, role, name))
                add(
                    merchant, act["day"], {"fulfil": "fulfilled_count"}.get(role, "cancelled_count")
                )
            elif role == "complaint":
                add(merchant, act["day"], "complaint_count")
            elif role == "rating" and isinstance(act["properties"]["score"], int):
                add(merchant, act["day"], "rating_count")
                add(merchant, act["day"], "rating_sum", act["properties"]["score"])
        for row in self.breaches:
            day = self.calendar.day(row["at"])
            add(row["merchant_id"], day, "violation_count")
            add(row["merchant_id"], day, "open_violation_count", int(row["end"] is None))
        rows: Rows = {}
        for merchant, first in firsts.items():
            for period in self.calendar.every(first):
                row = dict(found[merchant, *period])
                row["buyer_count"] = len(buyers[merchant, *period])
                row["net_amount"] = row["gross_amount"] - row["refunded_amount"]
                row["complaint_rate"] = ratio(row["complaint_count"], row["order_count"])
                row["mean_rating"] = ratio(row["rating_sum"], row["rating_count"])
                row["category"] = self.known.get(merchant, {}).get("category")
                row["level_id"] = self.known.get(merchant, {}).get("level_id")
                row["is_mature"] = self.calendar.is_over(period)
                rows[merchant, *period] = row
        return rows

    def funnel(self) -> Rows:
        first_event, listed, sold = {}, {}, {}
        for act in self.acts:
            first_event.setdefault(act["merchant"], act["at"])
            if act["event_name"] == "listing":
                listed.setdefault(act["merchant"], act["at"])
        in_time = sorted(self.orders.values(), key=lambda order: order["at"])
        for order in in_time:
            for merchant, part in order["parts"].items():
                if part["own"] > 0:
                    sold.setdefault(merchant, order["at"])
        horizon, people = self.calendar.horizon, defaultdict(list)
        for merchant in {*first_event, *self.known} - {None}:
            given = instant(self.known.get(merchant, {}).get("opened_at"))
            at = given or first_event.get(merchant)
            if at is None or at > horizon:
                continue
            stage = 1 + (merchant in listed)
            if merchant in sold:
                times = [o["at"] - sold[merchant] for o in in_time if merchant in o["parts"]]
                stage = 3 + any(28 * DAY <= time <= 55 * DAY for time in times)
            ripe = [at + 28 * DAY <= horizon] * 3
            ripe.append(sold.get(merchant, at) + 56 * DAY <= horizon)
            for period in self.calendar.periods(self.calendar.day(at)):
                people[period].append((stage, ripe, at))
        first = min(self.calendar.day(at) for _, _, at in people["all", None])
        rows: Rows = {}
        for period in self.calendar.every(first):
            for number, name in enumerate(STAGES, start=1):
                mature = [stage for stage, ripe, _ in people[period] if ripe[number - 1]]
                reached = sum(stage >= number for stage in mature)
                before = sum(stage >= number - 1 for stage in mature)
                rows[*period, name] = {
                    "stage_number": number,
                    "merchant_count": sum(stage >= number for stage, *_ in people[period]),
                    "mature_merchant_count": reached,
                    "mature_previous_count": before,
                    **rate("rate_from_start", reached, len(mature)),
                    **rate("rate_from_previous", reached, before),
                    "is_mature": self.calendar.is_over(period)
                    and len(mature) == len(people[period]),
                }
        return rows

    def violations(self) -> Rows:
        active, of, firsts = defaultdict(set), defaultdict(list), {}
        for act in self.acts:
            if act["merchant"]:
                firsts[None, None] = min(act["day"], firsts.get((None, None), act["day"]))
                for period in self.calendar.periods(act["day"]):
                    active[period].add(act["merchant"])
        for row in self.breaches:
            day = self.calendar.day(row["at"])
            keys = ((None, None), (row.get("rule_id") or "", row.get("severity") or ""))
            for key in keys:
                firsts[key] = min(day, firsts.get(key, day))
                for period in self.calendar.periods(day):
                    active[period].add(row["merchant_id"])
                    of[*period, *key].append(row)
        rows: Rows = {}
        for key, first in firsts.items():
            for period in self.calendar.every(first):
                mine = of[*period, *key]
                who = {row["merchant_id"] for row in mine}
                times = sorted(
                    max(0.0, (row["end"] - row["at"]).total_seconds()) for row in mine if row["end"]
                )
                again = sum(self._repeats(merchant, of[*period, None, None]) for merchant in who)
                rows[*period, *key] = {
                    "violation_count": len(mine),
                    "violating_merchant_count": len(who),
                    "active_merchant_count": len(active[period]),
                    **rate("violation_rate", len(who), len(active[period])),
                    "repeat_offender_count": again,
                    **rate("repeat_offender_rate", again, len(who)),
                    "resolved_count": len(times),
                    "open_count": len(mine) - len(times),
                    "median_seconds_to_resolution": middle(times),
                    "is_mature": self.calendar.is_over(period),
                }
        return rows

    def _repeats(self, merchant: str, in_period: list[Row]) -> bool:
        mine = [row["at"] for row in in_period if row["merchant_id"] == merchant]
        before = [
            row["at"] for row in self.breaches
            if row["merchant_id"] == merchant and row["at"] < min(mine)
        ]  # fmt: skip
        return len(mine) > 1 or any(mine[0] - at <= 365 * DAY for at in before)

    def supply(self) -> Rows:
        sets, firsts = defaultdict(set), {}
        sums: dict[Any, Any] = Counter()

        def of(merchant: str | None, said: str | None = None) -> str:
            return self.known.get(merchant or "", {}).get("category") or (said or "").strip()

        def periods(category: str, day: date) -> list[tuple[Any, ...]]:
            firsts[category] = min(day, firsts.get(category, day))
            return [(*period, category) for period in self.calendar.periods(day)]

        for act in self.acts:
            role = act["event_name"]
            if role in ("listing", "demand"):
                for key in periods(of(act["merchant"], act["properties"]["category"]), act["day"]):
                    sums["demand_count", key] += role == "demand"
                    who = act["user_id"] if role == "demand" else act["merchant"]
                    if who:
                        sets[role, key].add(who)
        for name, order in self.orders.items():
            for merchant, part in order["parts"].items():
                for key in periods(of(merchant), part["day"]) if merchant else ():
                    sets["order", key].add(name)
        for _, merchant, day, gross, _ in self.moves:
            for key in periods(of(merchant), day) if merchant else ():
                sums["gross_amount", key] += gross
                if gross:
                    sets["sale", key].add(merchant)
        rows: Rows = {}
        for category, first in firsts.items():
            for period in self.calendar.every(first):
                key = (*period, category)
                rows[key] = {
                    "listing_merchant_count": len(sets["listing", key]),
                    "selling_merchant_count": len(sets["sale", key]),
                    "demand_count": sums["demand_count", key],
                    "demand_user_count": len(sets["demand", key]),
                    "order_count": len(sets["order", key]),
                    "gross_amount": sums["gross_amount", key],
                    "orders_per_demand": ratio(len(sets["order", key]), sums["demand_count", key]),
                    "is_mature": self.calendar.is_over(period),
                }
        return rows

    def concentration(self) -> Rows:
        """Of merchants and customers."""
        values: dict[str, Any] = defaultdict(Counter)
        firsts: dict[str, date] = {}

        def add(measure: str, unit: str | None, day: date, value: Any) -> None:
            if unit:
                firsts[measure] = min(day, firsts.get(measure, day))
                for period in self.calendar.periods(day):
                    values[measure, *period][unit] += value

        for order in self.orders.values():
            day = self.calendar.day(order["at"])
            for merchant, part in order["parts"].items():
                add("merchant_gross_amount", merchant, day, part["own"])
                add("merchant_orders", merchant, day, 1)
        for name, _, day, gross, refunded in self.moves:
            add("customer_net_amount", self.orders[name]["user"], day, gross - refunded)
        return {
            (measure, *period): {
                **concentrated([v for v in values[measure, *period].values() if v > 0]),
                "is_mature": self.calendar.is_over(period),
            }
            for measure, first in firsts.items()
            for period in self.calendar.every(first)
        }


def concentrated(values: list[Any]) -> Row:
    """Gini by the mean difference of all pairs, not by ranks."""
    total, count = sum(values), len(values)
    largest = sorted(values, reverse=True)
    if not count:
        shares = ("hhi", "effective_count", "gini", "top_1_share", "top_10_share",
                  "top_decile_share")  # fmt: skip
        return {"unit_count": 0, "total_value": 0, **dict.fromkeys(shares)}
    hhi = sum((value / total) ** 2 for value in values)
    differences = sum(abs(one - other) for one in values for other in values)
    return {
        "unit_count": count,
        "total_value": total,
        "hhi": hhi,
        "effective_count": 1 / hhi,
        "gini": Fraction(differences) / (2 * count * total),
        "top_1_share": Fraction(largest[0]) / total,
        "top_10_share": Fraction(sum(largest[:10])) / total,
        "top_decile_share": Fraction(sum(largest[: math.ceil(count / 10)])) / total,
    }


def ratio(part: Any, whole: Any) -> Any:
    return Fraction(part) / whole if whole else None


def middle(values: list[float]) -> float | None:
    return values[math.ceil(len(values) / 2) - 1] if values else None


def rate(name: str, part: int, whole: int) -> Row:
    """The share and its bounds: the shares that lie 1.96 of their own errors from it."""
    names = (name, f"{name}_lower", f"{name}_upper")
    if not whole:
        return dict.fromkeys(names)
    z2, share = 1.959963984540054**2 / whole, part / whole
    root = math.sqrt((2 * share + z2) ** 2 - 4 * (1 + z2) * share**2)
    bounds = [(2 * share + z2 + sign * root) / (2 * (1 + z2)) for sign in (-1, 1)]
    return dict(zip(names, (share, *bounds), strict=True))
