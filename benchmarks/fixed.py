"""What is paid whatever the data: imports, parsing, and each model, test, suite and step over an
almost empty warehouse."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean

from benchmarks.events import generate
from benchmarks.processes import BUILD, Cost, environment, measure, told
from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_runs import dbt_executable

EVENTS = 1_000
SUITES = """
import json, sys, time
started = time.monotonic()
from expectations.suites import suite_files
from expectations.validate import validate
from pathlib import Path
imported = time.monotonic()
suites = [file.load() for file in suite_files()]
validate(Path(sys.argv[1]), suites[:1])
first = time.monotonic()
validate(Path(sys.argv[1]), [file.load() for file in suite_files()])
every = time.monotonic() - first
print(json.dumps({
    "Great Expectations, import": imported - started,
    "Great Expectations, a suite more": (every - (first - imported)) / (len(suites) - 1),
}))
"""
STEPS = """
import json, time
import dagster as dg

def seconds(count):
    def op(number):
        @dg.op(name=f"op_{number}")
        def nothing():
            pass
        return nothing

    @dg.job(name=f"job_{count}")
    def job():
        for number in range(count):
            op(number)()

    started = time.monotonic()
    assert job.execute_in_process(instance=dg.DagsterInstance.get()).success
    return time.monotonic() - started

seconds(1)
one = seconds(1)
print(json.dumps({"Dagster, a step more": (seconds(21) - one) / 20}))
"""


def run(folder: Path) -> list[Cost]:
    wanted = environment(folder)
    generate(folder / "raw", EVENTS)
    python = [sys.executable, "-c"]
    dbt = [dbt_executable(), "--quiet", "parse", "--project-dir", str(DBT_PROJECT_DIR)]
    costs = [
        measure("dbt, import", [*python, "import dbt.cli.main"], wanted),
        measure("dbt, parse from nothing", [*dbt, "--no-partial-parse"], wanted),
        measure("dbt, parse with nothing new", dbt, wanted),
        measure("definitions, first import", [*python, "import orchestration.definitions"], wanted),
        measure("definitions, import", [*python, "import orchestration.definitions"], wanted),
        measure("whole line of 1,000 events", BUILD, wanted),
    ]
    every = {**_of_dbt(folder), **told(STEPS, wanted)}
    every |= told(SUITES, wanted, wanted["YUNYING_WAREHOUSE"])
    return [*costs, *(Cost(name, seconds) for name, seconds in every.items())]


def _of_dbt(folder: Path) -> dict[str, float]:
    """Mean seconds of a model and of a test of the last dbt run."""
    results = json.loads((folder / "target" / "run_results.json").read_bytes())["results"]
    kinds = {
        "dbt, a model that is almost empty": "model.",
        "dbt, a test of next to nothing": "test.",
    }
    return {
        name: fmean(r["execution_time"] for r in results if r["unique_id"].startswith(prefix))
        for name, prefix in kinds.items()
    }
