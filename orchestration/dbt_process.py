"""dbt, ending with the build that started it.

A build that is killed leaves its dbt running, which would go on writing tables while the next
build loads files: each of the two opens the warehouse whenever the other lets go of it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

SECONDS_BETWEEN_LOOKS = 0.1


def end_with(parent: int) -> None:
    """Kill this process once it is no longer the child of that one."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    from dbt.cli.main import cli

    sys.argv[0] = "dbt"
    cli()


if __name__ == "__main__":
    main()
