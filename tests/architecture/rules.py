"""The rules of the dbt project, each a function of its manifest that tells of every breach."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestration.ingest.feeds import PERSON_IDS
from orchestration.publish.restatements import PERSON_ID_COLUMNS

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]
Rule = Callable[[Manifest], Iterator[str]]

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
# What the models of a layer may read: layers, and schemas of sources. A step is a part of the query
# of whoever reads it: what it reads, its reader reads.
MAY_READ = {
    "definitions": {"seeds", "definitions"},
    "staging": {"raw", "definitions", "staging"},
    "intermediate": {"staging", "intermediate", "archive", "definitions"},
    "steps": {"staging", "intermediate", "facts", "archive", "marts", "definitions"},
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
        "fct_funnel_attempts", "fct_retention_returns", "fct_touches", "fct_attribution_credits",
        "fct_check_in_streaks",
    },
    "marts": {
        "mart_active_users_daily", "mart_growth_accounting", "mart_lifecycle_daily",
        "mart_stickiness", "mart_rfm_scores", "mart_rfm_migrations", "mart_funnel_conversion",
        "mart_retention_cohorts", "mart_attribution", "mart_attribution_transitions",
        "mart_attribution_removals", "mart_channel_acquisition", "mart_channel_cohort_value",
        "mart_campaign_invites", "mart_campaign_discounts", "mart_campaign_check_ins",
        "mart_campaign_cobrands", "mart_campaign_balance", "mart_campaign_lift",
        "mart_campaign_daily", "mart_campaign_review", "mart_audience_exports",
        "mart_audience_members",
    },
}  # fmt: skip
# What says whom a build computes anew.
OF_A_BUILD = {"model.yunying.int_users_recomputed", "model.yunying.int_scope"}
# Models on the longest way of an event to a mart, the mart too.
LONGEST_WAYS = {"mart_active_users_daily": 15, "mart_retention_cohorts": 20}
CLOCKS = re.compile(
    r"\b(current_date|current_timestamp|current_time|localtimestamp|now\s*\(|today\s*\("
    r"|get_current_timestamp\s*\(|random\s*\(|uuid\s*\(|gen_random_uuid\s*\()",
    re.IGNORECASE,
)


def models(manifest: Manifest) -> dict[str, Node]:
    nodes = manifest["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


def layer_of(manifest: Manifest, unique_id: str) -> str:
    """The folder of a model; of a source its schema."""
    if unique_id in manifest["sources"]:
        return str(manifest["sources"][unique_id]["schema"])
    return folder_of(manifest["nodes"][unique_id])


def folder_of(model: Node) -> str:
    return str(model["original_file_path"].split("/")[1])


def kept_as(model: Node) -> str:
    return str(model["config"]["materialized"])


def read_by(manifest: Manifest, model: Node) -> set[str]:
    """What a model reads, by itself and by its steps."""
    found: set[str] = set()
    for parent in model["depends_on"]["nodes"]:
        is_step = layer_of(manifest, parent) == "steps"
        found |= read_by(manifest, manifest["nodes"][parent]) if is_step else {parent}
    return found


def layers_read(manifest: Manifest, model: Node) -> set[str]:
    return {layer_of(manifest, parent) for parent in read_by(manifest, model)}


def a_model_reads_what_its_layer_may(manifest: Manifest) -> Iterator[str]:
    for name, model in models(manifest).items():
        foreign = layers_read(manifest, model) - MAY_READ.get(folder_of(model), set())
        if foreign:
            yield f"{name} reads {', '.join(sorted(foreign))}"


def archives_are_of_everybody(manifest: Manifest) -> Iterator[str]:
    """A step that is of the users of a build alone would leave all others out."""
    for name, model in models(manifest).items():
        if folder_of(model) == "archive" and OF_A_BUILD & read_by(manifest, model):
            yield f"{name} is of the users whom a build recomputes"


def layers_are_folders_and_schemas(manifest: Manifest) -> Iterator[str]:
    for name, model in models(manifest).items():
        if SCHEMAS.get(folder_of(model)) != model["schema"]:
            yield f"{name} of the folder {folder_of(model)} is in the schema {model['schema']}"


def steps_hold_no_rows_and_facts_are_no_steps(manifest: Manifest) -> Iterator[str]:
    """A view of facts is there for people, who ask it who is behind a mart. A model in Python, and
    what it reads, cannot be a part of a query: such steps are tables."""
    found = models(manifest)
    in_python = [model for model in found.values() if model["language"] == "python"]
    tables = {model["unique_id"] for model in in_python}
    tables.update(*(model["depends_on"]["nodes"] for model in in_python))
    for name, model in found.items():
        layer, kept = folder_of(model), kept_as(model)
        of_people = model["config"]["meta"].get("people_behind") in found
        is_wrong_view = layer == "facts" and kept == "view" and not of_people
        is_part = layer == "steps" and model["unique_id"] not in tables
        if is_part != (kept == "ephemeral") or is_wrong_view:
            yield f"{name} is {kept}"


def names_follow_their_layer(manifest: Manifest) -> Iterator[str]:
    for name, model in models(manifest).items():
        prefix = PREFIXES.get(folder_of(model), "")
        if not re.match(prefix, name) or re.search(r"_(v\d+|new|final|old|tmp)$", name):
            yield f"{name} of {folder_of(model)}"


def what_the_design_names_is_there(manifest: Manifest) -> Iterator[str]:
    found = models(manifest)
    for layer, names in DESIGNED.items():
        for name in names:
            if name not in found or folder_of(found[name]) != layer:
                yield f"{name} is not in {layer}"


def ways_are_short(manifest: Manifest) -> Iterator[str]:
    nodes = {model["unique_id"]: model for model in models(manifest).values()}
    known: dict[str, list[str]] = {}

    def way(unique_id: str) -> list[str]:
        if unique_id not in known:
            parents = [p for p in nodes[unique_id]["depends_on"]["nodes"] if p in nodes]
            longest = max((way(parent) for parent in parents), key=len, default=[])
            known[unique_id] = [*longest, nodes[unique_id]["name"]]
        return known[unique_id]

    for unique_id, model in nodes.items():
        most = LONGEST_WAYS.get(model["name"])
        if most and len(way(unique_id)) > most:
            yield f"{model['name']}: {' > '.join(way(unique_id))}"


def every_designed_mart_is_published(manifest: Manifest) -> Iterator[str]:
    exposed = {
        manifest["nodes"][unique_id]["name"]
        for exposure in manifest["exposures"].values()
        for unique_id in exposure["depends_on"]["nodes"]
    }
    for name in DESIGNED["marts"] - exposed:
        yield f"{name} is not published"


def exposures_say_what_they_are_and_whose(manifest: Manifest) -> Iterator[str]:
    for exposure in manifest["exposures"].values():
        if not exposure["description"].strip() or not exposure["owner"]["email"]:
            yield exposure["name"]


def published_personal_data_says_why(manifest: Manifest) -> Iterator[str]:
    for exposure in manifest["exposures"].values():
        tables = [manifest["nodes"][n] for n in exposure["depends_on"]["nodes"]]
        kinds = {kind for node in tables for kind in personal_data(node).values()}
        meta = exposure["config"].get("meta") or exposure.get("meta") or {}
        if bool(meta.get("personal_data")) != ("identifier" in kinds):
            yield f"{exposure['name']}: personal_data"
        for node in tables:
            # What publishing hashes and withholds are these; restatements' keys are made of them.
            if personal_data(node).keys() - {"row_key"} - PERSON_ID_COLUMNS:
                yield f"{node['name']} is published with {', '.join(personal_data(node))}"


def personal_data(node: Node) -> dict[str, str]:
    """The kind of personal data by column, of those that are tagged."""
    tags = {name: column["config"]["meta"] for name, column in node["columns"].items()}
    return {name: tag["personal_data"] for name, tag in tags.items() if "personal_data" in tag}


def columns_of_personal_data_are_tagged(manifest: Manifest) -> Iterator[str]:
    content = {"properties", "payload", "malformed_payload", "comment"}
    given = ("given_id", "given_user_id", "given_anonymous_id", "known_user_id",
             "known_anonymous_id", "inviter_id", "accepted_user_id", "subject_id")  # fmt: skip
    wanted = {**dict.fromkeys((*PERSON_IDS, *given, "entrant_id", "row_key"), "identifier"),
              **dict.fromkeys(content, "content")}  # fmt: skip
    for name, model in models(manifest).items():
        if personal_data(model) != {c: wanted[c] for c in model["columns"] if c in wanted}:
            yield f"{name} tags {', '.join(personal_data(model)) or 'none'}"


def a_model_says_what_one_row_is_and_describes_its_columns(manifest: Manifest) -> Iterator[str]:
    for name, model in models(manifest).items():
        if not model["description"].strip().startswith("One row per "):
            yield f"{name} does not say what one row is"
        if not model["columns"]:
            yield f"{name} has no columns in YAML"
        for column, told in model["columns"].items():
            if not told["description"].strip():
                yield f"{name}.{column} is not described"


def a_table_has_a_key_test_or_says_why_not(manifest: Manifest) -> Iterator[str]:
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") in ("one_row_per", "one_row", "unique")
    }
    for name, model in models(manifest).items():
        # Views and steps hold no rows: keys are tested where the rows are stored.
        is_stored = kept_as(model) not in ("view", "ephemeral")
        if (
            is_stored
            and model["unique_id"] not in tested
            and not model["config"]["meta"].get("no_key")
        ):
            yield f"{name} has no key"


def facts_archives_and_marts_have_enforced_contracts(manifest: Manifest) -> Iterator[str]:
    for name, model in models(manifest).items():
        layer = folder_of(model)
        if layer in ("facts", "archive", "marts") and not model["config"]["contract"]["enforced"]:
            yield f"{name} has no contract"
        if layer in ("steps", "facts", "archive", "marts"):
            yield from (
                f"{name}.{column} has no type"
                for column, told in model["columns"].items()
                if not told["data_type"]
            )


def no_model_asks_the_clock_or_chance(manifest: Manifest) -> Iterator[str]:
    for name, model in models(manifest).items():
        code = re.sub(r"--[^\n]*|\{#.*?#\}", "", model["raw_code"], flags=re.DOTALL)
        if CLOCKS.search(code):
            yield f"{name} asks {CLOCKS.findall(code)[0]}"


def what_an_engine_says_in_its_own_way_is_in_its_file(manifest: Manifest) -> Iterator[str]:
    engines = {"default": "duckdb", "duckdb": "duckdb", "spark": "spark"}
    for macro in manifest["macros"].values():
        engine = engines.get(macro["name"].partition("__")[0])
        path = f"macros/engines/{engine}"
        is_there = macro["original_file_path"].startswith(f"{path}/")
        if engine and macro["package_name"] == "yunying" and not is_there:
            yield f"{macro['name']} is not in {path}"


RULES: tuple[Rule, ...] = (
    a_model_reads_what_its_layer_may,
    archives_are_of_everybody,
    layers_are_folders_and_schemas,
    steps_hold_no_rows_and_facts_are_no_steps,
    names_follow_their_layer,
    what_the_design_names_is_there,
    ways_are_short,
    every_designed_mart_is_published,
    exposures_say_what_they_are_and_whose,
    published_personal_data_says_why,
    columns_of_personal_data_are_tagged,
    a_model_says_what_one_row_is_and_describes_its_columns,
    a_table_has_a_key_test_or_says_why_not,
    facts_archives_and_marts_have_enforced_contracts,
    no_model_asks_the_clock_or_chance,
    what_an_engine_says_in_its_own_way_is_in_its_file,
)
