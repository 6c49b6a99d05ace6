"""Merchants: who signs up, lists, sells, stays; what becomes of an order; who breaks rules.

Of those who sign up some list, of these some sell, of these some sell again 28 to 55 days later.
Orders are dealt to whom sells at that instant, by Zipf's weights; each seller's first order, and
the one that makes it stay, are picked from what people ordered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from demo.business import clock, plan
from demo.business.activity import Days
from demo.business.events import Actor, events
from demo.business.orders import Orders
from demo.business.people import People
from demo.business.streams import Floats, Ints, Process, choice, spread

EXTRA_ORDER = 1_000_000_000
"""Number of the order that was sent back, above that of the one it came with."""


@dataclass(frozen=True)
class Merchants:
    """One per merchant of a block."""

    opened_at: Ints
    listed_at: Ints
    """-1: never listed, or not yet."""
    sells_from: Ints
    """Planned; -1: never."""
    is_retained: np.ndarray
    category: Ints
    level: Ints
    refund_rate: Floats
    complaint_rate: Floats

    def __len__(self) -> int:
        return len(self.opened_at)


@dataclass(frozen=True)
class Sales:
    """Whose each order is (-1: the business's own shop), and what the sellers reached."""

    merchant: Ints
    first_sale_at: Ints
    """By merchant; -1: none."""
    retained_at: Ints
    worlds: Ints
    """Orders of each seller in other worlds: were the same orders dealt anew, one row a deal."""


def merchants(people: People, visitors: int) -> Merchants:
    """The merchants of a block."""
    count = max(2, visitors // plan.VISITORS_PER_MERCHANT)
    draws = people.stream(Process.MERCHANTS).random((count, 8))
    opened_at = plan.START_MS + (draws[:, 0] * plan.DAYS * plan.DAY).astype(np.int64)
    listed_at = opened_at + (draws[:, 1] * 7 * plan.DAY).astype(np.int64)
    sells_from = listed_at + ((1 + 18 * draws[:, 2]) * plan.DAY).astype(np.int64)
    is_listed = (draws[:, 3] < plan.LISTED_RATE) & (listed_at < plan.END_MS)
    sells = is_listed & (draws[:, 4] < plan.FIRST_SALE_RATE)
    beta = people.stream(Process.MERCHANTS, 1)
    return Merchants(
        opened_at=opened_at,
        listed_at=np.where(is_listed, listed_at, -1),
        sells_from=np.where(sells, sells_from, -1),
        is_retained=sells & (draws[:, 5] < plan.RETAINED_RATE),
        category=(draws[:, 6] * len(plan.CATEGORIES)).astype(np.int64),
        level=(draws[:, 7] * 3).astype(np.int64),
        refund_rate=beta.beta(*plan.REFUND_BETA, size=count),
        complaint_rate=people.stream(Process.MERCHANTS, 2).beta(*plan.COMPLAINT_BETA, size=count),
    )


def sales(people: People, merchants: Merchants, orders: Orders) -> Sales:
    """Deal the orders: first what makes the planned sellers sell and stay, then the rest."""
    in_time = np.argsort(orders.at, kind="stable")
    at = orders.at[in_time]
    taken = np.full(len(at), -1)
    first_sale, retained = np.full(len(merchants), -1), np.full(len(merchants), -1)
    sellers = np.flatnonzero(merchants.sells_from >= 0)
    sellers = sellers[np.argsort(merchants.sells_from[sellers], kind="stable")]
    wait = people.stream(Process.SALES).random(len(merchants))
    for merchant in sellers:
        first_sale[merchant] = _take(at, taken, merchant, merchants.sells_from[merchant])
    again = plan.RETAINED_TO_DAYS - plan.RETAINED_FROM_DAYS - 1
    for merchant in sellers:
        if merchants.is_retained[merchant] and first_sale[merchant] >= 0:
            since = first_sale[merchant] + int((plan.RETAINED_FROM_DAYS + 0.5) * plan.DAY)
            until = since + again * plan.DAY
            due = since + int(wait[merchant] * 0.5 * again * plan.DAY)
            retained[merchant] = _take(at, taken, merchant, due, until)
    worlds = _worlds(people, merchants, at, taken, first_sale, retained)
    _deal(partial(people.stream, Process.SALES), at, taken, first_sale, retained)
    merchant = np.empty_like(taken)
    merchant[in_time] = taken
    return Sales(merchant, first_sale, retained, worlds)


def _take(at: Ints, taken: Ints, merchant: int, since: int, until: int | None = None) -> int:
    """Give the merchant the next order that is free; its instant, or -1."""
    place = int(np.searchsorted(at, since))
    while place < len(at) and taken[place] >= 0:
        place += 1
    if place == len(at) or (until is not None and at[place] > until):
        return -1
    taken[place] = merchant
    return int(at[place])


def _worlds(
    people: People, merchants: Merchants, at: Ints, taken: Ints, first_sale: Ints, retained: Ints
) -> Ints:
    """With those that are sent back, which are orders of their own."""
    sellers = np.flatnonzero(first_sale >= 0)
    sent_back = merchants.refund_rate[sellers] / (1 - merchants.refund_rate[sellers])
    worlds = np.zeros((plan.OTHER_WORLDS, len(sellers)), dtype=np.int64)
    for number, counts in enumerate(worlds):
        stream = people.stream(Process.SALES, 100 + number)
        dealt = taken.copy()
        _deal(lambda _, stream=stream: stream, at, dealt, first_sale, retained)
        orders = np.bincount(dealt[dealt >= 0], minlength=len(merchants))[sellers]
        counts[:] = orders + stream.binomial(orders, np.minimum(sent_back, 1))
    return worlds


def _deal(
    stream: Callable[[int], np.random.Generator],
    at: Ints,
    taken: Ints,
    first_sale: Ints,
    retained: Ints,
) -> None:
    """The other orders, to whom sells then: a seller who does not stay closes before day 28."""
    sellers = np.flatnonzero(first_sale >= 0)
    free = np.flatnonzero(taken < 0)
    closes = first_sale[sellers] + (plan.RETAINED_FROM_DAYS - 1) * plan.DAY
    closes = np.where(retained[sellers] >= 0, plan.END_MS, closes)
    weights = zipf(len(sellers), plan.MERCHANT_ZIPF)
    draws = stream(1).random(len(free))
    free = free[draws >= plan.OWN_SHOP_SHARE]
    for part in range(2, 10):
        if not (len(free) and len(sellers)):
            break
        drawn = choice(stream(part).random(len(free)), weights)
        sells = (at[free] > first_sale[sellers[drawn]]) & (at[free] < closes[drawn])
        taken[free[sells]] = sellers[drawn[sells]]
        free = free[~sells]


def zipf(count: int, exponent: float) -> Floats:
    """Weights of the first, second, third …; they sum to 1."""
    weights = np.arange(1, count + 1) ** -exponent
    return weights / weights.sum() if count else weights


def order_events(
    people: People, merchants: Merchants, orders: Orders, sold: Sales, campaign: Ints
) -> tuple[Days, list[np.ndarray]]:
    """Orders as they were paid, and what became of them; the days on which they were rated.

    What is sent back is an order of its own, of the same day, and refunded whole: what a customer
    bought on a day is what was drawn.
    """
    who, at, merchant = orders.person, orders.at, sold.merchant
    number = np.arange(len(orders))
    of = {"merchant": merchant, "order": number}
    paid = events("order_paid", at, who, cents=orders.cents, campaign=campaign, **of)
    draws = people.stream(Process.SALES, 20).random((len(orders), 8))

    def later(name: str, which: np.ndarray, days: np.ndarray, **columns: np.ndarray) -> np.ndarray:
        moment = at + (days * plan.DAY).astype(np.int64)
        which = which & (moment < plan.END_MS)
        given = {key: column[which] for key, column in {**of, **columns}.items()}
        return events(name, moment[which], who[which], **given)

    refund_rate = np.append(merchants.refund_rate, 0.05)[merchant]
    complaint_rate = np.append(merchants.complaint_rate, 0.03)[merchant]
    cancelled = draws[:, 0] < plan.CANCELLED_RATE
    extra = draws[:, 1] < refund_rate / (1 - refund_rate)
    extra_cents = np.maximum(1, (orders.cents * (0.2 + draws[:, 2])).astype(np.int64))
    returned = {"order": number + EXTRA_ORDER, "cents": extra_cents}
    # An order is rated on one of the days after it, at an hour of visits.
    rated_at = clock.start_of(
        clock.day_of(at) + 1 + (draws[:, 5] * plan.AFTER_ORDER_DAYS).astype(np.int64)
    ) + clock.time_of_day(draws[:, 7])
    rated = (draws[:, 4] < plan.RATED_RATE) & (rated_at < plan.END_MS)
    score = 1 + choice(draws[:, 6], np.array([4, 5, 11, 35, 45]))
    made = [
        paid,
        later("order_paid", extra, (5 + 20 * draws[:, 3]) / 1_440, **returned),
        later("order_refunded", extra, 1 + 2 * draws[:, 3], **returned),
        later("order_fulfilled", ~cancelled, 1 + 2 * draws[:, 5]),
        later("order_cancelled", cancelled, 0.1 + 0.5 * draws[:, 5]),
        later("order_complained", draws[:, 7] < complaint_rate, 2 + 2 * draws[:, 6]),
        events("order_rated", rated_at[rated], who[rated], order=number[rated],
               merchant=merchant[rated], score=score[rated]),
    ]  # fmt: skip
    return Days(who[rated], clock.day_of(rated_at[rated])), made


def listings(people: People, merchants: Merchants) -> np.ndarray:
    """Products that merchants list: the first one as they begin, others in the weeks after."""
    who = np.flatnonzero(merchants.listed_at >= 0)
    more = people.stream(Process.MERCHANTS, 3).poisson(3, len(merchants))[who]
    owner, _ = spread(more)
    after = people.stream(Process.MERCHANTS, 4).random(len(owner)) * 60 * plan.DAY
    merchant = np.concatenate([who, who[owner]])
    at = merchants.listed_at[merchant]
    at[len(who) :] += after.astype(np.int64)
    here = at < plan.END_MS
    return events("listing_created", at[here], merchant[here], kind=Actor.MERCHANT,
                  merchant=merchant[here], category=merchants.category[merchant[here]])  # fmt: skip


def violations(people: People, merchants: Merchants) -> dict[str, np.ndarray]:
    """Breaches of rules: merchant, instant, rule, severity, and when each was settled."""
    shape = plan.VIOLATION_SHAPE
    rate = people.stream(Process.VIOLATIONS).gamma(shape, size=len(merchants)) / shape
    weeks = (plan.END_MS - merchants.opened_at) / (7 * plan.DAY)
    counts = people.stream(Process.VIOLATIONS, 1).poisson(rate * plan.VIOLATIONS_PER_WEEK * weeks)
    merchant, _ = spread(counts)
    draws = people.stream(Process.VIOLATIONS, 2).random((len(merchant), 4))
    span = plan.END_MS - merchants.opened_at[merchant]
    at = merchants.opened_at[merchant] + (draws[:, 0] * span).astype(np.int64)
    wait = people.stream(Process.VIOLATIONS, 3).lognormal(np.log(3.0), 0.8, len(merchant))
    settled = at + (wait * plan.DAY).astype(np.int64)
    return {
        "merchant": merchant,
        "at": at,
        "rule": choice(draws[:, 1], np.array([share for _, share in plan.RULES])),
        "severity": choice(draws[:, 2], np.array([share for _, share in plan.SEVERITIES])),
        "resolved_at": np.where((draws[:, 3] < 0.9) & (settled < plan.END_MS), settled, -1),
    }
