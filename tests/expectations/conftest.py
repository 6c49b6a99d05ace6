"""One import of Great Expectations a session, under a guard that notes what it asks of the net."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from expectations.results import SuiteResult
from expectations.suites import suite_files
from tests.expectations.hand_made_warehouse import make_clean_warehouse, make_empty_warehouse

Validate = Callable[..., tuple[SuiteResult, ...]]


@pytest.fixture(scope="session")
def asked() -> list[object]:
    return []


@pytest.fixture(scope="module")
def network_requests(asked: list[object]) -> Iterator[list[object]]:
    """What was asked of the network since the first test here; nothing gets through.

    By module: tests of other folders, which have servers, may follow in the same process.
    """

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in these tests")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield asked


@pytest.fixture(scope="module")
def validate(network_requests: list[object]) -> Validate:
    """`expectations.validate.validate`, imported under the guard."""
    from expectations.validate import validate

    return validate


@pytest.fixture(scope="session")
def clean_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clean_warehouse(tmp_path_factory.mktemp("clean") / "warehouse.duckdb")


@pytest.fixture(scope="session")
def builds(clean_template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two builds that are kept, with marts as the clean warehouse has them."""
    first, second = (tmp_path_factory.mktemp("build") for _ in range(2))
    (first / "parquet" / "marts").mkdir(parents=True)
    with duckdb.connect(str(clean_template), read_only=True) as connection:
        for file in suite_files():
            if file.schema == "marts":
                path = first / "parquet" / "marts" / f"{file.table}.parquet"
                connection.execute(f"copy {file.name} to '{path}' (format parquet)")
    shutil.copytree(first, second, dirs_exist_ok=True)
    return [first, second]


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_empty_warehouse(tmp_path_factory.mktemp("empty") / "warehouse.duckdb")


@pytest.fixture
def warehouse(clean_template: Path, tmp_path: Path) -> Path:
    """A copy of the clean warehouse, to spoil."""
    path = tmp_path / "warehouse.duckdb"
    shutil.copyfile(clean_template, path)
    return path


@pytest.fixture
def spoil(warehouse: Path) -> Callable[[str], Path]:
    """Run SQL in the copy."""

    def run(sql: str) -> Path:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(sql)
        return warehouse

    return run
