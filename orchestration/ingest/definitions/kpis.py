"""What no schema says of KPIs: that they are a tree, and what each kind is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

from orchestration.ingest.definitions import cells
from orchestration.ingest.definitions.checks import Definitions, Row, Table, idle
from orchestration.ingest.definitions.problems import Problem, meant
from orchestration.ingest.definitions.schema import Words

OF_EVENTS = ("count", "users", "sum")
GRAINS = ("day", "week", "month")
_NEEDS = {"sum": "property", "mart": "mart_column"}
_SAYS = {
    "event_name": OF_EVENTS,
    "property": ("sum",),
    "mart_column": ("mart",),
    "drivers": ("product", "ratio", "total", "difference"),
    "segment_by": (*OF_EVENTS, "product"),
    "is_mix_split": ("product",),
    "method": ("product", "ratio"),
}
"""The kinds that a column says something of."""


def drivers_of(row: Row) -> list[str]:
    """What a KPI is made of, in its order."""
    if row.values["kind"] not in _SAYS["drivers"]:
        return []
    return cells.alternatives(row.values["drivers"] or "") if row.has("drivers") else []


def kpi_problems(definitions: Definitions) -> Iterator[Problem]:
    """What is wrong with the KPIs."""
    table, kpis = definitions["kpis"], definitions.column("kpis", "kpi_id")
    yield from _stars(table)
    parents = {
        kpi: [row.values["parent_kpi_id"]] if row.has("parent_kpi_id") else []
        for kpi, row in kpis.items()
    }
    yield from _circles(table, kpis, parents, "parent_kpi_id", Words("above", "之上"))
    drivers = {kpi: drivers_of(row) for kpi, row in kpis.items()}
    made_of = Words("among its own drivers", "自己的驱动因素之中")
    circles = [*_circles(table, kpis, drivers, "drivers", made_of)]
    yield from circles
    rates = set() if circles else _rates_of(kpis, drivers)
    for row in table.rows:
        yield from _cells_of_kind(table, row)
        yield from _drivers(table, kpis, row)
        for grain in cells.alternatives(row.values["grains"] or "") if row.has("grains") else []:
            if grain not in GRAINS:
                yield table.problem(
                    row,
                    Words(f"grain {grain or '(empty)'} is unknown", f"没有粒度 {grain or '(空)'}"),
                    meant(
                        grain,
                        GRAINS,
                        Words(
                            "give some of day, week and month with a bar between, or nothing",
                            "填 day、week、month 中的几个，用竖线分隔，或留空",
                        ),
                    ),
                )
        if not circles:
            yield from _rates(table, rates, row)
            yield from _segments(table, kpis, drivers, row)


def _stars(table: Table) -> Iterator[Problem]:
    stars = [row for row in table.rows if not row.has("parent_kpi_id")]
    for row in stars[1:]:
        first = stars[0]
        yield table.problem(
            row,
            Words(
                f"KPI {row.text('kpi_id')} is a second north star: {first.text('kpi_id')} in line "
                f"{first.line} has no parent_kpi_id either",
                f"KPI {row.text('kpi_id')} 成了第二个北极星指标：第 {first.line} 行的 "
                f"{first.text('kpi_id')} 也没有 parent_kpi_id",
            ),
            Words(
                "give the parent_kpi_id that it hangs on",
                "填写它挂在哪个 KPI 之下（parent_kpi_id）",
            ),
        )


def _circles(
    table: Table,
    kpis: Mapping[str, Row],
    leads_to: Mapping[str, list[str]],
    column: str,
    where: Words,
) -> Iterator[Problem]:
    """Each circle once, at its first line."""
    told: set[str] = set()
    for kpi, row in kpis.items():
        pending, before = [*leads_to[kpi]], dict.fromkeys(leads_to[kpi], kpi)
        while pending and kpi not in before:
            at = pending.pop()
            for each in leads_to.get(at, []):
                if each not in before:
                    before[each] = at
                    pending.append(each)
        if kpi not in before or kpi in told:
            continue
        way = [before[kpi]]
        while way[-1] != kpi:
            way.append(before[way[-1]])
        told.update(way)
        shown = " > ".join([*way[::-1], kpi])
        yield table.problem(
            row,
            Words(f"KPI {kpi} stands {where.en}: {shown}", f"KPI {kpi} 在{where.zh}：{shown}"),
            Words(f"take one of them out of {column}", f"从 {column} 里去掉其中一个"),
        )


def _cells_of_kind(table: Table, row: Row) -> Iterator[Problem]:
    kind = row.values["kind"]
    needed = _NEEDS.get(kind)
    if needed is not None and not row.has(needed):
        yield table.problem(
            row,
            Words(f"{needed} is empty, of kind {kind}", f"kind 为 {kind}，{needed} 却为空"),
            Words(f"give {needed}", f"填写 {needed}"),
        )
    for column, kinds in _SAYS.items():
        if kind is not None and kind not in kinds:
            yield from idle(table, row, [column], Words(f"of kind {kind}", f"kind 为 {kind} 时"))
    if kind == "product" and not row.has("segment_by"):
        yield from idle(
            table, row, ["is_mix_split"], Words("without segments", "不分段时"),
            Words("give segment_by", "填写 segment_by"),
        )  # fmt: skip


def _drivers(table: Table, kpis: Mapping[str, Row], row: Row) -> Iterator[Problem]:
    kind, drivers = row.values["kind"], drivers_of(row)
    if kind not in _SAYS["drivers"]:
        return
    least, most = (2, 2) if kind == "ratio" else (2, None)
    if len(drivers) < least or (most and len(drivers) > most):
        wanted = Words("two", "两个") if most else Words("two or more", "两个或更多")
        yield table.problem(
            row,
            Words(f"a {kind} of {len(drivers)} drivers", f"{kind} 有 {len(drivers)} 个驱动因素"),
            Words(
                f"give the ids of {wanted.en} KPIs in drivers, with a bar between",
                f"在 drivers 里填{wanted.zh} KPI 的编号，用竖线分隔",
            ),
        )
    for driver in dict.fromkeys(drivers):
        if driver not in kpis:
            yield table.problem(
                row,
                Words(f"driver {driver or '(empty)'} is no KPI", f"没有 KPI {driver or '(空)'}"),
                meant(
                    driver,
                    kpis.keys(),
                    Words(
                        "add its row, or give an id that is there", "加上它的一行，或填已有的编号"
                    ),
                ),
            )
        elif drivers.count(driver) > 1:
            yield table.problem(
                row,
                Words(f"driver {driver} stands here twice", f"驱动因素 {driver} 写了两次"),
                Words("give each driver once", "每个驱动因素写一次"),
            )


def _rates_of(kpis: Mapping[str, Row], drivers: Mapping[str, list[str]]) -> set[str]:
    """The KPIs that are rates: ratios, columns that are no counts, and what is made of such alone.

    Each is asked once, however many are made of it; there are no circles.
    """
    found: set[str] = set()
    order = TopologicalSorter({kpi: drivers[kpi] for kpi in kpis}).static_order()
    for kpi in order:
        kind = kpis[kpi].values["kind"] if kpi in kpis else None
        is_rate = kind == "ratio" or (bool(drivers.get(kpi)) and found.issuperset(drivers[kpi]))
        if kind == "mart":
            column = str(kpis[kpi].values["mart_column"])
            is_rate = not column.endswith(("_count", "_amount"))
        if is_rate:
            found.add(kpi)
    return found


def _rates(table: Table, rates: set[str], row: Row) -> Iterator[Problem]:
    """A rate over a rate says nothing that anybody can count."""
    both = drivers_of(row)
    if row.values["kind"] == "ratio" and len(both) == 2 and rates.issuperset(both):
        yield table.problem(
            row,
            Words(
                f"it is a ratio of two rates, {both[0]} and {both[1]}",
                f"它是两个比率 {both[0]} 和 {both[1]} 之比",
            ),
            Words(
                "give what the rates are made of: counts, users or amounts",
                "改用这两个比率的组成部分：次数、人数或金额",
            ),
        )


def _segments(
    table: Table, kpis: Mapping[str, Row], drivers: Mapping[str, list[str]], row: Row
) -> Iterator[Problem]:
    """Whatever is below a product by segment has to be known by segment."""
    segments = row.values["segment_by"]
    if row.values["kind"] != "product" or segments is None:
        return
    pending, seen = drivers_of(row), set()
    while pending:
        kpi = pending.pop()
        if kpi in seen or kpi not in kpis:
            continue
        seen.add(kpi)
        below = kpis[kpi].values
        if below["kind"] == "mart":
            yield table.problem(
                row,
                Words(
                    f"driver {kpi} is a column of a mart, and has no segments",
                    f"驱动因素 {kpi} 是集市表的一列，没有分段",
                ),
                Words(
                    "leave segment_by empty, or count its events", "segment_by 留空，或改为统计事件"
                ),
            )
        elif below["kind"] == "product" and below["segment_by"] not in (None, segments):
            yield table.problem(
                row,
                Words(
                    f"driver {kpi} is parted by {below['segment_by']}, and this by {segments}",
                    f"驱动因素 {kpi} 按 {below['segment_by']} 分段，这里却按 {segments}",
                ),
                Words("give both the same segment_by", "让两者的 segment_by 相同"),
            )
        pending += drivers.get(kpi, [])
