"""The feeds beside events, as tables; each row with the day on which it arrives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from demo.business import clock, plan
from demo.business.campaigns import Assignments
from demo.business.content import Pieces
from demo.business.feedback import TAGS
from demo.business.merchants import Merchants
from demo.business.orders import Orders
from demo.business.people import NEVER, People
from demo.business.streams import Ints
from demo.business.text import ids, instants, labels, money, whole

Rows = list[tuple[Ints, pa.Table]]


def users(people: People, orders: Orders) -> Rows:
    """A profile at sign-up, and a second version of it with the first order."""
    who = np.flatnonzero(people.signed_up)
    first_order = np.full(len(people), NEVER)
    np.minimum.at(first_order, orders.person, orders.at)
    payers = np.flatnonzero(first_order < NEVER)
    both = np.concatenate([who, payers])
    updated_at = np.concatenate([people.signed_up_at[who], first_order[payers]])
    level = np.concatenate([np.zeros(len(who), int), np.ones(len(payers), int)])
    table = pa.table(
        {
            "user_id": ids("u", both, people.block),
            "created_at": instants(people.signed_up_at[both]),
            "updated_at": instants(updated_at),
            "first_channel": labels(
                [each.channel_id for each in plan.CHANNELS], people.channel[both]
            ),
            "platform": labels([name for name, _ in plan.PLATFORMS], people.platform[both]),
            "city_tier": labels([name for name, _ in plan.CITY_TIERS], people.city_tier[both]),
            "age_group": labels([name for name, _ in plan.AGE_GROUPS], people.age_group[both]),
            "member_level": labels(["free", "customer"], level),
        }
    )
    return [(clock.day_of(updated_at), table)]


def consents(people: People) -> Rows:
    """What people answered as they signed up: may we write to you?"""
    who = np.flatnonzero(people.signed_up)
    table = pa.table(
        {
            "user_id": ids("u", who, people.block),
            "purpose": labels(["marketing"], np.zeros(len(who), int)),
            "is_granted": pa.array(people.agrees[who]),
            "recorded_at": instants(people.agreed_at[who]),
        }
    )
    return [(people.day[who], table)]


def contents(people: People, pieces: Pieces) -> Rows:
    """A version when a piece is planned, one when it is out, one when it is taken down."""
    everything = np.arange(len(pieces))
    planned = np.minimum(pieces.submitted_at, pieces.planned_at) - plan.DAY
    versions = [
        (planned, everything, False, False),
        (pieces.published_at, np.flatnonzero(pieces.published_at >= 0), True, False),
        (pieces.unpublished_at, np.flatnonzero(pieces.unpublished_at >= 0), True, True),
    ]
    rows: Rows = []
    nothing = np.full(len(pieces), -1)
    for at, which, is_out, is_gone in versions:
        which = which[(at[which] >= plan.START_MS) & (at[which] < plan.END_MS)]
        published = (pieces.published_at if is_out else nothing)[which]
        unpublished = (pieces.unpublished_at if is_gone else nothing)[which]
        table = pa.table(
            {
                "content_id": ids("p", which, people.block),
                "title": ids("Piece 文章 ", which, people.block),
                "content_type": labels([name for name, *_ in plan.KINDS], pieces.kind[which]),
                "author_id": ids("a", pieces.author[which], people.block),
                "category": labels(plan.CATEGORIES, pieces.category[which]),
                "origin": labels([name for name, *_ in plan.ORIGINS], pieces.origin[which]),
                "is_original": pa.array(pieces.is_original[which]),
                "planned_at": instants(pieces.planned_at[which]),
                "published_at": instants(published),
                "unpublished_at": instants(unpublished),
                "updated_at": instants(at[which]),
            }
        )
        rows.append((clock.day_of(at[which]), table))
    return rows


def merchants(people: People, sellers: Merchants) -> Rows:
    """A merchant as it signed up."""
    number = np.arange(len(sellers))
    table = pa.table(
        {
            "merchant_id": ids("m", number, people.block),
            "merchant_name": ids("Shop 店铺 ", number, people.block),
            "category": labels(plan.CATEGORIES, sellers.category),
            "level_id": labels(["standard", "silver", "gold"], sellers.level),
            "country": labels(["CN"], np.zeros(len(sellers), int)),
            "opened_at": instants(sellers.opened_at),
            "updated_at": instants(sellers.opened_at),
        }
    )
    return [(clock.day_of(sellers.opened_at), table)]


def rule_violations(people: People, breaches: dict[str, np.ndarray]) -> Rows:
    """A breach as it happened, and again as it was settled."""
    number = np.arange(len(breaches["at"]))
    settled = np.flatnonzero(breaches["resolved_at"] >= 0)
    rows: Rows = []
    for which, is_settled in ((number, False), (settled, True)):
        updated_at = (breaches["resolved_at"] if is_settled else breaches["at"])[which]
        resolved_at = updated_at if is_settled else np.full(len(which), -1)
        table = pa.table(
            {
                "violation_id": ids("v", which, people.block),
                "merchant_id": ids("m", breaches["merchant"][which], people.block),
                "rule_id": labels([name for name, _ in plan.RULES], breaches["rule"][which]),
                "severity": labels(
                    [name for name, _ in plan.SEVERITIES], breaches["severity"][which]
                ),
                "occurred_at": instants(breaches["at"][which]),
                "resolved_at": instants(resolved_at),
                "updated_at": instants(updated_at),
            }
        )
        rows.append((clock.day_of(updated_at), table))
    return rows


def feedback(people: People, said: dict[str, np.ndarray]) -> Rows:
    """A feedback as it stood when it was last touched."""
    updated_at = np.maximum(np.maximum(said["at"], said["answered_at"]), said["closed_at"])
    table = pa.table(
        {
            "feedback_id": ids("f", np.arange(len(said["at"])), people.block),
            "user_id": ids("u", said["person"], people.block),
            "kind": labels([name for name, _ in plan.FEEDBACK_KINDS], said["kind"]),
            "score": whole(said["score"]),
            "tags": labels(TAGS, said["tag"]),
            "feature_id": labels([each.feature_id for each in plan.FEATURES], said["feature"]),
            "content_id": ids("p", said["content"], people.block),
            "merchant_id": ids("m", said["merchant"], people.block),
            "submitted_at": instants(said["at"]),
            "answered_at": instants(said["answered_at"]),
            "closed_at": instants(said["closed_at"]),
            "release_id": ids("r", said["release"]),
            "updated_at": instants(updated_at),
        }
    )
    return [(clock.day_of(updated_at), table)]


def channel_costs(people: People, spent: list[dict[str, np.ndarray]]) -> Rows:
    """A line for each day and channel, or campaign, that money was spent on."""
    rows: Rows = []
    dates = [clock.date_of(day) for day in range(plan.DAYS)]
    for place, each in enumerate(spent):
        channel = each["channel"]
        table = pa.table(
            {
                "cost_id": ids(f"c{place}-", np.arange(len(channel)), people.block),
                "cost_date": pa.array(dates, pa.date32()).take(pa.array(each["day"])),
                "utm_source": labels([one.source for one in plan.CHANNELS], channel),
                "utm_medium": labels([one.medium for one in plan.CHANNELS], channel),
                "utm_campaign": labels([one.campaign for one in plan.CHANNELS], channel),
                "campaign_id": labels(tuple(plan.CAMPAIGN), each["campaign"]),
                "cost_amount": money(each["cents"]),
                "currency": labels([plan.CURRENCY], np.zeros(len(channel), int)),
                "impressions": whole(each["impressions"]),
                "clicks": whole(each["clicks"]),
            }
        )
        rows.append((each["day"], table))
    return rows


def campaign_assignments(people: People, assigned: list[Assignments]) -> Rows:
    """Everybody whom a campaign was aimed at, with the arm."""
    rows: Rows = []
    for each in assigned:
        table = pa.table(
            {
                "campaign_id": labels(
                    [plan.CAMPAIGNS[each.campaign].campaign_id], np.zeros(len(each.person), int)
                ),
                "user_id": ids("u", each.person, people.block),
                "assigned_at": instants(each.at),
                "variant": labels(["control", each.variant], each.is_treated.astype(int)),
            }
        )
        rows.append((clock.day_of(each.at), table))
    return rows


def campaigns(visitors: int) -> pa.Table:
    """The campaigns as they were planned."""

    def shares(campaign: plan.Campaign) -> str | None:
        control = round(campaign.control_share, 6)
        return f"control:{control}|treatment:{round(1 - control, 6)}" if control else None

    starts = np.array([clock.start_of(clock.day_number(each.starts)) for each in plan.CAMPAIGNS])
    ends = np.array([clock.start_of(clock.day_number(each.ends)) for each in plan.CAMPAIGNS])
    budgets = np.array([each.budget_per_visitor for each in plan.CAMPAIGNS]) * visitors
    every = plan.CAMPAIGNS
    return pa.table(
        {
            "campaign_id": [each.campaign_id for each in every],
            "campaign_name": [f"{each.label_en} {each.label_zh}" for each in every],
            "campaign_type": [each.kind for each in every],
            "channel": [each.channel for each in every],
            "starts_at": instants(starts),
            "ends_at": instants(ends),
            "budget_amount": money(np.rint(budgets * 100)),
            "currency": [plan.CURRENCY for _ in every],
            "goal_measure_id": [each.goal for each in every],
            "target_value": whole(np.rint(0.05 * visitors * np.ones(len(every)))),
            "margin_rate": pa.array([each.margin_rate for each in every], pa.float64()),
            "partner": pa.array([each.partner for each in every], pa.string()),
            "control_variant": pa.array(
                ["control" if each.control_share else None for each in every], pa.string()
            ),
            "variant_shares": pa.array([shares(each) for each in every], pa.string()),
            "is_randomized": pa.array([each.control_share > 0 for each in every]),
            "updated_at": instants(starts - 7 * plan.DAY),
        }
    )


def kpi_targets(reached: dict[str, dict[str, int]]) -> pa.Table:
    """Targets of KPIs by month, set so that each was met in as many months as planned."""
    rows = []
    for kpi, by_month in reached.items():
        rows += _targets(kpi, by_month)
    return pa.Table.from_pylist(rows)


def _targets(kpi: str, reached: dict[str, int]) -> list[dict[str, Any]]:
    months = sorted(reached)[-plan.TARGET_MONTHS :]
    rows = []
    for number, month in enumerate(months):
        # Met ones are spread evenly over the year.
        before, after = (each * plan.TARGETS_MET // len(months) for each in (number, number + 1))
        came = reached[month]
        margin = plan.TARGET_MARGIN
        target = int(came * (1 - margin)) if after > before else int(came * (1 + margin)) + 1
        days = [clock.date_of(day) for day in range(plan.DAYS)]
        inside = [day for day in days if day.strftime("%Y-%m") == month]
        rows.append({"kpi_id": kpi, "period_start_date": inside[0],
                     "period_end_date": inside[-1], "target_value": target})  # fmt: skip
    return rows
