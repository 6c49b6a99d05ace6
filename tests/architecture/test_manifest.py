"""The dbt project keeps its layers, names, descriptions and tests: with no list of exceptions."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlglot

from orchestration.ingest.feeds import PERSON_IDS
from orchestration.publish.restatements import PERSON_ID_COLUMNS
from orchestration.transform.dbt_runs import load_manifest

# The schema of each layer. Definitions stand beside the files that they are read from; an archive
# is written beside the one that stands.
SCHEMAS = {
    "definitions": "seeds",
    "staging": "staging",
    "intermediate": "intermediate",
    "steps": "steps",
    "facts": "facts",
    "archive": "archive_next",
    "marts": "marts",
}
# What the models of a layer may read. A step is a part of the query of whoever reads it: what it
# reads, its reader reads.
MAY_READ = {
    "definitions": {"seeds", "definitions"},
    "staging": {"raw", "definitions", "staging"},
    "intermediate": {"staging", "intermediate", "archive", "definitions"},
    "steps": {"staging", "intermediate", "facts", "archive", "definitions"},
    "facts": {"staging", "intermediate", "facts", "archive", "definitions"},
    "archive": {"intermediate", "facts", "archive", "archive_next", "definitions"},
    "marts": {"facts", "marts", "seeds", "definitions"},
}
PREFIXES = {
    "definitions": r"dim_",
    "staging": r"stg_[a-z0-9]+(_|$)",
    "intermediate": r"int_",
    "steps": r"step_",
    "facts": r"(fct|dim)_",
    "archive": r"arc_",
    "marts": r"mart_",
}
DESIGNED = {
    "facts": {
        "fct_events", "fct_sessions", "fct_orders", "fct_user_days", "fct_user_lifecycle_spans",
        "fct_funnel_attempts", "fct_retention_returns",
    },
    "marts": {
        "mart_active_users_daily", "mart_growth_accounting", "mart_lifecycle_daily",
        "mart_stickiness", "mart_rfm_scores", "mart_rfm_migrations", "mart_funnel_conversion",
        "mart_retention_cohorts",
    },
}  # fmt: skip
CLOCKS = re.compile(
    r"\b(current_date|current_timestamp|current_time|localtimestamp|now\s*\(|today\s*\("
    r"|get_current_timestamp\s*\(|random\s*\(|uuid\s*\(|gen_random_uuid\s*\()",
    re.IGNORECASE,
)


def models() -> list[dict[str, Any]]:
    nodes = load_manifest()["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model"]


MODELS = {model["name"]: model for model in models()}


def layer_of(unique_id: str) -> str:
    """The folder of a model; of a source its schema."""
    manifest = load_manifest()
    if unique_id in manifest["sources"]:
        return str(manifest["sources"][unique_id]["schema"])
    return str(manifest["nodes"][unique_id]["original_file_path"].split("/")[1])


def layers_read(unique_id: str) -> set[str]:
    """The layers that a model reads, by itself and by its steps."""
    found: set[str] = set()
    for parent in load_manifest()["nodes"][unique_id]["depends_on"]["nodes"]:
        layer = layer_of(parent)
        found |= layers_read(parent) if layer == "steps" else {layer}
    return found


LAYERS = {name: layer_of(model["unique_id"]) for name, model in MODELS.items()}
# Whose columns have types that tests hold them to.
ENFORCED = [
    name for name, layer in LAYERS.items() if layer in ("steps", "facts", "archive", "marts")
]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_reads_only_what_its_layer_may(name: str) -> None:
    read = layers_read(MODELS[name]["unique_id"])
    assert read <= MAY_READ[LAYERS[name]], f"{name} reads {sorted(read)}"


def test_layers_are_folders_and_schemas() -> None:
    for name, model in MODELS.items():
        assert model["schema"] == SCHEMAS[LAYERS[name]], name


def test_steps_are_ephemeral_and_nothing_else_is() -> None:
    for name, model in MODELS.items():
        kept = model["config"]["materialized"]
        assert (kept == "ephemeral") == (LAYERS[name] == "steps"), name


def test_names_follow_their_layer() -> None:
    wrong = [n for n, m in MODELS.items() if not re.match(PREFIXES[LAYERS[n]], n)]
    wrong += [name for name in MODELS if re.search(r"_(v\d+|new|final|old|tmp)$", name)]
    assert wrong == []


@pytest.mark.parametrize("layer", DESIGNED)
def test_what_the_design_names_is_there(layer: str) -> None:
    assert DESIGNED[layer] <= {n for n, m in MODELS.items() if m["schema"] == layer}


def test_every_designed_mart_is_published_and_personal_data_says_why() -> None:
    manifest = load_manifest()
    published: set[str] = set()
    for exposure in manifest["exposures"].values():
        assert exposure["description"].strip(), exposure["name"]
        assert exposure["owner"]["email"], exposure["name"]
        tables = [manifest["nodes"][n] for n in exposure["depends_on"]["nodes"]]
        published.update(node["name"] for node in tables)
        holds_people = any("identifier" in personal_data(node).values() for node in tables)
        assert not any("content" in personal_data(node).values() for node in tables)
        for node in tables:
            # What publishing hashes and withholds are these; restatements' keys are made of them.
            tagged = personal_data(node).keys() - {"row_key"}
            assert tagged <= PERSON_ID_COLUMNS, node["name"]
        meta = exposure["config"].get("meta") or exposure.get("meta") or {}
        assert bool(meta.get("personal_data")) == holds_people, exposure["name"]
    assert DESIGNED["marts"] <= published


def personal_data(node: dict[str, Any]) -> dict[str, str]:
    """The kind of personal data by column, of those that are tagged."""
    tags = {name: column["config"]["meta"] for name, column in node["columns"].items()}
    return {name: tag["personal_data"] for name, tag in tags.items() if "personal_data" in tag}


def test_columns_of_personal_data_are_tagged() -> None:
    content = {"properties", "payload", "malformed_payload", "comment"}
    given = ("given_id", "given_user_id", "given_anonymous_id", "known_user_id",
             "known_anonymous_id")  # fmt: skip
    wanted = {**dict.fromkeys((*PERSON_IDS, *given, "entrant_id", "row_key"), "identifier"),
              **dict.fromkeys(content, "content")}  # fmt: skip
    for name, model in MODELS.items():
        tagged = personal_data(model)
        assert tagged == {c: wanted[c] for c in model["columns"] if c in wanted}, name


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_what_one_row_is_and_describes_its_columns(name: str) -> None:
    model = MODELS[name]
    assert model["description"].strip().startswith("One row per "), name
    assert model["columns"], f"{name} has no columns in YAML"
    bare = [c for c, column in model["columns"].items() if not column["description"].strip()]
    assert bare == []


# Views and ephemeral models hold no rows: keys are tested where the rows are stored.
STORED = [
    name
    for name, model in MODELS.items()
    if model["config"]["materialized"] not in ("view", "ephemeral")
]


@pytest.mark.parametrize("name", STORED)
def test_a_table_has_a_key_test_or_says_why_not(name: str) -> None:
    manifest = load_manifest()
    tests = [
        node["test_metadata"]["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node") == MODELS[name]["unique_id"]
        and node.get("test_metadata")
    ]
    has_key = any(test in ("one_row_per", "one_row", "unique") for test in tests)
    assert has_key or MODELS[name]["config"]["meta"].get("no_key"), f"{name}: {tests}"


@pytest.mark.parametrize("name", ENFORCED)
def test_facts_archives_and_marts_have_enforced_contracts(name: str) -> None:
    # An ephemeral model is a part of another's query: that one has the contract.
    is_part = MODELS[name]["config"]["materialized"] == "ephemeral"
    assert is_part or MODELS[name]["config"]["contract"]["enforced"]
    assert all(column["data_type"] for column in MODELS[name]["columns"].values())


@pytest.mark.parametrize("name", MODELS)
def test_no_model_asks_the_clock_or_chance(name: str) -> None:
    code = re.sub(r"--[^\n]*|\{#.*?#\}", "", MODELS[name]["raw_code"], flags=re.DOTALL)
    assert not CLOCKS.findall(code)


@pytest.mark.parametrize("name", ENFORCED)
def test_compiled_sql_is_spark_sql_too(name: str, compiled_models: dict[str, str]) -> None:
    statements = sqlglot.parse(compiled_models[name], read="spark")
    assert len(statements) == 1
    assert statements[0] is not None
