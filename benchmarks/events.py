"""A deterministic shop: daily Parquet files of the events feed, any number of events.

Every value is a hash of a session's or an event's number, so the same scale gives the same rows
on any machine. Files are written one by one, each by one query, so memory does not grow with the
scale. What makes it like a real shop:

- Sessions. Events come in bursts, seconds to minutes apart, at most 19 minutes; a session starts
  with `app_opened`, ends before midnight, and is all with or all without `user_id`.
- People. They join before and during the 180 days; most of what a day sees are young ones
  (half of all sessions in the first quarter of an age). Few do much: the tail is heavy, up to
  some 200 times the mean. Every tenth never logs in, every third uses two devices.
- The calendar. Growth over the days, quiet weekends, holidays, and campaign days that sell more;
  lunch and evening peaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = date(2024, 1, 1)
DAYS = 180
EVENTS_PER_USER = 40
# People who joined before the first day, in days of joining.
EARLIER_DAYS = 180
MEAN_SESSION_EVENTS = 7
SPECIAL_DAYS = {
    date(2024, 1, 1): 0.7,
    **{date(2024, 2, day): 0.5 for day in (9, 10, 11, 12)},
    date(2024, 3, 8): 1.6,
    **{date(2024, 5, day): 0.7 for day in (1, 2, 3)},
    date(2024, 6, 17): 1.5,
    date(2024, 6, 18): 2.5,
}


@dataclass(frozen=True)
class Generated:
    """What was written: events in all, and the files of the last days, which are held back."""

    events: int
    held_back: tuple[Path, ...]


def generate(
    folder: Path, events: int, days: int = DAYS, held_back: Path | None = None, last: int = 2
) -> Generated:
    """Write `events` events of `days` days below `folder`, those of the `last` days to `held_back`
    if it is given.

    One user in forty events, so 20 million events are of 500,000 users. Sizes are in rows.
    """
    target = folder / "events"
    target.mkdir(parents=True, exist_ok=True)
    if held_back is not None:
        held_back.mkdir(parents=True, exist_ok=True)
    weights = [_weight(number) for number in range(days)]
    total = sum(weights)
    users = max(events // EVENTS_PER_USER // (DAYS + EARLIER_DAYS), 1)
    first, kept_apart = 0, []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number, weight in enumerate(weights):
            count = events - first if number == days - 1 else round(events * weight / total)
            path = target / f"{_day(number)}.parquet"
            if held_back is not None and number >= days - last:
                path = held_back / path.name
                kept_apart.append(path)
            connection.execute(
                f"copy ({_rows(number, first, count, users)}) to '{path}' (format parquet)"
            )
            first += count
    return Generated(first, tuple(kept_apart))


def _day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def _weight(number: int) -> float:
    day = _day(number)
    weekday = 0.8 if day.weekday() >= 5 else 1.0
    return (1 + number / DAYS) * weekday * SPECIAL_DAYS.get(day, 1.0)


def _share(salt: str, number: str = "session") -> str:
    """SQL of a number from 0 to 1 that a session's or an event's number decides."""
    return f"(hash({number}, '{salt}') % 1000003) / 1000003.0"


def _rows(number: int, first: int, count: int, users: int) -> str:
    """SQL of one day's events: `first` numbers them, `users` is how many join on a day.

    More sessions are drawn than `count` events need, because lengths are random, and events are
    taken in the order of sessions until there are enough.
    """
    day = _day(number)
    buying = 2 if SPECIAL_DAYS.get(day, 1) > 1 else 1
    sessions = count // (MEAN_SESSION_EVENTS - 1) + 20
    age = f"cast(floor({number + EARLIER_DAYS + 1} * pow({_share('age')}, 2)) as bigint)"
    tail = f"(0.005 * {_share('who')} + 0.995 * pow({_share('who')}, 5))"
    return f"""
    with sessions as (
        select
            range as session,
            ({number + EARLIER_DAYS} - {age}) * {users} + cast(floor({users} * {tail}) as bigint)
                as person,
            cast(least(60, 1 - {MEAN_SESSION_EVENTS - 0.5} * ln({_share("length")} + 1e-6))
                as bigint) as length,
            case
                when {_share("peak")} < 0.35
                    then 17.5 + 2.7 * ({_share("early")} + {_share("late")})
                when {_share("peak")} < 0.55
                    then 11.5 + 1.2 * ({_share("early")} + {_share("late")})
                else 7.0 + 16.0 * {_share("early")}
            end as hour
        from range({1_000_000_000 * number}, {1_000_000_000 * number + sessions})
    ),
    steps as (
        select
            session,
            person,
            hour,
            unnest(range(length)) as step
        from sessions
    ),
    drawn as (
        select
            *,
            64 * session + step as draw,
            timestamp '{day}' + to_microseconds(cast(3600000000 * hour + sum(
                case when step = 0 then 0
                else cast(1000000 + 1000 * least(
                    1140000, -45000 * ln({_share("gap", "64 * session + step")} + 1e-6)
                ) as bigint) end
            ) over (partition by session order by step) as bigint)) as occurred_at
        from steps
    ),
    numbered as (
        select
            *,
            row_number() over (order by session, step) as row_number,
            {_share("name", "draw")} as name_share,
            person % 10 <> 0 and {_share("known")} < 0.9 as is_known
        from drawn
        where occurred_at < timestamp '{day + timedelta(days=1)}'
    ),
    named as (
        select
            *,
            {first} + row_number - 1 as number,
            case
                when step = 0 then 'app_opened'
                when name_share < 0.55 then 'product_viewed'
                when name_share < 0.73 then 'searched'
                when name_share < 0.84 then 'cart_added'
                when name_share < 0.89 then 'checkout_started'
                when name_share < {0.89 + 0.02 * buying} then 'order_placed'
                when name_share < 0.97 then 'content_viewed'
                else 'push_delivered'
            end as event_name
        from numbered
        where row_number <= {count}
    )
    select
        'e' || number as event_id,
        event_name,
        occurred_at,
        occurred_at + to_seconds(cast(90 * name_share as bigint)) as received_at,
        case when is_known then 'u' || person end as user_id,
        'd' || person || case when person % 3 = 0 and session % 2 = 0 then 'b' else '' end
            as anonymous_id,
        case person % 3 when 0 then 'ios' when 1 then 'android' else 'web' end as platform,
        case person % 5 when 0 then 'CN' when 1 then 'US' else 'DE' end as country,
        case when event_name = 'order_placed' then 'o' || number end as order_id,
        case when event_name = 'order_placed' then (hash(number, 'amount') % 20000 + 100) / 100.0
        end as amount,
        case when event_name = 'order_placed' then 'USD' end as currency,
        '{{"position": ' || hash(number, 'position') % 20 || '}}' as properties
    from named
    order by occurred_at, number
    """
