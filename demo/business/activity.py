"""When people are active: a first life, days with the app in it, silences, and who comes back.

A life begins with signing up and is so long that n days later (1 + n / tau) ** -beta are alive.
While alive somebody opens the app on a day with 1 - exp(-g × weekday), whatever the day before:
so D_n is the product of both, in closed form. Whoever has been silent for more than 30 days comes
back with a planted chance, higher where a win-back message came, to a short second life.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.business import clock, plan
from demo.business.people import People
from demo.business.streams import Floats, Ints, Process, hashed, spread


@dataclass(frozen=True)
class Days:
    """A person and a day each."""

    person: Ints
    day: Ints

    def __len__(self) -> int:
        return len(self.day)

    def where(self, which: np.ndarray) -> Days:
        """Some of them."""
        return Days(self.person[which], self.day[which])

    def and_(self, other: Days) -> Days:
        """Both, by person and day."""
        person = np.concatenate([self.person, other.person])
        day = np.concatenate([self.day, other.day])
        order = np.lexsort((day, person))
        return Days(person[order], day[order])


@dataclass(frozen=True)
class Silences:
    """One per silence that became churn: its day, whether it was touched, and the return."""

    person: Ints
    day: Ints
    assigned: np.ndarray
    """Signed up, and the win-back campaign ran: in one of its arms."""
    touched: np.ndarray
    returned_day: Ints
    """-1: not, or not yet."""


def alive_rate(days: np.ndarray) -> Floats:
    """How many live for so many days after they signed up."""
    return (1 + np.asarray(days) / plan.LIFE_TAU) ** -plan.LIFE_BETA


def active_rate(days: np.ndarray) -> Floats:
    """How many of those alive open the app on a day: the mean over their engagement."""
    weights = plan.ACTIVE_WEEKDAYS[clock.weekday(days)]
    spread_out = (1 + plan.ENGAGEMENT_SCALE * weights) ** -plan.ENGAGEMENT_SHAPE
    return 1 - np.exp(-plan.ENGAGEMENT_FLOOR * weights) * spread_out


def engagement(people: People) -> Floats:
    """Each person's own g."""
    drawn = people.stream(Process.LIVES, 1).gamma(plan.ENGAGEMENT_SHAPE, size=len(people))
    return plan.ENGAGEMENT_FLOOR + plan.ENGAGEMENT_SCALE * drawn


def life_days(people: People) -> Ints:
    """How many days after the first one each person's first life lasts; no sign-up: none."""
    draws = people.stream(Process.LIVES).random(len(people))
    days = plan.LIFE_TAU * ((1 - draws) ** (-1 / plan.LIFE_BETA) - 1)
    return np.where(people.signed_up, np.minimum(days, plan.DAYS), 0).astype(np.int64)


def app_days(
    people: People, g: Floats, who: Ints, first_day: Ints, last_day: Ints, part: int
) -> Days:
    """The days from `first_day` to `last_day` on which they open the app."""
    last_day = np.minimum(last_day, plan.DAYS - 1)
    owner, number = spread(np.maximum(last_day - first_day + 1, 0))
    day = first_day[owner] + number
    chance = 1 - np.exp(-g[who[owner]] * plan.ACTIVE_WEEKDAYS[clock.weekday(day)])
    active = people.stream(Process.APP_DAYS, part).random(len(day)) < chance
    return Days(who[owner][active], day[active])


def first_life(people: People, g: Floats, life: Ints) -> Days:
    """The day of arrival, and the days with the app after it."""
    everybody = np.arange(len(people))
    arrival = Days(everybody, people.day)
    later = app_days(people, g, everybody, people.day + 1, people.day + life, 0)
    return arrival.and_(later)


def last_days(people: People, *days: Days) -> Ints:
    """The last of these days, by person."""
    last = people.day.copy()
    for each in days:
        np.maximum.at(last, each.person, each.day)
    return last


def returns(people: People, g: Floats, last: Ints) -> tuple[Days, Silences]:
    """Silences from each person's last active day on, and the days with the app that follow."""
    who, silent_from = np.arange(len(people)), last
    days: list[Days] = []
    silences: list[Silences] = []
    win_back = plan.CAMPAIGNS[plan.CAMPAIGN["win_back"]]
    starts, ends = clock.days_of(win_back)
    part = 1
    while len(who):
        churned = silent_from + plan.CHURN_AFTER_DAYS + 1
        still = churned < plan.DAYS
        who, churned = who[still], churned[still]
        draws = people.stream(Process.RETURNS, part).random((len(who), 3))
        assigned = people.signed_up[who] & (churned >= starts) & (churned < ends)
        arm = hashed(person_numbers(people, who), plan.CAMPAIGN["win_back"])
        touched = assigned & (arm >= win_back.control_share)
        chance = np.where(touched, plan.TOUCHED_RETURN_RATE, plan.RETURN_RATE)
        limit = np.where(touched, plan.TOUCHED_RETURN_DAYS, plan.RETURN_DAYS)
        day = churned + 1 + (draws[:, 1] * limit).astype(np.int64)
        back = (draws[:, 0] < chance) & (day < plan.DAYS)
        silences.append(Silences(who, churned, assigned, touched, np.where(back, day, -1)))
        who, day = who[back], day[back]
        length = -plan.SECOND_LIFE_MEAN_DAYS * np.log1p(-draws[back, 2])
        length = np.where(people.signed_up[who], length, 0).astype(np.int64)
        later = app_days(people, g, who, day + 1, day + length, part)
        days.append(Days(who, day).and_(later))
        ended = np.zeros(len(people), dtype=np.int64)
        np.maximum.at(ended, days[-1].person, days[-1].day)
        silent_from = ended[who]
        part += 1
    together = days[0]
    for each in days[1:]:
        together = together.and_(each)
    joined = (
        np.concatenate([getattr(each, name) for each in silences])
        for name in ("person", "day", "assigned", "touched", "returned_day")
    )
    return together, Silences(*joined)


def person_numbers(people: People, who: Ints) -> Ints:
    """The number of a person in the whole business, as the id has it."""
    return people.block * 1_000_000 + who


def expected_retention(people: People, numbers: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """D_n of who signed up so early that day n is over: what is to be expected, and of how many."""
    day = people.day[people.signed_up]
    told = {}
    for n in numbers:
        ripe = day[day + n < plan.DAYS]
        rates = alive_rate(n) * active_rate(ripe + n)
        told[str(n)] = {"people": len(ripe), "expected": float(rates.sum())}
    return told
