"""What Spark writes of a table that is added to is what DuckDB's delete and insert leave."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from orchestration.project import ROOT
from tests.engines.adding import ROWS, STRATEGIES
from tests.warehouse.draws import seed


def test_each_way_to_add_leaves_the_rows_of_duckdb(python_of_spark: Path, tmp_path: Path) -> None:
    told = {engine: added(python_of_spark, tmp_path, engine) for engine in ("duckdb", "spark")}
    # Whoever read the table of the build before still does.
    assert told["spark"].pop("read") == ROWS
    assert told["spark"] == told["duckdb"]
    counts = {name: len(rows) for name, rows in told["duckdb"].items()}
    assert counts.pop("anew") == ROWS
    # Something stays of every table, and something goes.
    assert all(ROWS < count < 2 * ROWS for count in counts.values()), counts
    assert counts.keys() | {"anew"} == STRATEGIES.keys()


def added(python: Path, folder: Path, engine: str) -> dict[str, Any]:
    told = subprocess.run(
        [str(python), "-m", "tests.engines.adding", str(folder / engine), engine, str(seed())],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    return dict(json.loads(told.stdout.splitlines()[-1]))
