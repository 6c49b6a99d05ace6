"""Whatever people read is in English and Chinese: what is missing is one failed test, by its name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from orchestration.transform.dbt_runs import exposed_nodes, in_chinese, load_manifest
from orchestration.ingest.feeds import FEEDS
from orchestration.project import DBT_PROJECT_DIR, MEANINGS, UNSET, Settings
from tests.documents import page

MANIFEST = load_manifest()
CHINESE = re.compile("[\u4e00-\u9fff]")


def of_dbt() -> Iterator[tuple[str, str, str]]:
    for node in exposed_nodes(MANIFEST):
        table = f"{node['schema']}.{node['alias']}"
        yield table, node["description"], in_chinese(node)
        for name, column in node["columns"].items():
            yield f"{table}.{name}", column["description"], in_chinese(column)
    for node in MANIFEST["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] == "facts":
            yield f"facts.{node['name']}", node["description"], in_chinese(node)
        # What only warns is told to readers.
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "warn":
            yield f"test {node['name']}", node["name"], in_chinese(node)
    for metric in MANIFEST["metrics"].values():
        yield f"metric {metric['name']}", metric["label"], metric["config"]["meta"]["label_zh"]
    docs = {doc["name"]: doc["block_contents"] for doc in MANIFEST["docs"].values()}
    for name in docs.keys() - {"__overview__"}:
        if not name.endswith("__zh"):
            yield f"docs {name}", docs[name], docs.get(f"{name}__zh", "")
    vars_ = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8").split("\nvars:\n")[1]
    for english, chinese, name in re.findall(r"((?:  # .+\n)?)((?:  # .+\n)?)  (\w+): ", vars_)
        yield f"var {name}", english, chinese


def of_python() -> Iterator[tuple[str, str, str]]:
    for setting in dataclasses.fields(Settings):
        yield f"setting {setting.name}", *MEANINGS.get(setting.name, ("", ""))
    for name, words in UNSET.items():
        yield f"default of {name}", *words
    for feed in FEEDS:
        yield f"feed {feed.name}", feed.description, feed.zh
        for column in feed.columns:
            yield f"feed {feed.name}.{column.name}", column.description, column.zh
