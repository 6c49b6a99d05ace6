"""What a build need not make again: tables that read nothing new since the last whole build.

What the dbt project reads from outside of itself has a state each: a hash of its rows, or, of
what is large, of all that changes them. A table is a function of these, however it was built, and
unchanged when none that it is made of has another state; it stays, and so do its tests that
passed. A view stays whatever its rows: it is text. With other settings, SQL or code nothing does,
nor where somebody restates days: something is damaged then.

What hangs on something new is seen again while dbt works. Much of it comes out as it was: events
of a user who buys nothing change no order. Of each table the state is noted when it is made, and
where all that a table or a test reads has the state that it had, it stays as well. So does a table
without rows while those have none without which it can have none, whatever else it reads: of an
area of which nobody sends an event a new day makes nothing.

Lists of one build (which events are new, whom and what it computes) have other rows in each, and
never stay. What is replaced by key only asks them which keys. What is computed by definition and
user stays while no definition of its kind says something else: those of others have no rows in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

import duckdb

from orchestration.ingest.definitions.hashes import FILES
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.project import Settings
from orchestration.store.sql import NO_ROWS, insert_many, literal, quote, row_count, rows_state
from orchestration.transform.dbt_process import ALL, ANY, STATE, TEXT, Condition
from orchestration.transform.dbt_runs import BY_USER, Manifest, run_results
from orchestration.transform.fingerprint import made_of
from orchestration.transform.transforming import asked_of_a_build

_PROJECT = "project"
_ASKED = "asked"
OF_EACH_BUILD = re.compile(
    r"\b(completed_load_id|last_completed_at|rows_before"
    r"|delete_completed_causes|delete_completed_loads)\b"
)
"""Macros whose answer depends on the build before. By a model's text: dbt names no macro that is
called in an increment alone."""
ADDS_LOADS = "delete_pending_loads"
"""The macro of a table that new loads are added to: it asks which, and is no list of them."""
_SAID_ONE_BY_ONE = FILES.keys() | {"definition_hashes", "arc_definitions"}
"""Sources that have rows per definition."""


@dataclass(frozen=True)
class Unchanged:
    """The models that stay, and the tests that need not be run, by dbt's unique ids.

    Of others, `unless_new` has the models to be made that they read: they stay where the rows of
    these come out with the `states` of before. What is empty stays as well while `empty_when` is
    met, of models to be made.
    """

    models: frozenset[str] = frozenset()
    tests: frozenset[str] = frozenset()
    unless_new: Mapping[str, frozenset[str]] = field(default_factory=dict)
    empty_when: Mapping[str, Condition] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)


def source_states(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, settings: Settings
) -> dict[str, str]:
    """The state of each source by dbt's unique id, of settings, SQL and code, and what is asked."""
    parts = made_of(settings, connection)
    states = {
        _PROJECT: _hash([parts["settings"], parts["project"], parts["code"]]),
        _ASKED: asked_of_a_build(connection),
    }
    large = _hash(
        connection.execute(
            "select (select max(removed_at) from raw.expiries),"
            " (select max(erased_at) from raw.erasures)"
        ).fetchall()
    )
    there = _relations(connection)
    for unique_id, source in manifest["sources"].items():
        table = quote(source["schema"], source["identifier"])
        relation = (source["schema"], source["identifier"])
        if relation not in there:
            state = "none"
        elif source["source_name"] == "archive" and source["name"] != "arc_definitions":
            state = f"{row_count(connection, table)} {large}"
        elif source["name"] in FEEDS_BY_NAME and source["source_name"] == "raw":
            files = connection.execute(
                "select load_id, content_hash, status from raw.ingest_files"
                f" where feed = {literal(source['name'])} order by all"
            ).fetchall()
            state = f"{row_count(connection, table)} {_hash(files)} {large}"
        else:
            state = str(rows_state(connection, table))
        states[unique_id] = state
    return states


def find(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    states: Mapping[str, str],
    standing: Collection[str],
    conditions: Mapping[str, Condition],
) -> Unchanged:
    """Of the models that stand of the last whole build, those that this one need not make;
    `conditions` say when a model is empty, by the names of the relations it reads."""
    before = dict(connection.execute("select source, state from raw.source_states").fetchall())
    nodes, sources = manifest["nodes"], manifest["sources"]
    made_anew = {name for name, source in sources.items() if source["name"] == "restated_days"}
    if any(before.get(name) != states[name] for name in (_PROJECT, *made_anew)):
        return Unchanged()
    changed = {
        kind
        for (kind,) in connection.execute(
            "select distinct definition from seeds.definition_hashes"
            " where definition_hash is distinct from computed_hash"
        ).fetchall()
    }
    is_list = lists(manifest)

    def reads(unique_id: str) -> list[str]:
        """What it is made of: lists, where it reads nothing else, as its rows are theirs then."""
        found: list[str] = nodes[unique_id]["depends_on"]["nodes"]
        return [name for name in found if not is_list(name)] or found

    @cache
    def sources_of(unique_id: str) -> frozenset[str]:
        if unique_id in sources:
            return frozenset({unique_id})
        return frozenset().union(*map(sources_of, reads(unique_id)))

    def is_of_others(unique_id: str) -> bool:
        """Is it computed by definition and user, and what is new of other kinds alone?"""
        config = nodes[unique_id]["config"]
        if config.get("incremental_strategy") != BY_USER:
            return False
        kinds = {key.removesuffix("_id") for key in config["unique_key"]}
        kinds.update(config.get("meta", {}).get("recomputed", {}).get("asks", ()))
        return not (kinds & changed or (changed and "definition" in kinds)) and all(
            is_same(name)
            for name in sources_of(unique_id)
            if sources[name]["name"] not in _SAID_ONE_BY_ONE
        )

    def is_text(unique_id: str) -> bool:
        """Is it a part of what reads it, not a table?"""
        return nodes[unique_id]["config"]["materialized"] in TEXT

    @cache
    def is_same(unique_id: str) -> bool:
        if unique_id in sources:
            return before.get(unique_id) == states[unique_id]
        return all(map(is_same, reads(unique_id))) or is_of_others(unique_id)

    def stays(unique_id: str) -> bool:
        return not is_list(unique_id) and is_same(unique_id)

    there = _relations(connection)
    stand = {
        name
        for name in standing
        if name in nodes and (nodes[name]["schema"], nodes[name]["alias"]) in there
    }
    passed = {name for name in passed_tests(connection) if name in nodes}
    models = frozenset(name for name in stand if is_text(name) or stays(name))
    tests = frozenset(filter(stays, passed))

    @cache
    def awaited(unique_id: str) -> frozenset[str] | None:
        """The models to be made that a table reads; None where it reads something new."""
        found: set[str] = set()
        for name in reads(unique_id):
            if name in sources:
                inner = frozenset() if is_same(name) else None
            else:
                inner = awaited(name) if is_text(name) else frozenset({name}) - models
            if inner is None:
                return None
            found |= inner
        return frozenset(found)

    # Where definitions ask for other parts, the same rows make another table.
    seen_again = (stand | passed) - models - tests if before.get(_ASKED) == states[_ASKED] else ()
    unless_new = {
        name: found
        for name in seen_again
        if not is_list(name) and (found := awaited(name)) is not None
    }
    resolved = _Conditions(manifest, states, conditions, models, before)
    empty_when = {
        name: resolved.of(conditions[name], name)
        for name in seen_again
        if not is_list(name) and name in conditions and before.get(name) == NO_ROWS
    }
    return Unchanged(models, tests, unless_new, empty_when, before)


def empty_of_a_rebuild(
    manifest: Manifest, states: Mapping[str, str], conditions: Mapping[str, Condition]
) -> Unchanged:
    """Of a build of everything, the tables of a contract or in Python, and the tests, that need no
    work while what they are made of has no rows; `conditions` are those of tables made anew."""
    is_list, resolved = lists(manifest), _Conditions(manifest, states, conditions)

    def is_looked_at(unique_id: str) -> bool:
        node = manifest["nodes"][unique_id]
        config, is_python = node["config"], node.get("language") == "python"
        return unique_id.startswith("test.") or (
            config["materialized"] not in TEXT
            and (is_python or config.get("contract", {}).get("enforced", False))
            and not is_list(unique_id)
        )

    return Unchanged(
        empty_when={
            name: resolved.of(condition)
            for name, condition in conditions.items()
            if name in manifest["nodes"] and is_looked_at(name)
        }
    )


class _Conditions:
    """Conditions of relations as conditions of models that a build makes: of sources, and of
    models that stay, it is known whether they have rows, and a view has those of what it reads."""

    def __init__(
        self,
        manifest: Manifest,
        states: Mapping[str, str],
        conditions: Mapping[str, Condition],
        stay: Collection[str] = (),
        before: Mapping[str, str] | None = None,
    ) -> None:
        self._nodes, self._sources = manifest["nodes"], manifest["sources"]
        self._states, self._conditions = states, conditions
        self._stay, self._before = stay, before or {}
        self._ids = {
            f"{node['schema']}.{node.get('alias') or node['identifier']}": name
            for name, node in {**self._sources, **self._nodes}.items()
            if name in self._sources or name.startswith("model.")
        }

    def of(self, condition: Condition, own: str = "") -> Condition:
        """`own`: the model whose condition it is, where it stands."""
        if isinstance(condition, list):
            return [condition[0], *(self.of(part, own) for part in condition[1:])]
        name = self._ids.get(condition)
        if name is None:
            is_empty = False
        elif name in self._sources:
            is_empty = self._states[name] == NO_ROWS or self._states[name].startswith("0 ")
        elif self._nodes[name]["config"]["materialized"] in TEXT:
            return self.of(self._conditions.get(name, [ANY]))
        elif name in self._stay or name == own:
            is_empty = self._before.get(name) == NO_ROWS
        else:
            return name
        return [ALL if is_empty else ANY]


def lists(manifest: Manifest) -> Callable[[str], bool]:
    """Is a table or a test, by its unique id, one of a build alone?

    Where it asks about the build before, or reads such rows and is not replaced by key. What a
    comment alone names is only made before it.
    """
    nodes = manifest["nodes"]

    @cache
    def is_of_a_build(unique_id: str) -> bool:
        if unique_id not in nodes:
            return False
        node = nodes[unique_id]
        text = re.sub(r"(?m)^\s*--.*", "", node["raw_code"])
        if OF_EACH_BUILD.search(text) and ADDS_LOADS not in text:
            return True
        return not node["config"].get("unique_key") and any(
            is_of_a_build(name)
            for name in node["depends_on"]["nodes"]
            if (said := f"ref('{name.rpartition('.')[2]}')") not in node["raw_code"] or said in text
        )

    return lambda unique_id: (
        is_of_a_build(unique_id) and nodes[unique_id]["config"]["materialized"] != "ephemeral"
    )


def note(connection: duckdb.DuckDBPyConnection, states: Mapping[str, str], kept: Unchanged) -> None:
    """Note what the build was made from, the states of its tables, and which tests passed, in the
    place of what was noted."""
    results = run_results()
    passed = {result["unique_id"] for result in results if result["status"] == "pass"}
    of_tables = {name: state for name, state in kept.states.items() if name in kept.models}
    of_tables |= {
        result["unique_id"]: state
        for result in results
        if (state := result["adapter_response"].get(STATE))
    }
    connection.execute("delete from raw.source_states")
    connection.execute("delete from raw.passed_tests")
    insert_many(connection, "raw.source_states", list({**of_tables, **states}.items()))
    tests = sorted(name for name in passed | kept.tests if name.startswith("test."))
    insert_many(connection, "raw.passed_tests", [(name,) for name in tests])


def passed_tests(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The tests that had passed when the last build was whole, by dbt's unique ids."""
    return frozenset(
        name for (name,) in connection.execute("select test from raw.passed_tests").fetchall()
    )


def _relations(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(
        connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
    )


def _hash(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:16]
