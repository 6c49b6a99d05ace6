"""What is paid whatever the data: imports, parsing, each model, test, suite and step over an almost
empty warehouse, and the builds that bring next to nothing: a day of 19 rows, a changed definition,
a mart that an analyst builds by hand."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from benchmarks.events import generate
from benchmarks.processes import BUILD, Cost, environment, measure, told
from orchestration.project import DBT_PROJECT_DIR, ROOT
from orchestration.transform.dbt_runs import dbt_executable

EVENTS = 20_000
DAY_ROWS = 19
MART = "mart_growth_accounting"
IMPORT, DAY = "definitions, import", f"a day of {DAY_ROWS} rows"
DEFINITION, BUILD_OF_MART = "a changed definition", f"dbt build --select {MART}"
# Seconds that a quiet machine of two cores is asked for, and those of its processors.
ASKED = {IMPORT: 3.0, DAY: 15.0, DEFINITION: 15.0, BUILD_OF_MART: 6.0}
ASKED_DAY_PROCESSOR = 22.0
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
    wanted = {**environment(folder), "YUNYING_SEEDS_DIR": str(folder / "seeds")}
    generate(folder / "raw", EVENTS)
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    python = [sys.executable, "-c"]
    dbt = [dbt_executable(), "--quiet", "parse", "--project-dir", str(DBT_PROJECT_DIR)]
    costs = [
        measure("dbt, import", [*python, "import dbt.cli.main"], wanted),
        measure("dbt, parse from nothing", [*dbt, "--no-partial-parse"], wanted),
        measure("dbt, parse with nothing new", dbt, wanted),
        measure("definitions, first import", [*python, "import orchestration.definitions"], wanted),
        measure(IMPORT, [*python, "import orchestration.definitions"], wanted, ASKED[IMPORT]),
        measure(f"whole line of {EVENTS:,} events", BUILD, wanted),
    ]
    every = {**_of_dbt(folder), **told(STEPS, wanted)}
    _deliver(folder / "raw" / "events" / "another_day.jsonl")
    day = measure(DAY, BUILD, wanted, ASKED[DAY])
    costs.append(replace(day, asked_cpu=ASKED_DAY_PROCESSOR))
    _change(folder / "seeds" / "retentions.csv")
    costs.append(measure(DEFINITION, BUILD, wanted, ASKED[DEFINITION]))
    mart = [dbt_executable(), "--quiet", "build", "--select", MART]
    mart += ["--project-dir", str(DBT_PROJECT_DIR)]
    costs.append(measure(BUILD_OF_MART, mart, wanted, ASKED[BUILD_OF_MART]))
    every |= told(SUITES, wanted, wanted["YUNYING_WAREHOUSE"])
    return [*costs, *(Cost(name, seconds) for name, seconds in every.items())]


def _deliver(file: Path) -> None:
    """A file of a day on which next to nothing happened."""
    rows = [
        {
            "event_id": f"another_{number}",
            "event_name": "product_viewed",
            "user_id": f"u{number % 7}",
            "occurred_at": f"2024-06-28T{number:02}:00:00Z",
        }
        for number in range(DAY_ROWS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _change(file: Path) -> None:
    """One retention of the file looks one period less far."""
    header, first, *others = file.read_text(encoding="utf-8").splitlines(keepends=True)
    columns = header.strip().split(",")
    cells = first.split(",")
    cells[columns.index("periods")] = str(int(cells[columns.index("periods")]) - 1)
    file.write_text("".join([header, ",".join(cells), *others]), encoding="utf-8")


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
