"""The whole line, from raw files to published tables, as `make build` runs it.

Against one sorted write of the same events; a new day against the rebuild, less what a build costs
that has next to nothing to do (its own warehouse, a thousand events, a new file of a few).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.events import generate
from benchmarks.peers import Duel
from benchmarks.processes import BUILD, Cost, environment, measure
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.transform.dbt_runs import dbt_executable

TINY_EVENTS = 1_000
# The largest process of a build, of any number of events, with the default of the setting.
ASKED_MB = 4096.0
# Seconds that a rebuild of 100 million events is asked for.
ASKED_REBUILD = 400.0
MANY_EVENTS = 100_000_000
HOT = "mart_active_users_daily"


def run(folder: Path, events: int) -> tuple[list[Duel], list[Cost]]:
    """The builds of new days alternate with those that have next to nothing to do, two of each, and
    the quicker counts: what else the machine does is then in both."""
    wanted = environment(folder / "line")
    tiny = _rebuilt("almost empty", folder / "tiny", TINY_EVENTS)
    line = _rebuilt("whole line", folder / "line", events)
    write, rebuild = line.costs[-2:]
    start_ups, days = [], []
    for number, file in enumerate(line.held_back):
        start_ups.append(tiny.new_day(tiny.held_back[number]))
        days.append(line.new_day(file))
    start_up, day = (min(costs, key=lambda cost: cost.cpu_seconds or 0)
                     for costs in (start_ups, days))  # fmt: skip
    nothing = measure("nothing new", BUILD, wanted, 30.0)
    duels = [
        Duel(
            "whole line, rebuild", "one sorted write", rebuild.seconds, write.seconds, 4.5,
            our_cpu=rebuild.cpu_seconds, their_cpu=write.cpu_seconds,
        ),
        Duel(
            "one new day, less start-up", "the rebuild", day.seconds - start_up.seconds,
            rebuild.seconds, 0.06,
            our_cpu=(day.cpu_seconds or 0) - (start_up.cpu_seconds or 0),
            their_cpu=rebuild.cpu_seconds,
        ),
    ]  # fmt: skip
    return duels, [*line.costs, day, start_up, nothing, *_hot(wanted)]


@dataclass(frozen=True)
class _Rebuilt:
    """A warehouse of its own, built from all days but the last ones."""

    name: str
    folder: Path
    costs: tuple[Cost, ...]
    held_back: tuple[Path, ...]

    def new_day(self, file: Path) -> Cost:
        shutil.move(file, self.folder / "raw" / "events" / file.name)
        wanted = environment(self.folder)
        return built(f"{self.name}: one new day", wanted)


def _rebuilt(name: str, folder: Path, events: int) -> _Rebuilt:
    """Import and parse, one sorted write of the files that are there, and the build of them."""
    wanted = environment(folder)
    made = generate(folder / "raw", events, held_back=folder / "held_back")
    imported = measure(f"{name}: import after a change", _imported(), wanted)
    database = folder / "sorted.duckdb"
    memory = Settings.from_environment(wanted).memory_limit
    arguments = ["-m", "benchmarks.sorted_write", str(folder / "raw"), str(database), memory]
    write = measure(f"{name}: one sorted write", [sys.executable, *arguments], wanted)
    database.unlink()
    asked = ASKED_REBUILD if events == MANY_EVENTS else None
    rebuild = built(f"{name}: rebuild", wanted, asked)
    return _Rebuilt(name, folder, (imported, write, rebuild), made.held_back)


def built(
    name: str,
    wanted: dict[str, str],
    asked: float | None = None,
    command: Sequence[str] = BUILD,
) -> Cost:
    cost = measure(name, command, wanted, asked, ASKED_MB)
    told = json.loads((Path(wanted["DBT_TARGET_PATH"]) / "run_results.json").read_bytes())
    nodes = {node["unique_id"].split(".")[2]: node["execution_time"] for node in told["results"]}
    return replace(cost, models=nodes)


def _imported() -> list[str]:
    return [sys.executable, "-c", "import orchestration.definitions"]


def _hot(wanted: dict[str, str]) -> list[Cost]:
    arguments = ["build", "--select", HOT, "--project-dir", str(DBT_PROJECT_DIR)]
    command = [dbt_executable(), *arguments]
    measure("dbt build of one mart, cold", command, wanted)
    return [measure("dbt build of one mart, hot", command, wanted, 8.0)]
