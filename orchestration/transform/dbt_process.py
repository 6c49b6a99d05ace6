"""dbt, ending with the build that started it.

A build that is killed leaves its dbt running, which would go on writing tables while the next
build loads files: each of the two opens the warehouse whenever the other lets go of it.
"""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import sys
import threading
import time
from collections import ChainMap
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache, wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from orchestration.project import DBT_PROJECT_DIR, Settings

SECONDS_BETWEEN_LOOKS = 0.1
STATE = "rows_state"
"""Where a result has the state of a table that was made or kept."""
STAYED = "kept: it would come out as it stands"
"""The message of a result of what was kept."""
HASHED_ROWS = 1_000_000
"""A hash of 30 columns of so many rows costs 0.15 s of processor: a larger table is always new."""
AHEAD = "BUILD_AHEAD"
"""The variable of a dbt that is started before it is known what it is to run."""
TEXT = ("view", "ephemeral")
"""Materializations that are parts of what reads them, not tables."""
ANY, ALL = "any", "all"
Condition = str | list["Condition"]
"""When a table is empty: a table that has to be, or a list: `any` or `all`, and conditions."""


def end_with(parent: int) -> None:
    """Kill this process once it is no longer the child of that one."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)


@cache  # A second time would keep what the first has put in its place.
def leave_out_unlogged_events() -> None:
    """dbt makes a message and a line of every event before it asks whether a log takes its level:
    a third of the time of a run of 550 small nodes, for lines that nobody sees. Its own listener
    would report one kind of warning to its makers."""
    from dbt.tracking import track_behavior_change_warn
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
        is_logged = any(log.level == EventLevel.DEBUG for log in self.loggers)
        is_heard = any(listener is not track_behavior_change_warn for listener in self.callbacks)
        if is_for_debugging and not is_logged and not is_heard:
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


def is_named(self: ChainMap[Any, Any], name: object) -> bool:
    """Is there such a name in a chain? Templates ask so before they ask for what it names, and
    Python's own answer takes twice as long: a twentieth of a run."""
    for names in self.maps:  # noqa: SIM110 (a generator is what takes so long)
        if name in names:
            return True
    return False


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


def is_met(condition: Condition, empty: Collection[str]) -> bool:
    """Is a table empty for sure, where these are?"""
    if isinstance(condition, str):
        return condition in empty
    word, *parts = condition
    return (any if word == ANY else all)(is_met(part, empty) for part in parts)


def keep_what_comes_out_as_it_was(
    unless_new: Mapping[str, Sequence[str]],
    empty_when: Mapping[str, Condition],
    states: Mapping[str, str],
    hashed_rows: int = HASHED_ROWS,
) -> None:
    """What stands stays where each table that it reads has come out in the state it had before,
    or where it has no rows, and those of which it would have some have none. In a rebuild, where
    nothing stands, such a table is made of its contract, and no test of it is run.

    dbt chooses what to build before it starts; what comes out as it was is known when it is made.
    """
    import duckdb
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.artifacts.resources.types import NodeType
    from dbt.artifacts.schemas.results import RunStatus, TestStatus
    from dbt.artifacts.schemas.run import RunResult
    from dbt.task.runnable import GraphRunnableTask

    from orchestration.store.sql import NO_ROWS, empty_table, literal, quote, rows_state

    call = GraphRunnableTask.call_runner
    same: set[str] = set()
    empty: set[str] = set()

    def state(node: Any) -> str | None:
        if node.resource_type != NodeType.Model or node.config.materialized in TEXT:
            return None
        handle = DuckDBConnectionManager.env().handle()
        try:
            return rows_state(handle.cursor(), quote(node.schema, node.alias), hashed_rows)
        finally:
            handle.close()

    def is_made_empty(node: Any) -> bool:
        columns = [(c.name, c.data_type, c.description) for c in node.columns.values()]
        name = literal(node.unique_id)
        handle = DuckDBConnectionManager.env().handle()
        try:
            handle.cursor().execute(
                f"begin; {empty_table(node.schema, node.alias, node.description, columns)}"
                # The checksum of no rows, for the next build to compare with.
                f" delete from raw.row_checksums where model_name = {name};"
                f" insert into raw.row_checksums values ({name}, version(), '0'); commit"
            )
        except duckdb.Error:  # of a view that has its name, say
            return False
        finally:
            handle.close()
        return True

    def kept(node: Any) -> Any:
        return RunResult(
            status=TestStatus.Pass if node.resource_type == NodeType.Test else RunStatus.Success,
            timing=[],
            thread_id="",
            execution_time=0.0,
            message=STAYED,
            failures=None,
            adapter_response={},
            node=node,
        )

    def call_unless_kept(self: Any, runner: Any, *args: Any) -> Any:
        node, before = runner.node, states.get(runner.node.unique_id)
        is_empty = is_met(empty_when.get(node.unique_id, [ANY]), empty)
        stays = not runner.skip and (
            is_empty or same.issuperset(unless_new.get(node.unique_id, [None]))
        )
        if stays and is_empty and before is None and node.resource_type == NodeType.Model:
            stays, before = is_made_empty(node), NO_ROWS
        now = state(node) if stays else None
        # Not what somebody else has written into since.
        if stays and now == before:
            result = kept(node)
        else:
            result = call(self, runner, *args)
            now = state(node) if result.status == RunStatus.Success else None
        if now is not None:
            result.adapter_response[STATE] = now
            if now == before:
                same.add(node.unique_id)
            if now == NO_ROWS:
                empty.add(node.unique_id)
        return result

    GraphRunnableTask.call_runner = call_unless_kept  # type: ignore[method-assign]


def parse_for_any_folder() -> None:
    """dbt parses a project anew where the warehouse has another path than when it was parsed.
    Its name alone stands in what is parsed."""
    from dbt.parser.manifest import ManifestLoader

    is_parsable = ManifestLoader.is_partial_parsable

    def is_parsable_for(self: Any, before: Any) -> Any:
        database = self.root_project.credentials.database
        if all(node.database == database for node in before.nodes.values()):
            before.state_check.profile_hash = self.manifest.state_check.profile_hash
        return is_parsable(self, before)

    ManifestLoader.is_partial_parsable = is_parsable_for  # type: ignore[method-assign]


def set_settings_once() -> None:
    """What of DuckDB is set where it is opened, and not for each node again: the profile's
    settings, a twentieth of a small node, and as many threads as ours say; by hand it takes all
    cores. In `profiles.yml` the number would be part of what a parse hangs on, and each would
    parse anew what the other had parsed."""
    from dbt.adapters.duckdb.environments import Environment

    initialize = Environment.initialize_db

    def initialize_with_settings(credentials: Any, plugins: Any = None) -> Any:
        from orchestration.store.sql import literal

        threads = Settings.from_environment().threads
        credentials.config_options = {**(credentials.config_options or {}), "threads": threads}
        settings = vars(credentials).setdefault("set_once", credentials.settings or {})
        credentials.settings = None
        connection = initialize(credentials, plugins)
        for name, value in settings.items():
            connection.execute(f"set global {name} = {literal(value)}")
        return connection

    Environment.initialize_db = staticmethod(initialize_with_settings)


def look_up_relations() -> None:
    """dbt looks for a table among all that it knows of a schema, by each part of its name: a
    thirtieth of a run. It keeps them by name."""
    from dbt.adapters.base.impl import BaseAdapter
    from dbt.adapters.reference_keys import _ReferenceKey

    look_through = BaseAdapter.get_relation

    @wraps(look_through)
    def look_up(self: Any, database: str, schema: str, identifier: str) -> Any:
        names = _ReferenceKey(database, schema, identifier)
        found = self.cache.relations.get(names)
        if found is None or (found.inner.database, found.inner.schema, found.inner.name) != names:
            return look_through(self, database, schema, identifier)
        return found.inner

    BaseAdapter.get_relation = look_up


def keep_compiled_templates(folder: Path) -> None:
    """Jinja compiles what a model's SQL is made of, and each macro, in each process anew: an eighth
    of a day. Its own cache keeps the code of a template, by its text, for the next process."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment, NativeSandboxEnvironment
    from jinja2.bccache import FileSystemBytecodeCache

    def keep(environment: type[Any]) -> None:
        compile_anew = environment.compile

        def compile_once(self: Any, source: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(source, str) or args or kwargs:
                return compile_anew(self, source, *args, **kwargs)
            name = environment.__name__ + source
            if name not in codes:
                bucket = kept.get_bucket(self, name, None, source)
                if bucket.code is None:
                    bucket.code = compile_anew(self, source)
                    with suppress(OSError):  # no space, or a folder that somebody has removed
                        kept.set_bucket(bucket)
                codes[name] = bucket.code
            return codes[name]

        environment.compile = compile_once

    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    kept, codes = FileSystemBytecodeCache(str(folder)), {}
    keep(MacroFuzzEnvironment)
    keep(NativeSandboxEnvironment)


@cache
def make_quick() -> None:
    """What dbt does anew for each of hundreds of small nodes, and need not. Rows are the same."""
    import networkx
    from dbt import compilation
    from dbt.clients import jinja
    from dbt.contracts.graph.nodes import ParsedNode
    from dbt_common.clients import agate_helper
    from dbt_common.clients.jinja import MacroFuzzTemplate, NativeSandboxTemplate

    leave_out_unlogged_events()
    parse_for_any_folder()
    set_settings_once()
    look_up_relations()
    keep_compiled_templates(DBT_PROJECT_DIR / os.environ.get("DBT_TARGET_PATH", "target") / "jinja")
    jinja._render_cache = Literals()
    ChainMap.__contains__ = is_named  # type: ignore[method-assign]
    # A template copies all macros each time it is rendered, but for those of dbt's other class.
    NativeSandboxTemplate.new_context = MacroFuzzTemplate.new_context
    compilation.inject_ctes_into_sql = inject_ctes
    # People are sent to the compiled SQL; the statement around it nobody reads.
    write_node = ParsedNode.write_node
    ParsedNode.write_node = lambda self, root, path, code: (  # type: ignore[method-assign]
        None if path == self.build_path else write_node(self, root, path, code)
    )
    # It walks all edges for a circle that it can name, which is asked once there is one.
    named_circle = compilation.Linker.find_cycles
    compilation.Linker.find_cycles = lambda self: (  # type: ignore[method-assign]
        None if networkx.is_directed_acyclic_graph(self.graph) else named_circle(self)
    )
    # A file beside the graph that nobody reads.
    compilation.Linker.get_graph_summary = lambda *_: {}  # type: ignore[method-assign]
    # What a statement without rows gives back; its columns' types are made anew each time.
    agate_helper.empty_table = cache(agate_helper.empty_table)


def import_pyarrow_alone() -> None:
    """pyarrow imports pandas, a second's work, before it makes its first array, to tell arrays of
    pandas from others. It is told that there is none, until something else imports it."""

    class Absent(MetaPathFinder):
        def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
            if name != "pandas":
                return None
            if not is_ready:
                raise ModuleNotFoundError(name=name)
            sys.meta_path.remove(self)
            spec = find_spec(name)
            if spec is not None and spec.loader is not None:
                execute = spec.loader.exec_module

                def execute_and_tell(module: ModuleType) -> None:
                    execute(module)
                    _pandas_api.pd  # noqa: B018 (now it looks again)

                spec.loader.exec_module = execute_and_tell  # type: ignore[method-assign]
            return spec

    is_ready = "pandas" in sys.modules
    if not is_ready:
        sys.meta_path.insert(0, Absent())
    import pyarrow.dataset
    from pyarrow.lib import _pandas_api

    pyarrow.array([0])
    is_ready = True


def be_told() -> None:
    """Wait for arguments and environment, of one who has started dbt ahead; or end, told none."""
    told = sys.stdin.buffer.read()
    if not told:
        os._exit(0)
    sys.argv[1:], environment = json.loads(told)
    os.environ.clear()
    os.environ.update(environment)


def main() -> None:
    # At once, as a build that is stopped wants it: what dbt was about to write is rolled back.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    gc.disable()  # what the imports make stays: looking for garbage in it is a tenth of them
    from mashumaro.config import BaseConfig

    # Readers and writers of hundreds of classes are made when they are needed, if ever.
    BaseConfig.lazy_compilation = True
    import dbt.adapters.duckdb  # noqa: F401 (dbt asks for it once it knows the engine)
    from dbt.cli.main import cli
    from dbt.compilation import Linker
    from dbt.parser import manifest
    from dbt_common.dataclass_schema import dbtClassMixin

    if os.environ.get(AHEAD):
        import_pyarrow_alone()  # models in Python need it, and now there is time
        be_told()
    make_quick()
    # The manifest is kept from when the project was parsed; nobody reads these copies.
    manifest.write_manifest = Linker.write_graph = lambda *_, **__: None
    gc.freeze()
    gc.enable()
    if plan := os.environ.get("BUILD_PLAN"):
        told = json.loads(Path(plan).read_bytes())
        leave_out(frozenset(told["left_out"]))
        keep_what_comes_out_as_it_was(told["unless_new"], told["empty_when"], told["states"])
        # The manifest that a plan is about was made of files that were found right.
        dbtClassMixin.validate = classmethod(lambda *_: None)  # type: ignore[assignment]
    sys.argv[0] = "dbt"
    cli()


if __name__ == "__main__":
    main()
