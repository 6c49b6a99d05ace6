"""`make bench`: what the line and its hot spots cost, against what a user would pick instead.

    make bench                       1 million events, every row
    make bench SCALE=20              20 million
    make bench ROW=funnel            one row, or several: ROW=funnel,sessions

A row asks ours and a peer for the same answer in the same run, because a machine's own speed is in
both; it fails when the answers differ. Results are kept in `data/bench/`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from tempfile import mkdtemp

from benchmarks import (
    areas,
    attribution,
    bad_input,
    fixed,
    floor,
    funnel,
    growth,
    ingest,
    line,
    peers,
    report,
    retention,
    rfm,
    sessions,
    value,
)
from benchmarks.line import TINY_EVENTS
from benchmarks.peers import Duel, Made, Question
from benchmarks.processes import Cost

Outcome = tuple[list[Duel], list[Cost]]


class Bench:
    """One run: its scale in events, its folder, and the warehouse that most rows ask."""

    def __init__(self, folder: Path, events: int) -> None:
        self.folder = folder
        self.events = events

    @cached_property
    def made(self) -> Made:
        print("a warehouse of generated events …", flush=True)
        return peers.make(self.folder / "warehouse", self.events)

    @cached_property
    def empty(self) -> Made:
        """Next to no events: what a question takes here it takes of any number."""
        return peers.make(self.folder / "empty", TINY_EVENTS)


def _asked(questions: Sequence[Question], bench: Bench) -> Outcome:
    warehouse, empty = bench.made.warehouse, bench.empty.warehouse
    return [duel for q in questions for duel in peers.compare(warehouse, q, empty)], []


ROWS: dict[str, Callable[[Bench], Outcome]] = {
    "ingest": lambda bench: (ingest.duels(bench.made), []),
    "funnel": partial(_asked, funnel.QUESTIONS),
    "search": lambda bench: ([funnel.search_alone(bench.made.warehouse)], []),
    "funnels": lambda bench: (funnel.many(bench.made.warehouse), []),
    "retention": partial(_asked, retention.QUESTIONS),
    "growth": partial(_asked, growth.QUESTIONS),
    "sessions": partial(_asked, sessions.QUESTIONS),
    "rfm": partial(_asked, rfm.QUESTIONS),
    "attribution": lambda bench: (attribution.duels(bench.folder / "paths", bench.events), []),
    "value": lambda bench: value.run(bench.folder / "value"),
    "floor": lambda bench: (floor.duels(bench.made.warehouse), []),
    "line": lambda bench: line.run(bench.folder, bench.events),
    "areas": lambda bench: areas.run(bench.folder / "business", bench.events),
    "fixed": lambda bench: ([], fixed.run(bench.folder / "fixed")),
    "bad": lambda bench: ([], bad_input.run(bench.folder / "bad")),
}


def main() -> int:
    """Run the rows that are asked for; return 1 when one fails."""
    events = round(float(os.environ.get("SCALE") or "1") * 1_000_000)
    chosen = [name for name in os.environ.get("ROW", "").split(",") if name] or list(ROWS)
    unknown = set(chosen) - ROWS.keys()
    if unknown:
        raise SystemExit(f"ROW={','.join(sorted(unknown))}: give some of {', '.join(ROWS)}")
    peers.require()
    folder = Path(mkdtemp(prefix="yunying-bench-"))
    try:
        return _run(Bench(folder, events), chosen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(bench: Bench, chosen: Sequence[str]) -> int:
    print(f"{bench.events:,} events", flush=True)
    duels: list[Duel] = []
    costs: list[Cost] = []
    failures = []
    for name in chosen:
        print(f"{name} …", flush=True)
        try:
            more_duels, more_costs = ROWS[name](bench)
        except SystemExit as failure:
            failures.append(f"{name} FAILED: {failure}")
            continue
        duels += more_duels
        costs += more_costs
    report.show(bench.events, duels, costs)
    path, plot = report.keep(bench.events, duels, costs)
    print(f"\nkept as {path}; plotted in {plot}")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
