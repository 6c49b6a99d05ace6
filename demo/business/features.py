"""Uses of features, and daily check-ins: both go on by themselves, whatever the visits."""

from __future__ import annotations

import numpy as np

from demo.business import clock, plan
from demo.business.activity import Days
from demo.business.events import events
from demo.business.people import People
from demo.business.streams import Process

WEEK = 7 * plan.DAY


def feature_uses(people: People) -> tuple[Days, list[np.ndarray]]:
    """First uses after signing up, then one use in each week until a week without."""
    made: list[np.ndarray] = []
    for code, feature in enumerate(plan.FEATURES):
        draws = people.stream(Process.FEATURES, 1_000 * code).random((len(people), 2))
        released = clock.start_of(clock.day_number(feature.released))
        eligible = people.signed_up & (people.signed_up_at >= released)
        who = np.flatnonzero(eligible & (draws[:, 0] < feature.adopted_rate))
        # Cut inside the window, so that the last minute of it is not in doubt.
        window = plan.ADOPT_WINDOW_DAYS - 0.01
        cut = 1 - np.exp(-window / plan.ADOPT_MEAN_DAYS)
        days = -plan.ADOPT_MEAN_DAYS * np.log1p(-draws[who, 1] * cut)
        at = people.signed_up_at[who] + 1_000 + (days * plan.DAY).astype(np.int64)
        part = 1
        while len(who):
            here = at < plan.END_MS
            who, at = who[here], at[here]
            made.append(events("feature_used", at, who, feature=code))
            draws = people.stream(Process.FEATURES, 1_000 * code + part).random((len(who), 2))
            again = draws[:, 0] < feature.again_rate
            # Weeks begin on Mondays, as the data do.
            week = (at - plan.START_MS) // WEEK + 1
            at = plan.START_MS + week * WEEK + (draws[:, 1] * WEEK).astype(np.int64)
            who, at = who[again], at[again]
            part += 1
    return _days(made), made


def adopted_rate(days: np.ndarray, feature: plan.Feature) -> np.ndarray:
    """How many have adopted a feature so many whole days after they could."""
    window = plan.ADOPT_WINDOW_DAYS - 0.01
    done = -np.expm1(-np.minimum(days, window) / plan.ADOPT_MEAN_DAYS)
    return feature.adopted_rate * done / -np.expm1(-window / plan.ADOPT_MEAN_DAYS)


def check_ins(people: People, app: Days) -> tuple[Days, list[np.ndarray]]:
    """Streaks: begun on a day with the app, gone on with day after day with a planted chance.

    `app` are days of first lives; each person begins at most one streak.
    """
    code = plan.CAMPAIGN["check_in_autumn"]
    start = clock.day_number(plan.CAMPAIGNS[code].starts)
    inside = (app.day >= start) & (app.day < start + plan.CHECK_IN_JOIN_DAYS)
    inside &= (app.day > people.day[app.person]) & people.signed_up[app.person]
    who, place = np.unique(app.person[inside], return_index=True)
    draws = people.stream(Process.CHECK_INS).random((len(people), 2))[who]
    joins = draws[:, 0] < plan.CHECK_IN_JOIN_RATE
    who, day = who[joins], app.day[inside][place[joins]]
    at = clock.start_of(day) + clock.time_of_day(draws[joins, 1])
    made: list[np.ndarray] = []
    part = 1
    while len(who):
        made.append(events("checked_in", at, who, campaign=code))
        draws = people.stream(Process.CHECK_INS, part).random((len(who), 2))
        again = (draws[:, 0] < plan.CHECK_IN_AGAIN_RATE) & (day + 1 < plan.DAYS)
        who, day = who[again], day[again] + 1
        at = clock.start_of(day) + clock.time_of_day(draws[again, 1])
        part += 1
    return _days(made), made


def _days(made: list[np.ndarray]) -> Days:
    if not made:
        return Days(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    together = np.concatenate(made)
    return Days(together["actor"].astype(np.int64), clock.day_of(together["at"]))
