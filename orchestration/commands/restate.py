"""Compute days anew: `make restate FROM=2017-03-01 TO=2017-03-07 REASON=…`.

What is asked stands in `raw.restated_days`, numbered like a load of files: until a build is
complete that took it in, staging and every per-user fact of whoever was active on these days
are computed from raw again. Nobody else's are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from orchestration.ingest.restating import RestateError, days_between, record
from orchestration.project import Settings, SettingsError
from orchestration.store.lock import warehouse_lock
from orchestration.store.warehouse import WarehouseError, connect


def main(arguments: Sequence[str] | None = None) -> int:
    """Note the wish, then build; the exit code is the build's, 2 when nothing was noted."""
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.commands.restate", description=__doc__
    )
    parser.add_argument("first", metavar="FROM", type=date.fromisoformat)
    parser.add_argument("last", metavar="TO", type=date.fromisoformat, nargs="?")
    parser.add_argument("--reason", help="why; it is kept with the days")
    given = sys.argv[1:] if arguments is None else arguments
    asked = parser.parse_args([argument for argument in given if argument])
    try:
        settings = Settings.from_environment()
        days = days_between(asked.first, asked.last or asked.first)
        if not settings.warehouse.exists():
            raise RestateError("There is no warehouse yet. Run `make build` first.")
        with warehouse_lock(settings), connect(settings) as connection:
            record(connection, days, asked.reason or None)
    except (RestateError, SettingsError, WarehouseError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(days):,} day(s) will be computed anew, {days[0]} to {days[-1]}.", flush=True)

    from orchestration.commands.build import main as build

    return build([])


if __name__ == "__main__":
    sys.exit(main())
