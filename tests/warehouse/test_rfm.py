"""RFM, against each snapshot computed by itself from the events up to its day."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from orchestration.project import SHIPPED_SEEDS_DIR
from tests.warehouse.users_world import (
    World,
    build,
    compared,
    rows_of,
    world,
)

WORLDS = ("plain", "local")
CLASSES = {
    (True, True): "value",
    (True, False): "development",
    (False, True): "keeping",
    (False, False): "retention",
}
CUTS = (Decimal("20.01"), Decimal("50.01"), Decimal("100.01"), Decimal("200.01"))


@dataclass(frozen=True)
class Customer:
    """One customer of one snapshot; money in currency units."""

    user_id: str
    recency_days: int
    frequency: int
    monetary_amount: Decimal


def snapshots(wanted: World) -> list[tuple[date, bool]]:
    """Day and maturity of every snapshot, in order."""
    ends = [
        day
        for day in wanted.dates()
        if (day + timedelta(days=1)).day == 1 and wanted.is_closed(day + timedelta(days=1))
    ]
    return [(day, True) for day in ends] + [(wanted.last_date, False)]


def customers(wanted: World, snapshot: date) -> list[Customer]:
    """Customers of a snapshot, from what had happened by the end of its day."""
    orders: dict[str, dict[str, Any]] = {}
    known = [event for event in wanted.events if wanted.day(event) <= snapshot]
    for event in known:
        if event["event_name"] == "buy":
            new = {"user": event["user_id"], "day": wanted.day(event), "gross": 0, "refunded": 0}
            order = orders.setdefault(event.get("order_id", event["event_id"]), new)
            order["gross"] += Decimal(event["amount"])
    for event in known:
        if event["event_name"] == "refund":
            orders[event["order_id"]]["refunded"] += Decimal(event["amount"])
    found: dict[str, list[dict[str, Any]]] = {}
    for order in orders.values():
        is_recent = (snapshot - order["day"]).days < 365
        if is_recent and order["gross"] > 0 and order["refunded"] < order["gross"]:
            found.setdefault(order["user"], []).append(order)
    return [
        Customer(
            user_id=user,
            recency_days=min((snapshot - order["day"]).days for order in theirs),
            frequency=len(theirs),
            monetary_amount=sum(
                (order["gross"] - order["refunded"] for order in theirs), Decimal(0)
            ).quantize(Decimal("0.0001")),
        )
        for user, theirs in found.items()
    ]


def score(value: Any, values: list[Any]) -> int:
    """Score by rank of a value, where more is better."""
    worse = sum(other < value for other in values)
    not_better = sum(other <= value for other in values)
    percent_rank = worse / (len(values) - 1) if len(values) > 1 else 0.0
    return min(5, math.floor(5 * (percent_rank + not_better / len(values)) / 2) + 1)


@cache
def scored(name: str, snapshot: date) -> dict[str, tuple[Any, ...]]:
    """Measures, scores, segment and class by customer."""
    wanted = world(name)
    theirs = customers(wanted, snapshot)
    with (SHIPPED_SEEDS_DIR / "rfm_segments.csv").open(encoding="utf-8") as file:
        segments = {
            (int(row["r_score"]), int(row["f_score"]), int(row["m_score"])): row["segment_id"]
            for row in csv.DictReader(file)
        }
    scores = {}
    for one in theirs:
        money = (
            score(one.monetary_amount, [other.monetary_amount for other in theirs])
            if name == "plain"
            else 1 + sum(one.monetary_amount >= cut for cut in CUTS)
        )
        scores[one] = (
            score(-one.recency_days, [-other.recency_days for other in theirs]),
            score(one.frequency, [other.frequency for other in theirs]),
            money,
        )
    totals = [sum(three[index] for three in scores.values()) for index in range(3)]
    rows = {}
    for one, three in scores.items():
        r, f, m = (three[index] * len(scores) > totals[index] for index in range(3))
        class_8_id = f"{'important' if m else 'general'}_{CLASSES[r, f]}"
        measures = (one.recency_days, one.frequency, one.monetary_amount)
        rows[one.user_id] = (*measures, *three, segments[three], class_8_id)
    return rows


@pytest.mark.parametrize("name", WORLDS)
def test_scores_are_those_of_each_snapshot_alone(name: str) -> None:
    expected = [
        (day, user, *row, is_mature)
        for day, is_mature in snapshots(world(name))
        for user, row in scored(name, day).items()
    ]
    actual = rows_of(
        build(name),
        "marts.mart_rfm_scores",
        "snapshot_date, user_id, recency_days, frequency, monetary_amount, r_score, f_score, "
        "m_score, segment_id, class_8_id, is_mature",
    )
    assert actual == compared(expected)
    assert len({row[8] for row in actual}) == 11 or name != "plain", "all segments should occur"


@pytest.mark.parametrize("name", WORLDS)
def test_migrations_are_between_consecutive_snapshots(name: str) -> None:
    expected = []
    before: dict[str, tuple[Any, ...]] = {}
    for day, is_mature in snapshots(world(name)):
        now = scored(name, day)
        moves = Counter(
            (before[user][6] if user in before else None, now[user][6] if user in now else None)
            for user in before.keys() | now.keys()
        )
        expected += [(day, *move, count, is_mature) for move, count in moves.items()]
        before = now
    actual = rows_of(
        build(name),
        "marts.mart_rfm_migrations",
        "snapshot_date, from_segment_id, to_segment_id, user_count, is_mature",
    )
    assert actual == compared(expected)
