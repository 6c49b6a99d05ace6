"""Fixtures that the whole suite shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import build_warehouse, compiled_sql_by_model, run_dbt, settings_of


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole build of an empty raw folder: every table exists, none that counts has a row."""
    return build_warehouse(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """SQL of each model as it is sent to the database, by model name."""
    run_dbt(settings_of(tmp_path_factory.mktemp("compiled")), ["compile", "--select", "fqn:*"])
    return compiled_sql_by_model()
