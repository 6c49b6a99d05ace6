"""What `docs/` tells of speed: the newest result of every row, of the most events that it ran with,
and its ratio of the next fewer.

    python -m benchmarks.results

writes `benchmarks/results.json` from what `make bench` keeps in `data/bench/`; `make reference`
makes the tables of it. Both are committed together.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks import areas, fixed, report, value
from orchestration.project import ROOT

PATH = ROOT / "benchmarks" / "results.json"
FLOOR = "floor: "
SHOWN_MODELS = 3
NO_ROLES = [each.of_no_roles for each in areas.AREAS if each.without_roles is not None]
FIT = f"a value model of {value.CUSTOMERS:,} customers"
# Steps of the whole line, and the row whose time each of them is; the business; and what is paid
# whatever the data.
TOLD_COSTS = {
    "whole line: one sorted write": None,
    "whole line: rebuild": "whole line, rebuild",
    "whole line: one new day": "one new day, less start-up",
    **dict.fromkeys((areas.FEEDS, areas.REBUILT, *NO_ROLES, FIT, *fixed.ASKED)),
}


def collect(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Of results, oldest first, what is told of each row and step."""
    sizes: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    costs: dict[str, dict[str, Any]] = {}
    for result in results:
        of_run = {key: result[key] for key in ("events", "machine", "commit") if key in result}
        for duel in result["duels"]:
            of_sizes = sizes.setdefault((duel["name"], duel["peer"]), {})
            of_sizes[result["events"]] = {**duel, **of_run}
        for cost in result["costs"]:
            name = cost["name"]
            events = _events(name, result["events"])
            if name in TOLD_COSTS and costs.get(name, cost).get("events", 0) <= events:
                costs[name] = {**cost, **of_run, "events": events}
    duels: dict[tuple[str, str], dict[str, Any]] = {}
    for key, of_sizes in sizes.items():
        fewer, largest = [None, *sorted(of_sizes)][-2:]
        told_fewer = (
            {name: of_sizes[fewer][name] for name in ("events", "ratio")} if fewer else None
        )
        duels[key] = {**of_sizes[largest], "fewer": told_fewer}
    for name, cost in costs.items():
        for duel in duels.values():
            if duel["name"] == TOLD_COSTS[name] and duel["events"] == cost["events"]:
                duel["models"] = cost["models"]
    floors = {
        name.removeprefix(FLOOR): duel
        for (name, _), duel in duels.items()
        if name.startswith(FLOOR)
    }
    told = [
        _told(duel, floors.get(name))
        for (name, _), duel in duels.items()
        if not name.startswith(FLOOR)
    ]
    steps = [{key: cost[key] for key in cost if key != "models"} for cost in costs.values()]
    return {"duels": told, "costs": steps}


def _events(name: str, events: int) -> int:
    """How many a step was measured of; of a value model, customers."""
    if name in NO_ROLES:
        return min(events, areas.PLAIN_EVENTS)
    return value.CUSTOMERS if name == FIT else fixed.EVENTS if name in fixed.ASKED else events


def _told(duel: dict[str, Any], floor: dict[str, Any] | None) -> dict[str, Any]:
    """With where its time goes, and the floor's part of this peer's time over as many events."""
    longest = sorted(duel["models"].items(), key=lambda model: -model[1])
    total = sum(duel["models"].values())
    is_measured = floor is not None and floor["events"] == duel["events"] and duel["their_cpu"]
    return {
        **duel,
        "models": {name: round(seconds / total, 3) for name, seconds in longest[:SHOWN_MODELS]},
        "floor": floor["our_cpu"] / duel["their_cpu"] if floor and is_measured else None,
    }


def main() -> None:
    collected = collect(report.results())
    PATH.write_text(json.dumps(collected, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(PATH.relative_to(ROOT))


if __name__ == "__main__":
    main()
