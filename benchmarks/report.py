"""What was measured: printed beside the last time, kept as JSON in `data/bench/`, and plotted."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import log10
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.peers import Duel
from benchmarks.processes import Cost
from orchestration.project import ROOT

ARCHIVE = ROOT / "data" / "bench"
PLOT = "cost.svg"
STEPS = ("whole line: one sorted write", "whole line: rebuild", "whole line: one new day")
WIDTH, HEIGHT, MARGIN, LEGEND = 620, 420, 56, 300
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#17becf")


def show(events: int, duels: Sequence[Duel], costs: Sequence[Cost]) -> None:
    """Print both tables, each beside the last time that the row ran at this scale."""
    before = _last(events)
    if duels:
        print(f"\n{'row':<41}{'against':<17}{'ours s':>8}{'peer s':>8}{'CPU s':>8}{'fixed':>8}"
              f"{'peer':>8}{'ratio':>8}{'asked':>8}{'':>9}{'models':>8}{'last':>8}")  # fmt: skip
    for duel in duels:
        earlier = before.get((duel.name, duel.peer))
        print(
            f"{duel.name:<41}{duel.peer:<17}{duel.our_seconds:>8.2f}{duel.their_seconds:>8.2f}"
            f"{_number(duel.our_cpu):>8}{_number(duel.fixed_cpu):>8}{_number(duel.their_cpu):>8}"
            f"{duel.ratio:>8.3g}{_number(duel.asked):>8}{_met(duel.is_met):>9}"
            f"{len(duel.models) or '':>8}{_number(earlier):>8}"
        )
    if costs:
        print(f"\n{'step':<41}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'asked':>9}", end="")
        print(f"{'spilled MB':>12}{'asked s':>9}{'':>9}{'last s':>9}")
    for cost in costs:
        print(
            f"{cost.name:<41}{cost.seconds:>9.2f}{_number(cost.cpu_seconds):>8}"
            f"{_number(cost.peak_mb, 0):>9}{_number(cost.asked_mb, 0):>9}"
            f"{_number(cost.spilled_mb, 0):>12}"
            f"{_number(cost.asked):>9}{_met(cost.is_met):>9}"
            f"{_number(before.get((cost.name, None))):>9}"
        )
        for table, count in cost.rows.items():
            print(f"{f'  rows of {table}':<41}{count:>12,}")


def keep(events: int, duels: Sequence[Duel], costs: Sequence[Cost]) -> tuple[Path, Path]:
    """Write the result and the plot over all results; return their paths."""
    ARCHIVE.mkdir(parents=True, exist_ok=True)
    path = ARCHIVE / f"{events}-{time.strftime('%Y%m%dT%H%M%S')}.json"
    described = {
        "events": events,
        "duckdb": duckdb.__version__,
        "machine": machine(),
        "commit": commit(),
        "duels": [{**asdict(duel), "ratio": duel.ratio, "is_met": duel.is_met} for duel in duels],
        "costs": [{**asdict(cost), "is_met": cost.is_met} for cost in costs],
    }
    path.write_text(json.dumps(described, indent=2), encoding="utf-8")
    plot = ARCHIVE / PLOT
    plot.write_text(svg(_series(results())), encoding="utf-8")
    return path, plot


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB"


def commit() -> str:
    """The commit that was measured, with a `+` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _number(value: float | None, digits: int = 3) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if digits and value < 1000 else f"{value:.0f}"


def _met(is_met: bool | None) -> str:
    return "" if is_met is None else ("met" if is_met else "NOT MET")


def results() -> list[dict[str, Any]]:
    """Every result that is kept, oldest first."""
    found = sorted(ARCHIVE.glob("*-*.json"), key=lambda path: path.stem.split("-")[-1])
    results = (json.loads(path.read_text(encoding="utf-8")) for path in found)
    return [result for result in results if "duels" in result]


def _last(events: int) -> dict[tuple[str, str | None], float]:
    """Ratio by row and peer, seconds by step, of the last time that each ran at this scale."""
    found: dict[tuple[str, str | None], float] = {}
    for result in results():
        if result["events"] == events:
            found |= {(duel["name"], duel["peer"]): duel["ratio"] for duel in result["duels"]}
            found |= {(cost["name"], None): cost["seconds"] for cost in result["costs"]}
    return found


def _series(results: Iterable[dict[str, Any]]) -> dict[str, dict[int, float]]:
    """Our seconds by row and number of events, the newest of each. Rows of the line are there as
    its steps."""
    series: dict[str, dict[int, float]] = {}
    for result in results:
        events = result["events"]
        lines = [cost for cost in result["costs"] if cost["name"] in STEPS]
        for name, seconds in [
            *((duel["name"], duel["our_seconds"]) for duel in result["duels"] if duel["models"]),
            *((cost["name"], cost["seconds"]) for cost in lines),
        ]:
            series.setdefault(name, {})[events] = seconds
    return series


def svg(series: dict[str, dict[int, float]]) -> str:
    """Seconds against events, both on logarithmic scales; a dashed line grows as the events do."""
    points = [(events, max(s, 0.01)) for line in series.values() for events, s in line.items()]
    if not points:
        points = [(1, 1.0)]
    low_x, high_x = _decades(log10(events) for events, _ in points)
    low_y, high_y = _decades(log10(seconds) for _, seconds in points)

    def place(events: float, seconds: float) -> tuple[float, float]:
        x = (log10(events) - low_x) / (high_x - low_x)
        y = (log10(max(seconds, 0.01)) - low_y) / (high_y - low_y)
        return MARGIN + x * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + LEGEND}" height="{HEIGHT}"'
        ' font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for decade in range(low_x, high_x + 1):
        x = place(10**decade, 1)[0]
        parts.append(_line(x, MARGIN, x, HEIGHT - MARGIN, "#ddd"))
        parts.append(_text(x, HEIGHT - MARGIN + 16, f"{10**decade:,}", "middle"))
    for decade in range(low_y, high_y + 1):
        y = place(1, 10.0**decade)[1]
        parts.append(_line(MARGIN, y, WIDTH - MARGIN, y, "#ddd"))
        parts.append(_text(MARGIN - 6, y + 4, f"{10.0**decade:g} s", "end"))
    top = min(high_x, low_x + high_y - low_y)
    ends = (*place(10**low_x, 10.0**low_y), *place(10**top, 10.0 ** (low_y + top - low_x)))
    parts.append(_line(*ends, "#999", "4 4"))
    parts.append(_text(WIDTH / 2, HEIGHT - 12, "events", "middle"))
    for number, (name, line) in enumerate(sorted(series.items())):
        colour = COLOURS[number % len(COLOURS)]
        dashes = "" if number < len(COLOURS) else "2 3"
        placed = [place(events, seconds) for events, seconds in sorted(line.items())]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="{dashes}"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in placed]
        y = MARGIN + 15 * number
        parts.append(_line(WIDTH - 30, y - 4, WIDTH - 10, y - 4, colour, dashes))
        parts.append(_text(WIDTH - 4, y, name, "start"))
    return "\n".join([*parts, "</svg>", ""])


def _decades(values: Iterable[float]) -> tuple[int, int]:
    """Powers of ten around values, at least one apart."""
    found = list(values)
    low, high = int(min(found) // 1), int(-(-max(found) // 1))
    return low, max(high, low + 1)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
        f' stroke-dasharray="{dashes}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped}</text>'
