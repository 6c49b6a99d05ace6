"""What a person is told where Spark cannot be used: one sentence, with the mend."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.engines.spark import SparkError, check_java, check_master
from orchestration.project import ROOT, other_environment


def java(folder: Path, version: str) -> None:
    """A `java` that says it is of a version, and the only program there is."""
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return tmp_path


def test_no_java(path: Path) -> None:
    with pytest.raises(SparkError, match="there is none: install Java 17"):
        check_java()


@pytest.mark.parametrize("version", ["21.0.2", "11.0.2", "1.8.0_392", "9"])
def test_a_java_of_another_version(path: Path, version: str) -> None:
    java(path, version)
    with pytest.raises(SparkError, match=r"Spark was tried with 17 alone: install Java 17"):
        check_java()


def test_a_java_that_was_tried(path: Path) -> None:
    java(path, "17.0.15")
    check_java()


def test_a_master_that_is_gone_and_one_that_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        master = f"spark://127.0.0.1:{server.getsockname()[1]}"
        check_master(master)
        check_master(f"spark://127.0.0.1:1,{master.removeprefix('spark://')}")
    for gone in (master, master.replace("spark://", "thrift://somebody@")):
        with pytest.raises(SparkError, match=f"No Spark answers at {gone}: .*YUNYING_SPARK"):
            check_master(gone)
    check_master("local[2]")


def test_a_build_says_so_before_it_begins(path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "orchestration.commands.build"],
        cwd=ROOT,
        env=other_environment()
        | {"YUNYING_ENGINE": "spark", "YUNYING_RAW_DIR": str(path), "DAGSTER_HOME": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "there is none: install Java 17" in told.stdout
