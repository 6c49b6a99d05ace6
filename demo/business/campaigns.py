"""Campaigns: who is in which arm, who was reached, and what came of it.

Arms are a hash of the person and the campaign. A message campaign takes in people as they open
the app while it runs, so what follows stands on a day on which they were active anyhow.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from demo.business import clock, plan
from demo.business.activity import Days, Silences, person_numbers
from demo.business.events import events
from demo.business.orders import Orders
from demo.business.people import NEVER, People
from demo.business.streams import Ints, Process, hashed
from demo.business.text import ids


@dataclass(frozen=True)
class Assignments:
    """One per person whom a campaign was aimed at."""

    campaign: int
    person: Ints
    at: Ints
    is_treated: np.ndarray
    variant: str = "treatment"


def message_campaigns(
    people: People, app: Days, opened_at: Ints
) -> tuple[list[Assignments], list[np.ndarray]]:
    """Arms, exposures, and who joined: the control by itself, the treated a little more."""
    assigned: list[Assignments] = []
    made: list[np.ndarray] = []
    for campaign_id in plan.MESSAGE_CAMPAIGNS:
        code = plan.CAMPAIGN[campaign_id]
        campaign = plan.CAMPAIGNS[code]
        each = _arms(people, app, opened_at, code)
        shown = each.is_treated
        made.append(
            events("campaign_shown", each.at[shown] + 1_000, each.person[shown], campaign=code)
        )
        draws = people.stream(Process.CAMPAIGNS, code).random((len(people), 2))[each.person]
        joined = draws[:, 0] < campaign.rate + campaign.lift * each.is_treated
        at = each.at + ((2 + 3 * draws[:, 1]) * plan.MINUTE).astype(np.int64)
        made.append(events("campaign_joined", at[joined], each.person[joined], campaign=code))
        assigned.append(each)
    return assigned, made


def _arms(people: People, app: Days, opened_at: Ints, code: int) -> Assignments:
    campaign = plan.CAMPAIGNS[code]
    starts, ends = clock.days_of(campaign)
    inside = (app.day >= starts) & (app.day < ends) & people.signed_up[app.person]
    inside &= app.day > people.day[app.person]
    who, place = np.unique(app.person[inside], return_index=True)
    treated = hashed(person_numbers(people, who), code) >= campaign.control_share
    return Assignments(code, who, opened_at[inside][place], treated)


def coupons(people: People, orders: Orders) -> tuple[Assignments, list[np.ndarray]]:
    """Customers as the campaign begins, coupons for one arm; some of the orders that its people
    place anyhow redeem one."""
    code = plan.CAMPAIGN["anniversary_coupon"]
    campaign = plan.CAMPAIGNS[code]
    starts, ends = clock.start_of(clock.days_of(campaign))
    who = np.unique(orders.person[orders.at < starts])
    treated = hashed(person_numbers(people, who), code) >= campaign.control_share
    arms = Assignments(code, who, np.full(len(who), starts + 10 * plan.HOUR), treated)
    issued = arms.is_treated
    at = np.full(len(people), NEVER)
    at[arms.person[issued]] = arms.at[issued]
    draws = people.stream(Process.CAMPAIGNS, 100).random(len(orders))
    used = (orders.at > at[orders.person]) & (orders.at < ends)
    used = np.flatnonzero(used & (draws < plan.COUPON_REDEEMED_RATE))
    # A coupon is good for one order.
    used = used[np.unique(orders.person[used], return_index=True)[1]]
    cents = orders.cents[used]
    return arms, [
        events("coupon_issued", arms.at[issued] + 1_000, arms.person[issued], campaign=code),
        events("coupon_redeemed", orders.at[used] - 1_000, orders.person[used], campaign=code,
               order=used, cents=cents,
               discount=(cents * plan.COUPON_DISCOUNT_RATE).astype(np.int64)),
    ]  # fmt: skip


def cobrand(people: People, orders: Orders) -> tuple[Assignments, Ints]:
    """The partner's audience; and the campaign of each order (-1: none)."""
    code = plan.CAMPAIGN["tea_cobrand"]
    campaign = plan.CAMPAIGNS[code]
    starts, ends = clock.start_of(clock.days_of(campaign))
    inside = (orders.at >= starts) & (orders.at < ends)
    draws = people.stream(Process.CAMPAIGNS, 101).random(len(orders))
    of = np.where(inside & (draws < plan.COBRAND_ORDER_RATE), code, -1)
    chance = people.stream(Process.CAMPAIGNS, 102).random(len(people))
    who = np.flatnonzero((people.signed_up_at < starts) & (chance < plan.COBRAND_AUDIENCE_RATE))
    at = np.full(len(who), starts)
    return Assignments(code, who, at, np.full(len(who), True), "partner_audience"), of


def win_back(silences: Silences) -> tuple[Assignments, list[np.ndarray]]:
    """The message to who has been silent for so long, on the day of churn."""
    code = plan.CAMPAIGN["win_back"]
    at = clock.start_of(silences.day) + 10 * plan.HOUR
    who, sent = silences.person[silences.touched], at[silences.touched]
    assigned = silences.assigned
    arms = Assignments(code, silences.person[assigned], at[assigned], silences.touched[assigned])
    return arms, [
        events("message_sent", sent, who, campaign=code),
        events("campaign_shown", sent + plan.MINUTE, who, campaign=code),
    ]


def letters(people: People) -> list[np.ndarray]:
    """A letter to who is on a list for the first time, but for those whom the list holds out. To
    answer it is no visit."""
    code = plan.CAMPAIGN["city_letter"]
    campaign = plan.CAMPAIGNS[code]
    lists = clock.start_of(tuple(map(clock.day_number, plan.LETTER_DATES)))
    tier = [name for name, _ in plan.CITY_TIERS].index(plan.LETTER_CITY_TIER)
    is_listed = (people.city_tier == tier) & people.agrees & (people.agreed_at <= lists[-1])
    who = np.flatnonzero(is_listed)
    at = lists[np.searchsorted(lists, people.agreed_at[who])]
    names = ids("u", who, people.block).to_pylist()
    treated = np.array([_bucket(name) >= campaign.control_share for name in names], dtype=bool)
    draws = people.stream(Process.CAMPAIGNS, 103).random((len(people), 2))[who]
    answered = draws[:, 0] < campaign.rate + campaign.lift * treated
    answered_at = at + 10 * plan.HOUR + (2 * draws[:, 1] * plan.DAY).astype(np.int64)
    return [
        events("campaign_shown", at[treated] + 9 * plan.HOUR, who[treated], campaign=code),
        events("letter_answered", answered_at[answered], who[answered], campaign=code),
    ]


def _bucket(user_id: str) -> float:
    """As the audience has it, whose salt is its id."""
    digest = hashlib.md5(f"{plan.LETTER_AUDIENCE}:{user_id}".encode(), usedforsecurity=False)
    return int(digest.hexdigest()[:8], 16) / 2**32


def invites(people: People) -> list[np.ndarray]:
    """Everybody who signs up sees the invite page; some invite, and some of these come: by the
    link of the invite, so that to accept is the first that they do."""
    code = plan.CAMPAIGN["invite_friends"]
    who = np.flatnonzero(people.signed_up)
    sent = people.invites
    friends = np.flatnonzero(people.inviter >= 0)
    inviter = people.inviter[friends]
    return [
        events("campaign_joined", people.signed_up_at[who] + 15_000, who, campaign=code),
        events("invite_sent", sent.sent_at, sent.inviter, campaign=code,
               invite=sent.inviter * 100 + sent.number),
        events("invite_accepted", people.arrived_at[friends], friends, campaign=code,
               inviter=inviter, invite=inviter * 100 + people.invite_number[friends]),
    ]  # fmt: skip
