"""The assets: databases, datasets, charts and dashboards, as Superset exports them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "assets"
KINDS = ("databases", "datasets", "charts", "dashboards")


def load(kind: str, folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """What a kind holds, by the path of its file below the folder."""
    return {
        str(path.relative_to(folder)): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((folder / kind).rglob("*.yaml"))
    }


def relation(dataset: dict[str, Any]) -> str:
    """A dataset, as what stands behind `from` in the published file."""
    if dataset["sql"]:
        return f"({dataset['sql']}) as {dataset['table_name']}"
    return f"{dataset['schema']}.{dataset['table_name']}"
