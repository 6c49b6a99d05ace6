"""`make verify`: however rows arrive, every table of facts and marts equals a rebuild.

Takes a raw folder apart, delivers its rows in new files over several builds that are killed on
the way, and compares. Without a folder it draws a small product's rows. Exit code 0: everything
is equal. 1: something differs, and the seed and the rows are printed. 2: it cannot be run.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orchestration.project import Settings, SettingsError
from verify.builder import Builder, BuildError, builder
from verify.rounds import Options, Outcome, Say, run_round
from verify.world import write_world

SEEDS_UP_TO = 10**6


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(error)
        return 2
    seed = random.SystemRandom().randrange(SEEDS_UP_TO) if options.seed is None else options.seed
    started = time.monotonic()

    def say(text: str) -> None:
        seconds = int(time.monotonic() - started)
        print(f"{seconds // 60:3d}:{seconds % 60:02d}  {text}", flush=True)

    if options.raw is not None and not options.raw.is_dir():
        print(f"RAW={options.raw}: there is no such folder")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="yunying-verify-"))
    outcomes: list[Outcome] = []
    with builder(folder) as built:
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}, seed {seed + number}")
            outcome = _round(folder / str(number + 1), settings, options, seed + number, built, say)
            outcomes.append(outcome)
            if outcome.problems:
                break
    print(_told(outcomes))
    if outcomes[-1].problems:
        _print_problems(outcomes[-1], options, folder)
        return 1
    shutil.rmtree(folder)
    return 0


def _round(
    folder: Path,
    settings: Settings,
    options: argparse.Namespace,
    seed: int,
    built: Builder,
    say: Say,
) -> Outcome:
    folder.mkdir()
    if options.raw is None:
        write_world(folder, seed, options.scale)
        settings = replace(settings, raw_dir=folder / "raw", seeds_dir=folder / "seeds")
    else:
        settings = replace(settings, raw_dir=options.raw.resolve())
    wanted = Options(seed, options.deliveries, options.kills, options.each)
    try:
        return run_round(folder, settings, built, wanted, say)
    except BuildError as error:
        return Outcome(seed, problems=[f"a build failed: {error}"])


def _told(outcomes: Sequence[Outcome]) -> str:
    kills = [where for outcome in outcomes for where in outcome.kills]
    return (
        f"\n{len(outcomes)} round(s): {sum(o.files for o in outcomes):,} files delivered, replaced "
        f"or taken out, {sum(o.builds for o in outcomes)} builds, {len(kills)} of them killed; "
        f"{max(o.tables for o in outcomes)} tables, {sum(o.rows for o in outcomes):,} rows compared"
    )


def _print_problems(outcome: Outcome, options: argparse.Namespace, folder: Path) -> None:
    for problem in outcome.problems:
        print(f"\n✗ {problem}")
    raw = f" RAW={options.raw}" if options.raw else f" SCALE={options.scale:g}"
    print(
        f"\nseed {outcome.seed}. Again: make verify SEED={outcome.seed}{raw} "
        f"DELIVERIES={options.deliveries} KILLS={options.kills}\n"
        f"The warehouses are kept in {folder}"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verify", description=__doc__)
    add = parser.add_argument
    add("--raw", type=Path, help="the raw folder to take apart; by default one is drawn")
    add("--seed", type=int, help="what to draw; by default another one each time, printed")
    add("--rounds", type=int, default=1, help="so many, each of the next seed")
    add("--scale", type=float, default=1.0, help="size of what is drawn; 1 is 1,800 events")
    add("--deliveries", type=int, default=4, help="builds that files arrive between")
    add("--kills", type=int, default=4, help="builds that are killed on the way")
    add("--each", action="store_true", help="compare after each delivery")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
