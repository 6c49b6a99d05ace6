"""Where the time goes: `explain analyze` of the costliest models of each question, as text.

    SCALE=1 .venv/bin/python -m benchmarks.profile

One file a question in `benchmarks/profiles/`: the seconds of every model, then the plans of the
three that take longest, each with the SQL that a whole build runs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from benchmarks import funnel, growth, peers, retention, rfm, sessions
from benchmarks.peers import Question, Run, Warehouse
from orchestration.project import ROOT

FOLDER = ROOT / "benchmarks" / "profiles"
QUESTIONS = (
    funnel.QUESTIONS[0],
    *retention.QUESTIONS[:3],
    *growth.QUESTIONS,
    sessions.QUESTIONS[0],
    *rfm.QUESTIONS,
)
SHOWN = 3
WIDTH = 140
# What DuckDB says of an operator that tells it from its like.
SAID = ("Table", "Join Type", "Conditions", "Groups", "Aggregates", "Expression", "CTE Name")


def main() -> int:
    """Write one profile for each question, in place of the one before."""
    events = round(float(os.environ.get("SCALE") or "1") * 1_000_000)
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="yunying-profile-") as folder:
        warehouse = peers.make(Path(folder), events).warehouse
        for question in QUESTIONS:
            warehouse.take_in(question.seeds)
            run = warehouse.run(question.models, question.given)
            name = "".join(c if c.isalnum() else "_" for c in question.name).replace("__", "_")
            path = FOLDER / f"{name}.txt"
            path.write_text(profile(warehouse, question, run, events), encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


def profile(warehouse: Warehouse, question: Question, run: Run, events: int) -> str:
    """Seconds of every model, longest first, and the plans of the first few."""
    longest = sorted(run.models.items(), key=lambda model: -model[1])
    compiled = {path.stem: path for path in (warehouse.parquet.parent / "target").rglob("*.sql")
                if "compiled" in path.parts}  # fmt: skip
    parts = [
        f"{question.name}: {run.seconds:.2f} s for {len(run.models)} models over {events:,} events,"
        f" {os.cpu_count()} cores, DuckDB {duckdb.__version__}",
        "\n".join(f"{seconds:8.2f} s  {name}" for name, seconds in longest),
    ]
    with warehouse.open() as connection:
        connection.execute(f"set memory_limit = '{warehouse.settings.memory_limit}'")
        connection.execute("set preserve_insertion_order = false")
        for name, _ in longest[:SHOWN]:
            sql = compiled[name].read_text(encoding="utf-8")
            [(_, plan)] = connection.execute(f"explain (analyze, format json) {sql}").fetchall()
            [root] = json.loads(plan)["children"]
            lines = [line for child in root["children"] for line in _operators(child, 0)]
            parts.append("\n".join([f"== {name} ==", "processor s        rows  operator", *lines]))
    return "\n\n".join(parts) + "\n"


def _operators(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    """One line an operator, those that it reads from below it: seconds of all threads, rows."""
    what = " ".join(str(node["extra_info"].get(key, "")) for key in SAID)
    yield (
        f"{node['operator_timing']:>11.3f}{node['operator_cardinality']:>12,}  "
        f"{'  ' * depth}{node['operator_name'].strip().lower()} {' '.join(what.split())}"
    ).rstrip()[:WIDTH]
    for child in node["children"]:
        yield from _operators(child, depth + 1)


if __name__ == "__main__":
    sys.exit(main())
