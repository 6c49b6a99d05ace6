"""What each KPI is in each period, as a whole and by segment: the tree, from its leaves up.

A leaf is what events say, or a column of a mart. What is no number is empty: a ratio whose second
driver is 0, a mart without a row.
"""

from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray
Period = tuple[str, Any]
Segments = dict[str, Array]
EVENTS = ("count", "users", "sum")


class Tree:
    """The KPIs of the periods, each computed once, drivers first, as a chain of them may be longer
    than Python's stack; with the segments that are asked of each."""

    def __init__(
        self,
        kpis: dict[str, tuple[str, str | None]],
        drivers: dict[str, list[str]],
        leaves: dict[tuple[str, str | None], Segments],
        unripe: dict[str, Array],
        count: int,
        asked: dict[str, list[str]],
    ) -> None:
        self.kpis, self.drivers, self.leaves, self.count = kpis, drivers, leaves, count
        self.unripe = unripe
        self.wholes: dict[str, Array] = {}
        self.parts: dict[tuple[str, str], Segments] = {}
        self.unripe_below: dict[str, Array] = {}
        for kpi in TopologicalSorter({kpi: drivers.get(kpi, []) for kpi in kpis}).static_order():
            for segment_by in asked.get(kpi, []):
                self.segments(kpi, segment_by)
            self.whole(kpi)
            self.is_unripe(kpi)

    def whole(self, kpi: str) -> Array:
        if kpi not in self.wholes:
            self.wholes[kpi] = self._whole(kpi)
        return self.wholes[kpi]

    def _whole(self, kpi: str) -> Array:
        kind, segment_by = self.kpis[kpi]
        if kind in EVENTS or kind == "mart":
            empty = np.full(self.count, 0.0 if kind in EVENTS else np.nan)
            return self.leaves.get((kpi, None), {}).get("", empty)
        if kind == "product" and segment_by is not None:
            return added([np.zeros(self.count), *self.segments(kpi, segment_by).values()])
        return combine(kind, [self.whole(driver) for driver in self.drivers[kpi]])

    def segments(self, kpi: str, segment_by: str) -> Segments:
        """By value of the properties; what is missing or empty there is 0."""
        if (kpi, segment_by) not in self.parts:
            self.parts[kpi, segment_by] = self._segments(kpi, segment_by)
        return self.parts[kpi, segment_by]

    def _segments(self, kpi: str, segment_by: str) -> Segments:
        kind, _ = self.kpis[kpi]
        if kind in EVENTS:
            return self.leaves.get((kpi, segment_by), {})
        parts = [self.segments(driver, segment_by) for driver in self.drivers[kpi]]
        nothing = np.zeros(self.count)
        return {
            value: np.nan_to_num(combine(kind, [part.get(value, nothing) for part in parts]))
            for value in sorted(set().union(*parts))
        }

    def is_unripe(self, kpi: str) -> Array:
        """Where a mart below it says that its figure may yet move."""
        if kpi not in self.unripe_below:
            found = self.unripe.get(kpi, np.zeros(self.count, bool))
            for driver in self.drivers.get(kpi, []):
                found = found | self.is_unripe(driver)
            self.unripe_below[kpi] = found
        return self.unripe_below[kpi]


def added(terms: list[Array]) -> Array:
    """Their sum. What doubles of decimals that cancel each other leave is 0: nothing is divided by
    it, and a target of 0 is met."""
    found = np.sum(terms, axis=0)
    rounding = 4 * np.finfo(float).eps * np.sum(np.abs(terms), axis=0)
    return np.where(np.abs(found) <= rounding, 0.0, found)


def combine(kind: str, values: list[Array]) -> Array:
    if kind == "product":
        return np.prod(values, axis=0)
    if kind == "total":
        return added(values)
    if kind == "difference":
        return added([values[0], *(-value for value in values[1:])])
    with np.errstate(all="ignore"):
        return np.where(values[1] == 0, np.nan, values[0] / values[1])


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    kpis = dbt.ref("dim_kpis").project("kpi_id, kind, segment_by, mart_column").fetchall()
    asked = dbt.ref("dim_kpi_segments").order("kpi_id, segment_by").fetchall()
    calendar = dbt.ref("dim_date_periods").project("grain, period_start_date").distinct().fetchall()
    of_events = (
        dbt.ref("fct_kpi_periods")
        .project(
            "kpi_id, segment_by, segment_value, grain, cast(value as double), period_start_date"
        )
        .fetchall()
    )
    whole = "dimension = 'all'"
    marts = {
        "mart_content_supply": dbt.ref("mart_content_supply").filter(whole),
        "mart_creators": dbt.ref("mart_creators"),
        "mart_feedback": dbt.ref("mart_feedback").filter(whole),
        "mart_growth_accounting": dbt.ref("mart_growth_accounting").filter("activity_id = 'any'"),
        "mart_referrals": dbt.ref("mart_referrals"),
        "mart_rule_violations": dbt.ref("mart_rule_violations").filter("rule_id is null"),
        "mart_sales_periods": dbt.ref("mart_sales_periods"),
    }
    drivers: dict[str, list[str]] = {}
    for kpi, driver, _ in dbt.ref("dim_kpi_drivers").order("kpi_id, driver_number").fetchall():
        drivers.setdefault(kpi, []).append(driver)
    of_marts = []
    for kpi, _, _, column in kpis:
        if column is not None:
            table, name = column.split(".")
            rows = marts[table].filter("grain <> 'all'")
            rows = rows.project(f"grain, period_start_date, cast({name} as double), is_mature")
            of_marts += [(kpi, *row) for row in rows.fetchall()]

    # From the first period with anything to the horizon, all of them.
    filled = {(row[3], row[5]) for row in of_events} | {row[1:3] for row in of_marts}
    first = {grain: min(day for of, day in filled if of == grain) for grain, _ in filled}
    periods: list[Period] = sorted(
        filled | {each for each in calendar if each[0] in first and each[1] >= first[each[0]]}
    )
    number = {period: place for place, period in enumerate(periods)}
    leaves: dict[tuple[str, str | None], Segments] = {}
    for kpi, segment_by, value, grain, figure, day in of_events:
        of = leaves.setdefault((kpi, segment_by), {}).setdefault(
            value or "", np.zeros(len(periods))
        )
        of[number[grain, day]] = figure
    unripe: dict[str, Array] = {}
    for kpi, grain, day, figure, is_mature in of_marts:
        of = leaves.setdefault((kpi, None), {}).setdefault("", np.full(len(periods), np.nan))
        of[number[grain, day]] = np.nan if figure is None else figure
        unripe.setdefault(kpi, np.zeros(len(periods), bool))[number[grain, day]] = not is_mature

    asked_of: dict[str, list[str]] = {}
    for kpi, segment_by in asked:
        asked_of.setdefault(kpi, []).append(segment_by)
    kinds = {kpi: (kind, by) for kpi, kind, by, _ in kpis}
    tree = Tree(kinds, drivers, leaves, unripe, len(periods), asked_of)
    tables = [
        _table(kpi, None, None, tree.whole(kpi), periods, ~tree.is_unripe(kpi)) for kpi, *_ in kpis
    ]
    for kpi, segment_by in asked:
        for value, figures in tree.segments(kpi, segment_by).items():
            there = np.flatnonzero(figures)
            tables.append(
                _table(
                    kpi, segment_by, value, figures[there], [periods[place] for place in there],
                    ~tree.is_unripe(kpi)[there],
                )
            )  # fmt: skip
    return pa.concat_tables([_table("", None, None, np.zeros(0), [], np.zeros(0, bool)), *tables])


def _table(
    kpi: str,
    segment_by: str | None,
    segment_value: str | None,
    figures: Array,
    periods: list[Period],
    is_ripe: Array,
) -> pa.Table:
    count = len(periods)
    texts = {"kpi_id": kpi, "segment_by": segment_by, "segment_value": segment_value}
    return pa.table(
        {
            **{name: pa.array([text] * count, pa.string()) for name, text in texts.items()},
            "grain": pa.array([grain for grain, _ in periods], pa.string()),
            "value": pa.array(figures, pa.float64(), mask=~np.isfinite(figures)),
            "is_ripe": pa.array(is_ripe, pa.bool_()),
            "period_start_date": pa.array([day for _, day in periods], pa.date32()),
        }
    )
