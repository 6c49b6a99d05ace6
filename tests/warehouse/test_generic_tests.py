"""What the project's own generic tests find in a table that is wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.warehouse import connect
from tests import support
from tests.warehouse.users_world import build, release_warehouse, settings_of

WRONG = {
    "two rows of one key": "insert into {table} select * from {table} limit 1",
    "a missing value": "update {table} set is_mature = null"
    " where activity_date = (select max(activity_date) from {table})",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_one_row_per_finds_what_is_wrong(wrong: str, tmp_path: Path) -> None:
    build("plain")
    settings = replace(settings_of("plain"), warehouse=tmp_path / "warehouse.duckdb")
    shutil.copy(settings_of("plain").warehouse, settings.warehouse)
    asked = ["test", "--select", "mart_active_users_daily,test_name:one_row_per"]
    try:
        support.run_dbt(settings, asked)
        release_warehouse()
        with connect(settings) as connection:
            connection.execute(wrong.format(table="marts.mart_active_users_daily"))
        with pytest.raises(AssertionError, match="Got 1 result"):
            support.run_dbt(settings, asked)
    finally:
        release_warehouse()
