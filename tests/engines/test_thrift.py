"""A server of Spark over Thrift: what a session does, a build has from it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestration.engines.spark import _OF_A_SERVER, output
from orchestration.project import ROOT, Settings
from tests.engines.adding import ROWS
from tests.engines.test_adding import added

# The same, of what a server told.
from tests.engines.test_spark import (  # noqa: F401
    test_a_build_begins_without_what_others_made_of_its_tables,
    test_a_model_in_python_writes_what_it_makes_of_spark_s_tables,
    test_the_warehouse_has_what_spark_made,
)
from tests.warehouse.draws import seed


@pytest.fixture(scope="module")
def spark(python_of_spark: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a server says, all of it asked at once."""
    folder = tmp_path_factory.mktemp("a b%20")
    result = subprocess.run(
        [str(python_of_spark), "-m", "tests.engines.on_thrift", str(folder), str(seed())],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def test_each_way_to_add_leaves_the_rows_of_duckdb(
    spark: dict[str, Any], python_of_spark: Path, tmp_path: Path
) -> None:
    assert spark["added"] == added(python_of_spark, tmp_path, "duckdb") | {"read": ROWS}


def test_a_server_that_is_not_as_a_session_is_to_be_is_refused(spark: dict[str, Any]) -> None:
    assert "has America/Havana where a session of this project is to have UTC" in spark["unset"]
    assert "let sessions set it" in spark["unset"]


def test_what_a_server_does_not_do_is_told_in_a_sentence(spark: dict[str, Any]) -> None:
    assert re.match(r"Spark: .*TABLE_OR_VIEW_NOT_FOUND.*nowhere", spark["refused"])


def test_a_server_is_asked_what_a_session_is() -> None:
    of_session = output({})["server_side_parameters"]
    of_server = output({}, "thrift")["server_side_parameters"]
    named = {name.removeprefix(_OF_A_SERVER): text for name, text in of_server.items()}
    static = {"spark.app.name", "spark.master", "spark.sql.warehouse.dir"}
    assert named == {name: text for name, text in of_session.items() if name not in static}


@pytest.mark.parametrize(
    ("address", "host", "port", "user"),
    [
        ("thrift://spark.example.org", "spark.example.org", "10000", "yunying"),
        ("thrift://me@10.0.0.1:10009", "10.0.0.1", "10009", "me"),
    ],
)
def test_the_address_of_a_server(address: str, host: str, port: str, user: str) -> None:
    asked = output({"YUNYING_SPARK_MASTER": address}, "thrift")
    assert (asked["host"], asked["port"], asked["user"]) == (host, port, user)


def test_a_password_is_told_to_the_server_alone() -> None:
    settings = Settings.from_environment({"YUNYING_SPARK_PASSWORD": "hush"})
    asked = output(settings.environment() | settings.spark_secrets(), "thrift")
    assert asked["password"] == "hush"
    assert "hush" not in repr(settings)
    assert "hush" not in settings.environment().values()
    assert settings.redact("with hush") == "with •••"
