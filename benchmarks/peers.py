"""Peers on the same machine, in the same run, over the same Parquet: what the steps share.

Our part is the models' own SQL, as a build runs it: the seconds of the models that a definition
costs. A peer reads one Parquet file of `facts.fct_events`. It answers the same question, or the
step fails.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.events import generate
from orchestration.dbt_runs import dbt_environment
from orchestration.project import DBT_PROJECT_DIR, ROOT, SHIPPED_SEEDS_DIR, Settings

# The events once more, as a peer would be given them: who, what, when.
EVENT_COLUMNS = "user_id, event_name, is_activity, occurred_at"
# What every definition reads, and does not pay for.
BASE = ("+fct_user_days", "+dim_users", "+dim_horizon")
# Its packages and ours ask for different versions of the same ones.
PEERS = ROOT / ".venv-peers" / "bin" / "python"
# The first run also reads the file from disk.
CHDB = """
import sys, time, chdb
sql, best = sys.stdin.read(), float("inf")
for _ in range(2):
    started = time.monotonic()
    answer = chdb.query(sql, "TabSeparated")
    best = min(best, time.monotonic() - started)
print(best)
print(answer, end="")
"""


@dataclass(frozen=True)
class Duel:
    """One question to both: seconds, and how many rows of the answer were compared."""

    name: str
    our_seconds: float
    their_seconds: float
    rows: int


def require() -> None:
    """Stop with what is to do when ClickHouse is not there. It is no part of the lock."""
    if not PEERS.exists():
        raise SystemExit("ClickHouse (chdb) is in an environment of its own: make peers")


class Warehouse:
    """A warehouse of generated events, built up to its events and user-days."""

    def __init__(self, folder: Path, events: int) -> None:
        self.folder = folder
        self.settings = Settings.from_environment(
            {
                "YUNYING_RAW_DIR": str(folder / "raw"),
                "YUNYING_SEEDS_DIR": str(folder / "seeds"),
                "YUNYING_WAREHOUSE": str(folder / "warehouse.duckdb"),
                "YUNYING_PUBLISH_DIR": str(folder / "published"),
                "YUNYING_MEMORY_LIMIT": os.environ.get("YUNYING_MEMORY_LIMIT", ""),
            }
        )
        self.parquet = folder / "events.parquet"
        generate(folder / "raw", folder / "raw" / "events", events)
        self.ask({})
        self._run(*BASE, "--full-refresh")
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            connection.execute(
                f"copy (select {EVENT_COLUMNS} from facts.fct_events order by user_id, occurred_at)"
                f" to '{self.parquet}' (format parquet)"
            )

    def ask(self, seeds: Mapping[str, str]) -> None:
        """Take definitions in, CSV text by file, beside the shipped tracking plan."""
        from orchestration.defs.ingest.loader import ingest

        self.settings.seeds_dir.mkdir(exist_ok=True)
        names = SHIPPED_SEEDS_DIR / "event_names.csv"
        for name, text in {"event_names": names.read_text(encoding="utf-8"), **seeds}.items():
            (self.settings.seeds_dir / f"{name}.csv").write_text(text, encoding="utf-8")
        ingest(self.settings)

    def run(self, selection: str) -> float:
        """Run what a mart is made of beyond events and users; return its models' seconds."""
        return self._run(selection, "--exclude", *BASE)

    def _run(self, *selection: str) -> float:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        with _environment({**os.environ, **dbt_environment(self.settings)}):
            result = dbtRunner().invoke(
                [
                    "--quiet",
                    "--log-level-file=none",
                    "run",
                    "--select",
                    *selection,
                    f"--project-dir={DBT_PROJECT_DIR}",
                    f"--profiles-dir={DBT_PROJECT_DIR}",
                    f"--target-path={self.folder / 'target'}",
                ]
            )
            DuckDBConnectionManager.close_all_connections()
        if not result.success:
            raise SystemExit(f"dbt run --select {selection} failed: {result.exception}")
        return sum(node.execution_time for node in result.result.results)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def ask_chdb(sql: str) -> tuple[float, list[tuple[str, ...]]]:
    """Seconds and rows, as text, of a ClickHouse query: the better of two runs."""
    answer = subprocess.run(
        [str(PEERS), "-c", CHDB], input=sql, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SystemExit(f"chdb: {answer.stderr[-2000:]}")
    seconds, *lines = answer.stdout.splitlines()
    return float(seconds), [tuple(line.split("\t")) for line in lines]


def same(ours: Sequence[tuple[Any, ...]], theirs: Sequence[tuple[Any, ...]], name: str) -> int:
    """Number of rows of an answer that both give; stops when they differ."""
    left = {tuple(map(str, row)) for row in ours}
    right = {tuple(map(str, row)) for row in theirs}
    if left != right or not left:
        raise SystemExit(
            f"{name}: the answers differ; ours alone {sorted(left - right)[:3]}, "
            f"theirs alone {sorted(right - left)[:3]}"
        )
    return len(left)


def show(duels: Sequence[Duel]) -> None:
    print(f"\n{'question':<44}{'ours s':>9}{'chdb s':>9}{'ours/chdb':>11}{'rows':>9}")
    for duel in duels:
        ratio = duel.our_seconds / duel.their_seconds
        print(
            f"{duel.name:<44}{duel.our_seconds:>9.2f}{duel.their_seconds:>9.2f}"
            f"{ratio:>11.2f}{duel.rows:>9,}"
        )
    sys.stdout.flush()
