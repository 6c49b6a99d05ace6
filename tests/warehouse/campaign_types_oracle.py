"""Invites, discounts, check-ins and co-brands of drawn events, counted event by event in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]

START = datetime(2025, 2, 1)
DAYS = 60
PEOPLE = 30
DRAWN = (
    "visit", "push", "invite", "accept", "accept", "coupon", "redeem", "check_in", "check_in",
    "check_in", "order", "order", "refund",
)  # fmt: skip
ACTIVE = {"visit", "invite", "accept", "redeem", "check_in"}
EVENT_NAMES = """event_name,role,is_activity
invite,invite,true
accept,invite_accept,true
coupon,coupon_issued,false
redeem,coupon_redeemed,true
check_in,check_in,true
order,order,false
refund,refund,false
push,exposure,false
"""
CAMPAIGNS: list[Row] = [
    {"campaign_id": "friends.1::a", "campaign_type": "Invite", "starts_at": "2025-02-10"},
    {"campaign_id": "coupons", "campaign_type": "discount", "starts_at": "2025-02-10T12:00:00Z",
     "ends_at": "2025-02-20T12:00:00Z", "margin_rate": "0.4", "control_variant": "none"},
    {"campaign_id": "early", "campaign_type": "discount", "starts_at": "2025-02-20",
     "ends_at": "2025-02-10", "margin_rate": "0"},
    {"campaign_id": "tea", "campaign_type": "cobrand", "starts_at": "2025-02-15"},
    {"campaign_id": "always", "campaign_type": "check_in"},
]  # fmt: skip
NAMES = [each["campaign_id"] for each in CAMPAIGNS] + ["unplanned"]


def draw(seed: int, count: int = 900) -> tuple[list[Row], list[Row]]:
    """Events, of people who sign in on their device on the last day at times, and assignments."""
    chance = random.Random(f"campaign types {seed}")
    events = []
    for number in range(count):
        person = chance.randrange(PEOPLE)
        name = chance.choice(DRAWN)
        at = START + timedelta(
            minutes=chance.choice([5, 60, 1440]) * chance.randrange(60 * DAYS // 4)
        )
        row: Row = {
            "event_id": f"e{number:05d}",
            "event_name": name,
            "occurred_at": min(at, START + timedelta(days=DAYS)).isoformat(),
            "user_id": None if chance.random() < 0.2 else f"u{person}",
            "anonymous_id": f"d{person}",
            "campaign_id": chance.choice([*NAMES, None]),
        }
        if name in ("order", "refund", "redeem"):
            row["order_id"] = chance.choice([None, f"o{chance.randrange(90)}"])
            row["amount"] = chance.choice(["10", "25.5", "0", None if name == "redeem" else "7"])
            row["currency"] = chance.choice([None, "USD", "EUR"])
        row["properties"] = {
            "invite_id": chance.choice([None, f"i{chance.randrange(15)}"]),
            "inviter_id": chance.choice([None, f"u{chance.randrange(PEOPLE)}"]),
            "discount_amount": chance.choice(["2", 1.25, "much", None]),
        }
        events.append(row)
    # Each order once more, over a year before: the brand is new again.
    events += [
        {**row, "event_id": f"{row['event_id']} old", "order_id": None, "campaign_id": None,
         "occurred_at": "2024-01-01T00:00:00"}
        for row in events
        if row["event_name"] == "order" and chance.random() < 0.3
    ]  # fmt: skip
    events += _fresh(chance) + _runs(chance)
    end = {"event_id": "end", "event_name": "push", "user_id": "end",
           "occurred_at": (START + timedelta(days=DAYS)).isoformat()}  # fmt: skip
    assignments = [
        {"campaign_id": campaign, "user_id": f"u{person}", "variant": chance.choice(variants)}
        for campaign, variants in (
            ("coupons", ["none", "ten", "ten", "twenty"]),
            ("early", ["control", "ten"]),
            ("tea", ["partner_audience", "other"]),
        )
        for person in range(PEOPLE)
    ]
    assignments.append({"campaign_id": "coupons", "user_id": "u0", "variant": "none"})
    assignments.append({"campaign_id": "coupons", "user_id": "u0", "variant": "ten"})
    return [*events, end], assignments


def _fresh(chance: random.Random) -> list[Row]:
    """People of whom nobody knew before they accepted."""
    return [
        {
            "event_id": f"fresh{number:03d} {name}",
            "event_name": name,
            "occurred_at": (START + timedelta(days=20, hours=number, minutes=minutes)).isoformat(),
            "user_id": f"fresh{number}",
            "campaign_id": chance.choice(NAMES),
            "properties": {
                "invite_id": f"i{chance.randrange(15)}",
                "inviter_id": f"u{chance.randrange(PEOPLE)}",
            },
        }
        for number in range(60)
        for minutes, name in enumerate(("accept", "visit"))
    ]


def _runs(chance: random.Random) -> list[Row]:
    """Days on end with a check-in, some until the last."""
    rows = []
    for number in range(60):
        person, campaign = chance.randrange(PEOPLE), chance.choice(NAMES)
        first = START + timedelta(days=chance.randrange(DAYS), hours=chance.randrange(24))
        for day in range(min(chance.choice([2, 3, 5, 9]), (START - first).days + DAYS)):
            rows.append(
                {
                    "event_id": f"run{number:03d} {day}",
                    "event_name": "check_in",
                    "occurred_at": (first + timedelta(days=day)).isoformat(),
                    "user_id": f"u{person}",
                    "campaign_id": campaign,
                }
            )
    return rows


class Oracle:
    """What the marts say of these, as of an instant."""

    def __init__(
        self,
        events: Sequence[Row],
        assignments: Sequence[Row],
        zone: str = "UTC",
        rates: Mapping[str, float] | None = None,
        horizon: datetime = START + timedelta(days=DAYS),
    ) -> None:
        self.zone, self.horizon = ZoneInfo(zone), horizon
        self.rates = {None: 1.0, "USD": 1.0, **(rates or {})}
        self.events = []
        for row in sorted(events, key=lambda row: (row["occurred_at"], row["event_id"])):
            at = datetime.fromisoformat(row["occurred_at"])
            user = row["user_id"] or f"u{row['anonymous_id'].removeprefix('d')}"
            if at <= horizon:
                self.events.append({**row, "at": at, "user": user})
        self.assignments = assignments
        self.first_active: dict[str, datetime] = {}
        for row in self.events:
            if row["event_name"] in ACTIVE:
                self.first_active.setdefault(row["user"], row["at"])
        self.orders: dict[str, Row] = {}
        refunds: dict[str, float] = defaultdict(float)
        for row in self.events:
            amount = float(row.get("amount") or 0) * self.rates[row.get("currency")]
            if row["event_name"] == "order":
                name = row["order_id"] or row["event_id"]
                of = self.orders.setdefault(
                    name, {"user": row["user"], "at": row["at"], "gross": 0.0, "campaigns": set()}
                )
                of["gross"] += amount
                of["campaigns"].add(row["campaign_id"])
            elif row["event_name"] == "refund" and row["order_id"]:
                refunds[row["order_id"]] += amount
        for name, order in self.orders.items():
            order["net"] = order["gross"] - refunds[name]

    def of(self, campaign: str, *names: str) -> list[Row]:
        """Events of a campaign of these names, in order."""
        return [
            row
            for row in self.events
            if row.get("campaign_id") == campaign and row["event_name"] in names
        ]

    def invites(self, campaign: str) -> Row:
        sent = self.of(campaign, "invite")
        accepted: dict[str, Row] = {}
        for row in self.of(campaign, "accept"):
            invite_id, named = (row["properties"][key] for key in ("invite_id", "inviter_id"))
            same = [
                one for one in sent if invite_id and one["properties"]["invite_id"] == invite_id
            ]
            invite = next((one for one in same if one["user"] == named), same[0] if same else None)
            inviter = invite["user"] if invite else named
            if inviter != row["user"] and row["user"] not in accepted:
                since = self.first_active.get(inviter)
                accepted[row["user"]] = {
                    "is_new": self.first_active[row["user"]] >= row["at"],
                    "to_accept": (row["at"] - invite["at"]).total_seconds() if invite else -1,
                    "cycle": (row["at"] - since).total_seconds() if since else -1,
                }
        new = [each for each in accepted.values() if each["is_new"]]
        people = {row["user"] for row in self.of(campaign, *(ACTIVE - {"accept"}))}
        return {
            "participant_count": len(people),
            "inviter_count": len({row["user"] for row in sent}),
            "invite_count": len(sent),
            "accepted_count": len(accepted),
            "accepted_new_count": len(new),
            "invites_per_participant": over(len(sent), len(people)),
            "acceptance_rate": over(len(new), len(sent)),
            "k_factor": over(len(new), len(people)),
            "median_seconds_to_accept": middle(each["to_accept"] for each in new),
            "median_cycle_seconds": middle(each["cycle"] for each in new),
        }

    def streaks(self, campaign: str) -> list[tuple[str, int, bool]]:
        """User, days, and whether it is open."""
        days = defaultdict(set)
        for row in self.of(campaign, "check_in"):
            days[row["user"]].add(self._date(row["at"]))
        last, one = self._date(self.horizon), timedelta(days=1)
        found = []
        for user, of_user in days.items():
            for first in sorted(day for day in of_user if day - one not in of_user):
                length = 1
                while first + length * one in of_user:
                    length += 1
                found.append((user, length, first + length * one >= last))
        return found

    def check_ins(self, campaign: str) -> dict[int, Row]:
        streaks = self.streaks(campaign)
        found, survival = {}, 1.0
        for day in range(1, max((length for _, length, _ in streaks), default=0) + 1):
            long_enough = [each for each in streaks if each[1] >= day]
            at_risk = [each for each in long_enough if each[1] > day or not each[2]]
            longer = [each for each in at_risk if each[1] > day]
            found[day] = {
                "streak_count": len(long_enough),
                "at_risk_count": len(at_risk),
                "continued_count": len(longer),
                "continuation_rate": over(len(longer), len(at_risk)),
                "survival_rate": survival,
            }
            survival *= over(len(longer), len(at_risk)) or 0
        return found

    def discounts(self, campaign: str) -> Row:
        issued = {row["user"] for row in self.of(campaign, "coupon")}
        redeemed = self.of(campaign, "redeem")
        grosses: dict[str, float | None] = {}
        taken_off = 0.0
        for row in redeemed:
            rate = self.rates[row["currency"]]
            given = row["properties"]["discount_amount"]
            taken_off += 0 if given in (None, "much") else float(given) * rate
            key = row["order_id"] or row["event_id"]
            amount = None if row["amount"] is None else float(row["amount"]) * rate
            known = [each for each in (grosses.get(key), amount) if each is not None]
            grosses[key] = max(known, default=None)
        gross = sum(
            self.orders.get(key, {"gross": 0})["gross"] if value is None else value
            for key, value in grosses.items()
        )
        users = {row["user"] for row in redeemed} & issued
        rate = over(taken_off, gross)
        plan = next((each for each in CAMPAIGNS if each["campaign_id"] == campaign), {})
        margin = float(plan.get("margin_rate") or 0)
        return {
            "issued_user_count": len(issued),
            "redeemed_user_count": len(users),
            "redeemed_count": len(redeemed),
            "redemption_rate": over(len(users), len(issued)),
            "gross_amount": gross,
            "discount_amount": taken_off,
            "discount_rate": rate,
            "break_even_uplift_rate": rate / (margin - rate)
            if rate is not None and margin > rate
            else None,
            **self._against_control(plan),
        }

    def _against_control(self, plan: Row) -> Row:
        nothing = dict.fromkeys(
            ("would_have_bought_rate", "incremental_buyer_count", "pulled_forward_order_count")
        )
        if "ends_at" not in plan or plan["ends_at"] <= plan["starts_at"]:
            return nothing
        starts, ends = (datetime.fromisoformat(plan[key][:19]) for key in ("starts_at", "ends_at"))
        variants = defaultdict(set)
        for each in self.assignments:
            if each["campaign_id"] == plan["campaign_id"]:
                variants[each["user_id"]].add(each["variant"])
        arms: dict[bool, list[tuple[bool, int]]] = {True: [], False: []}
        for user, of_user in variants.items():
            if len(of_user) == 1:
                at = [order["at"] for order in self.orders.values() if order["user"] == user]
                arms[of_user == {plan["control_variant"]}].append(
                    (
                        any(starts <= each < ends for each in at),
                        sum(ends <= each < ends + (ends - starts) for each in at),
                    )
                )
        control, treated = arms[True], arms[False]
        bought, would_buy = (sum(buys for buys, _ in arm) / len(arm) for arm in (treated, control))
        after, after_control = (
            sum(later for _, later in arm) / len(arm) for arm in (treated, control)
        )
        ratio = over(would_buy, bought)
        return {
            "would_have_bought_rate": None if ratio is None else min(1.0, ratio),
            "incremental_buyer_count": (bought - would_buy) * len(treated),
            "pulled_forward_order_count": (after_control - after) * len(treated)
            if self.horizon >= ends
            else None,
        }

    def cobrands(self, campaign: str) -> Row:
        buyers: dict[str, list[Row]] = defaultdict(list)
        for order in self.orders.values():
            if campaign in order["campaigns"]:
                buyers[order["user"]].append(order)
        new = [user for user, orders in buyers.items() if self._is_new_to_brand(user, orders)]
        starts = datetime.fromisoformat(
            next(each["starts_at"] for each in CAMPAIGNS if each["campaign_id"] == campaign)
        )
        audience = {
            each["user_id"]
            for each in self.assignments
            if each["campaign_id"] == campaign and each["variant"] == "partner_audience"
        }
        early = {order["user"] for order in self.orders.values() if order["at"] < starts}
        return {
            "buyer_count": len(buyers),
            "new_to_brand_count": len(new),
            "new_to_brand_rate": over(len(new), len(buyers)),
            "net_amount": sum(order["net"] for orders in buyers.values() for order in orders),
            "new_to_brand_net_amount": sum(order["net"] for user in new for order in buyers[user]),
            "audience_count": len(audience),
            "overlap_count": len(audience & early),
            "overlap_rate": over(len(audience & early), len(audience)),
        }

    def _is_new_to_brand(self, user: str, orders: Iterable[Row]) -> bool:
        first = min(order["at"] for order in orders)
        year = timedelta(days=365)
        return not any(
            order["user"] == user and first - year <= order["at"] < first
            for order in self.orders.values()
        )

    def _date(self, at: datetime) -> Any:
        return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(self.zone).date()


def over(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def middle(seconds: Iterable[float]) -> float | None:
    """The median of those that are no backward time."""
    forward = [each for each in seconds if each >= 0]
    return median(forward) if forward else None
