"""What the areas of operations add to the line: the seconds of their tables and tests beside those
of all others, in a rebuild and in a new day of the made-up business of `make run DEMO=app`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.line import built
from benchmarks.peers import Duel
from benchmarks.processes import Cost, environment, measure
from demo.business import plan
from orchestration.project import ROOT
from orchestration.transform.dbt_runs import load_manifest

# Areas by their folders of models, and what they may add together.
ASKED = {("channel", "campaign"): 0.15}


def run(folder: Path, events: int) -> tuple[list[Duel], list[Cost]]:
    wanted = {
        **environment(folder),
        "YUNYING_SEEDS_DIR": str(ROOT / "demo" / "business" / "seeds"),
        "YUNYING_TIMEZONE": plan.TIMEZONE,
        "YUNYING_CURRENCY": plan.CURRENCY,
    }
    command = [sys.executable, "-m", "demo.business", "--size", str(events)]
    costs = [measure("business: feeds", command, wanted)]
    last = max((folder / "raw" / "events").glob("*/*-[0-3][0-9].parquet"))
    held_back = shutil.move(last, folder / last.name)
    costs.append(built("business: rebuild", wanted))
    shutil.move(held_back, last)
    costs.append(built("business: one new day", wanted))
    nodes = load_manifest()["nodes"].values()
    return [duel(cost, areas, nodes) for cost in costs[1:] for areas in ASKED], costs


def duel(cost: Cost, areas: tuple[str, ...], nodes: Iterable[dict[str, Any]]) -> Duel:
    """Tables of these areas and their tests, against all others of a build."""
    own = names(areas, nodes)
    models = {name: seconds for name, seconds in cost.models.items() if name in own}
    ours = sum(models.values())
    return Duel(
        f"{' and '.join(areas)}, {cost.name}", "all others", ours,
        sum(cost.models.values()) - ours, ASKED[areas], models=models,
    )  # fmt: skip


def names(areas: tuple[str, ...], nodes: Iterable[dict[str, Any]]) -> set[str]:
    """Models in folders of these areas, and the tests beside them."""
    models = {
        node["unique_id"]: node["name"]
        for node in nodes
        if node["resource_type"] == "model" and node["fqn"][-2] in areas
    }
    return {*models.values()} | {
        node["name"] for node in nodes if node.get("attached_node") in models
    }
