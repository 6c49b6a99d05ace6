"""`make dev`: Dagster's UI on this machine alone, on the instance that `make build` writes to."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestration.dagster_home import dagster_home
from orchestration.project import ROOT, Settings

PORT = "3000"


def main(arguments: Sequence[str]) -> None:
    """Become `dagster dev`; further arguments are its own, such as `--port 3001`."""
    dagster_home()
    os.environ.update(Settings.from_environment().environment())
    os.chdir(ROOT)
    executable = str(Path(sys.executable).parent / "dagster")
    port = [] if {"-p", "--port"} & set(arguments) else ["--port", os.environ.get("PORT", PORT)]
    os.execv(executable, [executable, "dev", "--host", "127.0.0.1", *port, *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
