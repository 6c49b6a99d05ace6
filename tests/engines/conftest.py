"""Spark's own environment, where there is a Java that Spark runs on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestration.engines.spark import SparkError, check_java
from orchestration.project import ROOT


@pytest.fixture(scope="session")
def python_of_spark() -> Path:
    try:
        check_java()
    except SparkError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    made = subprocess.run(
        ["make", ".venv-spark/.made"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return ROOT / ".venv-spark" / "bin" / "python"
