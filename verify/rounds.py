"""A round: a folder's rows arrive in deliveries, builds are killed, and the end is compared.

With a rebuild from the same raw schema, and with a warehouse that loads all files at once.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from orchestration.ingest import ledger
from orchestration.privacy import archive
from orchestration.project import Settings
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import load_manifest
from verify.builder import Builder, Kill
from verify.compare import (
    BUILD_TIME_COLUMNS,
    PROVENANCE_COLUMNS,
    Comparison,
    compare,
    histories,
)
from verify.deliveries import Action, Delivery, Folder, plan
from verify.source import Source, open_source

Say = Callable[[str], None]

_LEDGER_SQL = """
    select source_file, rows_in, rows_staged, rows_duplicate, rows_quarantined
    from staging.stg_ingest_ledger
    where rows_in <> rows_staged + rows_duplicate + rows_quarantined
"""


@dataclass(frozen=True)
class Options:
    """How a round is drawn. `each`: compare after each delivery, not only at the end."""

    seed: int
    deliveries: int = 4
    kills: int = 4
    each: bool = False


@dataclass
class Outcome:
    """What a round did and found; `problems` are empty when every promise was kept."""

    seed: int
    files: int = 0
    kills: list[str] = field(default_factory=list)
    builds: int = 0
    tables: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)


class Round:
    """One round in a folder of its own, over the rows of a source."""

    def __init__(
        self, folder: Path, settings: Settings, source: Source, builder: Builder, say: Say
    ) -> None:
        self.settings = within(folder, settings)
        self.outcome = Outcome(0)
        self._folder = folder
        self._source = source
        self._builder = builder
        self._say = say
        self.files = Folder(self.settings, source, folder / "loaded")

    def run(self, options: Options) -> Outcome:
        """Deliver, build, kill, and compare."""
        self.outcome.seed = options.seed
        draw = random.Random(f"deliveries {options.seed}")
        deliveries = plan(draw, self._source.telling, options.deliveries)
        kills = _kills(draw, options)
        for number, (delivery, struck) in enumerate(zip(deliveries, kills, strict=True), start=1):
            self._say(f"delivery {number} of {len(deliveries)}")
            self.deliver(draw, delivery, struck)
            if options.each or number == len(deliveries):
                self.compare_with_rebuild()
            if self.outcome.problems:
                return self.outcome
        self.compare_with_one_load()
        return self.outcome

    def deliver(self, draw: random.Random, delivery: Delivery, kills: Collection[Kill]) -> None:
        """Files arrive, a build is killed, more arrive, and so on until one has gone through."""
        actions = list(delivery.actions)
        for kill in kills:
            for _ in range(draw.randint(0, len(actions))):
                self.apply(actions.pop())
            where = self.build(kill)
            if where:
                self.outcome.kills.append(where)
                self._say(f"  kill -9 {where}")
        for action in reversed(actions):
            self.apply(action)
        self.build()
        problems = _ledger_problems(self.settings.warehouse)
        self.outcome.problems += [f"the ledger does not add up: {row}" for row in problems]

    def build(self, kill: Kill | None = None) -> str:
        """Build the round's warehouse; return where the kill struck."""
        started = time.monotonic()
        where = self._builder.build(self.settings, kill=kill)
        self.outcome.builds += 1
        if not where:
            self._say(f"  built in {time.monotonic() - started:.0f} s")
        return where

    def compare_with_rebuild(self) -> None:
        """Build everything anew in a copy, from the same raw schema."""
        other = within(self._folder / "rebuilt", self.settings)
        shutil.rmtree(self._folder / "rebuilt", ignore_errors=True)
        other.warehouse.parent.mkdir()
        shutil.copyfile(self.settings.warehouse, other.warehouse)
        other = replace(other, raw_dir=self.settings.raw_dir, seeds_dir=self.settings.seeds_dir)
        self._builder.build(other, anew=True)
        self._compare("a rebuild", other.warehouse, BUILD_TIME_COLUMNS)

    def compare_with_one_load(self) -> None:
        """Load every file that is to be loaded at once, into a warehouse of its own."""
        other = within(self._folder / "at_once", self.settings)
        shutil.rmtree(self._folder / "at_once", ignore_errors=True)
        other.warehouse.parent.mkdir()
        other = replace(other, raw_dir=self.files.loaded, seeds_dir=self.settings.seeds_dir)
        with connect(other) as connection:
            # When a content was first loaded bounds the times in it that are believed.
            ledger.create_tables(connection)
            connection.execute(f"attach '{self.settings.warehouse}' as built (read_only)")
            connection.execute(
                "insert into raw.ingest_contents select * from built.raw.ingest_contents"
            )
        # Lists that were made are made once.
        if archive.kept_dir(self.settings).is_dir():
            shutil.copytree(archive.kept_dir(self.settings), archive.kept_dir(other))
        self._builder.build(other)
        self._compare("one load of all files", other.warehouse, _ANOTHER_LOAD)

    def _compare(self, what: str, other: Path, apart: Collection[str]) -> None:
        comparison = compare(self.settings.warehouse, other, apart, histories(load_manifest()))
        self._note(comparison)
        verdict = "DIFFERENT" if comparison.differences else "equal"
        self._say(
            f"compared with {what}: {comparison.tables} tables, {comparison.rows:,} rows: {verdict}"
        )
        self.outcome.problems += [
            f"not as in {what}: {difference}" for difference in comparison.differences
        ]

    def _note(self, comparison: Comparison) -> None:
        self.outcome.tables = comparison.tables
        self.outcome.rows += comparison.rows

    def apply(self, action: Action) -> None:
        """Something happens in the raw folder."""
        self.outcome.files += 1
        self._say(f"  {self.files.apply(action)}")


_ANOTHER_LOAD = BUILD_TIME_COLUMNS | PROVENANCE_COLUMNS


def within(folder: Path, settings: Settings) -> Settings:
    """The settings with every path inside of a folder; definitions stay where they are."""
    return replace(
        settings,
        raw_dir=folder / "raw",
        warehouse=folder / "warehouse.duckdb",
        publish_dir=folder / "published",
    )


def _kills(draw: random.Random, options: Options) -> list[list[Kill]]:
    """Kills by delivery: in ingest, within models, and between them, by turns."""
    models = len(_models(load_manifest()))
    kinds = ["start", "ingest", "end", "start"]
    struck: list[list[Kill]] = [[] for _ in range(options.deliveries)]
    for number in range(options.kills):
        kill = Kill.draw(draw, kinds[number % len(kinds)], models)
        struck[draw.randrange(options.deliveries)].append(kill)
    return struck


def _models(manifest: Mapping[str, Mapping[str, Mapping[str, str]]]) -> list[str]:
    return [name for name, node in manifest["nodes"].items() if node["resource_type"] == "model"]


def _ledger_problems(warehouse: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(_LEDGER_SQL).fetchall()


def run_round(
    folder: Path, settings: Settings, builder: Builder, options: Options, say: Say
) -> Outcome:
    """Take the settings' raw folder apart and run a round over its rows."""
    apart = replace(settings, warehouse=folder / "source.duckdb")
    with open_source(apart) as source:
        counts = ", ".join(f"{feed} {count:,}" for feed, count in source.row_counts.items())
        say(f"rows: {counts or 'none'}")
        return Round(folder / "round", settings, source, builder, say).run(options)
