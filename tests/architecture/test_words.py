"""Whatever people read is in English and Chinese; what is missing is one failed test, by name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from orchestration.ingest.feeds import FEEDS
from orchestration.project import MEANINGS, UNSET, Settings
from orchestration.transform.dbt_runs import exposed_nodes, in_chinese, load_manifest
from tests.documents import page

CHINESE = re.compile("[\u4e00-\u9fff]")
Words = Iterator[tuple[str, str, str]]


def tables() -> Words:
    """What is published, with its columns; the facts behind it; tests that readers are told of."""
    manifest = load_manifest()
    for node in exposed_nodes(manifest):
        table = f"{node['schema']}.{node['alias']}"
        yield table, node["description"], in_chinese(node)
        for name, column in node["columns"].items():
            yield f"{table}.{name}", column["description"], in_chinese(column)
    exposed = {node["unique_id"] for node in exposed_nodes(manifest)}
    for node in manifest["nodes"].values():
        is_stored = node["config"]["materialized"] != "ephemeral"
        if node["schema"] == "facts" and is_stored and node["unique_id"] not in exposed:
            yield f"facts.{node['alias']}", node["description"], in_chinese(node)
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "warn":
            yield node["name"], node["name"], in_chinese(node)
    for metric in manifest["metrics"].values():
        chinese = metric["config"].get("meta", {}).get("label_zh", "")
        yield f"metric {metric['name']}", metric["label"], chinese


def shared_words() -> Words:
    """The blocks of `_columns.md`, and their twins."""
    blocks = {doc["name"]: doc["block_contents"] for doc in load_manifest()["docs"].values()}
    for name in {name.removesuffix("__zh") for name in blocks} - {"__overview__"}:
        yield f"block {name}", blocks.get(name, ""), blocks.get(f"{name}__zh", "")


def python() -> Words:
    """Settings and feeds."""
    for setting in dataclasses.fields(Settings):
        yield f"setting {setting.name}", *MEANINGS.get(setting.name, ("", ""))
    for name, words in UNSET.items():
        yield f"default of {name}", *words
    for feed in FEEDS:
        yield f"feed {feed.name}", feed.description, feed.zh
        for column in feed.columns:
            yield f"feed {feed.name}.{column.name}", column.description, column.zh


def comments() -> Words:
    """Commands of the Makefile, and vars of dbt: a var is told by the comments above it."""
    for name, words in re.findall(r"^([a-z-]+):.*? ## (.+)$", page("Makefile"), re.MULTILINE):
        english, _, chinese = words.partition(" ## ")
        yield f"make {name}", english, chinese
    dbt_vars = page("dbt_project/dbt_project.yml").split("\nvars:\n")[1].split("\n\n")[0]
    for lines, name in re.findall(r"((?:  # .+\n)+)  (\w+): ", dbt_vars):
        english, _, chinese = lines.strip().partition("\n")
        yield f"var {name}", english, chinese


WORDS = sorted([*tables(), *shared_words(), *python(), *comments()])


@pytest.mark.parametrize(
    ("english", "chinese"), [words[1:] for words in WORDS], ids=[words[0] for words in WORDS]
)
def test_it_is_said_in_both_languages(english: str, chinese: str) -> None:
    assert english.strip()
    assert not CHINESE.search(english)
    assert CHINESE.search(chinese)
