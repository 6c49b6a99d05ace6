"""`python -m demo.business`: write the feeds into the raw folder that the settings name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from demo.business.writing import BusinessError, write
from orchestration.commands.stopping import Stop
from orchestration.project import Settings, SettingsError

STOPPED = "\nThe demo was stopped; started again, it writes everything anew."


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.business", description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="about so many events")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--clean", action="store_true", help="without dirt")
    given = parser.parse_args(arguments)
    try:
        raw_dir = Settings.from_environment().own_raw_dir
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2

    def made() -> int:
        print("making the demo's events …", flush=True)
        try:
            written = write(
                raw_dir, given.size, given.seed, not given.clean,
                lambda line: print(line, flush=True),
            )  # fmt: skip
        except BusinessError as error:
            print(error, file=sys.stderr)
            return 1
        print(
            f"{written.event_count:,} events in {len(written.files):,} files below "
            f"{raw_dir} in {written.seconds:.1f} s."
        )
        return 0

    return Stop(lambda: print(STOPPED, flush=True)).run(made)


if __name__ == "__main__":
    sys.exit(main())
