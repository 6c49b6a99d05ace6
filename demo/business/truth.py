"""What was planted and what was drawn: `truth.json`, for tests alone.

Each block tells its own; counts and arrays by day add up, lists stand behind each other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any

import numpy as np

from demo.business import clock, plan
from demo.business.activity import expected_retention
from demo.business.content import Pieces
from demo.business.events import CODE, IS_ACTIVITY, Actor
from demo.business.likelihoods import (
    bg_nbd_information,
    gamma_gamma_information,
    standard_errors,
)
from demo.business.merchants import Merchants, Sales, zipf
from demo.business.orders import Orders
from demo.business.people import People
from demo.business.text import BLOCK

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
        "active_by_day": np.bincount(person_days % 1_024, minlength=plan.DAYS),
        "new_by_day": np.bincount(people.day, minlength=plan.DAYS),
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
        "orders_by_seller": sold.worlds,
        "gross_cents_by_merchant": _by_number("m", people, events[paid], "merchant", "cents"),
        "pieces": len(pieces),
        "authors": pieces.author_count,
        "reads_by_piece": _by_number(
            "p", people, events[events["name"] == CODE["read_started"]], "content"
        ),
        "alive_customers": [people.block * BLOCK + int(who) for who in orders.alive],
        "bg_nbd_information": bg_nbd_information(orders),
        "gamma_gamma_information": gamma_gamma_information(orders),
    }


def _spender(channel: int, campaign: int) -> str:
    if campaign >= 0:
        return plan.CAMPAIGNS[campaign].campaign_id
    return plan.CHANNELS[channel].channel_id


def _by_number(
    prefix: str, people: People, events: np.ndarray, column: str, weights: str | None = None
) -> dict[str, int]:
    """Events, or sums, by id of a merchant or piece."""
    events = events[events[column] >= 0]
    sums = np.bincount(events[column], weights=events[weights] if weights else None)
    first = people.block * BLOCK
    return {f"{prefix}{first + int(n)}": round(float(sums[n])) for n in np.flatnonzero(sums)}


def _by_month(days: np.ndarray, weights: np.ndarray | None = None) -> dict[str, int]:
    months = sorted(set(clock.month_of(np.arange(plan.DAYS))))
    place = np.searchsorted(months, clock.month_of(days))
    sums = np.bincount(place, weights=weights, minlength=len(months))
    return {month: round(float(each)) for month, each in zip(months, sums, strict=True)}


def summed(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """The blocks' figures together, and what follows from them."""
    sizes = [(each["authors"], each["pieces"]) for each in blocks]
    dealt = np.concatenate([each.pop("orders_by_seller") for each in blocks], axis=1)
    total = _add(blocks)
    for model, parameters in (("bg_nbd", plan.BG_NBD), ("gamma_gamma", plan.GAMMA_GAMMA)):
        information = total.pop(f"{model}_information")
        total[f"{model}_standard_errors"] = standard_errors(information, parameters)
    total["concentration"] = {
        "pieces_by_author": concentration(pieces_by_author(sizes)),
        "orders_by_merchant": concentration(dealt),
    }
    return {name: _plain(value) for name, value in total.items()}


def _add(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        keys = dict.fromkeys(key for part in parts for key in part)
        return {key: _add([part[key] for part in parts if key in part]) for key in keys}
    if isinstance(first, np.ndarray):
        return sum(parts)
    if isinstance(first, list):
        return [each for part in parts for each in part]
    return sum(parts)


def pieces_by_author(sizes: list[tuple[int, int]]) -> np.ndarray:
    """In other worlds, a row each, of so many authors and pieces in each block."""
    draw = np.random.Generator(np.random.Philox(key=1))
    return np.concatenate(
        [
            draw.multinomial(pieces, zipf(authors, plan.AUTHOR_ZIPF), size=plan.OTHER_WORLDS)
            for authors, pieces in sizes
        ],
        axis=1,
    )


def concentration(worlds: np.ndarray) -> dict[str, dict[str, float]]:
    """Expected HHI and Gini, and their standard errors, of counts by unit in other worlds; who has
    none is no unit."""
    told = []
    for world in worlds:
        values = np.sort(world[world > 0])
        count, shares, ranks = len(values), values / values.sum(), np.arange(1, len(values) + 1)
        gini = 2 * (ranks * shares).sum() / count - 1 - 1 / count if count else 0.0
        told.append(((shares**2).sum(), gini))
    figures = dict(zip(("hhi", "gini"), np.array(told).T, strict=True))
    return {
        name: {"expected": float(of.mean()), "standard_error": float(of.std(ddof=1))}
        for name, of in figures.items()
    }
