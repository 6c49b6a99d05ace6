"""What channels and campaigns cost, day by day."""

from __future__ import annotations

import numpy as np

from demo.business import clock, plan
from demo.business.people import People
from demo.business.streams import Process


def channel_costs(people: People, visitors: int) -> dict[str, np.ndarray]:
    """One per day and channel that is paid for: what an expected arrival costs, and some noise.

    Outdoor ads bring nobody, and stay visible.
    """
    paid = np.array([number for number, each in enumerate(plan.CHANNELS) if each.cost])
    expected = visitors * clock.arrival_weights()
    day = np.repeat(np.arange(plan.DAYS), len(paid))
    channel = np.tile(paid, plan.DAYS)
    noise = people.stream(Process.COSTS).lognormal(-0.005, 0.1, len(day))
    share = np.array([each.share or 0.05 for each in plan.CHANNELS])[channel]
    price = np.array([each.cost for each in plan.CHANNELS])[channel]
    arrivals = expected[day] * share
    clicks = np.rint(arrivals * 1.6 * noise).astype(np.int64)
    return {
        "day": day,
        "channel": channel,
        "campaign": np.full(len(day), -1),
        "cents": np.rint(arrivals * price * noise * 100).astype(np.int64),
        "clicks": clicks,
        "impressions": clicks * 40,
    }


def campaign_costs(people: People, visitors: int) -> dict[str, np.ndarray]:
    """One per day of a campaign: its budget, spent evenly, somewhat more or less."""
    parts = []
    for code, campaign in enumerate(plan.CAMPAIGNS):
        first, end = clock.days_of(campaign)
        day = np.arange(first, min(end, plan.DAYS))
        noise = people.stream(Process.COSTS, 1 + code).lognormal(-0.02, 0.2, len(day))
        budget = campaign.budget_per_visitor * visitors / (end - first)
        parts.append((day, np.full(len(day), code), np.rint(budget * noise * 100).astype(np.int64)))
    day, code, cents = (np.concatenate(column) for column in zip(*parts, strict=True))
    nothing = np.full(len(day), -1)
    return {"day": day, "channel": nothing, "campaign": code, "cents": cents,
            "clicks": nothing, "impressions": nothing}  # fmt: skip
