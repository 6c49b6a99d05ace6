"""What a build goes on with, and what may be published, by what the warehouse notes."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.ingest import ledger
from orchestration.store import attempts


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        ledger.create_tables(connection)
        yield connection


def build(warehouse: duckdb.DuckDBPyConnection, attempt_id: str, *models: str) -> None:
    """What dbt notes of models that it has made."""
    for model in models:
        warehouse.execute("insert into raw.built_models values (?, ?)", [attempt_id, model])


def test_the_same_inputs_go_on_behind_what_stands(warehouse: duckdb.DuckDBPyConnection) -> None:
    first = attempts.begin(warehouse, "one", 3, "inputs")
    assert first.built == frozenset()
    build(warehouse, "one", "a", "b")
    second = attempts.begin(warehouse, "two", 3, "inputs")
    assert (second.attempt_id, second.built) == ("one", {"a", "b"})


@pytest.mark.parametrize(
    ("load_id", "fingerprint", "by_hand", "anew"),
    [
        (4, "inputs", False, False),
        (3, "others", False, False),
        (3, "inputs", True, False),
        (3, "inputs", False, True),
    ],
    ids=["another load", "other inputs", "built by hand", "anew"],
)
def test_anything_else_begins_anew(
    warehouse: duckdb.DuckDBPyConnection,
    load_id: int,
    fingerprint: str,
    by_hand: bool,
    anew: bool,
) -> None:
    attempts.begin(warehouse, "one", 3, "inputs")
    build(warehouse, "one", "a", "b")
    if by_hand:
        build(warehouse, "", "b")
    second = attempts.begin(warehouse, "two", load_id, fingerprint, anew=anew)
    assert (second.attempt_id, second.built) == ("two", frozenset())
    build(warehouse, "two", "a")
    third = attempts.begin(warehouse, "three", load_id, fingerprint)
    assert (third.attempt_id, third.built) == ("two", {"a"})


def test_inputs_that_come_back_are_not_gone_on_with(warehouse: duckdb.DuckDBPyConnection) -> None:
    attempts.begin(warehouse, "one", 3, "inputs")
    build(warehouse, "one", "a")
    attempts.begin(warehouse, "two", 3, "others")
    assert attempts.begin(warehouse, "three", 3, "inputs").built == frozenset()


def test_published_is_what_is_whole_then_checked_and_untouched(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    def is_publishable() -> bool:
        return attempts.is_publishable(warehouse, 3, "inputs")

    assert not is_publishable()
    attempt = attempts.begin(warehouse, "one", 3, "inputs")
    build(warehouse, "one", "a")
    assert not is_publishable()
    attempts.checked(warehouse, 3, "inputs")
    assert not is_publishable()
    attempts.complete(warehouse, attempt)
    assert not is_publishable()  # checked before it was whole
    attempts.checked(warehouse, 3, "inputs")
    assert is_publishable()
    assert not attempts.is_publishable(warehouse, 4, "inputs")
    assert not attempts.is_publishable(warehouse, 3, "others")
    build(warehouse, "", "a")
    assert not is_publishable()


def test_a_warehouse_that_ingest_did_not_make_has_no_attempts() -> None:
    with duckdb.connect() as connection:
        assert not attempts.were_made(connection)
        ledger.create_tables(connection)
        assert attempts.were_made(connection)


def test_a_new_attempt_keeps_what_stays_of_a_whole_one(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    def stays(standing: frozenset[str]) -> frozenset[str]:
        return standing & {"b", "never built"}

    first = attempts.begin(warehouse, "one", 3, "inputs", stays=stays)
    build(warehouse, "one", "a", "b")
    # It is not whole yet: others' inputs find nothing to keep.
    assert attempts.begin(warehouse, "two", 4, "others", stays=stays).built == frozenset()
    build(warehouse, "two", "a", "b")
    second = attempts.begin(warehouse, "two", 4, "others")
    attempts.complete(warehouse, second)
    third = attempts.begin(warehouse, "three", 5, "new", stays=stays)
    assert (first.built, third.attempt_id, third.built) == (frozenset(), "three", {"b"})
    # Should it break off, the next goes on behind what it kept and made.
    build(warehouse, "three", "a")
    assert attempts.begin(warehouse, "four", 5, "new", stays=stays).built == {"a", "b"}
    attempts.complete(warehouse, third)
    build(warehouse, "", "a")
    assert attempts.begin(warehouse, "five", 6, "newer", stays=stays).built == frozenset()
    assert (
        attempts.begin(warehouse, "six", 7, "newest", anew=True, stays=stays).built == frozenset()
    )
