"""An erasure by the build itself: reports, logs, Dagster's history and kept builds go with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.project import ROOT, SHIPPED_SEEDS_DIR, Settings
from orchestration.publish.publishing import DATABASE, current_build
from tests.pipeline.erasure_world import MARK, OTHERS, REQUEST, THEIRS, event, holding, write
from tests.support import put_what_is_parsed, settings_of

# What a check shows a person of: an event dated before the web.
SHOWN = event(907, None, None, 1, user_id="Pia-PLANTED", event_id="shown-PLANTED",
              occurred_at="1985-01-01")  # fmt: skip


def build(settings: Settings, folder: Path) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("YUNYING_")},
        **settings.environment(),
        "DAGSTER_HOME": str(folder / "dagster"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    result = subprocess.run(
        [sys.executable, "-m", "orchestration.commands.build"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_build_takes_the_person_out_of_everything(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    shutil.copytree(SHIPPED_SEEDS_DIR, settings.seeds_dir)
    put_what_is_parsed(tmp_path / "target")
    write(tmp_path, OTHERS, "others")
    write(tmp_path, {**THEIRS, "events": [*THEIRS["events"], SHOWN]}, "theirs")
    build(settings, tmp_path)
    first = current_build(settings)
    assert first is not None
    held = "\n".join(holding(tmp_path))
    for place in ("raw", "published", "dagster", "validations", "warehouse.duckdb"):
        assert f"/{place}" in held, place  # else nothing would be shown below

    write(tmp_path, {"erasure_requests": [REQUEST]}, "requests")
    said = build(settings, tmp_path)
    assert "asked to be forgotten" in said
    assert MARK.decode() not in said
    assert holding(tmp_path) == []
    second = current_build(settings)
    assert second is not None
    assert [path.name for path in (settings.publish_dir / "builds").iterdir()] == [second.build_id]
    with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as connection:
        rows = connection.execute(
            "select object from marts.mart_erasure_certificates where layer = 'raw'"
        ).fetchall()
    assert ("raw.events",) in rows


@pytest.fixture(autouse=True)
def _no_home_of_dagster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
