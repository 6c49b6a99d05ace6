"""What a build need not make again: tables that read nothing new since the last whole build.

What the dbt project reads from outside of itself has a state each: a hash of its rows, or, of
what is large, of all that changes them. A table is a function of these, however it was built, and
unchanged when none that it is made of has another state; it stays, and so do its tests that
passed. A view stays whatever its rows: it is text. With other settings, SQL or code nothing does.

Lists of one build (which events are new, whom and what it computes) have other rows in each, and
never stay. What is replaced by key only asks them which keys. What is computed by definition and
user stays while no definition of its kind says something else: those of others have no rows in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache

import duckdb

from orchestration.ingest.definitions.hashes import FILES
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.project import Settings
from orchestration.store.sql import insert_many, literal, quote
from orchestration.transform.dbt_runs import BY_USER, Manifest, run_results
from orchestration.transform.fingerprint import made_of

_PROJECT = "project"
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
    """The models that stay, and the tests that need not be run, by dbt's unique ids."""

    models: frozenset[str] = frozenset()
    tests: frozenset[str] = frozenset()


def source_states(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, settings: Settings
) -> dict[str, str]:
    """The state of each source by dbt's unique id, and of settings, SQL and code."""
    parts = made_of(settings, connection)
    states = {_PROJECT: _hash([parts["settings"], parts["project"], parts["code"]])}
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
            state = f"{_count(connection, table)} {large}"
        elif source["name"] in FEEDS_BY_NAME and source["source_name"] == "raw":
            files = connection.execute(
                "select load_id, content_hash, status from raw.ingest_files"
                f" where feed = {literal(source['name'])} order by all"
            ).fetchall()
            state = f"{_count(connection, table)} {_hash(files)} {large}"
        else:
            state = str(
                connection.execute(
                    f"select count(*), bit_xor(hash(of)), sum(hash(of)) from {table} as of"
                ).fetchone()
            )
        states[unique_id] = state
    return states


def find(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    states: Mapping[str, str],
    standing: Collection[str],
) -> Unchanged:
    """Of the models that stand of the last whole build, those that this one need not make."""
    before = dict(connection.execute("select source, state from raw.source_states").fetchall())
    if before.get(_PROJECT) != states[_PROJECT]:
        return Unchanged()
    nodes, sources = manifest["nodes"], manifest["sources"]
    changed = {
        kind
        for (kind,) in connection.execute(
            "select distinct definition from seeds.definition_hashes"
            " where definition_hash is distinct from computed_hash"
        ).fetchall()
    }
    is_list = lists(manifest)

    def reads(unique_id: str) -> list[str]:
        return [name for name in nodes[unique_id]["depends_on"]["nodes"] if not is_list(name)]

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
        return not (kinds & changed or (changed and "definition" in kinds)) and all(
            is_same(name)
            for name in sources_of(unique_id)
            if sources[name]["name"] not in _SAID_ONE_BY_ONE
        )

    @cache
    def is_same(unique_id: str) -> bool:
        if unique_id in sources:
            return before.get(unique_id) == states[unique_id]
        return all(map(is_same, reads(unique_id))) or is_of_others(unique_id)

    def stays(unique_id: str) -> bool:
        return not is_list(unique_id) and is_same(unique_id)

    def is_view(unique_id: str) -> bool:
        return bool(nodes[unique_id]["config"]["materialized"] == "view")

    there = _relations(connection)
    models = frozenset(
        name
        for name in standing
        if name in nodes
        and (nodes[name]["schema"], nodes[name]["alias"]) in there
        and (is_view(name) or stays(name))
    )
    tests = frozenset(name for name in passed_tests(connection) if name in nodes and stays(name))
    return Unchanged(models, tests)


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
    """Note what the build was made from, and which tests passed, in the place of what was noted."""
    passed = {result["unique_id"] for result in run_results() if result["status"] == "pass"}
    connection.execute("delete from raw.source_states")
    connection.execute("delete from raw.passed_tests")
    insert_many(connection, "raw.source_states", list(states.items()))
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


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def _hash(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:16]
