"""What imports what, and what an import costs and opens."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from expectations.suites import suite_files
from orchestration.project import ROOT
from orchestration.transform.dbt_runs import manifest_path

IMPORT_SECONDS = 5.0

PROBE = """
import json, resource, sys
opened = []

def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        opened.append([event, str(arguments[-1])])
    if event == "open" and str(arguments[0]).endswith(".duckdb"):
        opened.append([event, str(arguments[0])])

sys.addaudithook(hook)
import duckdb

def connect(*arguments, **named):
    opened.append(["duckdb.connect", str(arguments)])
    raise AssertionError("importing the definitions opens a database")

duckdb.connect = connect
import orchestration.definitions
costly = {"great_expectations", "dbt", "pandas"}
loaded = sorted(name for name in sys.modules if name.split(".")[0] in costly)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([opened, loaded, usage.ru_utime + usage.ru_stime]))
"""


def test_importing_the_definitions_opens_nothing_and_is_quick(tmp_path: Path) -> None:
    manifest_path()  # parsed once; the import is measured as it is from the second start on
    result = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env={**os.environ, "YUNYING_WAREHOUSE": str(tmp_path / "none" / "w.duckdb")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    opened, loaded, seconds = json.loads(result.stdout.splitlines()[-1])
    assert opened == []
    assert loaded == []
    # Processor time, so that a busy machine does not fail it.
    assert seconds < IMPORT_SECONDS
    assert not (tmp_path / "none").exists()


def test_statements_hold_their_values() -> None:
    """A parameter makes DuckDB's client load pandas."""
    given = {
        path.relative_to(ROOT).as_posix()
        for package in ("orchestration", "dashboards")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "execute"
        and len(node.args) + len(node.keywords) > 1
    }
    # What they execute is not DuckDB's: Dagster's history, and a plan of steps.
    assert given == {
        "orchestration/privacy/scrubbing.py",
        "orchestration/store/history.py",
        "orchestration/ui/executor.py",
    }


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import module` imports the module.
            folder = ROOT.joinpath(*node.module.split("."))
            names.update(
                f"{node.module}.{alias.name}" if folder.is_dir() else node.module
                for alias in node.names
            )
    return names


FORBIDDEN = {
    "orchestration": ("great_expectations", "dagster._core", "tests", "demo", "benchmarks"),
    "expectations": ("dagster", "dagster_dbt", "orchestration", "tests", "demo"),
    "dashboards": ("dagster", "great_expectations", "orchestration", "expectations", "tests"),
    "timelines": (
        "dagster",
        "dbt",
        "duckdb",
        "great_expectations",
        "orchestration",
        "pandas",
        "pyarrow",
        "tests",
    ),
    "demo": ("dagster", "great_expectations", "tests"),
}

# The base class of an event log has no public name, and a storage of its own is
# what `dagster.yaml` provides for; nor has the context of a step.
ALLOWED = {
    "orchestration/store/history.py: dagster._core.storage.event_log",
    "orchestration/ui/executor.py: dagster._core.execution.context.system",
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_packages_import_only_what_is_theirs(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    offences = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in imports_of(path)
        for banned in FORBIDDEN[package]
        if name == banned or name.startswith(f"{banned}.")
    }
    assert offences - ALLOWED == set()


LAYERS = (
    "project",
    "store",
    "ingest",
    "transform",
    "publish",
    "engines",
    "privacy",
    "ui",
    "defs",
    "definitions",
    "commands",
)
# A load takes in what people want forgotten and what has expired, before anything else.
UPWARDS = {
    "orchestration.ingest.loader: orchestration.privacy.archive",
    "orchestration.ingest.loader: orchestration.privacy.erasure",
    "orchestration.ingest.loader: orchestration.privacy.expiry",
}


def upward_imports(sources: dict[str, set[str]]) -> set[str]:
    """Imports of modules of `orchestration` from a layer above their own."""

    def layer(module: str) -> int:
        return LAYERS.index(module.split(".")[1])

    return {
        f"{module}: {name}"
        for module, names in sources.items()
        for name in names
        if name.startswith("orchestration.") and layer(name) > layer(module)
    }


def test_nothing_imports_upwards() -> None:
    found = upward_imports(
        {
            ".".join(path.relative_to(ROOT).with_suffix("").parts): imports_of(path)
            for path in (ROOT / "orchestration").rglob("*.py")
            if path.parent != ROOT / "orchestration" or path.stem != "__init__"
        }
    )
    assert found == UPWARDS


def test_an_upward_import_is_noticed() -> None:
    planted = {"orchestration.store.lock": {"orchestration.ui.links", "orchestration.project"}}
    assert upward_imports(planted) == {"orchestration.store.lock: orchestration.ui.links"}


def test_great_expectations_is_imported_where_suites_are_made_run_and_shown() -> None:
    """Its import takes seconds: what `orchestration` imports is none of these."""
    folder = ROOT / "expectations"
    importers = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if any(name.split(".")[0] == "great_expectations" for name in imports_of(path))
    }
    suites = {f"suites/{file.schema}/{file.table}.py" for file in suite_files()}
    others = {"kept.py", "plausibility.py", "suites/__init__.py", "suites/raw/_feeds.py"}
    assert importers - suites == {"data_docs.py", "validate.py", *others}


def test_the_environment_is_read_in_one_file() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for package in (
            "orchestration",
            "expectations",
            "dashboards",
            "timelines",
            "demo",
            "verify",
        )
        for path in (ROOT / package).rglob("*.py")
        if '"YUNYING_' in (text := path.read_text(encoding="utf-8")) and "environ" in text
    }
    assert readers <= {"orchestration/project.py"}
