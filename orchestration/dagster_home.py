"""Dagster's folder: runs, schedules, logs. One for `make build` and `make dev`."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.project import ROOT

CONFIG = """\
# Written by `make`. Nothing is reported anywhere, and queued runs go one after another.
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
"""


def dagster_home() -> Path:
    """`DAGSTER_HOME`, else `data/dagster`: made when missing, and set for this process."""
    home = Path(os.environ.get("DAGSTER_HOME") or ROOT / "data" / "dagster")
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(CONFIG, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home
