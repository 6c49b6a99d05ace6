"""The same commit compiles to the same SQL, whatever the warehouse holds."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_runs import load_manifest
from tests.support import compiled_sql_by_model, run_dbt, settings_of

ASKS = re.compile(
    r"\brun_query\b|\bget_relation\b|\bload_relation\b|\bload_result\b|\bload_cached_relation\b"
    r"|\bget_columns_in_relation\b|\blist_relations\b|\bdbt_utils\b"
)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def compiled(folder: Path, *arguments: str) -> dict[str, str]:
    run_dbt(settings_of(folder), ["compile", *arguments])
    return compiled_sql_by_model()


def test_no_model_or_macro_names_what_asks_the_warehouse() -> None:
    asking = [
        f"{path.relative_to(DBT_PROJECT_DIR)}: {found[0]}"
        for folder in ("models", "macros", "data_tests")
        for path in sorted((DBT_PROJECT_DIR / folder).rglob("*.sql"))
        if (found := ASKS.search(COMMENT.sub("", path.read_text(encoding="utf-8"))))
    ]
    assert asking == []


def test_an_empty_and_a_full_warehouse_give_the_same_sql(
    tmp_path: Path, empty_warehouse: Path
) -> None:
    """But for where dbt itself says that there was a build before: `is_incremental()`."""
    assert compiled(tmp_path, "--full-refresh") == compiled(
        empty_warehouse.parent, "--full-refresh"
    )
    before, after = compiled(tmp_path), compiled(empty_warehouse.parent)
    other = {name for name, sql in after.items() if before[name] != sql}
    asking = {
        node["name"]
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "incremental"
        and "is_incremental()" in node["raw_code"] + "".join(_macros(node))
    }
    assert other
    assert other <= asking


def _macros(node: dict[str, object]) -> list[str]:
    macros = load_manifest()["macros"]
    return [macros[name]["macro_sql"] for name in node["depends_on"]["macros"]]  # type: ignore[index]
