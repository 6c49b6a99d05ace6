"""What mature counts of a funnel are of: attempts whose window has closed, the best of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import support

START = datetime(2024, 6, 1)
WINDOW = timedelta(days=10)
INSTANT = timedelta(microseconds=1)
# User, event, days after the start; the last event is the horizon, on the 20th day.
SHOP = [
    ("again", "open", 1.0), ("again", "buy", 2.0), ("again", "open", 19.0),
    ("early", "open", 1.0),
    ("later better", "open", 1.0), ("later better", "open", 16.0), ("later better", "buy", 17.0),
    ("late", "open", 15.0),
    ("nobody", "end", 20.0),
]  # fmt: skip
FUNNELS = """funnel_id,label_en,label_zh,window_seconds,breakdown,breakdown_attribution,trend_grain
shop,a,a,864000,event:platform,step_1,hour
excluding,a,a,864000,,,
any_order,a,a,864000,,,
"""
STEPS = """funnel_id,step_number,exclusion_number,event_name
shop,1,,open
shop,2,,buy
excluding,1,,view
excluding,2,,pay
excluding,,1,cancel
any_order,1,,view
any_order,2,,pay
any_order,,1,cancel
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    events = [
        {
            "event_name": name,
            "user_id": user,
            "occurred_at": (START + timedelta(days=days)).isoformat(),
            "platform": "ios" if days < 10 else "web",
        }
        for user, name, days in SHOP
    ]
    for user, name, at in [
        ("at the end", "cancel", START + WINDOW),
        ("after it", "cancel", START + WINDOW + INSTANT),
        ("at the start", "cancel", START),
        ("paid at the end", "pay", START + WINDOW),
        ("paid at the end", "cancel", START + WINDOW),
    ]:
        events += [
            {"event_name": "view", "user_id": user, "occurred_at": START.isoformat()},
            {"event_name": name, "user_id": user, "occurred_at": at.isoformat()},
        ]
    return support.build_warehouse(
        tmp_path_factory.mktemp("maturity"),
        events=events,
        seeds={
            "funnels": FUNNELS.replace("label_zh,", "label_zh,order_mode,")
            .replace("shop,a,a,", "shop,a,a,,")
            .replace("excluding,a,a,", "excluding,a,a,,")
            .replace("any_order,a,a,", "any_order,a,a,any,"),
            "funnel_steps": STEPS,
        },
        select="+path:models/marts/funnel",
    )


def counts(warehouse: Path, where: str) -> list[dict[str, Any]]:
    return support.query(
        warehouse,
        "select step_number, entrant_count, reached_count, mature_entrant_count,"
        " mature_reached_count, mature_previous_count, rate_from_start, is_mature,"
        f" mean_seconds_from_previous from marts.mart_funnel_conversion where {where}"
        " order by step_number",
    )


def test_who_entered_again_lately_counts_with_the_best_that_has_closed(warehouse: Path) -> None:
    first, second = counts(
        warehouse, "funnel_id = 'shop' and grain = 'all' and breakdown_value is null"
    )
    assert (first["entrant_count"], second["reached_count"]) == (4, 2)
    assert (first["mature_entrant_count"], second["mature_entrant_count"]) == (3, 3)
    assert (second["mature_reached_count"], second["mature_previous_count"]) == (1, 3)
    assert second["rate_from_start"] == pytest.approx(1 / 3)
    assert second["mean_seconds_from_previous"] == 86400
    assert not first["is_mature"]


def test_a_part_looks_at_its_own_attempts(warehouse: Path) -> None:
    ios, web = (
        counts(warehouse, f"funnel_id = 'shop' and grain = 'all' and breakdown_value = '{value}'")[
            1
        ]
        for value in ("ios", "web")
    )
    assert (ios["entrant_count"], ios["mature_entrant_count"], ios["mature_reached_count"]) == (
        3, 3, 1,
    )  # fmt: skip
    assert (web["entrant_count"], web["reached_count"], web["mature_entrant_count"]) == (3, 1, 0)


def test_a_month_counts_like_all_of_it_and_ripens_with_its_last_window(warehouse: Path) -> None:
    month = counts(warehouse, "funnel_id = 'shop' and grain = 'month' and breakdown_value is null")
    assert [row["mature_entrant_count"] for row in month] == [3, 3]
    days = support.query(
        warehouse,
        "select period_start_date, mature_entrant_count, is_mature from"
        " marts.mart_funnel_conversion where funnel_id = 'shop' and grain = 'day'"
        " and breakdown_value is null and step_number = 2 order by period_start_date",
    )
    assert [(row["mature_entrant_count"], row["is_mature"]) for row in days] == [
        (3, True), (0, False), (0, False), (0, False),
    ]  # fmt: skip


def test_trends_are_of_the_same_people(warehouse: Path) -> None:
    [month] = support.query(
        warehouse,
        "select entrant_count, mature_entrant_count, mature_converted_count, is_mature from"
        " marts.mart_funnel_trends where funnel_id = 'shop' and grain = 'month'"
        " and breakdown_value is null",
    )
    assert tuple(month.values()) == (4, 3, 1, False)


@pytest.mark.parametrize("funnel_id", ["excluding", "any_order"])
def test_an_exclusion_at_the_last_instant_of_the_window_voids(
    warehouse: Path, funnel_id: str
) -> None:
    """Where the later step is not reached; one at the instant of a step is not between them."""
    rows = support.query(
        warehouse,
        "select user_id from facts.fct_funnel_attempts where is_void"
        f" and funnel_id = '{funnel_id}'",
    )
    assert {row["user_id"] for row in rows} == {"at the end"}
