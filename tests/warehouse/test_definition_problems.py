"""Definitions that nothing can be made of: named with their file, and the build's check fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.project import SHIPPED_SEEDS_DIR
from tests import support

SELECTION = "+definition_problems"
SEEDS = {
    "funnels": "funnel_id,label_en,label_zh\nsignup,Sign-up\n",
    "retentions": "retention_id,cohort_evnt\ncurve,signed_up\n",
    "funels": "funnel_id\nsignup\n",
}


def test_an_unreadable_file_is_an_error_and_what_nothing_reads_a_warning(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="assert_definitions_are_right: fail: Got 1 result"):
        support.build_warehouse(tmp_path, seeds=SEEDS, select=SELECTION, run_tests=True)
    rows = support.query(
        tmp_path / support.WAREHOUSE,
        "select file, row_number, severity, problem from seeds.definition_problems"
        " order by severity, file",
    )
    assert [(row["file"], row["severity"]) for row in rows] == [
        ("funnels.csv", "error"),
        ("funels.csv", "warning"),
        ("retentions.csv", "warning"),
    ]
    assert rows[0]["problem"].startswith("Line 2 has not the 3 fields of the header")
    assert "cohort_evnt" in rows[2]["problem"]


def test_the_shipped_definitions_pass(tmp_path: Path) -> None:
    shipped = {
        path.name: path.read_text(encoding="utf-8") for path in SHIPPED_SEEDS_DIR.glob("*.csv")
    }
    support.build_warehouse(tmp_path, seeds=shipped, select=SELECTION, run_tests=True)
