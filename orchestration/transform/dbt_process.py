"""dbt, ending with the build that started it.

A build that is killed leaves its dbt running, which would go on writing tables while the next
build loads files: each of the two opens the warehouse whenever the other lets go of it.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.1


def end_with(parent: int) -> None:
    """Kill this process once it is no longer the child of that one."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)


def leave_out_unlogged_events() -> None:
    """dbt makes a message and a line of every event before it asks whether a log takes its level:
    a third of the time of a run of 550 small nodes, for lines that nobody sees."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    make, fire = BaseEvent.__init__, EventManager.fire_event

    def keep_given(self: Any, *args: Any, **kwargs: Any) -> None:
        vars(self)["given"] = args, kwargs

    def message(self: Any) -> Any:
        if "_message" not in vars(self):
            args, kwargs = vars(self)["given"]
            make(self, *args, **kwargs)
        return vars(self)["_message"]

    def set_message(self: Any, made: Any) -> None:
        vars(self)["_message"] = made

    def fire_logged_event(self: Any, e: Any, level: Any = None, *args: Any, **kwargs: Any) -> None:
        is_for_debugging = (level or e.level_tag()) == EventLevel.DEBUG
        if is_for_debugging and all(log.level != EventLevel.DEBUG for log in self.loggers):
            return
        fire(self, e, level, *args, **kwargs)

    BaseEvent.__init__ = keep_given  # type: ignore[method-assign]
    BaseEvent.pb_msg = property(message, set_message)  # type: ignore[assignment]
    EventManager.fire_event = fire_logged_event  # type: ignore[method-assign]


class Literals(dict[str, str]):
    """dbt's cache of texts without braces, which render as they are. dbt compiles a template of
    each at first: each argument of each test, a fifth of a run."""

    def __contains__(self, text: object) -> bool:
        return True

    def __missing__(self, text: str) -> str:
        return text.removesuffix("\n")  # as Jinja reads a template


_LEADING_WITH = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*with\s+(?:recursive\s+)?", re.I | re.S)


def inject_ctes(sql: str, ctes: Sequence[Any]) -> str:
    """Ephemeral models before a model's own query. dbt takes the whole of it apart to find out
    whether it begins with `with`: a seventh of a run."""
    if not ctes:
        return sql
    injected = ", ".join(cte.sql for cte in ctes)
    found = _LEADING_WITH.match(sql)
    return f"{found.group()}{injected}, {sql[found.end() :]}" if found else f"with {injected} {sql}"


def leave_out(unique_ids: frozenset[str]) -> None:
    """What stands is not built, and what passed is not tested again. dbt's `--exclude` compares
    each name with every node: a tenth of a run that leaves out hundreds."""
    from dbt.graph import NodeSelector

    selected = NodeSelector.get_selected

    def selected_but_these(self: Any, *args: Any, **kwargs: Any) -> set[str]:
        return selected(self, *args, **kwargs) - unique_ids

    NodeSelector.get_selected = selected_but_these  # type: ignore[method-assign]


@cache
def make_quick() -> None:
    """What dbt does anew for each of hundreds of small nodes, and need not. Rows are the same."""
    from dbt import compilation
    from dbt.clients import jinja
    from dbt_common.clients import agate_helper
    from dbt_common.clients.jinja import MacroFuzzTemplate, NativeSandboxTemplate

    leave_out_unlogged_events()
    jinja._render_cache = Literals()
    # A template copies all macros each time it is rendered, but for those of dbt's other class.
    NativeSandboxTemplate.new_context = MacroFuzzTemplate.new_context
    compilation.inject_ctes_into_sql = inject_ctes
    # What a statement without rows gives back; its columns' types are made anew each time.
    agate_helper.empty_table = cache(agate_helper.empty_table)


def main() -> None:
    # At once, as a build that is stopped wants it: what dbt was about to write is rolled back.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    gc.disable()  # what the imports make stays: looking for garbage in it is a tenth of them
    from mashumaro.config import BaseConfig

    # Readers and writers of hundreds of classes are made when they are needed, if ever.
    BaseConfig.lazy_compilation = True
    from dbt.cli.main import cli
    from dbt.compilation import Linker
    from dbt.parser import manifest

    make_quick()
    # The manifest is kept from when the project was parsed; nobody reads these copies.
    manifest.write_manifest = Linker.write_graph = lambda *_, **__: None
    gc.freeze()
    gc.enable()
    leave_out(frozenset(os.environ.get("BUILD_LEFT_OUT", "").split()))
    sys.argv[0] = "dbt"
    cli()


if __name__ == "__main__":
    main()
