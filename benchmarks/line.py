"""The whole line, from raw files to published tables, as `make build` runs it.

Against one sorted write of the same events; a new day against the rebuild, less what a build costs
that has next to nothing to do (its own warehouse, a thousand events, a new file of a few).
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.events import generate
from benchmarks.peers import Duel
from benchmarks.processes import BUILD, Cost, environment, measure
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.transform.dbt_runs import dbt_executable

TINY_EVENTS = 1_000
# The largest process of a build, of any number of events, with the default of the setting.
ASKED_MB = 4096.0
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
    start_up, day = (min(found, key=lambda cost: cost.seconds) for found in (start_ups, days))
    nothing = measure("nothing new", BUILD, wanted, 30.0)
    less_start_up = day.seconds - start_up.seconds
    duels = [
        Duel("whole line, rebuild", "one sorted write", rebuild.seconds, write.seconds, 8.0),
        Duel("one new day, less start-up", "the rebuild", less_start_up, rebuild.seconds, 0.03),
    ]
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
        return measure(f"{self.name}: one new day", BUILD, wanted, asked_mb=ASKED_MB)


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
    rebuild = measure(f"{name}: rebuild", BUILD, wanted, asked_mb=ASKED_MB)
    return _Rebuilt(name, folder, (imported, write, rebuild), made.held_back)


def _imported() -> list[str]:
    return [sys.executable, "-c", "import orchestration.definitions"]


def _hot(wanted: dict[str, str]) -> list[Cost]:
    arguments = ["build", "--select", HOT, "--project-dir", str(DBT_PROJECT_DIR)]
    command = [dbt_executable(), *arguments]
    measure("dbt build of one mart, cold", command, wanted)
    return [measure("dbt build of one mart, hot", command, wanted, 8.0)]
