"""A block of the business, whole: its people, their events in the order of receipt, its feeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from demo.business import activity, campaigns, content, costs, feeds, merchants, plan, truth
from demo.business.activity import last_days
from demo.business.events import DTYPE
from demo.business.features import check_ins, feature_uses
from demo.business.feedback import feedback
from demo.business.orders import orders, shop_visits
from demo.business.people import People, people
from demo.business.streams import Ints, hashed
from demo.business.visits import visits


@dataclass(frozen=True)
class Block:
    """What a block gives to the files."""

    people: People
    events: np.ndarray
    """By receipt; the place of an event is its number."""
    feeds: dict[str, list[tuple[Ints, pa.Table]]]
    """By feed: rows, and the day on which each arrives."""
    drawn: dict[str, object]
    """For `truth.json`."""


def block(seed: int, number: int, visitors: int) -> Block:
    """Draw a block."""
    who = people(seed, number, visitors)
    g, life = activity.engagement(who), activity.life_days(who)
    first = activity.first_life(who, g, life)
    ordered, way = orders(who)
    shopped, shop_events = shop_visits(who, ordered, life)
    used, use_events = feature_uses(who)
    checked, check_events = check_ins(who, first)
    sellers = merchants.merchants(who, visitors)
    sold = merchants.sales(who, sellers, ordered)
    audience, of_orders = campaigns.cobrand(who, ordered)
    rated, order_events = merchants.order_events(who, sellers, ordered, sold, of_orders)
    last = last_days(who, first, ordered.days, shopped, used, checked, rated)
    second, silences = activity.returns(who, g, last)
    app = first.and_(second)
    opened_at, visit_events = visits(who, app)
    written = content.pieces(who, visitors)
    read_events = content.reading(who, written, app)
    messages, message_events = campaigns.message_campaigns(who, app, opened_at)
    coupon_arms, coupon_events = campaigns.coupons(who, ordered)
    back_arms, back_events = campaigns.win_back(silences)
    reads = np.concatenate([np.empty(0, DTYPE), *read_events])
    everything = [
        *visit_events, *way, *order_events, shop_events, *use_events, *check_events, reads,
        *content.supply_events(written, reads), merchants.listings(who, sellers),
        *message_events, *coupon_events, *back_events, *campaigns.invites(who),
        *campaigns.letters(who),
    ]  # fmt: skip
    spent = [costs.channel_costs(who, visitors), costs.campaign_costs(who, visitors)]
    said = feedback(who, app, opened_at, len(written), len(sellers))
    breaches = merchants.violations(who, sellers)
    rows = in_order_of_receipt(np.concatenate(everything))
    return Block(
        people=who,
        events=rows,
        feeds={
            "users": feeds.users(who, ordered),
            "consents": feeds.consents(who),
            "contents": feeds.contents(who, written),
            "merchants": feeds.merchants(who, sellers),
            "rule_violations": feeds.rule_violations(who, breaches),
            "feedback": feeds.feedback(who, said),
            "channel_costs": feeds.channel_costs(who, spent),
            "campaign_assignments": feeds.campaign_assignments(
                who, [*messages, coupon_arms, audience, back_arms]
            ),
        },
        drawn=truth.drawn(who, rows, ordered, sellers, sold, spent, written),
    )


def received(events: np.ndarray) -> Ints:
    """When the collector got them: seconds to minutes after they happened."""
    mixed = events["at"] * 64 + events["name"] + (events["actor"].astype(np.int64) << 44)
    return events["at"] + 2_000 + (hashed(mixed, 99) * 297_000).astype(np.int64)


def in_order_of_receipt(events: np.ndarray) -> np.ndarray:
    """Those before the data end, by receipt."""
    events = events[(events["at"] >= plan.START_MS) & (events["at"] < plan.END_MS)]
    return events[np.argsort(received(events), kind="stable")]


def utc_days(events: np.ndarray) -> Ints:
    """Where each day of receipt (UTC, from the one before `START`) begins among the events."""
    first = plan.START_MS + plan.UTC_OFFSET_HOURS * plan.HOUR - plan.DAY
    edges = first + np.arange(plan.DAYS + 3) * plan.DAY
    return np.searchsorted(received(events), edges)
