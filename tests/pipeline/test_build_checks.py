"""How the checks of a build are told to its readers: dbt's tests and the suites, without values."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.transform import build_checks
from orchestration.transform.build_checks import BuildCheck
from orchestration.transform.dbt_runs import load_manifest


def generic_test(model: str, kind: str) -> str:
    """The unique id of a generic test of a model."""
    manifest = load_manifest()
    return next(
        name
        for name, node in manifest["nodes"].items()
        if (node.get("test_metadata") or {}).get("name") == kind
        and (node.get("attached_node") or "").endswith(f".{model}")
    )


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BuildCheck, ...]:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    doubt = "test.yunying.assert_definitions_raise_no_doubt"
    passed = generic_test("mart_active_users_daily", "one_row_per")
    results = [
        {"unique_id": doubt, "status": "warn", "failures": 2},
        {"unique_id": "model.yunying.mart_active_users_daily", "status": "success",
         "failures": None},
    ]  # fmt: skip
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}), encoding="utf-8")
    warning = {
        "success": False,
        "expectation_config": {
            "type": "unexpected_rows_expectation",
            "kwargs": {"unexpected_rows_query": "select * from {batch}"},
            "notes": "An event is late",
            "severity": "warning",
            "meta": {"rule": "nothing_is_late", "zh": "有事件迟到"},
        },
        "exception_info": {"raised_exception": False},
        "result": {"observed_value": 1, "details": {"unexpected_rows": [{"event_name": "a"}]}},
    }
    for suite, results in (
        ("raw.events", [{**warning, "success": True}]),
        ("marts.mart_event_freshness", [warning]),
    ):
        stored = tmp_path / "validations" / f"{suite}.json"
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(json.dumps({"suite_name": suite, "results": results}), encoding="utf-8")
    return build_checks.build_checks(load_manifest(), tmp_path / "validations", {passed})


def test_tests_and_suites_are_told_one_by_one(checks: tuple[BuildCheck, ...]) -> None:
    doubt, unique, late, events = checks
    assert (unique.table_name, unique.kind) == ("marts.mart_active_users_daily", "dbt test")
    assert (unique.status, unique.failing_row_count, unique.sentence) == ("passed", 0, None)
    assert (doubt.status, doubt.failing_row_count) == ("warned", 2)
    assert doubt.sentence == (
        "A doubtful definition is built as it stands, and shown with its line and mend."
    )
    assert doubt.sentence_zh == "存疑的定义按原样计算，并列出文件行号和修复办法。"
    assert events == BuildCheck("raw.events", "plausible", "suite", "passed", 0, None)
    assert late.table_name == "marts.mart_event_freshness"
    assert (late.check_name, late.status) == ("nothing_is_late", "warned")
    assert (late.sentence, late.sentence_zh) == ("An event is late", "有事件迟到")


def test_they_stand_in_a_table_also_when_there_are_none(checks: tuple[BuildCheck, ...]) -> None:
    for written in (checks, ()):
        with duckdb.connect() as connection:
            build_checks.write(connection, written)
            assert connection.execute("select count(*) from build_checks").fetchall() == [
                (len(written),)
            ]
