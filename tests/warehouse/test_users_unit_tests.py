"""dbt's unit tests of the users and RFM areas: the boundaries of each model's own SQL."""

from __future__ import annotations

from tests import support
from tests.warehouse.users_world import SELECTION, build, release_warehouse, settings_of


def test_unit_tests_pass() -> None:
    build("plain")  # dbt reads the types of the given rows from relations that exist
    selection = [f"{part},test_type:unit" for part in SELECTION.split()]
    try:
        result = support.run_dbt(settings_of("plain"), ["test", "--select", *selection])
    finally:
        release_warehouse()
    assert len(result.result.results) >= 15
