"""Fixtures that the whole suite shares."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support import build_warehouse, compiled_sql_by_model, run_dbt, settings_of

_ONE_WORLD = {"dashboards", "expectations"}
"""Folders whose files share what their conftest builds."""
_BUILDS = re.compile(r"\b(?:build_warehouse|run_dbt|build)\(")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of several workers each takes a file, or the files that share a world, which is built once
    then. Those worlds come first, then what builds most: nothing long is left to the end."""
    if not config.pluginmanager.hasplugin("xdist"):
        return

    @cache
    def group(path: Path) -> tuple[bool, str, int]:
        text = path.read_text(encoding="utf-8")
        folder = path.parent.name
        if folder in _ONE_WORLD or "tests.warehouse.users_world" in text:
            return False, folder, 0
        return True, str(path.relative_to(config.rootpath)), -len(_BUILDS.findall(text))

    items.sort(key=lambda item: (group(item.path)[0], group(item.path)[2]))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item.path)[1]))


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole build of an empty raw folder: every table exists, none that counts has a row."""
    return build_warehouse(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """SQL of each model as it is sent to the database, by model name."""
    run_dbt(settings_of(tmp_path_factory.mktemp("compiled")), ["compile", "--select", "fqn:*"])
    return compiled_sql_by_model()
