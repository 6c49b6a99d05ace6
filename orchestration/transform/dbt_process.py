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
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.1


def end_with(parent: int) -> None:
    """Kill this process once it is no longer the child of that one."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)


def leave_out_unlogged_events() -> None:
    """dbt makes a message and a line of every event before it asks whether a log takes its level:
    a quarter of the time of a run of 550 small nodes, for lines that nobody sees."""
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event

    def fire_logged_event(self: Any, e: Any, level: Any = None, *args: Any, **kwargs: Any) -> None:
        is_for_debugging = (level or e.level_tag()) == EventLevel.DEBUG
        if is_for_debugging and all(log.level != EventLevel.DEBUG for log in self.loggers):
            return
        fire(self, e, level, *args, **kwargs)

    EventManager.fire_event = fire_logged_event  # type: ignore[method-assign]


def main() -> None:
    # At once, as a build that is stopped wants it: what dbt was about to write is rolled back.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    from dbt.cli.main import cli

    leave_out_unlogged_events()
    sys.argv[0] = "dbt"
    cli()


if __name__ == "__main__":
    main()
