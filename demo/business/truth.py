"""What was planted and what was drawn: `truth.json`, for tests alone.

Sums of blocks are sums: each block tells counts, and lists by day or month, which add up.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any

import numpy as np

from demo.business import clock, plan
from demo.business.activity import expected_retention
from demo.business.content import Pieces
from demo.business.events import CODE, IS_ACTIVITY, Actor
from demo.business.merchants import Merchants, Sales, zipf
from demo.business.orders import Orders
from demo.business.people import People

RETENTION_DAYS = (1, 7, 30)


def planted() -> dict[str, Any]:
    """Every number of the plan, by its name in small letters, and what follows from several."""
    named = {name.lower(): _plain(value) for name, value in vars(plan).items() if name.isupper()}
    named["invite_k"] = plan.INVITE_RATE * plan.INVITE_ACCEPTED_RATE
    return named


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(each) for name, each in asdict(value).items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value


def drawn(
    people: People,
    events: np.ndarray,
    orders: Orders,
    sellers: Merchants,
    sold: Sales,
    spent: list[dict[str, np.ndarray]],
    pieces: Pieces,
) -> dict[str, Any]:
    """What a block drew."""
    day = clock.day_of(events["at"])
    by_person = events["kind"] == Actor.PERSON
    active = by_person & IS_ACTIVITY[events["name"]]
    person_days = np.unique(events["actor"][active].astype(np.int64) * 1_024 + day[active])
    paid = events["name"] == CODE["order_paid"]
    refunded = events["name"] == CODE["order_refunded"]
    names, counts = np.unique(events["name"], return_counts=True)
    codes = {code: name for name, code in CODE.items()}
    cents: Counter[str] = Counter()
    for each in spent:
        for channel, campaign, amount in zip(
            each["channel"], each["campaign"], each["cents"], strict=True
        ):
            cents[_spender(channel, campaign)] += int(amount)
    return {
        "people": len(people),
        "sign_ups": int(people.signed_up.sum()),
        "events": {codes[code]: int(count) for code, count in zip(names, counts, strict=True)},
        "active_by_day": np.bincount(person_days % 1_024, minlength=plan.DAYS).tolist(),
        "new_by_day": np.bincount(people.day, minlength=plan.DAYS).tolist(),
        "sign_ups_by_month": _by_month(people.day[people.signed_up]),
        "orders_by_month": _by_month(day[paid]),
        "gross_cents_by_month": _by_month(day[paid], events["cents"][paid]),
        "refunded_cents_by_month": _by_month(day[refunded], events["cents"][refunded]),
        "cost_cents": dict(cents),
        "retention": expected_retention(people, RETENTION_DAYS),
        "customers": len(np.unique(orders.person)),
        "merchants": {
            "signed_up": len(sellers),
            "listed": int((sellers.listed_at >= 0).sum()),
            "sold": int((sold.first_sale_at >= 0).sum()),
            "retained": int((sold.retained_at >= 0).sum()),
        },
        "pieces": len(pieces),
        "bg_nbd_information": _information(orders).tolist(),
    }


def _spender(channel: int, campaign: int) -> str:
    if campaign >= 0:
        return plan.CAMPAIGNS[campaign].campaign_id
    return plan.CHANNELS[channel].channel_id


def _by_month(days: np.ndarray, weights: np.ndarray | None = None) -> dict[str, int]:
    months = sorted(set(clock.month_of(np.arange(plan.DAYS))))
    place = np.searchsorted(months, clock.month_of(days))
    sums = np.bincount(place, weights=weights, minlength=len(months))
    return {month: round(float(each)) for month, each in zip(months, sums, strict=True)}


def summed(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """The blocks' figures together, and the standard errors that follow from them."""
    total = _add(blocks)
    information = np.array(total.pop("bg_nbd_information"))
    errors = np.full(4, np.nan)
    if total["customers"] > 100:
        errors = np.sqrt(np.diag(np.linalg.pinv(information)))
    total["bg_nbd_standard_errors"] = {
        name: float(error) if math.isfinite(error) else None
        for name, error in zip(plan.BG_NBD, errors, strict=True)
    }
    return total


def _add(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        keys = dict.fromkeys(key for part in parts for key in part)
        return {key: _add([part[key] for part in parts if key in part]) for key in keys}
    if isinstance(first, list):
        return [_add(list(each)) for each in zip(*parts, strict=True)]
    return sum(parts)


def _information(orders: Orders) -> np.ndarray:
    """Minus the second derivatives of the BG/NBD likelihood at the planted values: its inverse
    gives the standard errors of a fit on these customers."""
    if not len(orders):
        return np.zeros((4, 4))
    first = np.unique(orders.person, return_index=True)[1]
    count = np.diff(np.append(first, len(orders)))
    day = orders.days.day
    frequency = count - 1
    recency = (day[first + frequency] - day[first]) / plan.UNIT_DAYS
    age = (plan.DAYS - 1 - day[first]) / plan.UNIT_DAYS
    values, inverse = np.unique(frequency, return_inverse=True)

    def likelihood(at: np.ndarray) -> float:
        r, alpha, a, b = at
        of_count = np.array([
            math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
            + math.lgamma(a + b) + math.lgamma(b + x) - math.lgamma(b) - math.lgamma(a + b + x)
            for x in values.tolist()
        ])[inverse]  # fmt: skip
        still = -(r + frequency) * np.log(alpha + age)
        lost = np.log(a) - np.log(b + np.maximum(frequency, 1) - 1)
        lost = lost - (r + frequency) * np.log(alpha + recency)
        both = np.where(frequency > 0, np.logaddexp(still, lost), still)
        return float((of_count + both).sum())

    at = np.array([plan.BG_NBD[name] for name in ("r", "alpha", "a", "b")])
    steps = at * 1e-3
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            total = 0.0
            for one, other in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                moved = at.copy()
                moved[i] += one * steps[i]
                moved[j] += other * steps[j]
                total += one * other * likelihood(moved)
            hessian[i, j] = total / (4 * steps[i] * steps[j])
    return -hessian


def concentration(authors: int, pieces: int) -> dict[str, float]:
    """Expected HHI of pieces by author, and its standard error: 200 drawn worlds of this size."""
    weights = zipf(authors, plan.AUTHOR_ZIPF)
    draws = np.random.Generator(np.random.Philox(key=1)).multinomial(pieces, weights, size=200)
    hhi = ((draws / pieces) ** 2).sum(axis=1)
    return {
        "expected": float((weights**2).sum() * (1 - 1 / pieces) + 1 / pieces),
        "standard_error": float(hhi.std(ddof=1)),
    }
