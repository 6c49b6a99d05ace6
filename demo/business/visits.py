"""What happens on a day with the app: it is opened, pages are walked over, things are clicked."""

from __future__ import annotations

import numpy as np

from demo.business import clock, plan
from demo.business.activity import Days
from demo.business.events import events
from demo.business.people import People
from demo.business.streams import Process, choice

_HOME, _SEARCH = plan.PAGES.index("home"), plan.PAGES.index("search")
_EXIT = len(plan.PAGES)


def visits(people: People, days: Days) -> tuple[np.ndarray, list[np.ndarray]]:
    """When the app was opened on each of the days, and all events of these visits."""
    draws = people.stream(Process.VISITS).random((len(days), 3))
    is_first = days.day == people.day[days.person]
    opened_at = np.where(
        is_first,
        people.arrived_at[days.person],
        clock.start_of(days.day) + clock.time_of_day(draws[:, 0]),
    )
    again = choice(draws[:, 2], np.array([each.share for each in plan.CHANNELS]))
    tagged = draws[:, 1] < plan.AGAIN_TAGGED_RATE
    channel = np.where(is_first, people.channel[days.person], np.where(tagged, again, -1))
    made = [events("app_opened", opened_at, days.person, channel=channel)]
    made += _walks(people, days, opened_at)
    made.append(_sign_ups(people))
    return opened_at, made


def _sign_ups(people: People) -> np.ndarray:
    who = np.flatnonzero(people.signed_up)
    return events("signed_up", people.signed_up_at[who], who)


def _walks(people: People, days: Days, opened_at: np.ndarray) -> list[np.ndarray]:
    """Page after page until everybody has left."""
    moves = np.cumsum(plan.PAGE_MOVES, axis=1)
    made: list[np.ndarray] = []
    visit, page = np.arange(len(days)), np.full(len(days), _HOME)
    at = opened_at + 2 * plan.SECOND
    step = 0
    while len(visit):
        draws = people.stream(Process.PAGES, step).random((len(visit), 4))
        who = days.person[visit]
        made.append(events("page_viewed", at, who, page=page))
        clicked = draws[:, 2] < plan.ELEMENT_CLICK_RATE
        made.append(
            events("element_clicked", at[clicked] + 3_000, who[clicked], page=page[clicked])
        )
        searched = page == _SEARCH
        category = (draws[:, 3] * len(plan.CATEGORIES)).astype(np.int64)
        made.append(
            events(
                "searched",
                at[searched] + 2_000,
                who[searched],
                page=page[searched],
                category=category[searched],
            )
        )
        page = (draws[:, :1] >= moves[page]).sum(axis=1)
        stay = page < _EXIT
        at = at + ((5 + 55 * draws[:, 1]) * plan.SECOND).astype(np.int64)
        visit, page, at = visit[stay], page[stay], at[stay]
        step += 1
    return made
