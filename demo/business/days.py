"""Events as a table of text: the columns of the feed, as a collector would have them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.business import plan
from demo.business.block import received
from demo.business.events import CODE, NAMES, NONE, Actor
from demo.business.merchants import EXTRA_ORDER
from demo.business.people import People
from demo.business.streams import Ints
from demo.business.text import ids, instants, joined, labels, money, objects, whole

_SMS = CODE["message_sent"]
_OPENED = CODE["app_opened"]


def table_of(events: np.ndarray, people: People, first: int, shared: Ints | None) -> pa.Table:
    """Events of a block, of which the first one has the number `first`, as text.

    `shared` says by person which shared device (-1: none) they use after their first day.
    """
    block = people.block
    actor, kind = events["actor"].astype(np.int64), events["kind"]
    is_person = kind == Actor.PERSON
    person = np.where(is_person, actor, 0)
    is_known = is_person & (events["at"] >= people.signed_up_at[person])
    channel = np.where(events["name"] == _OPENED, events["channel"], NONE)
    platform = np.where(is_person, people.platform[person], NONE)
    user_id = pc.coalesce(
        ids("u", np.where(is_known, actor, NONE), block),
        ids("a", np.where(kind == Actor.AUTHOR, actor, NONE), block),
        ids("shop-m", np.where(kind == Actor.MERCHANT, actor, NONE), block),
    )
    number = pa.array(first + np.arange(len(events))).cast(pa.string())
    return pa.table(
        {
            "event_id": joined(f"e{block}-", number),
            "event_name": labels([each.event_name for each in NAMES], events["name"]),
            "occurred_at": instants(events["at"]),
            "received_at": instants(received(events)),
            "user_id": user_id,
            "anonymous_id": _devices(events, people, person, is_person, shared),
            "platform": labels([name for name, _ in plan.PLATFORMS], platform),
            "page": labels(plan.PAGES, events["page"]),
            "referrer": labels([each.referrer for each in plan.CHANNELS], channel),
            "utm_source": labels([each.source for each in plan.CHANNELS], channel),
            "utm_medium": labels([each.medium for each in plan.CHANNELS], channel),
            "utm_campaign": labels([each.campaign for each in plan.CHANNELS], channel),
            "content_id": ids("p", events["content"], block),
            "merchant_id": ids("m", events["merchant"], block),
            "campaign_id": labels(tuple(plan.CAMPAIGN), events["campaign"]),
            "feature_id": labels([each.feature_id for each in plan.FEATURES], events["feature"]),
            "order_id": _orders(events["order"], block),
            "amount": money(events["cents"]),
            "currency": labels([plan.CURRENCY], np.where(events["cents"] >= 0, 0, NONE)),
            "properties": _properties(events, person, block),
        }
    )


def _devices(
    events: np.ndarray, people: People, person: Ints, is_person: np.ndarray, shared: Ints | None
) -> pa.Array:
    own = ids("d", np.where(is_person, person, NONE), people.block)
    if shared is None:
        return own
    later = is_person & (events["at"] >= people.arrived_at[person] + plan.DAY)
    return pc.coalesce(ids("shared-", np.where(later, shared[person], NONE)), own)


def _orders(orders: np.ndarray, block: int) -> pa.Array:
    orders = orders.astype(np.int64)
    returned = orders >= EXTRA_ORDER
    return pc.coalesce(
        joined(ids("o", np.where(returned, orders - EXTRA_ORDER, NONE), block), "-2"),
        ids("o", orders, block),
    )


def _properties(events: np.ndarray, person: Ints, block: int) -> pa.Array:
    name = events["name"]
    coupon = (name == CODE["coupon_issued"]) | (name == CODE["coupon_redeemed"])
    clicked = name == CODE["element_clicked"]
    progress = whole(events["progress"]).cast(pa.float64())
    return objects(
        {
            "position": whole(events["position"]),
            "progress": pc.divide(progress, 100.0),
            "dwell_seconds": whole(events["dwell"]),
            "score": whole(events["score"]),
            "element": labels(plan.ELEMENTS, np.where(clicked, events["page"], NONE)),
            "category": labels(plan.CATEGORIES, events["category"]),
            "share_id": ids("s", events["share"], block),
            "invite_id": ids("i", events["invite"], block),
            "inviter_id": ids("u", events["inviter"], block),
            "coupon_id": ids("c", np.where(coupon, person, NONE), block),
            "discount_amount": money(events["discount"]),
            "message_channel": labels(["sms"], np.where(name == _SMS, 0, NONE)),
        }
    )
