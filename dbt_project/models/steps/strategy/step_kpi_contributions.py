"""What each driver did to a KPI that changed, exactly: by KPI, period, comparison, driver, segment.

Over all orders in which drivers pass from A to B, the mean of a driver's marginal change of their
product is its own change times the integral, over t from 0 to 1, of the product of the others at
A + t (B - A): a polynomial, which Gauss and Legendre integrate exactly (Owen, 1972, Multilinear
extensions of games). So any number of drivers is split at once.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray
# How near to each other two products are of which the difference would lose digits.
NEAR = 1e-3
Period = tuple[str, date]
COLUMNS = (
    ("kpi_id", pa.string()), ("driver_id", pa.string()), ("segment_value", pa.string()),
    ("grain", pa.string()), ("comparison", pa.string()), ("from_value", pa.float64()),
    ("to_value", pa.float64()), ("contribution", pa.float64()), ("period_start_date", pa.date32()),
)  # fmt: skip


def shapley(before: Array, after: Array) -> Array:
    """Of drivers (rows) whose product changed, in many periods at once."""
    change = after - before
    found = np.empty_like(change)
    nodes, weights = np.polynomial.legendre.leggauss(len(change) // 2 + 1)
    between = before + (nodes[:, None, None] + 1) / 2 * change
    for driver in range(len(change)):
        others = np.prod(np.delete(between, driver, axis=1), axis=1)
        found[driver] = change[driver] * (weights / 2 @ others)
    return found


def lmdi(before: Array, after: Array) -> Array:
    """By logarithmic means where every driver is above 0 on both sides, else by `shapley`."""
    found = shapley(before, after)
    is_above = ((before > 0) & (after > 0)).all(axis=0)
    start, end = before[:, is_above], after[:, is_above]
    # Each by the form that keeps its digits: near 1 what a driver grew by, else its logarithms.
    grown = end - start
    growth = np.where(np.abs(grown) < start / 2, np.log1p(grown / start), np.log(end / start))
    whole = growth.sum(axis=0)
    first, last = np.prod(start, axis=0), np.prod(end, axis=0)
    divisor = np.where(whole == 0, 1, whole)
    # L(u, v) = (u - v) / w = v (e^w - 1) / w, where w = ln(u / v).
    near = first * np.where(whole == 0, 1, np.expm1(whole) / divisor)
    mean = np.where(np.abs(whole) < NEAR, near, (last - first) / divisor)
    found[:, is_above] = mean * growth
    return found


def added(terms: Array) -> Array:
    """Their sum (first axis). What doubles of decimals that cancel each other leave is 0."""
    found = np.sum(terms, axis=0)
    rounding = 4 * np.finfo(float).eps * np.sum(np.abs(terms), axis=0)
    return np.where(np.abs(found) <= rounding, 0.0, found)


def mixed(values: Array) -> Array:
    """The first driver (first axis) of all segments (second) as its total and its mix."""
    total = added(values[0])
    share = np.where(total == 0, 0, values[0] / np.where(total == 0, 1, total))
    return np.concatenate([np.broadcast_to(total, share.shape)[None], share[None], values[1:]])


def compared(period: Period) -> dict[str, Period]:
    """With which periods one is compared. The week a year ago is 52 weeks ago, the 29th of February
    is compared with the 28th."""
    grain, day = period
    if grain == "month":
        before = date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)
    else:
        before = day - timedelta(days=7 if grain == "week" else 1)
    found = {"previous": (grain, before)}
    if grain == "week":
        found["last_year"] = (grain, day - timedelta(weeks=52))
    else:
        is_leap_day = (day.month, day.day) == (2, 29)
        found["last_year"] = (grain, date(day.year - 1, day.month, day.day - is_leap_day))
    return found


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    kpis = dbt.ref("dim_kpis").order("row_number").project(
        "kpi_id, kind, segment_by, is_mix_split, method"
    ).fetchall()  # fmt: skip
    drivers: dict[str, list[str]] = {}
    for kpi, driver, _ in dbt.ref("dim_kpi_drivers").order("kpi_id, driver_number").fetchall():
        drivers.setdefault(kpi, []).append(driver)
    rows = dbt.ref("step_kpi_values").project(
        "kpi_id, segment_by, segment_value, grain, period_start_date, value"
    ).fetchall()  # fmt: skip
    targets = dbt.ref("dim_kpi_targets").project(
        "kpi_id, grain, period_start_date, cast(target_value as double)"
    ).fetchall()  # fmt: skip
    number = {period: place for place, period in enumerate(sorted({(r[3], r[4]) for r in rows}))}
    values: dict[tuple[str, str | None], dict[str | None, Array]] = {}
    for kpi, segment_by, value, grain, day, figure in rows:
        empty = np.nan if segment_by is None else 0.0
        of = values.setdefault((kpi, segment_by), {})
        of = of.setdefault(value, np.full(len(number), empty))
        of[number[grain, day]] = np.nan if figure is None else figure
    aims: dict[str, Array] = {}
    for kpi, grain, day, figure in targets:
        if (grain, day) in number:
            of = aims.setdefault(kpi, np.full(len(number), np.nan))
            of[number[grain, day]] = figure
    pairs: dict[str, list[tuple[int, int]]] = {}
    for period, place in number.items():
        for comparison, other in compared(period).items():
            if other in number:
                pairs.setdefault(comparison, []).append((number[other], place))

    tables = []
    for kpi, kind, segment_by, is_mix_split, method in kpis:
        names = drivers.get(kpi, [])
        if not names and (segment_by is None or kind == "users"):
            continue
        if not names or (kind == "product" and segment_by is not None):
            parts = [values.get((name, segment_by), {}) for name in names or [kpi]]
            segments = sorted(set().union(*parts))
            nothing = np.zeros(len(number))
            figures = np.array([[part.get(each, nothing) for each in segments] for part in parts])
        else:
            segments = [None]
            unknown = np.full(len(number), np.nan)
            figures = np.array(
                [[values.get((name, None), {}).get(None, unknown)] for name in names]
            )
        if not segments:
            continue
        is_mixed = is_mix_split and kind == "product" and segment_by is not None
        products = np.prod(figures, axis=0)
        if is_mixed:
            figures, names = mixed(figures), [names[0], f"{names[0]}:mix", *names[1:]]
        sides = {
            comparison: tuple(figures[:, :, places] for places in np.array(each).T)
            for comparison, each in pairs.items()
        }
        if segments == [None] and all(name in aims for name in names):
            sides["target"] = (np.array([[aims[name]] for name in names]), figures)
        periods = list(number)
        for comparison, (before, after) in sides.items():
            ends = [end for _, end in pairs.get(comparison, [])] or [*number.values()]
            split = changes(kind, method, before, after)
            if is_mixed:
                # Shares of a total of 0 are 0: what its segments did then is of the mix.
                starts = [start for start, _ in pairs[comparison]]
                left = products[:, ends] - products[:, starts] - split.sum(axis=0)
                split[1] += np.where((before[0] == 0) | (after[0] == 0), left, 0)
            is_there = np.isfinite(split).all(axis=0)
            if segments != [None]:
                is_there &= ((before != 0) | (after != 0)).any(axis=0)
            for place, segment in enumerate(segments):
                there = np.flatnonzero(is_there[place])
                told = [periods[ends[each]] for each in there]
                for row, name in enumerate(names or [kpi]):
                    figures_told = (side[row, place, there] for side in (before, after, split))
                    tables.append(_table(kpi, name, segment, comparison, told, *figures_told))
    return pa.concat_tables([_table("", "", None, "", [], *[np.zeros(0)] * 3), *tables])


def changes(kind: str, method: str, before: Array, after: Array) -> Array:
    """By driver, segment and pair of periods; what is no number is not split."""
    if kind in ("total", "count", "sum"):
        return after - before
    if kind == "difference":
        split = after - before
        split[1:] *= -1
        return split
    shape = before.shape
    with np.errstate(all="ignore"):
        if kind == "ratio":
            before, after = (np.concatenate([side[:1], 1 / side[1:]]) for side in (before, after))
        split = (lmdi if method == "lmdi" else shapley)(
            before.reshape(len(before), -1), after.reshape(len(after), -1)
        )
    return split.reshape(shape)


def _table(
    kpi: str,
    driver: str,
    segment: str | None,
    comparison: str,
    periods: list[Period],
    *figures: Array,
) -> pa.Table:
    count = len(periods)
    columns: list[Any] = [
        [kpi] * count, [driver] * count, [segment] * count, [grain for grain, _ in periods],
        [comparison] * count, *figures, [day for _, day in periods],
    ]  # fmt: skip
    return pa.table(
        {
            name: pa.array(column, kind)
            for (name, kind), column in zip(COLUMNS, columns, strict=True)
        }
    )
