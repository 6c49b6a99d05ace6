"""Features by loops over each user's events: who could use one, who did, and what changed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import mean, variance
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]
Rows = dict[tuple[Any, ...], dict[str, Any]]
GRAINS = ("all", "day", "week", "month")
Z = 1.959963984540054


@dataclass(frozen=True)
class Feature:
    """What a row of features.csv says."""

    feature_id: str
    names: tuple[str, ...] = ()
    """Of its uses; none: events of role feature_use with its id."""
    eligible: tuple[str, ...] = ()
    released_at: datetime | None = None
    adopt_uses: int = 1
    window_days: int = 28
    platform: str | None = None
    """What uses have to be on."""

    def is_use(self, event: Event) -> bool:
        is_named = (
            event["event_name"] in self.names
            if self.names
            else event["event_name"] == "use" and event.get("feature_id") == self.feature_id
        )
        return is_named and self.platform in (None, event.get("platform")) and self._is_out(event)

    def shows(self, event: Event) -> bool:
        is_named = not self.eligible or event["event_name"] in self.eligible
        return is_named and self._is_out(event)

    def _is_out(self, event: Event) -> bool:
        return self.released_at is None or event["at"] >= self.released_at


@dataclass(frozen=True)
class Product:
    """Events, each with its `user` and its instant `at`, on a clock, up to a horizon."""

    events: Sequence[Event]
    zone: ZoneInfo
    week_start: str
    horizon: datetime

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def start(self, grain: str, day: date) -> date | None:
        if grain == "week":
            offset = day.isoweekday() % 7 if self.week_start == "sunday" else day.weekday()
            return day - timedelta(days=offset)
        return {"all": None, "day": day, "month": day.replace(day=1)}[grain]

    def next(self, grain: str, start: date) -> date:
        if grain == "month":
            return (start + timedelta(days=31)).replace(day=1)
        return start + timedelta(days=7 if grain == "week" else 1)

    def periods(self, grain: str, first: date) -> Iterator[date | None]:
        last = self.day(self.horizon)
        period = self.start(grain, first)
        while period is None or period <= last:
            yield period
            if period is None:
                return
            period = self.next(grain, period)

    def is_over(self, grain: str, start: date | None, days: int) -> bool:
        if start is None:
            return False
        end = self.midnight(self.next(grain, start))
        return end + timedelta(seconds=days * 86400) <= self.horizon

    def by_user(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(self.events, key=lambda each: (each["at"], each["event_id"])):
            if event["at"] <= self.horizon and event["event_name"] not in ("push", "refund"):
                found[event["user"]].append(event)
        return found


def wilson(name: str, count: int, total: int) -> dict[str, float | None]:
    if not total:
        return dict.fromkeys((name, f"{name}_lower", f"{name}_upper"))
    share = count / total
    middle = (share + Z**2 / (2 * total)) / (1 + Z**2 / total)
    half = Z / (1 + Z**2 / total)
    half *= math.sqrt(share * (1 - share) / total + Z**2 / (4 * total**2))
    return {name: share, f"{name}_lower": middle - half, f"{name}_upper": middle + half}


def adoptions(
    product: Product, feature: Feature
) -> dict[str, tuple[datetime, datetime | None, list[datetime]]]:
    """By user who could use it: since when, when they adopted it, and all uses."""
    found = {}
    for user, events in product.by_user().items():
        uses = [event["at"] for event in events if feature.is_use(event)]
        shown = [event["at"] for event in events if feature.shows(event)]
        if uses or shown:
            adopted = uses[feature.adopt_uses - 1] if len(uses) >= feature.adopt_uses else None
            found[user] = (min(uses[:1] + shown[:1]), adopted, uses)
    return found


def adoption(product: Product, feature: Feature) -> Rows:
    people = adoptions(product, feature)
    window = timedelta(seconds=feature.window_days * 86400)
    rows: Rows = {}
    for grain in GRAINS if people else ():
        first = min(product.day(since) for since, _, _ in people.values())
        for period in product.periods(grain, first):
            inside = [
                (since, adopted)
                for since, adopted, _ in people.values()
                if product.start(grain, product.day(since)) == period
            ]
            ripe = [(since, at) for since, at in inside if since + window <= product.horizon]
            waits = sorted(
                (at - since).total_seconds() for since, at in ripe if at and at <= since + window
            )
            rows[feature.feature_id, grain, period] = {
                "eligible_count": len(inside),
                "adopter_count": sum(at is not None for _, at in inside),
                "mature_eligible_count": len(ripe),
                "mature_adopter_count": len(waits),
                **wilson("adoption_rate", len(waits), len(ripe)),
                "median_seconds_to_adopt": waits[math.ceil(len(waits) / 2) - 1] if waits else None,
                "is_mature": product.is_over(grain, period, feature.window_days),
            }
    return rows


def usage(product: Product, feature: Feature) -> Rows:
    people = adoptions(product, feature)
    used = [(user, at) for user, (_, _, uses) in people.items() for at in uses]
    active = [(user, event["at"]) for user, events in product.by_user().items() for event in events]
    rows: Rows = {}
    for grain in GRAINS if used else ():
        before: Counter[str] = Counter()
        first = min(product.day(at) for _, at in used)
        for period in product.periods(grain, first):

            def inside(at: datetime, grain: str = grain, period: date | None = period) -> bool:
                return product.start(grain, product.day(at)) == period

            users = Counter(user for user, at in used if inside(at))
            who = {user for user, at in active if inside(at)}
            again = len(users.keys() & before.keys())
            rows[feature.feature_id, grain, period] = {
                "active_user_count": len(who),
                "user_count": len(users),
                **wilson("usage_rate", len(users), len(who)),
                "use_count": users.total(),
                "uses_per_user": users.total() / len(users) if users else None,
                "new_adopter_count": sum(bool(at and inside(at)) for _, at, _ in people.values()),
                "previous_user_count": len(before) if period else None,
                "retained_user_count": again if period else None,
                **wilson("retention_rate", again, len(before)),
                "is_mature": product.is_over(grain, period, 0),
            }
            before = users
    return rows


def launch(product: Product, feature: Feature) -> Rows:
    """Money of an order moves on the day of its event, or on the order's first day."""
    if feature.released_at is None or feature.released_at > product.horizon:
        return {}
    release = product.day(feature.released_at)
    first, end = (release + timedelta(days=sign * feature.window_days) for sign in (-1, 1))
    since: dict[str, tuple[date, str]] = {}
    money: list[tuple[str, date, float]] = []
    for event in sorted(product.events, key=lambda each: (each["at"], each["event_id"])):
        if event["event_name"] == "order" and event["at"] <= product.horizon:
            since.setdefault(event["order_id"], (product.day(event["at"]), event["user"]))
    for event in product.events:
        if event["event_name"] in ("order", "refund") and event["at"] <= product.horizon:
            ordered, buyer = since.get(event["order_id"], (None, ""))
            if ordered is not None:
                sign = 1 if event["event_name"] == "order" else -1
                day = max(ordered, product.day(event["at"]))
                money.append((buyer, day, sign * float(event["amount"])))
    people = product.by_user()
    figures: dict[str, dict[str, list[tuple[float, float]]]] = {
        measure: {"adopter": [], "other": []} for measure in ("active_days", "net_amount")
    }
    for user, (eligible, adopted, _) in adoptions(product, feature).items():
        days = {product.day(event["at"]) for event in people[user]}
        before = sum(first <= day < release for day in days)
        if product.day(eligible) >= end or not before:
            continue
        group = "adopter" if adopted and product.day(adopted) < end else "other"
        after = sum(release <= day < end for day in days)
        figures["active_days"][group].append((before, after))
        mine = [(day, amount) for buyer, day, amount in money if buyer == user]
        figures["net_amount"][group].append(
            (sum(amount for day, amount in mine if first <= day < release),
             sum(amount for day, amount in mine if release <= day < end))
        )  # fmt: skip
    rows: Rows = {}
    for measure, groups in figures.items():
        row: dict[str, Any] = {}
        changes = {}
        for group, pairs in groups.items():
            row[f"{group}_count"] = len(pairs)
            for place, when in enumerate(("before", "after")):
                values = [pair[place] for pair in pairs]
                row[f"{group}_mean_{when}"] = mean(values) if values else None
            changes[group] = [after - before for before, after in pairs]
        is_there = all(changes.values())
        difference = mean(changes["adopter"]) - mean(changes["other"]) if is_there else None
        row["change_difference"] = difference
        row["change_difference_lower"] = row["change_difference_upper"] = None
        if difference is not None and all(len(group) > 1 for group in changes.values()):
            half = Z * math.sqrt(sum(variance(group) / len(group) for group in changes.values()))
            row["change_difference_lower"] = difference - half
            row["change_difference_upper"] = difference + half
        row |= {"is_mature": product.midnight(end) <= product.horizon, "release_date": release}
        rows[feature.feature_id, measure] = row
    return rows
