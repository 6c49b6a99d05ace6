"""`make check`: are the definitions right? In seconds, and nothing is built.

Exit code 0: they are, perhaps with doubts. 1: something is wrong. 2: a setting cannot be used.
"""

from __future__ import annotations

import sys

from orchestration.commands.stopping import Stop
from orchestration.project import Settings, SettingsError


def main() -> int:
    return Stop(lambda: print("\nThe check was stopped.", flush=True)).run(check)


def check() -> int:
    """Print what is wrong, doubtful, or read otherwise than it is written."""
    from orchestration.ingest.definitions.problems import ERROR, HINT, WARNING
    from orchestration.ingest.seeds import read_seeds
    from orchestration.store.warehouse import WarehouseError, connect

    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(error)
        return 2
    seeds = None
    if settings.warehouse.exists():
        try:
            with connect(settings, read_only=True, wait_seconds=0) as connection:
                seeds = read_seeds(settings, connection)
        except WarehouseError:
            pass  # a build holds it: names are then compared with the tracking plan alone
    seeds = seeds or read_seeds(settings)
    for severity, mark in ((ERROR, "✗"), (WARNING, "!"), (HINT, "?")):
        for problem in seeds.of(severity):
            print(f"{mark} " + str(problem).replace("\n", "\n  "))
    for note in seeds.notes:
        print(f"  {note}")
    errors = len(seeds.of(ERROR))
    rows = sum(file.row_count for file in seeds.files)
    print(
        f"{rows:,} rows of definitions: "
        + (f"{errors:,} problem(s) to mend" if errors else "right")
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
