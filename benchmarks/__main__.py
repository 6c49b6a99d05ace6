"""`make bench`: the whole line on generated events, in figures.

    make bench             1 million events
    make bench SCALE=20    20 million

Each step is a process of its own, as a person starts it: wall seconds, and the peak memory of
its largest process. Also against one sorted write of the same events by DuckDB, in the same
run, because a machine's own speed is in both. Results are kept in `data/bench/`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from benchmarks.events import generate
from orchestration.project import ROOT, Settings

ARCHIVE = ROOT / "data" / "bench"
YARDSTICK = "one sorted write of the same"


@dataclass(frozen=True)
class Step:
    """One measured step: wall seconds, and peak memory of its largest process in MB."""

    name: str
    seconds: float
    peak_mb: float


def main() -> int:
    """Run every step; return 1 when a build fails."""
    scale = float(os.environ.get("SCALE", "1"))
    folder = Path(mkdtemp(prefix="yunying-bench-"))
    try:
        return _bench(folder, round(scale * 1_000_000))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bench(folder: Path, events: int) -> int:
    environment = {
        **os.environ,
        "YUNYING_RAW_DIR": str(folder / "raw"),
        "YUNYING_SEEDS_DIR": str(ROOT / "seeds"),
        "YUNYING_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "YUNYING_PUBLISH_DIR": str(folder / "published"),
        "DAGSTER_HOME": str(folder / "dagster"),
    }
    (folder / "dagster").mkdir()
    print(f"{events:,} events of 180 days; the last day arrives by itself", flush=True)
    made = generate(folder / "raw", folder / "held_back", events)
    build = [sys.executable, "-m", "orchestration.build"]
    steps = [
        _measure("import of the definitions", _import_definitions(), environment),
        _sorted_write(folder, environment),
        _measure("whole line, from nothing", build, environment),
        _measure("nothing new", build, environment),
    ]
    shutil.move(made.last_file, folder / "raw" / "events" / made.last_file.name)
    steps.append(_measure(f"one new day ({made.events_of_last_day:,} events)", build, environment))
    _show(steps, events)
    return 0


def _import_definitions() -> list[str]:
    return [sys.executable, "-c", "import orchestration.definitions"]


def _sorted_write(folder: Path, environment: Mapping[str, str]) -> Step:
    memory = Settings.from_environment(environment).memory_limit
    database = folder / "sorted.duckdb"
    arguments = ["-m", "benchmarks.sorted_write", str(folder), str(database), memory]
    step = _measure(YARDSTICK, [sys.executable, *arguments], environment)
    database.unlink()
    return step


def _measure(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Step:
    print(f"{name} …", flush=True)
    started = time.monotonic()
    log = Path(environment["DAGSTER_HOME"]) / "bench.log"
    with log.open("ab") as file:
        streams = [(os.POSIX_SPAWN_DUP2, file.fileno(), stream) for stream in (1, 2)]
        process = os.posix_spawn(command[0], list(command), dict(environment), file_actions=streams)
        _, status, usage = os.wait4(process, 0)
    if status:
        sys.stderr.write(log.read_text(encoding="utf-8")[-4000:])
        raise SystemExit(f"{name}: exit code {os.waitstatus_to_exitcode(status)}")
    return Step(name, time.monotonic() - started, usage.ru_maxrss / 1024)


def _show(steps: Sequence[Step], events: int) -> None:
    yardstick = next(step for step in steps if step.name == YARDSTICK)
    before = _last(events)
    print(f"\n{'step':<36}{'seconds':>9}{'x write':>9}{'peak MB':>9}{'last time':>11}")
    for step in steps:
        earlier = before.get(step.name)
        shown = f"{earlier:.1f} s" if earlier is not None else ""
        print(
            f"{step.name:<36}{step.seconds:>9.1f}{step.seconds / yardstick.seconds:>9.1f}"
            f"{step.peak_mb:>9.0f}{shown:>11}"
        )
    ARCHIVE.mkdir(parents=True, exist_ok=True)
    path = ARCHIVE / f"{events}-{time.strftime('%Y%m%dT%H%M%S')}.json"
    described = {"duckdb": duckdb.__version__, "steps": [asdict(step) for step in steps]}
    path.write_text(json.dumps(described, indent=2), encoding="utf-8")
    print(f"\nkept as {path.relative_to(ROOT)}")


def _last(events: int) -> dict[str, float]:
    results = sorted(ARCHIVE.glob(f"{events}-*.json"))
    if not results:
        return {}
    steps = json.loads(results[-1].read_text(encoding="utf-8"))["steps"]
    return {step["name"]: step["seconds"] for step in steps}


if __name__ == "__main__":
    sys.exit(main())
