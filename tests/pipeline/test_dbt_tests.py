"""A failed test shows whole rows, whatever dbt selects of them."""

from __future__ import annotations

from orchestration.transform.dbt_tests import rows_query

NOT_NULL = """


select segment_id
from "warehouse"."marts"."mart_rfm_scores"
where segment_id is null

"""


def test_of_a_missing_value_the_rows_that_miss_it() -> None:
    test = {"test_metadata": {"name": "not_null"}, "column_name": "segment_id"}
    assert rows_query(test, NOT_NULL).split() == [
        "select", "*", "from", '"warehouse"."marts"."mart_rfm_scores"',
        "where", "segment_id", "is", "null",
    ]  # fmt: skip


def test_of_any_other_test_what_it_ran() -> None:
    for test in ({"test_metadata": {"name": "unique"}}, {}):
        assert rows_query(test, NOT_NULL) == NOT_NULL
