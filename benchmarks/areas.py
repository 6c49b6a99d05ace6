"""What the areas of operations add to the line: the seconds of their tables and tests beside those
of all others, in a rebuild and in a new day of the made-up business of `make run DEMO=app`; and
what they cost a product whose events have none of their roles."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.events import generate
from benchmarks.line import built
from benchmarks.peers import Duel
from benchmarks.processes import Cost, environment, measure
from demo.business import plan
from orchestration.project import ROOT
from orchestration.transform.dbt_runs import load_manifest


@dataclass(frozen=True)
class Areas:
    """Areas that came together, by their folders of models (`strategy`, `facts/strategy`) or by
    models of other folders, and the share of the others' seconds that they may add to a rebuild
    and to a day."""

    name: str
    parts: frozenset[str]
    rebuild: float
    day: float
    without_roles: float | None = None
    """Seconds that they may take of events that have none of their roles."""

    @property
    def of_no_roles(self) -> str:
        return f"{self.name}, of events without roles"


AREAS = (
    Areas("channels and campaigns", frozenset({"channel", "campaign"}), 0.15, 0.15),
    Areas(
        "content, product and users",
        # Paths were there before.
        frozenset(
            {"content", "facts/product", "page", "referral", "survival", "winback",
             "mart_feature_adoption", "mart_feature_launches", "mart_feature_usage",
             "mart_feedback", "mart_page_elements", "mart_page_exits", "mart_referrals",
             "mart_survival_curves", "mart_winback"}
        ),
        0.25, 0.25, 2.0,
    ),
    Areas(
        "platform, strategy, value and audiences",
        frozenset(
            {"platform", "facts/strategy", "steps/strategy", "value", "profile", "audience",
             "mart_kpi_values", "mart_kpi_contributions", "mart_user_profiles",
             "mart_user_values", "mart_value_models"}
        ),
        0.20, 0.10,
    ),
)  # fmt: skip
PLAIN_EVENTS = 1_000_000
FEEDS = "business: feeds"
# Seconds to write a million events.
ASKED_FEEDS = 20.0
REBUILT = "business: rebuild"
# How much there is of what channels are made of.
MIX = ("fct_events", "fct_touches", "fct_conversions")
REBUILD = [sys.executable, "-m", "orchestration.commands.rebuild"]


def run(folder: Path, events: int) -> tuple[list[Duel], list[Cost]]:
    wanted = {
        **environment(folder),
        "YUNYING_SEEDS_DIR": str(ROOT / "demo" / "business" / "seeds"),
        "YUNYING_TIMEZONE": plan.TIMEZONE,
        "YUNYING_CURRENCY": plan.CURRENCY,
    }
    command = [sys.executable, "-m", "demo.business", "--size", str(events)]
    made = measure(FEEDS, command, wanted, ASKED_FEEDS * events / 1e6)
    last = max((folder / "raw" / "events").glob("*/*-[0-3][0-9].parquet"))
    held_back = shutil.move(last, folder / last.name)
    rebuild = built(REBUILT, wanted)
    rebuild = replace(rebuild, rows=counted(Path(wanted["YUNYING_WAREHOUSE"])))
    shutil.move(held_back, last)
    day = built("business: one new day", wanted)
    plain = folder / "plain"
    generate(plain / "raw", min(events, PLAIN_EVENTS))
    built("events without roles: first build", environment(plain))
    # What has no rows is known once SQL was read.
    none = built("events without roles: rebuild", environment(plain), command=REBUILD)
    nodes = load_manifest()["nodes"].values()
    without_roles = [
        Cost(
            areas.of_no_roles,
            sum(none.models[name] for name in names(areas.parts, nodes) & none.models.keys()),
            asked=areas.without_roles,
        )
        for areas in AREAS
    ]
    duels = [
        duel(cost, areas, asked, nodes)
        for areas in AREAS
        for cost, asked in ((rebuild, areas.rebuild), (day, areas.day))
    ]
    return duels, [made, rebuild, day, none, *without_roles]


def counted(warehouse: Path) -> dict[str, int]:
    """Rows of the tables of the mix."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {name: len(connection.table(f"facts.{name}")) for name in MIX}


def duel(cost: Cost, areas: Areas, asked: float, nodes: Iterable[dict[str, Any]]) -> Duel:
    """Tables of these areas and their tests, against all others of a build."""
    own = names(areas.parts, nodes)
    models = {name: seconds for name, seconds in cost.models.items() if name in own}
    ours = sum(models.values())
    return Duel(
        f"{areas.name}, {cost.name}",
        "all others",
        ours,
        sum(cost.models.values()) - ours,
        asked,
        models=models,
    )


def names(parts: Collection[str], nodes: Iterable[dict[str, Any]]) -> set[str]:
    """Models of these folders or names, and the tests beside them."""
    models = {
        node["unique_id"]: node["name"]
        for node in nodes
        if node["resource_type"] == "model"
        and {node["fqn"][-2], "/".join(node["fqn"][-3:-1]), node["name"]} & {*parts}
    }
    return {*models.values()} | {
        node["name"] for node in nodes if node.get("attached_node") in models
    }
