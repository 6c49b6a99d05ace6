"""How the checks of a build came out, for its readers: dbt's tests and the suites, one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from expectations.results import read_failures
from orchestration.store.sql import insert_many
from orchestration.transform.dbt_runs import Manifest, in_chinese, run_results
from orchestration.transform.dbt_tests import describe_test

TABLE = "build_checks"


@dataclass(frozen=True)
class BuildCheck:
    """A row of `build_checks`. `status` is passed or warned: what fails is never published.

    `failing_row_count` is 0 where it passed; `sentence` says what was found, without values, and
    `sentence_zh` the same in Chinese, where somebody has written it.
    """

    table_name: str
    check_name: str
    kind: str
    status: str
    failing_row_count: int
    sentence: str | None
    sentence_zh: str | None = None


def build_checks(
    manifest: Manifest, validations: Path, passed: Collection[str]
) -> tuple[BuildCheck, ...]:
    """Results of dbt's tests, and the last of each suite in Great Expectations' store.

    `passed` are the tests that have passed, in the last run of dbt or, where nothing that they
    read is new since, before it.
    """
    return (*_tests(manifest, passed), *_suites(validations))


def write(connection: duckdb.DuckDBPyConnection, checks: tuple[BuildCheck, ...]) -> None:
    """Write them as a table beside `build`."""
    connection.execute(
        f"create table {TABLE} (table_name varchar, check_name varchar, kind varchar,"
        " status varchar, failing_row_count bigint, sentence varchar, sentence_zh varchar)"
    )
    connection.execute(
        f"comment on table {TABLE} is"
        " 'One row per check of this build: passed, or warned. One that fails holds a build back.'"
    )
    insert_many(connection, TABLE, [astuple(check) for check in checks])


def _tests(manifest: Manifest, passed: Collection[str]) -> Iterator[BuildCheck]:
    warned = {r["unique_id"]: r["failures"] for r in run_results() if r["status"] == "warn"}
    for unique_id in sorted({*passed, *warned}):
        node = manifest["nodes"].get(unique_id)
        if node is None or node["resource_type"] != "test":
            continue
        about = manifest["nodes"].get(node.get("attached_node") or _last_model(node))
        is_passed = unique_id not in warned
        yield BuildCheck(
            table_name=f"{about['schema']}.{about['alias']}" if about else "",
            check_name=node["name"],
            kind="dbt test",
            status="passed" if is_passed else "warned",
            failing_row_count=0 if is_passed else int(warned[unique_id] or 0),
            sentence=None if is_passed else describe_test(node),
            sentence_zh=None if is_passed else in_chinese(node) or None,
        )


def _last_model(node: Manifest) -> str:
    models = [name for name in node["depends_on"]["nodes"] if name.startswith("model.")]
    return models[-1] if models else ""


def _suites(validations: Path) -> Iterator[BuildCheck]:
    for suite, failures in read_failures(validations).items():
        if not failures:
            yield BuildCheck(suite, "plausible", "suite", "passed", 0, None)
        for warning in failures:
            yield BuildCheck(
                suite,
                warning.rule,
                "suite",
                "warned",
                warning.failing_row_count,
                warning.sentence,
                warning.sentence_zh,
            )
