"""Ours against a peer: on the same machine, in the same run, with the same answer.

A `Question` is what is asked: the models that it costs us, and the peers with their own way to it.
A peer reads one Parquet file of `facts.fct_events`; our seconds are those of the models, from the
start of the first to the end of the last, as a whole build runs them. A peer answers the same, or
the row fails. A `Duel` is the outcome, one line of the table.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.events import generate
from orchestration.project import DBT_PROJECT_DIR, ROOT, SHIPPED_SEEDS_DIR, Settings
from orchestration.transform.dbt_process import leave_out_unlogged_events
from orchestration.transform.dbt_runs import dbt_environment
from orchestration.transform.transforming import asked_of_a_build

PEERS = ROOT / ".venv-peers" / "bin" / "python"
PEER = ROOT / "benchmarks" / "peer.py"
WANTED = ROOT / "benchmarks" / "peers.txt"
MADE_FROM = ROOT / ".venv-peers" / ".made"
# Definitions that are no question: what events mean, and how people are sorted.
SHIPPED_SEEDS = ("event_names", "lifecycle_stages", "rfm_segments", "rfm_segment_labels")
# What a question reads, and does not pay for: the events and what they are made of.
EVENTS = (
    "+fct_events", "fct_order_states", "fct_orders", "dim_users", "dim_horizon", "dim_dates",
    "stg_feed_rows", "stg_feed__users", "stg_horizon_floors", "int_scope__causes",
    "int_users_latest", "dim_user_numbers", "dim_event_codes", "fct_user_timelines", "int_scope",
)  # fmt: skip
USER_DAYS = (*EVENTS, "fct_user_days", "fct_user_active_days")
# Events that pandas has room for on a machine of 24 GB.
MOST_IN_MEMORY = 30_000_000


@dataclass(frozen=True)
class Peer:
    """One way that a user would go instead.

    `asked` is the ratio, ours over theirs, to reach; none: it is told only. `arguments` may name
    `{events}`, `{parquet}`, `{horizon}` and `{snapshots}`; `answer` is our SQL where it is not the
    question's. Above `most_events` it is not asked, because it holds all of them in memory.
    """

    name: str
    function: str
    asked: float | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    answer: str | None = None
    most_events: int | None = None


@dataclass(frozen=True)
class Question:
    """What is asked: definitions, the models that answer, and what they are given."""

    name: str
    models: tuple[str, ...]
    answer: str
    peers: tuple[Peer, ...]
    seeds: Mapping[str, str] = field(default_factory=dict)
    given: tuple[str, ...] = USER_DAYS


@dataclass(frozen=True)
class Duel:
    """One line of the table: seconds of both, the ratio to reach, how many rows were compared.

    The ratio is of processor seconds, because what else the machine does is not in them.
    `fixed_cpu`: those of ours over next to no events.
    """

    name: str
    peer: str
    our_seconds: float
    their_seconds: float
    asked: float | None = None
    rows: int = 0
    models: Mapping[str, float] = field(default_factory=dict)
    our_cpu: float | None = None
    their_cpu: float | None = None
    fixed_cpu: float | None = None

    @property
    def ratio(self) -> float:
        if self.our_cpu is None or self.their_cpu is None:
            return self.our_seconds / self.their_seconds
        return self.our_cpu / self.their_cpu

    @property
    def is_met(self) -> bool | None:
        return None if self.asked is None else self.ratio <= self.asked


@dataclass(frozen=True)
class Run:
    """One run of dbt: wall and processor seconds over all models, and each model's own wall."""

    seconds: float
    models: Mapping[str, float]
    cpu: float


@dataclass(frozen=True)
class Warehouse:
    """A warehouse of generated events, and its events as the Parquet file that peers read."""

    settings: Settings
    parquet: Path
    events: int

    def open(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.settings.warehouse), read_only=True)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.open() as connection:
            return connection.execute(sql).fetchall()

    def export(self) -> None:
        """Write the events for the peers, in the order in which ours lie."""
        with self.open() as connection:
            connection.execute(
                "copy (select * exclude (session_id, source_session_id) from facts.fct_events"
                f" order by user_id, occurred_at) to '{self.parquet}' (format parquet)"
            )

    def take_in(self, seeds: Mapping[str, str]) -> float:
        """Take new files and definitions in, CSV text by file; return the seconds."""
        from orchestration.ingest.loader import ingest

        folder = self.settings.seeds_dir
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", "utf-8")
        shipped = {name: SHIPPED_SEEDS_DIR / f"{name}.csv" for name in SHIPPED_SEEDS}
        texts = {name: path.read_text(encoding="utf-8") for name, path in shipped.items()}
        for name, text in {**texts, **seeds}.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        started = time.monotonic()
        ingest(self.settings)
        return time.monotonic() - started

    def run(self, select: Sequence[str], exclude: Sequence[str]) -> Run:
        """Run models anew; raise `SystemExit` with dbt's message when one fails."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        clock: list[tuple[float, float]] = []

        def note(event: Any) -> None:
            if event.info.name in ("NodeStart", "NodeFinished"):
                clock.append((time.monotonic(), time.process_time()))

        leave_out_unlogged_events()
        excluded = ["--exclude", *exclude] if exclude else []
        with self.open() as connection:
            asked = asked_of_a_build(connection)
        with _environment({**os.environ, **dbt_environment(self.settings, asked=asked)}):
            result = dbtRunner(callbacks=[note]).invoke(
                [
                    "--quiet",
                    "--log-level-file=none",
                    "run",
                    "--full-refresh",
                    "--select",
                    *select,
                    *excluded,
                    f"--project-dir={DBT_PROJECT_DIR}",
                    f"--profiles-dir={DBT_PROJECT_DIR}",
                    f"--target-path={self.parquet.parent / 'target'}",
                ]
            )
            DuckDBConnectionManager.close_all_connections()
        if not result.success:
            failed = [r.message for r in getattr(result.result, "results", []) if r.message]
            raise SystemExit(f"dbt run --select {select} failed: {result.exception} {failed}")
        seconds = {node.node.name: node.execution_time for node in result.result.results}
        (start, cpu_start), (end, cpu_end) = clock[0], clock[-1]
        return Run(end - start, seconds, cpu_end - cpu_start)

    def given(self) -> dict[str, str]:
        """What the arguments of a peer may name."""
        [(horizon,)] = self.rows("select data_through_date from facts.dim_horizon")
        months = self.rows(
            "select max(date_day) from facts.dim_dates where is_month_closed group by"
            " month_start_date order by 1"
        )
        return {
            "events": f"file('{self.parquet}', Parquet)",
            "parquet": str(self.parquet),
            "horizon": str(horizon),
            "snapshots": ",".join([*(str(end) for (end,) in months), str(horizon)]),
        }


@dataclass(frozen=True)
class Made:
    """A warehouse built up to events, orders and user-days, and what came on the way: seconds of
    ingest, and the run of the staging models."""

    warehouse: Warehouse
    ingest_seconds: float
    staging: Run


def make(folder: Path, events: int) -> Made:
    """Generate `events` events below `folder` and build what every question reads."""
    warehouse = Warehouse(
        Settings.from_environment(
            {
                "YUNYING_RAW_DIR": str(folder / "raw"),
                "YUNYING_SEEDS_DIR": str(folder / "seeds"),
                "YUNYING_WAREHOUSE": str(folder / "warehouse.duckdb"),
                "YUNYING_PUBLISH_DIR": str(folder / "published"),
                "YUNYING_MEMORY_LIMIT": os.environ.get("YUNYING_MEMORY_LIMIT", ""),
            }
        ),
        folder / "events.parquet",
        events,
    )
    generate(folder / "raw", events)
    ingest_seconds = warehouse.take_in({})
    staging = warehouse.run(["path:models/staging", "+path:models/staging"], ())
    warehouse.run(["+fct_user_days", "+fct_user_timelines", "+dim_dates"], ["path:models/staging"])
    warehouse.export()
    return Made(warehouse, ingest_seconds, staging)


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def are_there() -> bool:
    """Whether the peers' environment was made, and from the list as it is now."""
    return PEERS.exists() and MADE_FROM.exists() and MADE_FROM.read_bytes() == WANTED.read_bytes()


def require() -> None:
    """Stop with what is to do when the peers are not there. They are no part of the lock."""
    if not are_there():
        raise SystemExit("the peers are in an environment of their own: make bench makes it")


def best_of(warehouse: Warehouse, question: Question, repeats: int = 2) -> Run:
    """Our better run."""
    warehouse.take_in(question.seeds)
    runs = [warehouse.run(question.models, question.given) for _ in range(repeats)]
    return min(runs, key=lambda run: run.cpu)


def compare(
    warehouse: Warehouse, question: Question, empty: Warehouse | None = None, repeats: int = 2
) -> list[Duel]:
    """Ask ours, then each peer; raise `SystemExit` when two answers differ.

    Ours runs as often as a peer does, and the better run counts. `empty` has next to no events.
    """
    fixed = best_of(empty, question, repeats).cpu if empty else None
    best = best_of(warehouse, question, repeats)
    given = warehouse.given()
    found = []
    for peer in question.peers:
        if peer.most_events and warehouse.events > peer.most_events:
            print(f"{question.name}: {peer.name} is not asked, for want of memory", flush=True)
            continue
        [(seconds, cpu, theirs)] = ask([call(given, peer)], repeats)
        rows = check(warehouse, question, peer, theirs)
        found.append(
            Duel(
                question.name, peer.name, best.seconds, seconds, peer.asked, rows, best.models,
                best.cpu, cpu, fixed,
            )
        )  # fmt: skip
    return found


def call(given: Mapping[str, str], peer: Peer) -> tuple[str, dict[str, str]]:
    """A peer's function and its arguments, with what they name filled in."""
    return peer.function, {name: text.format(**given) for name, text in peer.arguments.items()}


def ask(
    calls: Sequence[tuple[str, Mapping[str, str]]], repeats: int
) -> list[tuple[float, float, list[list[str]]]]:
    """Wall and processor seconds and rows, as text, of each call, all in one process of the peers'
    environment."""
    answer = subprocess.run(
        [str(PEERS), str(PEER), str(repeats)], input=json.dumps(calls), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if answer.returncode:
        raise SystemExit(f"{calls[0][0]}: {answer.stderr[-2000:]}")
    return json.loads(answer.stdout.splitlines()[-1])


def check(
    warehouse: Warehouse, question: Question, peer: Peer, theirs: Sequence[Sequence[str]]
) -> int:
    """Number of rows of an answer that both give; raises `SystemExit` when they differ."""
    ours = warehouse.rows(peer.answer or question.answer)
    left = {tuple(map(str, row)) for row in ours}
    right = {tuple(row) for row in theirs}
    if left != right or not left:
        raise SystemExit(
            f"{question.name}, {peer.name}: the answers differ; ours alone "
            f"{sorted(left - right)[:3]}, theirs alone {sorted(right - left)[:3]}"
        )
    return len(left)
