"""What a build need not make again: tables that read nothing new since the last whole build.

What the dbt project reads from outside of itself has a state each: a hash of its rows, or, of
what is large, of all that changes them. A model is unchanged when none of what it is made of has
another state; it stays, and so do its tests that passed. A view stays whatever its rows: it is
text. What asks which loads are new, or how tables stood before, has another answer in each build,
and never stays. With other settings, SQL or code nothing does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import duckdb

from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.project import Settings
from orchestration.store.sql import insert_many, literal, quote
from orchestration.transform.dbt_runs import Manifest, run_results
from orchestration.transform.fingerprint import made_of

_PROJECT = "project"
OF_EACH_BUILD = re.compile(
    r"\b(completed_load_id|last_completed_at|rows_before"
    r"|delete_completed_causes|delete_completed_loads|delete_pending_loads)\b"
)
"""Macros whose answer depends on the build before. By a model's text: dbt names no macro that is
called in an increment alone."""


@dataclass(frozen=True)
class Unchanged:
    """The models that stay, and the tests that need not be run, by dbt's unique ids."""

    models: frozenset[str] = frozenset()
    tests: frozenset[str] = frozenset()


def source_states(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, settings: Settings, asked: str
) -> dict[str, str]:
    """The state of each source by dbt's unique id, and of settings, SQL and code.

    `asked` is what SQL compiles by besides: what the definitions need.
    """
    parts = made_of(settings, connection)
    states = {_PROJECT: _hash([parts["settings"], parts["project"], parts["code"], asked])}
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
    nodes = manifest["nodes"]

    @cache
    def is_same(unique_id: str) -> bool:
        if unique_id in manifest["sources"]:
            return before.get(unique_id) == states[unique_id]
        node = nodes[unique_id]
        return not OF_EACH_BUILD.search(node["raw_code"]) and all(
            map(is_same, node["depends_on"]["nodes"])
        )

    def is_view(unique_id: str) -> bool:
        return bool(nodes[unique_id]["config"]["materialized"] == "view")

    there = _relations(connection)
    models = frozenset(
        name
        for name in standing
        if name in nodes
        and (nodes[name]["schema"], nodes[name]["alias"]) in there
        and (is_view(name) or is_same(name))
    )
    tests = frozenset(name for name in passed_tests(connection) if name in nodes and is_same(name))
    return Unchanged(models, tests)


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
