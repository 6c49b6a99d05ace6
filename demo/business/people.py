"""Who comes: arrivals by day and channel, who signs up, and whom they invite.

Visitors arrive independently of each other (a Poisson stream whose total is given). An invited
friend is a person of a channel of their own, and stands behind whoever brought the first of them:
so the first visitors, with all who came through them, are the same in any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.business import clock, plan
from demo.business.streams import Ints, Process, choice, spread, stream

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Invites:
    """One per invite: who sent it, the number among theirs, and when."""

    inviter: Ints
    number: Ints
    sent_at: Ints


@dataclass(frozen=True)
class People:
    """One per visitor of a block."""

    seed: int
    block: int
    arrived_at: Ints
    channel: Ints
    signed_up_at: Ints
    """`NEVER`: not."""
    inviter: Ints
    """-1: nobody."""
    invite_number: Ints
    platform: Ints
    city_tier: Ints
    age_group: Ints
    invites: Invites

    def __len__(self) -> int:
        return len(self.arrived_at)

    @property
    def day(self) -> Ints:
        """The day of arrival; whoever signs up does so on it."""
        return clock.day_of(self.arrived_at)

    @property
    def signed_up(self) -> np.ndarray:
        return self.signed_up_at < NEVER

    @property
    def agrees(self) -> np.ndarray:
        """Whether they answer yes as they sign up: may we write to you?"""
        return self.stream(Process.PROFILES, 1).random(len(self)) < plan.MARKETING_CONSENT_RATE

    @property
    def agreed_at(self) -> Ints:
        """When they answer."""
        return np.where(self.signed_up, self.signed_up_at + 5_000, NEVER)

    def stream(self, process: Process, part: int = 0) -> np.random.Generator:
        """A stream of this block."""
        return stream(self.seed, process, self.block, part)


@dataclass(frozen=True)
class _Generation:
    root: Ints
    parent: Ints
    number: Ints
    arrived_at: Ints
    channel: Ints
    signed_up_at: Ints


def people(seed: int, block: int, visitors: int) -> People:
    """The people of a block: its visitors, and who came through them."""
    generations = [_visitors(seed, block, visitors)]
    invites: list[Invites] = []
    first = 0
    while len(generations[-1].root):
        last = generations[-1]
        children, sent = _invited(seed, block, len(generations), last, first)
        invites.append(sent)
        first += len(last.root)
        generations.append(children)
    joined = {
        name: np.concatenate([getattr(each, name) for each in generations])
        for name in ("root", "parent", "number", "arrived_at", "channel", "signed_up_at")
    }
    order = np.argsort(joined["root"], kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    joined = {name: column[order] for name, column in joined.items()}
    parent = joined["parent"]
    parent = np.where(parent < 0, -1, place[parent])
    inviter, number, sent_at = (
        np.concatenate([getattr(each, name) for each in invites])
        for name in ("inviter", "number", "sent_at")
    )
    inviter = place[inviter]
    by_inviter = np.lexsort((number, inviter))
    profiles = stream(seed, Process.PROFILES, block)
    profile = profiles.random((len(parent), 3))
    return People(
        seed=seed,
        block=block,
        arrived_at=joined["arrived_at"],
        channel=joined["channel"],
        signed_up_at=joined["signed_up_at"],
        inviter=parent,
        invite_number=joined["number"],
        platform=_of(profile[:, 0], plan.PLATFORMS),
        city_tier=_of(profile[:, 1], plan.CITY_TIERS),
        age_group=_of(profile[:, 2], plan.AGE_GROUPS),
        invites=Invites(*(each[by_inviter] for each in (inviter, number, sent_at))),
    )


def _of(draws: np.ndarray, shares: tuple[tuple[str, float], ...]) -> Ints:
    return choice(draws, np.array([share for _, share in shares]))


def _visitors(seed: int, block: int, count: int) -> _Generation:
    arrivals = stream(seed, Process.ARRIVALS, block).random((count, 3))
    day = choice(arrivals[:, 0], clock.arrival_weights())
    channel = choice(arrivals[:, 1], np.array([each.share for each in plan.CHANNELS]))
    arrived_at = clock.start_of(day) + clock.time_of_day(arrivals[:, 2])
    draws = stream(seed, Process.SIGN_UPS, block).random((count, 2))
    rates = np.array([each.sign_up_rate for each in plan.CHANNELS])
    after = ((1 + 9 * draws[:, 1]) * plan.MINUTE).astype(np.int64)
    signed_up_at = np.where(draws[:, 0] < rates[channel], arrived_at + after, NEVER)
    nobody = np.full(count, -1)
    return _Generation(np.arange(count), nobody, nobody, arrived_at, channel, signed_up_at)


def _invited(
    seed: int, block: int, generation: int, senders: _Generation, first: int
) -> tuple[_Generation, Invites]:
    """Whom a generation brings, and all invites that it sent; `first` is its place in the block."""
    draw = stream(seed, Process.INVITES, block, generation)
    counts = draw.poisson(plan.INVITE_RATE, len(senders.root))
    counts[senders.signed_up_at == NEVER] = 0
    sender, number = spread(counts)
    draws = stream(seed, Process.INVITES, block, 1_000 + generation)
    chances = draws.random((len(sender), 2))
    sent_at = senders.signed_up_at[sender] + ((number + 1 + chances[:, 0]) * 30_000).astype(int)
    normal = stream(seed, Process.INVITES, block, 2_000 + generation).standard_normal(len(sender))
    days = plan.INVITE_MEDIAN_DAYS * np.exp(plan.INVITE_SIGMA * normal)
    delay = np.clip(days, 0.05, plan.INVITE_MAX_DAYS) * plan.DAY
    accepted_at = _by_day(sent_at + delay.astype(np.int64))
    is_accepted = (chances[:, 1] < plan.INVITE_ACCEPTED_RATE) & (accepted_at < plan.END_MS)
    come = np.flatnonzero(is_accepted)
    children = _Generation(
        root=senders.root[sender[come]],
        parent=first + sender[come],
        number=number[come],
        arrived_at=accepted_at[come] - 2 * plan.MINUTE,
        channel=np.full(len(come), plan.CHANNEL["referral"]),
        signed_up_at=accepted_at[come] - 30 * plan.SECOND,
    )
    return children, Invites(first + sender, number, sent_at)


def _by_day(at: Ints) -> Ints:
    """Out of the minutes around midnight, so that a first visit ends on the day it began."""
    midnight = clock.start_of(clock.day_of(at))
    return np.clip(at, midnight + 10 * plan.MINUTE, midnight + 23 * plan.HOUR)
