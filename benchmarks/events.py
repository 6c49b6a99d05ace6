"""A deterministic product: daily Parquet files of the events feed, any number of events.

Every value is a hash of the event's number, so the same scale gives the same rows on any
machine. Activity is heavy-tailed over users, grows over the days, and dips at weekends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = date(2024, 1, 1)
DAYS = 180


@dataclass(frozen=True)
class Generated:
    """What was written: events in all, and those of the last day, which is held back."""

    events: int
    events_of_last_day: int
    last_file: Path


def generate(folder: Path, held_back: Path, events: int) -> Generated:
    """Write `events` events of 180 days below `folder`, the last day's file to `held_back`.

    One user in forty events, so 20 million events are of 500,000 users. Sizes are in rows.
    """
    target = folder / "events"
    target.mkdir(parents=True, exist_ok=True)
    held_back.mkdir(parents=True, exist_ok=True)
    weights = [_weight(number) for number in range(DAYS)]
    total = sum(weights)
    users = max(events // 40, 1)
    written = first = 0
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number, weight in enumerate(weights):
            is_last = number == DAYS - 1
            count = events - first if is_last else round(events * weight / total)
            day = FIRST_DAY + timedelta(days=number)
            path = (held_back if is_last else target) / f"{day}.parquet"
            connection.execute(
                f"copy ({_rows(first, count, users, day)}) to '{path}' (format parquet)"
            )
            first += count
            written = count
    return Generated(first, written, held_back / f"{FIRST_DAY + timedelta(days=DAYS - 1)}.parquet")


def _weight(number: int) -> float:
    growth = 1 + number / DAYS
    weekday = (FIRST_DAY + timedelta(days=number)).weekday()
    return growth * (0.8 if weekday >= 5 else 1.0)


def _share(salt: str) -> str:
    """SQL of a number from 0 to 1 that the event's number decides."""
    return f"(hash(number, '{salt}') % 1000003) / 1000003.0"


def _rows(first: int, count: int, users: int, day: date) -> str:
    return f"""
    with numbers as (
        select range as number from range({first}, {first + count})
    ),
    drawn as (
        select
            number,
            cast(floor({users} * pow({_share("user")}, 2.5)) as bigint) as person,
            {_share("name")} as name_share,
            {_share("known")} as known_share,
            timestamp '{day}' + to_microseconds(cast(86400000000 * {_share("time")} as bigint))
                as occurred_at
        from numbers
    ),
    named as (
        select
            *,
            case
                when name_share < 0.35 then 'app_opened'
                when name_share < 0.75 then 'product_viewed'
                when name_share < 0.88 then 'searched'
                when name_share < 0.95 then 'cart_added'
                when name_share < 0.97 then 'checkout_started'
                when name_share < 0.995 then 'order_placed'
                else 'push_delivered'
            end as event_name
        from drawn
    )
    select
        'e' || number as event_id,
        event_name,
        occurred_at,
        occurred_at + to_seconds(cast(90 * known_share as bigint)) as received_at,
        case when known_share < 0.9 then 'u' || person end as user_id,
        'd' || person as anonymous_id,
        case number % 3 when 0 then 'ios' when 1 then 'android' else 'web' end as platform,
        case number % 5 when 0 then 'CN' when 1 then 'US' else 'DE' end as country,
        case when event_name = 'order_placed' then 'o' || number end as order_id,
        case when event_name = 'order_placed' then (number % 9000) / 100.0 end as amount,
        case when event_name = 'order_placed' then 'USD' end as currency,
        '{{"position": ' || number % 20 || '}}' as properties
    from named
    """
