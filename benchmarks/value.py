"""Value of customers: a fit of BG/NBD and Gamma-Gamma against lifetimes, on the same customers.

Both read one row a customer of one Parquet file, and find the same parameters. Ours is the step as
a build runs it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import peers
from benchmarks.peers import Duel
from benchmarks.processes import Cost
from orchestration.project import DBT_PROJECT_DIR, ROOT, Settings
from orchestration.transform.dbt_runs import dbt_environment

STEP = DBT_PROJECT_DIR / "models" / "steps" / "value" / "step_value_fits.py"
NAMES = ("r", "alpha", "a", "b", "p", "q", "v")
PLANTED = dict(zip(NAMES, (0.5, 6.0, 0.8, 2.5, 6.0, 4.0, 60.0), strict=True))
UNIT_DAYS = 7
APART = 0.02
"""Parameters that are further apart, as a share, are others."""


CUSTOMERS = 1_000_000
ASKED_SECONDS = 10.0


def run(folder: Path, customers: int = CUSTOMERS) -> tuple[list[Duel], list[Cost]]:
    """Ours against lifetimes, and against the clock."""
    folder.mkdir()
    parquet = folder / "customers.parquet"
    pq.write_table(drawn(customers), parquet)
    seconds, cpu, ours = fitted(parquet)
    arguments = {"parquet": str(parquet), "unit_days": str(UNIT_DAYS)}
    [(their_seconds, their_cpu, theirs)] = peers.ask([("lifetimes_fit", arguments)], 2)
    for name, value in theirs:
        if not abs(float(value) / ours[name] - 1) <= APART:
            raise SystemExit(f"value: the answers differ; {name} is {ours[name]} and {value}")
    duel = Duel(
        "value", "lifetimes", seconds, their_seconds, 1 / 10, len(theirs), {}, cpu, their_cpu
    )
    return [duel], [
        Cost(f"a value model of {customers:,} customers", seconds, cpu, asked=ASKED_SECONDS)
    ]


def fitted(parquet: Path) -> tuple[float, float, dict[str, float]]:
    """Wall and processor seconds of the step, the better of two, and what it finds, in a process
    like dbt's."""
    environment = {**os.environ, **dbt_environment(Settings.from_environment({}))}
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.value", str(parquet)],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    seconds, cpu, found = json.loads(answer.stdout)
    return seconds, cpu, found


def _fit(parquet: str) -> tuple[float, float, dict[str, float]]:
    spec = importlib.util.spec_from_file_location("fits", STEP)
    assert spec is not None
    assert spec.loader is not None
    step = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(step)
    with duckdb.connect() as connection:
        connection.execute(
            f"create view fct_value_customers as from '{parquet}';"
            f" create table dim_value_models as select 'value' as model_id,"
            f" {UNIT_DAYS} as unit_days, null as transaction_parameters, null as spend_parameters"
        )
        dbt: Any = SimpleNamespace(config=lambda **_: None, ref=connection.table)
        started, cpu_started = time.monotonic(), time.process_time()
        [found] = step.model(dbt, connection).to_pylist()
        return time.monotonic() - started, time.process_time() - cpu_started, found


def drawn(customers: int) -> pa.Table:
    """Customers of the planted parameters, by the day."""
    random = np.random.default_rng(2005)
    r, alpha, a, b, p, q, v = PLANTED.values()
    rate = random.gamma(r, 1 / alpha, customers)
    leaves = random.beta(a, b, customers)
    age = random.integers(30, 730, customers) / UNIT_DAYS
    frequency, recency, at = np.zeros(customers, int), np.zeros(customers), np.zeros(customers)
    there = np.arange(customers)
    while len(there):
        at[there] += random.exponential(1 / rate[there])
        there = there[at[there] <= age[there]]
        frequency[there] += 1
        recency[there] = at[there]
        there = there[random.random(len(there)) >= leaves[there]]
    total = random.gamma(p * np.maximum(frequency, 1)) / random.gamma(q, 1 / v, customers)
    mean = np.round(total / np.maximum(frequency, 1), 2)
    return pa.table(
        {
            "model_id": pa.array(["value"] * customers).dictionary_encode(),
            "frequency": frequency,
            "recency_days": np.ceil(recency * UNIT_DAYS).astype(int),
            "age_days": np.round(age * UNIT_DAYS).astype(int),
            "mean_repeat_amount": pa.array(mean, mask=(frequency == 0) | (mean <= 0)),
        }
    )


if __name__ == "__main__":
    print(json.dumps(min((_fit(sys.argv[1]) for _ in range(2)), key=lambda run: run[1])))
