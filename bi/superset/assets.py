"""The assets: databases, datasets, charts and dashboards, as Superset exports them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

FOLDER = Path(__file__).parent / "assets"
KINDS = ("databases", "datasets", "charts", "dashboards")
VERSION = "1.0.0"
DATABASE_UUID = "21f5494a-4b62-5ee9-a4c7-2230b0f15831"


def uuid_of(path: str) -> str:
    """What Superset knows a file of the assets by: the same at every export."""
    return str(uuid5(UUID(DATABASE_UUID), path))


def load(kind: str, folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """What a kind holds, by the path of its file below the folder."""
    return {
        str(path.relative_to(folder)): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((folder / kind).rglob("*.yaml"))
    }


def relation(dataset: dict[str, Any]) -> str:
    """A dataset, as what stands behind `from` in the published file."""
    return f"({dataset['sql']}) as {dataset['table_name']}"
