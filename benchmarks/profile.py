"""Where the time goes, as text: the plans of the costliest models of each question, and a whole
build by its stages.

    SCALE=1 .venv/bin/python -m benchmarks.profile

One file a question in `benchmarks/profiles/`: the seconds of every model, then `explain analyze` of
the three that take longest, each with the SQL that a whole build runs. `line.txt` is the rebuild
and a new day: when each stage began, and the tables and tests that took longest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from benchmarks import funnel, growth, peers, retention, rfm, sessions
from benchmarks.events import generate
from benchmarks.peers import Question, Run, Warehouse
from benchmarks.processes import BUILD, environment, measure
from orchestration.project import ROOT

FOLDER = ROOT / "benchmarks" / "profiles"
QUESTIONS = (
    Question("staging", ("+stg_events",), answer="", peers=(), given=()),
    funnel.QUESTIONS[0],
    Question(
        f"{funnel.MANY} funnels",
        funnel.MODELS,
        answer="",
        peers=(),
        seeds=funnel.seeds(funnel.many_funnels()),
    ),
    *retention.QUESTIONS[:3],
    *growth.QUESTIONS,
    sessions.QUESTIONS[0],
    *rfm.QUESTIONS,
)
SHOWN = 3
SHOWN_NODES = 40
STAGE = re.compile(r"^ +\d+:\d\d  (?:.* …|done: .*)$", re.MULTILINE)
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
    with TemporaryDirectory(prefix="yunying-profile-") as folder:
        (FOLDER / "line.txt").write_text(line(Path(folder), events), encoding="utf-8")
    return 0


def line(folder: Path, events: int) -> str:
    """A rebuild and a new day: when each stage began, and the tables and tests that took longest.

    dbt works at two of them at a time, so that their seconds sum up to more than it took.
    """
    settings = environment(folder)
    made = generate(folder / "raw", events, held_back=folder / "held_back")
    parts = [
        f"The whole line, {events:,} events, {os.cpu_count()} cores, DuckDB {duckdb.__version__}"
    ]
    for name, new in (("rebuild", ()), ("one new day", made.held_back[:1])):
        for file in new:
            shutil.move(file, folder / "raw" / "events" / file.name)
        cost = measure(name, BUILD, settings)
        said = (Path(settings["DAGSTER_HOME"]) / "bench.log").read_text(encoding="utf-8")
        found = json.loads((folder / "target" / "run_results.json").read_bytes())["results"]
        nodes = sorted(found, key=lambda node: -node["execution_time"])
        rest = sum(node["execution_time"] for node in nodes[SHOWN_NODES:])
        parts += [
            f"== {name}: {cost.seconds:.1f} s, {cost.cpu_seconds:.1f} of processors ==",
            "\n".join(STAGE.findall(said)),
            "\n".join(
                f"{node['execution_time']:8.2f} s  {node['unique_id'].split('.')[2]}"
                for node in nodes[:SHOWN_NODES]
            ),
            f"{rest:8.2f} s  {len(nodes) - SHOWN_NODES} others",
        ]
    return "\n\n".join(parts) + "\n"


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
        connection.execute("set preserve_insertion_order = false")  # as in profiles.yml
        for name in [name for name, _ in longest if name in compiled][:SHOWN]:  # none in Python
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
