"""The whole line, from raw files to published tables, as `make build` runs it.

Against one sorted write of the same events; a new day against the rebuild, less what a build costs
that has next to nothing to do (its own warehouse, a thousand events, a new file of a few).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.events import generate
from benchmarks.peers import Duel
from benchmarks.processes import BUILD, Cost, environment, measure
from orchestration.dbt_runs import dbt_executable
from orchestration.project import DBT_PROJECT_DIR, Settings

TINY_EVENTS = 1_000
HOT = "mart_active_users_daily"


def run(folder: Path, events: int) -> tuple[list[Duel], list[Cost]]:
    start_up = _new_day("start-up, almost empty", folder / "tiny", TINY_EVENTS)[-1]
    wanted = environment(folder / "line")
    steps = _new_day("whole line", folder / "line", events)
    _, write, rebuild, day = steps
    nothing = measure("nothing new", BUILD, wanted, 30.0)
    duels = [
        Duel("whole line, rebuild", "one sorted write", rebuild.seconds, write.seconds, 8.0),
        Duel("one new day, less start-up", "the rebuild", max(day.seconds - start_up.seconds, 0),
             rebuild.seconds, 0.03),
    ]  # fmt: skip
    return duels, [*steps, start_up, nothing, *_hot(wanted)]


def _new_day(name: str, folder: Path, events: int) -> list[Cost]:
    """Parse, one sorted write, the build of all days but one, the build of the last."""
    wanted = environment(folder)
    made = generate(folder / "raw", folder / "held_back", events)
    imported = measure(f"{name}: import after a change", _imported(), wanted)
    database = folder / "sorted.duckdb"
    memory = Settings.from_environment(wanted).memory_limit
    arguments = ["-m", "benchmarks.sorted_write", str(folder / "raw"), str(database), memory]
    write = measure(f"{name}: one sorted write", [sys.executable, *arguments], wanted)
    database.unlink()
    rebuild = measure(f"{name}: rebuild", BUILD, wanted)
    shutil.move(made.last_file, folder / "raw" / "events" / made.last_file.name)
    return [imported, write, rebuild, measure(f"{name}: one new day", BUILD, wanted)]


def _imported() -> list[str]:
    return [sys.executable, "-c", "import orchestration.definitions"]


def _hot(wanted: dict[str, str]) -> list[Cost]:
    arguments = ["build", "--select", HOT, "--project-dir", str(DBT_PROJECT_DIR)]
    command = [dbt_executable(), *arguments]
    measure("dbt build of one mart, cold", command, wanted)
    return [measure("dbt build of one mart, hot", command, wanted, 8.0)]
