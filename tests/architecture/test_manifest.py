"""The dbt project keeps its layers, names, descriptions and tests: with no list of exceptions.

Each rule of `rules.py` is asked of the project, and shown a manifest for each way to break it: a
rule that would let one pass has lost its teeth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlglot

from orchestration.transform.dbt_runs import load_manifest
from tests.architecture import rules
from tests.architecture.rules import MAY_READ, RULES, SCHEMAS, Manifest, Rule

Breach = Callable[[Manifest], Manifest]
# A model of each layer, to be doctored.
SAMPLES = {
    "definitions": "dim_funnels",
    "staging": "stg_events",
    "intermediate": "int_identity_links",
    "steps": "step_funnel_pair_times",
    "facts": "fct_orders",
    "archive": "arc_users",
    "marts": "mart_active_users_daily",
}
SOURCES = {"raw": "source.yunying.raw.events", "seeds": "source.yunying.seeds.funnels"}
READABLE = ("raw", "seeds", "definitions", "staging", "intermediate", "facts", "archive", "marts")


def model_id(layer: str) -> str:
    return f"model.yunying.{SAMPLES[layer]}"


def with_node(manifest: Manifest, unique_id: str, **changes: Any) -> Manifest:
    node = {**manifest["nodes"].get(unique_id, {}), "unique_id": unique_id, **changes}
    return {**manifest, "nodes": {**manifest["nodes"], unique_id: node}}


def changed(layer: str, **changes: Any) -> Breach:
    """The sample of a layer with other values; those that are dicts are added to."""

    def breach(manifest: Manifest) -> Manifest:
        node = manifest["nodes"][model_id(layer)]
        merged = {
            key: {**node[key], **value} if isinstance(value, dict) else value
            for key, value in changes.items()
        }
        return with_node(manifest, model_id(layer), **merged)

    return breach


def reads(layer: str, *parents: str) -> Breach:
    return changed(layer, depends_on={"nodes": [SOURCES.get(p) or model_id(p) for p in parents]})


def with_column(layer: str, **told: Any) -> Breach:
    column = {"description": "One.", "data_type": "varchar", "config": {"meta": {}}, **told}
    return changed(layer, columns={told.get("name", "planted"): column})


def without(kind: str, unique_id: str) -> Breach:
    def breach(manifest: Manifest) -> Manifest:
        left = {name: node for name, node in manifest[kind].items() if name != unique_id}
        return {**manifest, kind: left}

    return breach


def exposed(**changes: Any) -> Breach:
    """An exposure of the sample of marts, which holds nobody."""

    def breach(manifest: Manifest) -> Manifest:
        exposure = {
            "name": "planted",
            "description": "One.",
            "owner": {"email": "one@example.org"},
            "depends_on": {"nodes": [model_id("marts")]},
            "config": {"meta": {}},
            **changes,
        }
        return {**manifest, "exposures": {**manifest["exposures"], "planted": exposure}}

    return breach


def of_people(breach: Breach) -> Breach:
    """And its table holds the comments that people wrote."""
    column = with_column("marts", name="comment", config={"meta": {"personal_data": "content"}})
    return lambda manifest: column(breach(manifest))


def unpublished(manifest: Manifest) -> Manifest:
    left = {
        name: exposure
        for name, exposure in manifest["exposures"].items()
        if model_id("marts") not in exposure["depends_on"]["nodes"]
    }
    return {**manifest, "exposures": left}


def through_a_step(manifest: Manifest) -> Manifest:
    return reads("marts", "steps")(reads("steps", "staging")(manifest))


def a_step_longer(manifest: Manifest) -> Manifest:
    """Each way to the mart with as many more models as are allowed."""
    parents = manifest["nodes"][model_id("marts")]["depends_on"]["nodes"]
    for number in range(rules.LONGEST_WAYS[SAMPLES["marts"]]):
        name = f"fct_planted_{number}"
        node = {"name": name, "resource_type": "model", "depends_on": {"nodes": parents}}
        manifest = with_node(manifest, f"model.yunying.{name}", **node)
        parents = [f"model.yunying.{name}"]
    return with_node(manifest, model_id("marts"), depends_on={"nodes": parents})


def without_key_tests(manifest: Manifest) -> Manifest:
    left = {
        name: node
        for name, node in manifest["nodes"].items()
        if node.get("attached_node") != model_id("facts")
    }
    return {**manifest, "nodes": left}


def with_macro(name: str, path: str) -> Breach:
    macro = {"name": name, "package_name": "yunying", "original_file_path": path}
    return lambda manifest: {**manifest, "macros": {**manifest["macros"], "planted": macro}}


FACT, STEP, MART = (SAMPLES[layer] for layer in ("facts", "steps", "marts"))
# The rule, what is planted, and the name that it must tell of.
BREACHES: dict[str, tuple[Rule, Breach, str]] = {
    **{
        f"{layer} reads {other}": (
            rules.a_model_reads_what_its_layer_may, reads(layer, other), SAMPLES[layer])
        for layer in MAY_READ for other in READABLE if other not in MAY_READ[layer]
    },
    "a mart reads staging through a step": (
        rules.a_model_reads_what_its_layer_may, through_a_step, MART),
    "an archive of whom a build recomputes": (
        rules.archives_are_of_everybody,
        changed("archive", depends_on={"nodes": ["model.yunying.step_path_occurrences"]}),
        SAMPLES["archive"]),
    **{
        f"a model of {layer} in another schema": (
            rules.layers_are_folders_and_schemas, changed(layer, schema="main"), SAMPLES[layer])
        for layer in SCHEMAS
    },
    "a folder that is no layer": (
        rules.layers_are_folders_and_schemas,
        changed("facts", original_file_path="models/misc/fct_orders.sql"), FACT),
    "a step that is a table": (
        rules.steps_hold_no_rows_and_facts_are_no_steps,
        changed("steps", config={"materialized": "table"}), STEP),
    **{
        f"a model of {layer} that is a part of a query": (
            rules.steps_hold_no_rows_and_facts_are_no_steps,
            changed(layer, config={"materialized": "ephemeral"}), SAMPLES[layer])
        for layer in SCHEMAS if layer != "steps"
    },
    "a fact that is a view, and not for people": (
        rules.steps_hold_no_rows_and_facts_are_no_steps,
        changed("facts", config={"materialized": "view", "meta": {}}), FACT),
    **{
        f"a name that is none of {layer}": (
            rules.names_follow_their_layer, changed(layer, name="planted"), "planted")
        for layer in SCHEMAS
    },
    "a name that tells of its history": (
        rules.names_follow_their_layer, changed("facts", name="fct_orders_v2"), "fct_orders_v2"),
    "a designed fact is gone": (
        rules.what_the_design_names_is_there, without("nodes", model_id("facts")), FACT),
    "a designed mart is a fact": (
        rules.what_the_design_names_is_there,
        changed("marts", original_file_path="models/facts/mart_active_users_daily.sql"), MART),
    "a long way": (rules.ways_are_short, a_step_longer, MART),
    "a designed mart is not published": (
        rules.every_designed_mart_is_published, unpublished, MART),
    "an exposure without words": (
        rules.exposures_say_what_they_are_and_whose, exposed(description=" "), "planted"),
    "an exposure without an owner": (
        rules.exposures_say_what_they_are_and_whose, exposed(owner={"email": ""}), "planted"),
    "people for no reason": (
        rules.published_personal_data_says_why,
        exposed(depends_on={"nodes": ["model.yunying.mart_rfm_scores"]}), "planted"),
    "a reason for nobody": (
        rules.published_personal_data_says_why,
        exposed(config={"meta": {"personal_data": "why"}}), "planted"),
    "what people wrote is published": (
        rules.published_personal_data_says_why, of_people(exposed()), MART),
    "a person that is not tagged": (
        rules.columns_of_personal_data_are_tagged, with_column("facts", name="user_id"), FACT),
    "a tag on what is no person": (
        rules.columns_of_personal_data_are_tagged,
        with_column("facts", config={"meta": {"personal_data": "identifier"}}), FACT),
    "a description that is no grain": (
        rules.a_model_says_what_one_row_is_and_describes_its_columns,
        changed("facts", description="Orders."), FACT),
    "no columns": (
        rules.a_model_says_what_one_row_is_and_describes_its_columns,
        lambda manifest: with_node(manifest, model_id("facts"), columns={}), FACT),
    "a column without words": (
        rules.a_model_says_what_one_row_is_and_describes_its_columns,
        with_column("facts", description=" "), f"{FACT}.planted"),
    "a table without a key": (
        rules.a_table_has_a_key_test_or_says_why_not, without_key_tests, FACT),
    **{
        f"a model of {layer} without a contract": (
            rules.facts_archives_and_marts_have_enforced_contracts,
            changed(layer, config={"contract": {"enforced": False}}), SAMPLES[layer])
        for layer in ("facts", "archive", "marts")
    },
    **{
        f"a column of {layer} without a type": (
            rules.facts_archives_and_marts_have_enforced_contracts,
            with_column(layer, data_type=None), f"{SAMPLES[layer]}.planted")
        for layer in ("steps", "facts", "archive", "marts")
    },
    **{
        f"a model that asks {clock}": (
            rules.no_model_asks_the_clock_or_chance,
            changed("facts", raw_code=f"select {clock} as at"), FACT)
        for clock in ("current_date", "now()", "random()", "Current_Timestamp", "uuid()")
    },
    "the body of an engine beside the macro": (
        rules.what_an_engine_says_in_its_own_way_is_in_its_file,
        with_macro("spark__planted", "macros/types.sql"), "spark__planted"),
    "the body of one engine with another's": (
        rules.what_an_engine_says_in_its_own_way_is_in_its_file,
        with_macro("default__planted", "macros/engines/spark/functions.sql"), "default__planted"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps(rule: Rule) -> None:
    assert list(rule(load_manifest())) == []


@pytest.mark.parametrize("what", BREACHES)
def test_a_breach_is_noticed(what: str) -> None:
    rule, breach, name = BREACHES[what]
    told = list(rule(breach(load_manifest())))
    assert [line for line in told if name in line], told


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _, _ in BREACHES.values()} == set(RULES)


def is_spark_sql(sql: str) -> bool:
    """Whether a text is one statement that Spark can read."""
    try:
        return len([one for one in sqlglot.parse(sql, read="spark") if one]) == 1
    except sqlglot.ParseError:
        return False


def test_compiled_sql_is_spark_sql_too(compiled_models: dict[str, str]) -> None:
    layers = {name: rules.folder_of(node) for name, node in rules.models(load_manifest()).items()}
    read = [name for name, layer in layers.items() if layer in ("facts", "archive", "marts")]
    assert len(read) > 50
    assert [name for name in read if not is_spark_sql(compiled_models[name])] == []


@pytest.mark.parametrize("sql", ["select a b c from t", "select 1; select 2", ""])
def test_what_is_no_spark_sql_is_noticed(sql: str) -> None:
    assert not is_spark_sql(sql)
