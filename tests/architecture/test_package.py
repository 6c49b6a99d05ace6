"""What an install brings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from orchestration.project import ROOT

PACKAGES = ("orchestration", "expectations", "dashboards", "timelines", "demo", "verify")
NOT_FOR_USE = {"ruff.toml"}


def test_a_wheel_holds_every_file_that_the_packages_read(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    files = {
        path.relative_to(tmp_path).as_posix()
        for package in PACKAGES
        for path in (tmp_path / package).rglob("*")
        if path.is_file() and path.name not in NOT_FOR_USE
    }
    subprocess.run(
        [sys.executable, "-c", "from setuptools.build_meta import build_wheel as b; b('dist')"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with ZipFile(wheel) as archive:
        missing = files - set(archive.namelist())
    assert missing == set()
    assert "expectations/templates/page.j2" in files


def test_what_a_command_imports_is_compiled_once() -> None:
    said = subprocess.run(
        ["make", "--silent", "--eval", "told:; @echo \"'$$PYTHONDONTWRITEBYTECODE'\"", "told"],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "''\n"
