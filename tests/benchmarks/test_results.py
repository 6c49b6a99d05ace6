"""What `docs/` tells of speed: the newest result of each row at its largest scale, and its ratio
at the next smaller one."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.results import collect


def result(events: int, commit: str, **duel: Any) -> dict[str, Any]:
    told = {"name": "sessions", "peer": "chdb", "ratio": 3.0, "models": {}}
    told |= {"our_cpu": 6.0, "their_cpu": 2.0, **duel}
    return {"events": events, "machine": "", "commit": commit, "duels": [told], "costs": []}


def test_the_largest_scale_is_told_and_the_newest_of_it() -> None:
    [told] = collect(
        [
            result(5, "old", ratio=4.0),
            result(5, "new", ratio=2.0),
            result(1, "small", ratio=9.0),
            result(2, "smaller", ratio=7.0),
        ]
    )["duels"]
    assert (told["commit"], told["events"], told["ratio"]) == ("new", 5, 2.0)
    assert told["fewer"] == {"events": 2, "ratio": 7.0}
    [alone] = collect([result(5, "new")])["duels"]
    assert alone["fewer"] is None


def test_a_row_has_its_floor_and_the_models_that_take_longest() -> None:
    models = {"a": 1.0, "b": 5.0, "c": 2.0, "d": 2.0}
    [told] = collect(
        [
            result(5, "x", name="floor: sessions", our_cpu=3.0),
            result(5, "x", models=models),
        ]
    )["duels"]
    assert told["floor"] == 1.5
    assert told["models"] == {"b": 0.5, "c": 0.2, "d": 0.2}


def test_a_step_of_the_line_says_where_the_time_of_its_row_goes() -> None:
    line = result(5, "x", name="whole line, rebuild", peer="one sorted write")
    line["costs"] = [{"name": "whole line: rebuild", "models": {"stg_events": 3.0, "rest": 1.0}}]
    found = collect([line])
    assert found["duels"][0]["models"] == {"stg_events": 0.75, "rest": 0.25}
    assert [cost["name"] for cost in found["costs"]] == ["whole line: rebuild"]
    assert "models" not in found["costs"][0]


def test_what_is_asked_in_seconds_is_told_of_as_many_as_it_was_measured_of() -> None:
    run = result(20_000_000, "x")
    names = [
        "business: feeds",
        "content, product and users, of events without roles",
        "a value model of 1,000,000 customers",
        "definitions, import",
        "nothing new",
    ]
    run["costs"] = [{"name": name, "rows": {"fct_touches": 7}} for name in names]
    found = {cost["name"]: cost for cost in collect([run])["costs"]}
    assert {name: found[name]["events"] for name in found} == dict(
        zip(names[:4], (20_000_000, 1_000_000, 1_000_000, 20_000), strict=True)
    )
    assert found["business: feeds"]["rows"] == {"fct_touches": 7}


@pytest.mark.parametrize(("events", "floor"), [(5, 0.75), (6, None)])
def test_the_floor_stands_beside_each_peer_over_as_many_events(
    events: int, floor: float | None
) -> None:
    of_floor = result(5, "x", name="floor: sessions", our_cpu=3.0)
    [told] = collect([of_floor, result(events, "x", peer="pandas", their_cpu=4.0)])["duels"]
    assert told["floor"] == floor
