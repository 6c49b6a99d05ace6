"""Ordered funnels of 4 steps within 7 days: our models against ClickHouse's windowFunnel over the
same events, and the cost of a definition more.

python -m benchmarks.funnel             1 million events
SCALE=20 python -m benchmarks.funnel    20 million
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

from benchmarks import peers

WINDOW_SECONDS = 7 * 86400
FUNNELS = {
    "shop": ("app_opened", "product_viewed", "cart_added", "order_placed"),
    "search": ("app_opened", "searched", "product_viewed", "cart_added"),
    "checkout": ("product_viewed", "cart_added", "checkout_started", "order_placed"),
}
MANY = 10


def main() -> int:
    """Ask every question of both; fail when the answers differ."""
    events = round(float(os.environ.get("SCALE", "1")) * 1_000_000)
    peers.require()
    folder = Path(mkdtemp(prefix="yunying-bench-"))
    try:
        warehouse = peers.Warehouse(folder, events)
        peers.show(duels(warehouse))
        show_many(warehouse)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def duels(warehouse: peers.Warehouse) -> list[peers.Duel]:
    found = []
    for name, steps in FUNNELS.items():
        our_seconds = measure(warehouse, {name: steps})
        ours = warehouse.rows(
            "select step_number, reached_count from marts.mart_funnel_conversion"
            " where grain = 'all' and breakdown_value is null and reached_count > 0"
        )
        sql = window_funnel(warehouse.parquet, steps)
        their_seconds, theirs = peers.ask_chdb(sql)
        label = f"ordered, 7 days: {name}"
        found.append(peers.Duel(label, our_seconds, their_seconds, peers.same(ours, theirs, label)))
    return found


def show_many(warehouse: peers.Warehouse) -> None:
    """One funnel, then copies of it: what a definition more costs."""
    one = measure(warehouse, {"shop": FUNNELS["shop"]})
    many = measure(warehouse, {f"shop_{n}": FUNNELS["shop"] for n in range(MANY)})
    print(f"{MANY} funnels: {many:.2f} s, {many / one:.1f} times one ({one:.2f} s)")


def measure(warehouse: peers.Warehouse, funnels: dict[str, tuple[str, ...]]) -> float:
    """Seconds of the models that these funnels cost."""
    heads = [f"{name},{WINDOW_SECONDS}" for name in funnels]
    steps = [
        f"{name},{number},{event}"
        for name, events in funnels.items()
        for number, event in enumerate(events, start=1)
    ]
    warehouse.ask(
        {
            "funnels": "\n".join(["funnel_id,window_seconds", *heads, ""]),
            "funnel_steps": "\n".join(["funnel_id,step_number,event_name", *steps, ""]),
        }
    )
    return warehouse.run("+mart_funnel_conversion")


def window_funnel(parquet: Path, steps: tuple[str, ...]) -> str:
    """Users by the least number of steps that they reach; times in microseconds, as ours."""
    conditions = ", ".join(f"event_name = '{step}'" for step in steps)
    named = ", ".join(f"'{step}'" for step in steps)
    return f"""
        with levels as (
            select
                user_id,
                windowFunnel({WINDOW_SECONDS * 1_000_000})(
                    toUInt64(toUnixTimestamp64Micro(occurred_at)), {conditions}
                ) as level
            from file('{parquet}', Parquet)
            where event_name in ({named})
            group by user_id
        )
        select number + 1 as step, countIf(level > number) as reached
        from levels cross join numbers({len(steps)}) as numbers
        group by number
        having reached > 0
        order by step
    """


if __name__ == "__main__":
    sys.exit(main())
