"""What readers of a build by Spark see: one that is whole, whatever became of others."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.engines import building
from orchestration.engines.spark import StoppedError
from orchestration.project import Settings

TABLES = ("dim_days", "fct_orders", "mart_sales")
MANIFEST: dict[str, Any] = {
    "nodes": {
        name: {"schema": "facts", "alias": name, "columns": {"day": {}}, "resource_type": "model"}
        for name in TABLES
    },
    "exposures": {"all": {"depends_on": {"nodes": [*TABLES]}, "config": {}}},
}


class Session:
    """Tables of which one cannot be read, or is not what it was."""

    def __init__(self, unreadable: str = "", changed: str = "") -> None:
        self.unreadable, self.changed = unreadable, changed

    def table(self, name: str) -> Any:
        def write(path: str) -> None:
            if name == self.unreadable:
                raise OSError("No space left on device")
            Path(path).mkdir(parents=True)
            Path(path, "part-0.parquet").write_text(name, encoding="utf-8")

        columns = ["day", "more"] if name == self.changed else ["day"]
        return SimpleNamespace(columns=columns, write=SimpleNamespace(parquet=write))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(building, "load_manifest", lambda: MANIFEST)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return replace(Settings.from_environment(), spark_dir=tmp_path, builds_kept=2)


def seen(settings: Settings) -> dict[str, Any]:
    """What `current.json` says, of files that are all there."""
    folder = settings.spark_dir / "published"
    told = json.loads((folder / building.POINTER).read_bytes())
    assert [*told["tables"]] == [f"facts.{name}" for name in TABLES]
    for name, path in told["tables"].items():
        assert [file.read_text(encoding="utf-8") for file in (folder / path).iterdir()] == [name]
    return told


def kept(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.spark_dir / "published" / "builds").iterdir())


@pytest.mark.parametrize(
    ("session", "error"),
    [
        (Session(unreadable="facts.fct_orders"), OSError),
        (Session(changed="facts.mart_sales"), StoppedError),
    ],
)
def test_readers_keep_the_build_before_one_that_fails(
    settings: Settings, session: Session, error: type[Exception]
) -> None:
    first = building.publish(Session(), settings, 0)
    with pytest.raises(error):
        building.publish(session, settings, 0)
    assert seen(settings)["build_id"] == first
    assert kept(settings) == [first]


def test_a_publish_that_was_killed_counts_for_nothing(settings: Settings) -> None:
    first = building.publish(Session(), settings, 0)
    builds = settings.spark_dir / "published" / "builds"
    for name in (f"{building.UNFINISHED}20990101T000000", "20990101T000000"):
        (builds / name / "parquet").mkdir(parents=True)
    second = building.publish(Session(), settings, 0)
    assert kept(settings) == [first, second]
    third = building.publish(Session(), settings, 0)
    assert kept(settings) == [second, third]
    assert seen(settings)["build_id"] == third


def test_no_build_from_before_an_erasure_is_kept(settings: Settings) -> None:
    building.publish(Session(), settings, 0)
    after = building.publish(Session(), settings, 1)
    assert kept(settings) == [after]
    assert seen(settings)["erasure_epoch"] == 1
