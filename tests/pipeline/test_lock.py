"""The lock pins everything that the project needs, and holds no address."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestration.project import ROOT

LINES = [
    line
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PINS = {
    canonicalize_name(requirement.name): requirement
    for line in LINES
    if line and not line.startswith(" ")
    for requirement in [Requirement(line)]
}


def test_every_line_is_an_exact_pin_and_no_address_is_recorded() -> None:
    assert len(PINS) > 100
    for name, requirement in PINS.items():
        assert re.fullmatch(r"==[0-9][^,*]*", str(requirement.specifier)), name
        assert requirement.url is None
    assert not re.search(r"://|--(index|find|extra|trusted)", "\n".join(LINES))


def test_everything_the_project_asks_for_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = list(project["project"]["dependencies"])
    extras = project["project"]["optional-dependencies"]
    wanted += [*extras["demo"], *extras["test"], *extras["build"]]
    wanted += project["build-system"]["requires"]
    for requirement in map(Requirement, wanted):
        pin = PINS[canonicalize_name(requirement.name)]
        assert str(pin.specifier).removeprefix("==") in requirement.specifier, requirement


def test_what_builds_outside_of_the_registries_is_left_out() -> None:
    assert "dbt-core-experimental-parser" not in PINS


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="not in the project's environment")
def test_the_environment_is_the_lock() -> None:
    wrong = {}
    for name, requirement in PINS.items():
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "missing"
        if installed not in requirement.specifier:
            wrong[name] = installed
    assert wrong == {}
