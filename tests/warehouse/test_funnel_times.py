"""Times to convert and trends of random funnels: bins, means and periods worked out in Python
from the attempts that the facts hold."""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.warehouse import definitions_world
from tests.warehouse.definitions_world import ENVIRONMENT, ZONE
from tests.warehouse.draws import seed

FUNNELS = 80
HORIZON = datetime(2024, 3, 20, 15, 0, tzinfo=UTC)
HORIZONS = (None, HORIZON)
Rows = list[dict[str, Any]]
STEPS = range(1, 13)


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> dict[datetime | None, Path]:
    chance = random.Random(seed() + 1)
    world = definitions_world.draw_world(chance, 80)
    seeds = definitions_world.seeds(definitions_world.draw_funnels(chance, FUNNELS))
    lines = seeds["funnels"].splitlines()
    assert lines[0].endswith(",time_bins,trend_grain")
    drawn = [
        f"{line[:-2]},{chance.choice(('', '1', '4', '60'))},{chance.choice(('', 'hour'))}"
        for line in lines[1:]
    ]
    seeds["funnels"] = "\n".join([lines[0], *drawn]) + "\n"
    raw = definitions_world.feeds(world)
    return {
        horizon: support.build_warehouse(
            tmp_path_factory.mktemp("times"),
            events=raw["events"],
            feeds={"users": raw["users"]},
            seeds=seeds,
            environment=ENVIRONMENT | ({"YUNYING_HORIZON": horizon.isoformat()} if horizon else {}),
            select="+path:models/marts/funnel",
        )
        for horizon in HORIZONS
    }


def rows(warehouse: Path, table: str, where: str = "true") -> Rows:
    return support.query(warehouse, f"select * from {table} where {where}")


def through(warehouse: Path) -> datetime:
    return rows(warehouse, "facts.dim_horizon")[0]["data_through_at"]


@pytest.mark.parametrize("horizon", HORIZONS)
def test_times_are_those_of_the_attempts(
    warehouses: dict[datetime | None, Path], horizon: datetime | None
) -> None:
    warehouse = warehouses[horizon]
    asked = {row["funnel_id"]: row["time_bins"] for row in rows(warehouse, "seeds.dim_funnels")}
    seconds: dict[Any, list[float]] = defaultdict(list)
    for row in rows(warehouse, "facts.fct_funnel_counted_attempts", "grain = 'all' and is_mature"):
        reached = {step: at for step in STEPS if (at := row[f"step_{step}_at"])}
        for first, start in reached.items():
            for last, end in reached.items():
                if first < last:
                    key = (row["funnel_id"], row["breakdown_value"], first, last)
                    seconds[key].append((end - start).total_seconds())
    bins: dict[Any, tuple[int, int, int]] = {}
    for key, taken in seconds.items():
        count = asked[key[0]] or next(n for n in range(1, 61) if n == 60 or n**3 >= len(taken))
        low = floor(min(taken))
        width = 60 if min(taken) == max(taken) else ceil((ceil(max(taken)) - low) / count)
        for number in range(count + 1):
            edge = low + number * width
            inside = sum(edge <= one < edge + width for one in taken)
            bins[*key, number + 1] = (edge, edge + width, inside)
    names = ("funnel_id", "breakdown_value", "from_step", "to_step")
    assert {
        tuple(row[name] for name in (*names, "bin_number")): (
            row["bin_from_seconds"], row["bin_to_seconds"], row["mature_reached_count"],
        )
        for row in rows(warehouse, "marts.mart_funnel_time_to_convert")
    } == bins  # fmt: skip
    found = {
        tuple(row[n] for n in names): row for row in rows(warehouse, "marts.mart_funnel_times")
    }
    assert found.keys() == seconds.keys()
    for key, taken in seconds.items():
        row = found[key]
        assert row["mature_reached_count"] == len(taken)
        assert row["mean_seconds"] == pytest.approx(statistics.fmean(taken))
        assert row["median_seconds"] == pytest.approx(statistics.median(taken))
        assert (row["least_seconds"], row["most_seconds"]) == (min(taken), max(taken))
    assert len(seconds) > 50
    assert max(map(len, seconds.values())) > 8


@pytest.mark.parametrize("horizon", HORIZONS)
def test_hours_are_those_of_the_attempts(
    warehouses: dict[datetime | None, Path], horizon: datetime | None
) -> None:
    """Users by the clock hour of their attempts, every hour between told."""
    warehouse = warehouses[horizon]
    last = through(warehouse)
    steps = Counter(
        row["funnel_id"]
        for row in rows(warehouse, "seeds.dim_funnel_steps", "step_number is not null")
    )
    depths: dict[Any, list[tuple[int, bool]]] = defaultdict(list)
    for row in rows(warehouse, "facts.fct_funnel_attempts", "not is_breakdown_thread"):
        local = row["entered_at"].replace(tzinfo=UTC).astimezone(ZONE)
        hour = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        key = (row["funnel_id"], hour.replace(tzinfo=None), row["user_id"])
        depths[key].append((row["reached_step"], row["is_mature"]))
    wanted: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    is_open: set[Any] = set()
    for (funnel_id, hour, _), reached in depths.items():
        ripe = [depth for depth, is_mature in reached if is_mature]
        counts = wanted[funnel_id, hour]
        counts[0] += 1
        counts[1] += max(reached)[0] == steps[funnel_id]
        counts[2] += bool(ripe)
        counts[3] += max(ripe, default=0) == steps[funnel_id]
        if len(ripe) < len(reached):
            is_open.add((funnel_id, hour))
    hourly = {
        row["funnel_id"]: row
        for row in rows(warehouse, "seeds.dim_funnels", "trend_grain = 'hour'")
    }
    found = {
        (row["funnel_id"], row["period_start_at"]): row
        for row in rows(warehouse, "marts.mart_funnel_trends", "grain = 'hour'")
    }
    entered = {key: counts for key, counts in wanted.items() if key[0] in hourly}
    assert len(entered) > 200
    assert found.keys() >= entered.keys()
    for key, row in found.items():
        counts = entered.get(key, [0, 0, 0, 0])
        assert [
            row["entrant_count"], row["converted_count"], row["mature_entrant_count"],
            row["mature_converted_count"],
        ] == counts  # fmt: skip
        closed = key[1] + timedelta(hours=1) <= last
        assert row["is_mature"] == (closed and key not in is_open)
    for funnel_id, funnel in hourly.items():
        hours = sorted(hour for one, hour in found if one == funnel_id)
        assert all(b - a == timedelta(hours=1) for a, b in pairwise(hours))
        if funnel["to_at"] is None and hours:
            assert hours[-1] <= last < hours[-1] + timedelta(hours=1)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_trends_are_the_conversion_without_gaps(
    warehouses: dict[datetime | None, Path], horizon: datetime | None
) -> None:
    warehouse = warehouses[horizon]
    steps = Counter(
        row["funnel_id"]
        for row in rows(warehouse, "seeds.dim_funnel_steps", "step_number is not null")
    )
    names = ("funnel_id", "grain", "breakdown_value", "period_start_date")
    conversion = {
        tuple(row[name] for name in names): row
        for row in rows(warehouse, "marts.mart_funnel_conversion", "grain <> 'all'")
        if row["step_number"] == steps[row["funnel_id"]]
    }
    found = {
        tuple(row[name] for name in names): row
        for row in rows(warehouse, "marts.mart_funnel_trends", "grain <> 'hour'")
    }
    assert found.keys() > conversion.keys()
    for key, row in found.items():
        other = conversion.get(key)
        counts = (row["entrant_count"], row["converted_count"], row["conversion_rate"])
        if other is None:
            assert counts == (0, 0, None)
        else:
            assert counts == (
                other["entrant_count"], other["reached_count"], other["rate_from_start"],
            )  # fmt: skip
            assert row["is_mature"] == other["is_mature"]
    days = defaultdict(list)
    for funnel_id, grain, value, start in found:
        if grain == "day" and value is None:
            days[funnel_id].append(start)
    for dates in days.values():
        assert (max(dates) - min(dates)).days == len(dates) - 1


@pytest.mark.parametrize("table", ["mart_funnel_trends", "mart_funnel_times"])
def test_ripe_rows_stay(warehouses: dict[datetime | None, Path], table: str) -> None:
    """In total: which parts are kept by name depends on all that entered."""
    where = "is_mature and breakdown_value is null"
    ripe = rows(warehouses[HORIZON], f"marts.{table}", where)
    assert ripe
    present = {repr(row) for row in rows(warehouses[None], f"marts.{table}")}
    moved = [row for row in ripe if repr(row) not in present]
    assert not moved, f"YUNYING_TEST_SEED={seed()}: {len(moved)} {moved[:3]}"
