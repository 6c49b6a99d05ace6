"""Timelines of users, the numbers in them, and what becomes of a build whose kernel fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestration.store.faults import in_a_sentence
from orchestration.transform.dbt_runs import load_manifest
from tests.support import build_warehouse, query
from timelines import funnels

MODELS = "+fct_funnel_opened_attempts"
SEEDS = {
    "funnels": "funnel_id,window_seconds\nf,86400\n",
    "funnel_steps": "funnel_id,step_number,event_name\nf,1,open\nf,2,buy\n",
}
NUMBERS = "select user_id, user_number from facts.dim_user_numbers order by user_id"
ATTEMPTS = (
    "select user_id, attempt_number, step_1_at, step_2_at from facts.fct_funnel_opened_attempts"
    " order by all"
)


def event(number: int, name: str, minute: int, **told: Any) -> dict[str, Any]:
    at = f"2024-03-01T{minute // 60:02}:{minute % 60:02}:00Z"
    return {"event_id": f"e{number:02}", "event_name": name, "occurred_at": at, **told}


# Three share an instant, and come in no order.
FIRST = [
    event(5, "buy", 10, user_id="b"),
    event(3, "open", 10, user_id="b"),
    event(4, "view", 10, user_id="b"),
    event(1, "open", 0, user_id="b"),
    event(2, "open", 5, anonymous_id="device"),
    event(6, "buy", 20, user_id="c"),
]
# The device is of b by now, a is new, and what c did came before.
SECOND = [
    event(7, "open", 30, user_id="b", anonymous_id="device"),
    event(8, "open", 2, user_id="a"),
    event(9, "open", 1, user_id="c"),
]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What stands after the first delivery, the second, and a rebuild."""
    folder = tmp_path_factory.mktemp("timelines")
    warehouse = build_warehouse(folder, events=FIRST, seeds=SEEDS, only=MODELS)
    found = {"first": query(warehouse, NUMBERS)}
    for state in ("second", "rebuilt"):
        if state == "second":
            build_warehouse(folder, events=SECOND, only=MODELS, run_tests=True)
        else:
            build_warehouse(folder, only=MODELS, full_refresh=True)
        found[state] = query(warehouse, NUMBERS)
        found[f"{state} lines"] = query(
            warehouse,
            "select user_id, event_name, event_id, instant_place, occurred_at"
            " from facts.fct_user_timelines inner join facts.dim_event_codes using (event_code)"
            " order by user_id, occurred_at, instant_place",
        )
        found[f"{state} attempts"] = query(warehouse, ATTEMPTS)
    return found


def test_an_event_stands_in_its_users_order(grown: dict[str, list[dict[str, Any]]]) -> None:
    lines = [
        (row["user_id"], row["event_name"], row["event_id"], row["instant_place"])
        for row in grown["second lines"]
    ]
    assert lines == [
        ("a", "open", None, 0),
        ("b", "open", None, 0),
        ("b", "open", None, 0),
        ("b", "open", "e03", 1),
        ("b", "view", "e04", 2),
        ("b", "buy", "e05", 3),
        ("b", "open", None, 0),
        ("c", "open", None, 0),
        ("c", "buy", None, 0),
    ]


def test_an_increment_gives_what_a_rebuild_gives(grown: dict[str, list[dict[str, Any]]]) -> None:
    assert grown["second lines"] == grown["rebuilt lines"]
    assert grown["second attempts"] == grown["rebuilt attempts"] != []


def test_a_number_is_kept_for_life(grown: dict[str, list[dict[str, Any]]]) -> None:
    """Also by those whose events are touched; a device that joins a user has none any more."""
    first, second = (
        {row["user_id"]: row["user_number"] for row in grown[state]}
        for state in ("first", "second")
    )
    assert first.keys() == {"anon:device", "b", "c"}
    assert second == {"a": 4, "b": first["b"], "c": first["c"]}


def test_models_in_python_have_the_columns_that_they_are_said_to_have(
    empty_warehouse: Path,
) -> None:
    """dbt holds no contract against them."""
    in_python = [
        node for node in load_manifest()["nodes"].values() if node.get("language") == "python"
    ]
    assert in_python
    for node in in_python:
        columns = query(
            empty_warehouse,
            "select column_name, lower(data_type) as data_type from duckdb_columns()"
            " where schema_name = ? and table_name = ? order by column_index",
            [node["schema"], node["alias"]],
        )
        assert {row["column_name"]: row["data_type"] for row in columns} == {
            name: column["data_type"] for name, column in node["columns"].items()
        }


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (MemoryError("Unable to allocate 7.45 GiB for an array"), "More memory is needed"),
        (ZeroDivisionError("division by zero"), "division by zero"),
    ],
    ids=["memory", "fault"],
)
def test_a_kernel_that_fails_leaves_what_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception, sentence: str
) -> None:
    warehouse = build_warehouse(tmp_path, events=FIRST, seeds=SEEDS, select=MODELS)
    before = query(warehouse, ATTEMPTS)

    def fail(*_: Any, **__: Any) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(funnels, "attempts", fail)
        with pytest.raises(AssertionError, match=str(failure)) as raised:
            build_warehouse(tmp_path, events=SECOND, select=MODELS)
    told = str(raised.value)
    assert sentence in (in_a_sentence(told) or told)
    assert query(warehouse, ATTEMPTS) == before
    build_warehouse(tmp_path, select=MODELS)
    assert query(warehouse, ATTEMPTS) != before
