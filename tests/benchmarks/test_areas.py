"""What an area adds is told of its own tables and tests."""

from __future__ import annotations

from benchmarks.areas import AREAS, duel, names
from benchmarks.processes import Cost
from orchestration.transform.dbt_runs import load_manifest


def test_an_area_is_its_tables_and_the_tests_beside_them() -> None:
    nodes = load_manifest()["nodes"].values()
    areas = AREAS[0]
    own = names(areas.parts, nodes)
    assert {"fct_touches", "mart_attribution", "step_campaigns"} < own
    [key] = [name for name in own if name.startswith("one_row_per_fct_touches_")]
    assert not {name for name in own if "fct_events" in name}
    seconds = {"fct_touches": 1.0, key: 0.5, "fct_events": 6.0, "one_row_per_fct_events_": 4.0}
    told = duel(Cost("a day", 20.0, models=seconds), areas, 0.15, nodes)
    assert (told.ratio, told.is_met, set(told.models)) == (0.15, True, {"fct_touches", key})


def test_each_part_is_a_folder_or_a_model() -> None:
    nodes = load_manifest()["nodes"].values()
    for areas in AREAS:
        assert all(names({part}, nodes) for part in areas.parts)
