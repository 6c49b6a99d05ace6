"""`make chaos`: faults at random in one run, while readers read what is published.

Files arrive, are replaced and taken out while builds run. Builds, the very ones of `make build`,
are killed with -9 in ingest, dbt, checks and publish; their dbt alone is killed; their disk fills
up; the warehouse is held by another process; its file is damaged. After each, whatever is
published is whole, and nobody saw a stack trace. At the end a build without faults equals a
rebuild and one load of all files.

A full disk is a limit on the size of files, set on the running build from outside (Linux, any
user: every write of every process of the build fails from then on). With `--folder` on a file
system of its own of less than 2 GB, it is a real one: a file takes all the room there is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.project import ROOT, Settings, SettingsError, other_environment
from orchestration.publish.publishing import DATABASE, current_build
from orchestration.transform.dbt_runs import load_manifest
from verify.builder import BuildError, builder
from verify.compare import BUILD_TIME_COLUMNS, compare, histories
from verify.deliveries import VANISH, WITHDRAW, Action, plan
from verify.rounds import Round, within
from verify.source import Source, open_source
from verify.world import write_world

KINDS = ("kill -9", "kill -9 of dbt", "full disk", "held", "held for long", "damaged", "none")
STEPS = ("ingest", "transform", "checks", "publish")
LONGEST_DELAY = {"ingest": 1.0, "transform": 40.0, "checks": 4.0, "publish": 1.5}
"""Seconds after a step's first line at which a fault may still strike."""
SMALL_DISK_BYTES = 2 << 30
BUILD_SECONDS = 900
NICE = 10
HEAD_BYTES = 3 * 4096
"""Of a DuckDB file: without it nothing can be read."""
WAIT_SECONDS = 20
"""How long a build of ours waits for a warehouse that is held."""


# Opens the warehouse and keeps it open. A build that was just killed lets go of it a moment later.
HOLDER = """
import sys, time, duckdb
for _ in range(100):
    try:
        connection = duckdb.connect(sys.argv[1])
        break
    except duckdb.IOException:
        time.sleep(0.1)
else:
    sys.exit("nobody lets go of the warehouse")
print("held", flush=True)
time.sleep(3600)
"""


@dataclass(frozen=True)
class Fault:
    """What happens to a build, and when: so long after the first line of a step."""

    kind: str
    step: str = ""
    after_seconds: float = 0.0

    def __str__(self) -> str:
        when = f" in {self.step}, {self.after_seconds:.1f} s" if self.step else ""
        return f"{self.kind}{when}"


@dataclass
class Told:
    """What a build said and how it ended."""

    code: int
    text: str
    struck: bool


@dataclass
class Record:
    """What the run did, counted."""

    builds: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Line:
    """The whole line of `make build` in a folder of its own, and what can be done to it."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.settings = settings
        self.folder = folder
        self._environment = {
            **other_environment(),
            **settings.environment(),
            "DAGSTER_HOME": str(folder / "dagster"),
            "DBT_TARGET_PATH": str(folder / "target"),
        }

    def run(
        self,
        fault: Fault,
        module: str = "orchestration.commands.build",
        holder: subprocess.Popen[str] | None = None,
    ) -> Told:
        """Build (or rebuild); let the fault strike. A holder lets go when it is waited for."""
        # With nothing new there would be no build for a fault to strike.
        again = ["--again"] if fault.step else []
        process = subprocess.Popen(
            [sys.executable, "-m", module, *again],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: list[str] = []
        struck = threading.Event()
        timer: threading.Timer | None = None
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if holder is not None and "Waiting: the warehouse is held" in line:
                holder.kill()
            if timer is None and fault.step and line.rstrip().endswith(f"  {fault.step} …"):
                timer = threading.Timer(fault.after_seconds, self._strike, (fault, process, struck))
                timer.start()
        code = process.wait(timeout=BUILD_SECONDS)
        if timer is not None:
            timer.cancel()
        self.make_room()
        return Told(code, "".join(lines), struck.is_set())

    def _strike(
        self, fault: Fault, process: subprocess.Popen[str], struck: threading.Event
    ) -> None:
        if process.poll() is not None:
            return
        struck.set()
        children = _children(process.pid)
        if fault.kind == "kill -9":
            process.kill()
        elif fault.kind == "kill -9 of dbt":
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        elif fault.kind == "full disk":
            self._fill([process.pid, *children])

    def _fill(self, processes: Sequence[int]) -> None:
        usage = shutil.disk_usage(self.folder)
        if usage.total < SMALL_DISK_BYTES:
            with (self.folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))
            return
        for process in processes:
            with suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, (0, 0))

    def make_room(self) -> None:
        """Empty the disk again."""
        (self.folder / "ballast").unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[subprocess.Popen[str]]:
        """Another process, an analyst's say, has the warehouse open."""
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(self.settings.warehouse)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "held"
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def damage(self, draw: random.Random) -> None:
        """Cut the file off within its head, or overwrite that."""
        path = self.settings.warehouse
        if draw.random() < 0.5:
            os.truncate(path, draw.randrange(HEAD_BYTES))
            return
        with path.open("r+b") as file:
            file.write(draw.randbytes(HEAD_BYTES))


def _children(process: int) -> list[int]:
    """Processes that this one has started."""
    with suppress(OSError):
        listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
        return [int(child) for child in listed.split()]
    result = subprocess.run(
        ["pgrep", "-P", str(process)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in result.stdout.split()]


def _be_nice() -> None:
    """Readers ask without pause: builds come first, as on a machine that is not theirs alone."""
    os.nice(NICE)


class Readers:
    """Processes that query the published file until they are stopped."""

    def __init__(self, publish_dir: Path, stop: Path, count: int) -> None:
        self._stop = stop
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "verify.reader", str(publish_dir), str(stop)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=_be_nice,
            )
            for _ in range(count)
        ]

    def end(self) -> tuple[int, int, set[str], list[str]]:
        """Queries, rows, builds seen, errors."""
        self._stop.touch()
        seen = []
        for process in self._processes:
            out, _ = process.communicate(timeout=60)
            seen.append(json.loads(out) if out else {"errors": ["a reader died"]})
        return (
            sum(one.get("queries", 0) for one in seen),
            sum(one.get("rows", 0) for one in seen),
            {build for one in seen for build in one.get("builds", ())},
            [error for one in seen for error in one["errors"]],
        )


class Chaos:
    """One run: the line, the files that arrive, the faults, what was promised."""

    def __init__(
        self, line: Line, source: Source, round_: Round, draw: random.Random, deliveries: int
    ) -> None:
        self.line = line
        self.round = round_
        self.record = Record()
        self._draw = draw
        self._due = draw.sample(KINDS, len(KINDS))
        self._started = time.monotonic()
        planned = plan(draw, source.telling, deliveries)
        self._actions: list[Action] = []
        for delivery in planned:
            self._actions += delivery.actions
        self._per_build = max(len(self._actions) // deliveries, 1)
        self._arriving = threading.Lock()

    def say(self, text: str) -> None:
        seconds = int(time.monotonic() - self._started)
        print(f"{seconds // 60:3d}:{seconds % 60:02d}  {text}", flush=True)

    def deliver(self, count: int, *, is_building: bool) -> None:
        """So many things happen in the raw folder; what needs the warehouse waits for its turn."""
        with self._arriving:
            for _ in range(count):
                if not self._actions or (
                    is_building and self._actions[0].kind in (WITHDRAW, VANISH)
                ):
                    return
                action = self._actions.pop(0)
                # What no build has seen would be lost with its file, and is: no fault of ours.
                if action.kind == VANISH and not self.round.files.is_loaded(action.path):
                    continue
                self.record.deliveries[action.kind] += 1
                self.round.apply(action)

    def until(self, deadline: float) -> None:
        """Faults, one build after another."""
        while time.monotonic() < deadline and not self.record.problems:
            self.deliver(self._draw.randint(1, self._per_build + 1), is_building=False)
            fault = self._fault()
            arriving = threading.Timer(
                self._draw.uniform(1, 12), self.deliver, (2,), {"is_building": True}
            )
            arriving.start()
            self._one(fault)
            arriving.cancel()
            arriving.join()

    def calm(self) -> None:
        """A build without faults, after every file has arrived, leaves nothing to be wished."""
        self.deliver(len(self._actions), is_building=False)
        told = self.line.run(Fault("none"))
        self.record.builds["no fault"] += 1
        if told.code:
            self.record.problems.append(f"the last build failed:\n{told.text}")

    def _fault(self) -> Fault:
        """Each kind once, in an order that is drawn, and then whatever comes, most often a kill."""
        kind = (
            self._due.pop()
            if self._due
            else self._draw.choice(["kill -9"] * 9 + ["full disk"] * 3 + list(KINDS))
        )
        if kind not in ("kill -9", "kill -9 of dbt", "full disk"):
            return Fault(kind)
        step = "transform" if kind == "kill -9 of dbt" else self._draw.choice(STEPS)
        return Fault(kind, step, self._draw.uniform(0, LONGEST_DELAY[step]))

    def _one(self, fault: Fault) -> None:
        before = current_build(self.line.settings)
        if fault.kind.startswith("held"):
            with self.line.held() as holder:
                told = self.line.run(fault, holder=holder if fault.kind == "held" else None)
        elif fault.kind == "damaged":
            told = self._damaged(fault)
        else:
            told = self.line.run(fault)
        missed = "" if told.struck or not fault.step else ", which it was too quick for"
        told_as = f"{fault.kind} in {fault.step}" if fault.step and told.struck else fault.kind
        self.record.builds["no fault" if missed or fault.kind == "none" else told_as] += 1
        self.say(f"{fault}{missed}: exit code {told.code}{_last_words(told)}")
        self._judge(fault, told, before is not None)

    def _damaged(self, fault: Fault) -> Told:
        """The build says what is the matter, and the command that it names mends it."""
        self.line.damage(self._draw)
        told = self.line.run(fault)
        if told.code != 1 or "make rebuild" not in told.text:
            self.record.problems.append(f"a damaged warehouse was not told of:\n{told.text}")
            return told
        told = self.line.run(fault, "orchestration.commands.rebuild")
        with self._arriving:
            self.round.files.forget_vanished()
        if told.code:
            self.record.problems.append(f"a rebuild failed:\n{told.text}")
        return told

    def _judge(self, fault: Fault, told: Told, was_published: bool) -> None:
        problems = self.record.problems
        if "Traceback" in told.text:
            problems.append(f"{fault}: a stack trace on the terminal:\n{told.text}")
        if was_published and current_build(self.line.settings) is None:
            problems.append(f"{fault}: nothing is published any more")
        if fault.kind == "full disk" and told.struck and told.code not in (0, 1):
            problems.append(f"{fault}: exit code {told.code}")
        if fault.kind == "full disk" and told.code == 1 and "disk is full" not in told.text:
            problems.append(f"{fault}: nothing said of the disk:\n{told.text}")
        if fault.kind == "held" and (told.code or "held by another process" not in told.text):
            problems.append(f"{fault}: no wait, or nothing said:\n{told.text}")
        if fault.kind == "held for long" and (
            told.code != 1 or "held by another process" not in told.text
        ):
            problems.append(f"{fault}: nothing said:\n{told.text}")
        if told.code and not (told.struck or fault.kind in ("held for long", "damaged")):
            problems.append(f"{fault}: it failed by itself:\n{told.text}")


def _last_words(told: Told) -> str:
    lines = [line.strip() for line in told.text.splitlines() if line.strip()]
    failures = [line for line in lines if line.startswith(("✗", "The build broke off"))]
    last = next(iter(failures or lines[-1:]), "")
    return f": {last[:110]}" if last else ""


def _summary(chaos: Chaos, queries: int, rows: int, builds: set[str], readers: int) -> str:
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(chaos.record.builds.items()))
    files = ", ".join(f"{count} {kind}" for kind, count in sorted(chaos.record.deliveries.items()))
    return (
        f"\nbuilds: {sum(chaos.record.builds.values())} ({faults})"
        f"\nfiles: {sum(chaos.record.deliveries.values())} ({files})"
        f"\nreaders: {readers}, {queries:,} queries without pause, {rows:,} rows, of "
        f"{len(builds)} builds"
        f"\ncompared: {chaos.round.outcome.tables} tables, {chaos.round.outcome.rows:,} rows"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(error)
        return 2
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}: it draws files and faults; when a fault strikes, the clock decides")
    folder = Path(tempfile.mkdtemp(prefix="yunying-chaos-", dir=options.folder))
    write_world(folder, seed, options.scale)
    settings = replace(
        settings, raw_dir=folder / "raw", seeds_dir=folder / "seeds", wait_seconds=WAIT_SECONDS
    )
    apart = replace(settings, warehouse=folder / "source.duckdb")
    with open_source(apart) as source, builder(folder) as built:
        round_ = Round(folder / "line", settings, source, built, lambda _: None)
        line = Line(folder, within(folder / "line", settings))
        draw = random.Random(f"chaos {seed}")
        chaos = Chaos(line, source, round_, draw, max(4, options.minutes))
        problems = chaos.record.problems
        chaos.deliver(5, is_building=False)
        told = line.run(Fault("none"))
        chaos.say(f"the first build: exit code {told.code}")
        if told.code:
            problems.append(told.text)
        readers = Readers(line.settings.publish_dir, folder / "stop", options.readers)
        try:
            chaos.until(time.monotonic() + 60 * options.minutes)
            chaos.calm()
        finally:
            queries, rows, builds, errors = readers.end()
        problems += [f"a reader: {error}" for error in errors[:20]]
        _compare_all(chaos, folder)
    print(_summary(chaos, queries, rows, builds, options.readers))
    for problem in problems:
        print(f"\n✗ {problem}")
    if problems:
        print(f"\nseed {seed}. Everything is kept in {folder}")
        return 1
    print("every promise was kept")
    shutil.rmtree(folder)
    return 0


def _compare_all(chaos: Chaos, folder: Path) -> None:
    """The warehouse with a rebuild and with one load; what is published with the rebuild."""
    try:
        chaos.round.compare_with_rebuild()
        chaos.round.compare_with_one_load()
    except BuildError as error:
        chaos.record.problems.append(f"a rebuild failed: {error}")
        return
    chaos.record.problems += chaos.round.outcome.problems
    published = compare(
        chaos.line.settings.publish_dir / DATABASE,
        folder / "line" / "rebuilt" / "warehouse.duckdb",
        # Whoever has taken their consent back is published without an id.
        BUILD_TIME_COLUMNS | {"user_id"},
        histories(load_manifest()),
        is_part=True,
    )
    chaos.record.problems += [f"published: {difference}" for difference in published.differences]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verify.chaos", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=int, default=10, help="so long; the end takes two more")
    add("--seed", type=int, help="what to draw; by default another one each time, printed")
    add("--scale", type=float, default=1.0, help="size of the product; 1 has 1,800 events")
    add("--readers", type=int, default=4, help="processes that read what is published")
    add("--folder", type=Path, help="where to work; by default among temporary files")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
