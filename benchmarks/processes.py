"""Steps as a person starts them: each a process of its own, with its seconds, its memory, and what
DuckDB wrote to disk for want of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.project import ROOT, other_environment

# A process starts with the peak of the one that starts it, and ours may hold gigabytes: this small
# one stands between. Prints wall and processor seconds, KB of memory, the most bytes that stood in
# DuckDB's folders of temporary files at a time (looked at twice a second), and the exit code.
LAUNCHER = """
import glob, json, os, resource, subprocess, sys, time

def size(path):
    try:
        return 512 * os.stat(path).st_blocks
    except OSError:
        return 0

started, spilled = time.monotonic(), 0
with open(sys.argv[1], "wb") as log:
    process = subprocess.Popen(sys.argv[3:], stdout=log, stderr=log)
    while True:
        try:
            code = process.wait(0.5)
            break
        except subprocess.TimeoutExpired:
            files = glob.glob(os.path.join(glob.escape(sys.argv[2]), "*.tmp", "*"))
            spilled = max(spilled, sum(map(size, files)))
seconds = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss, spilled, code]))
"""
BUILD = (sys.executable, "-m", "orchestration.commands.build")


@dataclass(frozen=True)
class Cost:
    """One measured step: wall and processor seconds, peak memory of its largest process in MB
    (none: not measured), the seconds, the MB and the processor seconds to stay under (none: they
    are told only), the most MB that were spilled to disk at a time, and of a build the wall seconds
    of each model and test, and how many rows tables have that say what it was of."""

    name: str
    seconds: float
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    asked: float | None = None
    spilled_mb: float | None = None
    asked_mb: float | None = None
    asked_cpu: float | None = None
    models: Mapping[str, float] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        if self.asked is None and self.asked_mb is None:
            return None
        is_quick = self.asked is None or self.seconds <= self.asked
        is_quick &= self.asked_cpu is None or (self.cpu_seconds or 0.0) <= self.asked_cpu
        is_small = self.asked_mb is None or (self.peak_mb or 0.0) <= self.asked_mb
        return is_quick and is_small


def environment(folder: Path) -> dict[str, str]:
    """Settings with everything inside `folder`, and dbt's and Dagster's files too."""
    (folder / "dagster").mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("YUNYING_MEMORY_LIMIT", "YUNYING_THREADS")
            if name in os.environ}  # fmt: skip
    return {
        **other_environment(),
        **kept,
        "PYTHONPATH": str(ROOT),
        "YUNYING_RAW_DIR": str(folder / "raw"),
        "YUNYING_SEEDS_DIR": str(ROOT / "seeds"),
        "YUNYING_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "YUNYING_PUBLISH_DIR": str(folder / "published"),
        "YUNYING_ALERT_LOG": str(folder / "alerts.log"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "target"),
        "DBT_PROFILES_DIR": str(ROOT / "dbt_project"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def measure(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    asked: float | None = None,
    asked_mb: float | None = None,
) -> Cost:
    """Run a command; raise `SystemExit` with the end of what it said when it fails."""
    print(f"{name} …", flush=True)
    log = Path(environment["DAGSTER_HOME"]) / "bench.log"
    folder = Path(environment["YUNYING_WAREHOUSE"]).parent
    answer = subprocess.run(
        [sys.executable, "-c", LAUNCHER, str(log), str(folder), *command], env=dict(environment),
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    seconds, cpu_seconds, peak_kb, spilled, code = json.loads(answer.stdout)
    print(f"  {seconds:.0f} s, {cpu_seconds:.0f} of processors, {peak_kb >> 10} MB", flush=True)
    if code:
        raise SystemExit(f"{name}: exit code {code}\n{log.read_text(encoding='utf-8')[-4000:]}")
    return Cost(name, seconds, cpu_seconds, peak_kb / 1024, asked, spilled / 2**20, asked_mb)


def told(script: str, environment: Mapping[str, str], *arguments: str) -> dict[str, float]:
    """What a script of ours prints last: seconds by name, as JSON."""
    answer = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=dict(environment), capture_output=True,
        text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    if answer.returncode:
        raise SystemExit(answer.stderr[-4000:])
    return json.loads(answer.stdout.splitlines()[-1])
