"""What people say (ratings, NPS, complaints), and what is answered, closed and released."""

from __future__ import annotations

import numpy as np

from demo.business import plan
from demo.business.activity import Days
from demo.business.people import People
from demo.business.streams import Process, choice

TAGS = ("price", "delivery", "quality", "search", "reading")


def feedback(
    people: People, app: Days, opened_at: np.ndarray, piece_count: int, merchant_count: int
) -> dict[str, np.ndarray]:
    """One per feedback: who, when, kind, score (-1: none), tag, about what, answers."""
    later = (app.day > people.day[app.person]) & people.signed_up[app.person]
    chance = people.stream(Process.FEEDBACK).random(len(app))
    given = np.flatnonzero(later & (chance < plan.FEEDBACK_PER_APP_DAY))
    draws = people.stream(Process.FEEDBACK, 1).random((len(given), 9))
    at = opened_at[given] + 6 * plan.MINUTE
    kind = choice(draws[:, 0], np.array([share for _, share in plan.FEEDBACK_KINDS]))
    is_nps, is_rating = kind == 0, kind == 1
    group = choice(draws[:, 1], np.array(list(plan.NPS_SHARES.values())))
    lowest, width = np.array([9, 7, 0])[group], np.array([2, 2, 7])[group]
    nps = lowest + (draws[:, 2] * width).astype(np.int64)
    stars = 1 + choice(draws[:, 2], np.array([6, 7, 15, 34, 38]))
    wait = people.stream(Process.FEEDBACK, 2).lognormal(
        np.log(plan.ANSWER_MEDIAN_HOURS), plan.ANSWER_SIGMA, len(given)
    )
    answered_at = at + (wait * plan.HOUR).astype(np.int64)
    answered = (draws[:, 3] < plan.ANSWERED_RATE) & (answered_at < plan.END_MS)
    closed_at = answered_at + (draws[:, 4] * 3 * plan.DAY).astype(np.int64)
    closed = answered & (draws[:, 5] < plan.CLOSED_RATE) & (closed_at < plan.END_MS)
    released = closed & (draws[:, 6] < plan.RELEASED_RATE)
    about = (draws[:, 7] * 4).astype(np.int64)
    """0: the app, 1: a feature, 2: a piece, 3: a merchant."""
    which = draws[:, 8]
    return {
        "person": app.person[given],
        "at": at,
        "kind": kind,
        "score": np.where(is_nps, nps, np.where(is_rating, stars, -1)),
        "tag": (draws[:, 4] * len(TAGS)).astype(np.int64),
        "feature": np.where(about == 1, (which * len(plan.FEATURES)).astype(np.int64), -1),
        "content": np.where(about == 2, (which * piece_count).astype(np.int64), -1),
        "merchant": np.where(about == 3, (which * merchant_count).astype(np.int64), -1),
        "answered_at": np.where(answered, answered_at, -1),
        "closed_at": np.where(closed, closed_at, -1),
        "release": np.where(released, (closed_at - plan.START_MS) // (28 * plan.DAY), -1),
    }
