"""Whose tables these are: teams, as `dbt_project/dbt_project.yml` says by folder.

A model's or source's owner is `meta.owner`, who to ask about its figures; an exposure has its
own. What dbt does not know (pages, folders of raw files) belongs to who runs the line: the owner
of `raw`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def owners_of(node: Mapping[str, Any]) -> list[str]:
    """A dbt model's or source's owner, as Dagster writes teams; none where none is said."""
    owner = (node.get("config") or {}).get("meta", {}).get("owner")
    return [f"team:{owner}"] if owner else []


def owners_of_schema(manifest: Mapping[str, Any], schema: str) -> list[str]:
    """The owner of the sources of a schema: `raw`, the line's; `seeds`, that of definitions."""
    sources = (node for node in manifest["sources"].values() if node["schema"] == schema)
    return next((owners for node in sources if (owners := owners_of(node))), [])


def owners_of_exposure(exposure: Mapping[str, Any]) -> list[str]:
    """The team that an exposure names, else the address that it gives."""
    name = exposure["owner"].get("name")
    return [f"team:{'-'.join(name.lower().split())}"] if name else [exposure["owner"]["email"]]
