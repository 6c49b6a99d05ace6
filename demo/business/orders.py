"""Who buys, when, and for how much: the way from signing up to paying, BG/NBD, Gamma-Gamma.

After the first order a customer orders again after exponential times of a rate of their own, and
after each of these orders is lost for good with a chance of their own. An order has a day to
itself, so that purchases by day are those that were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.business import clock, plan
from demo.business.activity import Days
from demo.business.events import events
from demo.business.people import People
from demo.business.streams import Ints, Process, spread


@dataclass(frozen=True)
class Orders:
    """One per order, by person and time; the number of an order is its place here."""

    person: Ints
    at: Ints
    cents: Ints
    alive: Ints
    """Customers who were not lost before the data end."""

    def __len__(self) -> int:
        return len(self.at)

    @property
    def days(self) -> Days:
        return Days(self.person, clock.day_of(self.at))


def orders(people: People) -> tuple[Orders, list[np.ndarray]]:
    """The orders of a block, and the events on the way to them."""
    paid_at, way = _journeys(people)
    buyers = np.flatnonzero(paid_at >= 0)
    person, at, number, alive = _purchases(people, buyers, paid_at[buyers])
    by_person = np.lexsort((at, person))
    person, at, number = person[by_person], at[by_person], number[by_person]
    amounts = people.stream(Process.AMOUNTS)
    p, q, v = (plan.GAMMA_GAMMA[name] for name in "pqv")
    scale = v / amounts.gamma(q, size=len(people))
    drawn = people.stream(Process.AMOUNTS, 1).gamma(p, size=len(person)) * scale[person]
    cents = np.clip(np.rint(drawn * 100), 1, 2_000_000_000).astype(np.int64)
    again = number > 0
    for name, before in zip(_STEPS, (240, 170, 80), strict=True):
        way.append(events(name, at[again] - before * plan.SECOND, person[again]))
    return Orders(person, at, cents, alive), way


_STEPS = ("product_viewed", "cart_added", "checkout_started")


def _journeys(people: People) -> tuple[Ints, list[np.ndarray]]:
    """When each person first pays (-1: never), and the steps before it, of who gets so far."""
    who = np.flatnonzero(people.signed_up)
    draws = people.stream(Process.JOURNEYS).random((len(people), 4))[who]
    reach = np.cumprod(plan.STEP_RATES)
    depth = (draws[:, :1] < reach).sum(axis=1)
    at = people.signed_up_at[who].copy()
    way: list[np.ndarray] = []
    for step, name in enumerate(_STEPS):
        at = at + ((20 + 60 * draws[:, 1]) * plan.SECOND).astype(np.int64)
        got = depth > step
        way.append(events(name, at[got], who[got]))
    day = people.day[who]
    wait = 1 + (draws[:, 2] / (1 - plan.PAID_AT_ONCE_RATE) * plan.PAY_DELAY_DAYS).astype(np.int64)
    later = clock.start_of(day + wait) + clock.time_of_day(draws[:, 3])
    paid_at = np.where(draws[:, 2] >= 1 - plan.PAID_AT_ONCE_RATE, at + 45 * plan.SECOND, later)
    pays = (depth == len(plan.STEP_RATES)) & (paid_at < plan.END_MS)
    all_paid = np.full(len(people), -1)
    all_paid[who[pays]] = paid_at[pays]
    return all_paid, way


def _purchases(people: People, buyers: Ints, first_at: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """BG/NBD from the first order on: person, instant, number of each order; and who is alive."""
    draw = people.stream(Process.PURCHASES)
    rate = draw.gamma(plan.BG_NBD["r"], size=len(people))[buyers] / plan.BG_NBD["alpha"]
    lost = people.stream(Process.PURCHASES, 1).beta(
        plan.BG_NBD["a"], plan.BG_NBD["b"], size=len(people)
    )[buyers]
    made = [(buyers, first_at, np.zeros(len(buyers), dtype=np.int64))]
    day = clock.day_of(first_at)
    moment = (first_at - plan.START_MS) / plan.DAY
    alive = np.arange(len(buyers))
    at_the_end = np.zeros(len(buyers), dtype=bool)
    number = 1
    while len(alive):
        draws = people.stream(Process.PURCHASES, 1 + number).random((len(alive), 3))
        waits = -np.log1p(-draws[:, 0]) / rate[alive] * plan.UNIT_DAYS
        due = moment[alive] + np.minimum(waits, plan.DAYS)
        new_day = np.maximum(due.astype(np.int64), day[alive] + 1)
        day[alive] = new_day
        moment[alive] = np.maximum(due, new_day)
        here = new_day < plan.DAYS
        at_the_end[alive[~here]] = True
        at = clock.start_of(new_day) + clock.time_of_day(draws[:, 1])
        made.append((buyers[alive[here]], at[here], np.full(int(here.sum()), number)))
        alive = alive[here & (draws[:, 2] >= lost[alive])]
        number += 1
    person, at, count = (np.concatenate(column) for column in zip(*made, strict=True))
    return person, at, count, buyers[at_the_end]


def shop_visits(people: People, orders: Orders, life: Ints) -> tuple[Days, np.ndarray]:
    """A customer whose life with the app is over still looks into shops, until after the last
    order; so no silence of theirs is churn before that."""
    until = np.full(len(people), -1)
    np.maximum.at(until, orders.person, orders.days.day + plan.AFTER_ORDER_DAYS)
    since = people.day + life
    least, most = plan.SHOP_VISIT_DAYS
    owner, number = spread(np.maximum(until - since, 0) // least)
    draws = people.stream(Process.SHOP_VISITS).random((len(owner), 3))
    steps = least + (draws[:, 0] * (most - least + 1)).astype(np.int64)
    walked = np.cumsum(steps)
    before = (walked - steps)[np.arange(len(owner)) - number] if len(owner) else walked
    day = since[owner] + walked - before
    here = (day <= until[owner]) & (day < plan.DAYS)
    days = Days(owner[here], day[here])
    at = clock.start_of(days.day) + clock.time_of_day(draws[here, 1])
    category = (draws[here, 2] * len(plan.CATEGORIES)).astype(np.int64)
    return days, events("merchant_visited", at, days.person, category=category)
