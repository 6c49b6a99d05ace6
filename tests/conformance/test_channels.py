"""What peers, published rules and oracles say of channels comes out of our public tables."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from orchestration.project import ROOT
from tests import support
from tests.conformance import channel_cases as cases

if not (cases.FOLDER / "channels").is_dir():
    pytest.skip("the cases are not beside this checkout", allow_module_level=True)

GROUPING = cases.read_cases("channel_grouping")


@pytest.fixture(scope="module")
def channels_of_rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The channel of each row of a case; cases of the same rules are one build."""
    by_rules: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for case in GROUPING:
        by_rules[json.dumps([case["rules"], case["source_categories"]])].append(case)
    found = {}
    for of_rules in by_rules.values():
        events, seeds = cases.grouping_world(of_rules)
        warehouse = support.build_warehouse(
            tmp_path_factory.mktemp("grouping"), events=events, seeds=seeds, select="+fct_touches"
        )
        touches = support.query(warehouse, "select user_id, channel_id from facts.fct_touches")
        found |= {touch["user_id"]: touch["channel_id"] for touch in touches}
    return found


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in GROUPING])
def test_channel_grouping(channels_of_rows: dict[str, str], case: cases.Case) -> None:
    given = [channels_of_rows[f"{case['id']} {n}"] for n in range(len(case["rows"]))]
    assert given == case["expected"]["channels"]


KINDS = ("attribution", "roas", "acquisition", "cohort_value")
ALL = {kind: cases.read_cases(kind) for kind in KINDS}
HORIZON = "2025-06-01T00:00:00"
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """One build of all cases, long after all that happens in them."""
    world = cases.World()
    for case in (case for kind in KINDS for case in ALL[kind]):
        assert case["params"].get("horizon", f"{HORIZON}Z") == f"{HORIZON}Z"
        world.add(case)
    world.events.append(
        {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": HORIZON}
    )
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("channels"),
        events=world.events,
        feeds={"channel_costs": world.costs},
        seeds=world.seeds(),
        select="+marts.channel +fct_attribution_credits",
        run_tests=True,
    )
    return {
        name: support.query(warehouse, f"select * from marts.{name}")
        for name in (
            "mart_attribution", "mart_attribution_transitions", "mart_attribution_removals",
            "mart_channel_acquisition", "mart_channel_cohort_value",
        )
    }  # fmt: skip


def parameters(*kinds: str) -> Any:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case["id"]) for kind in kinds for case in ALL[kind]]
    )


@parameters("attribution")
def test_attribution(tables: Tables, case: cases.Case) -> None:
    expected, tolerance = case["expected"], case["tolerance"]
    given = {
        (row["model_id"], row["channel_id"]): row
        for row in tables["mart_attribution"]
        if row["conversion_id"] == case["id"] and row["grain"] == "all"
    }
    assert {model for model, _ in given} == set(case["params"]["models"])
    for column, by_model in (
        ("credited_count", expected.get("credits", {})),
        ("credited_amount", expected.get("amounts", {})),
    ):
        for model, channels in by_model.items():
            for channel, value in channels.items():
                row = given.get((model, cases.of_case(case, channel)), {column: 0})
                assert row[column] == pytest.approx(value, abs=tolerance), (model, channel)
    for column, total in (
        ("credited_count", expected.get("conversion_count")),
        ("credited_amount", expected.get("amount")),
    ):
        for model in case["params"]["models"]:
            whole = sum(row[column] for (of, _), row in given.items() if of == model)
            assert total is None or whole == pytest.approx(total, abs=tolerance)
    rates = {
        (row["from_channel_id"], row["to_channel_id"]): row["transition_rate"]
        for row in tables["mart_attribution_transitions"]
        if row["conversion_id"] == case["id"]
    }
    if "transitions" in expected:
        ends = ("(start)", "(conversion)", "(null)")
        named = {
            tuple(end if end in ends else cases.of_case(case, end) for end in step.split(">")): rate
            for step, rate in expected["transitions"].items()
        }
        assert rates == pytest.approx(named, abs=tolerance)
    effects = {
        row["channel_id"]: row["removal_effect"]
        for row in tables["mart_attribution_removals"]
        if row["conversion_id"] == case["id"]
    }
    for channel, effect in expected.get("removal_effects", {}).items():
        assert effects[cases.of_case(case, channel)] == pytest.approx(effect, abs=tolerance)


@parameters("roas")
def test_roas(tables: Tables, case: cases.Case) -> None:
    given = {
        (row["model_id"], row["channel_id"]): row
        for row in tables["mart_attribution"]
        if row["conversion_id"] == case["id"] and row["grain"] == "all"
    }
    for key, figures in case["expected"]["rows"].items():
        model, channel = key.split("|")
        check(given[model, cases.of_case(case, channel)], figures, case["tolerance"])


@parameters("acquisition")
def test_acquisition(tables: Tables, case: cases.Case) -> None:
    given = {
        row["channel_id"]: row
        for row in tables["mart_channel_acquisition"]
        if row["grain"] == "all"
    }
    for channel, figures in case["expected"]["channels"].items():
        name = channel if channel == "unassigned" else cases.of_case(case, channel)
        check(given[name], figures, case["tolerance"])


@parameters("cohort_value")
def test_cohort_value(tables: Tables, case: cases.Case) -> None:
    channels = {t["channel"] for user in case["users"] for t in user["touches"]}
    (channel,) = (cases.of_case(case, each) for each in channels)
    given = {
        row["day_number"]: row
        for row in tables["mart_channel_cohort_value"]
        if row["channel_id"] == channel
    }
    assert sorted(given) == list(range(366))
    for day, figures in case["expected"]["days"].items():
        check(given[int(day)], figures, case["tolerance"])
    whole = {name: case["expected"][name] for name in ("cost_per_new_user", "payback_days")}
    for row in given.values():
        check(row, whole, case["tolerance"])


MTA = next((ROOT / ".venv-peers").glob("lib/*/site-packages/mta/data/data.csv.gz"), None)


@pytest.mark.skipif(MTA is None, reason="mta is one of the peers that `make bench` makes")
def test_the_paths_of_mta(tmp_path: Path) -> None:
    """88,387 of them, as the library says, to the last digits; its Markov sums the paths that it
    has seen: `eta` by the exact chain is another."""
    assert MTA is not None
    [case] = [each for each in cases.read_cases("attribution", True) if "mta_data" in each["id"]]
    paths = cases.mta_paths(MTA)
    params = {**case["params"], "models": ["first", "last", "linear", "position", "markov"]}
    world = cases.World()
    world.add({**case, "params": params, "paths": paths})
    world.events.append(
        {"event_id": "end", "event_name": "end", "user_id": "end", "occurred_at": HORIZON}
    )
    warehouse = support.build_warehouse(
        tmp_path, events=world.events, seeds=world.seeds(), select="+mart_attribution"
    )
    credited: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for path in paths:
        for model, weights in weights_of(len(path["path"])).items():
            for channel, weight in zip(path["path"], weights, strict=True):
                credited[model][channel] += weight * path["conversions"]
    conversions = case["expected"]["conversion_count"]
    rows = support.query(
        warehouse,
        "select model_id, channel_id, credited_count as credited from marts.mart_attribution"
        " where grain = 'all' and credited_count > 0",
    )
    given: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        channel = row["channel_id"].removeprefix(f"{case['id']}::")
        given[row["model_id"]][channel] = row["credited"] / conversions
    for model, channels in credited.items():
        shares = {channel: count / conversions for channel, count in channels.items() if count}
        assert given[model] == pytest.approx(shares, abs=1e-14)
    for model, channels in case["expected"]["credits"].items():
        shares = {channel: count / conversions for channel, count in channels.items()}
        assert given[model] == pytest.approx(shares, abs=case["tolerance"] / conversions)
    assert sum(given["markov"].values()) == pytest.approx(1, abs=1e-9)
    assert round(given["markov"]["eta"] * conversions) == 3341


def weights_of(touches: int) -> dict[str, list[float]]:
    """What a path credits its touches with, by model."""
    ends = (
        [0.4, *[0.2 / (touches - 2)] * (touches - 2), 0.4]
        if touches > 2
        else [1 / touches] * touches
    )
    return {
        "first": [1.0, *[0.0] * (touches - 1)],
        "last": [*[0.0] * (touches - 1), 1.0],
        "linear": [1 / touches] * touches,
        "position": ends,
    }


def check(row: dict[str, Any], figures: dict[str, Any], tolerance: float) -> None:
    for name, value in figures.items():
        if value is None:
            assert row[name] is None, name
        else:
            assert float(row[name]) == pytest.approx(value, abs=tolerance), name
