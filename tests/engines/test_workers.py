"""A cluster whose workers are gone: Spark would wait for one forever."""

from __future__ import annotations

import subprocess
from pathlib import Path

from orchestration.project import ROOT


def test_a_cluster_without_workers_is_told(python_of_spark: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [str(python_of_spark), "-m", "tests.engines.without_workers", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.startswith("No worker of spark://127.0.0.1:")
    assert "then build again" in result.stdout
