"""Fixtures that the whole suite shares."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import made_of_nothing
from tests.support import build_warehouse, compiled_sql_by_model, run_dbt, settings_of

_ONE_WORLD = {"dashboards", "expectations"}
"""Folders whose files share what their conftest builds."""
_COMMANDS = re.compile(r"orchestration\.commands\.build\b|verify\.builder|make test TESTS")
_BUILDS = re.compile(r"\b(?:build_warehouse|run_dbt|build)\(")


@cache
def _group(path: Path) -> tuple[int, int, str]:
    """What one worker takes at a time, and its place: a file, or the files that share a world,
    which is built once then. Those come first, then what builds in processes of its own, then what
    builds most: nothing long is left to the end."""
    text = path.read_text(encoding="utf-8")
    folder = path.parent.name
    if folder in _ONE_WORLD or "tests.warehouse.users_world" in text:
        return 0, 0, folder
    return 1 if _COMMANDS.search(text) else 2, -len(_BUILDS.findall(text)), str(path)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared = made_of_nothing.share()
        config.add_cleanup(lambda: shutil.rmtree(shared, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _group(item.path)[:2])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(config.rootpath / nodeid.partition("::")[0])[2]

    return Groups(config, log)


@pytest.fixture(scope="session", autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where a test sets no folder, nothing is there: not what the checkout's own builds left."""
    folder = tmp_path_factory.mktemp("nothing")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RAW_DIR", "WAREHOUSE", "PUBLISH_DIR", "ALERT_LOG"):
            patch.setenv(f"YUNYING_{name}", str(folder / name.lower()))
        yield


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole build of an empty raw folder: every table exists, none that counts has a row."""
    return build_warehouse(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """SQL of each model as it is sent to the database, by model name."""
    run_dbt(settings_of(tmp_path_factory.mktemp("compiled")), ["compile", "--select", "fqn:*"])
    return compiled_sql_by_model()
