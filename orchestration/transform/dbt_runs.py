"""How dbt is run: its executable, its manifest, and what makes an incremental build impossible.

The manifest is made by parsing, which opens no warehouse, and is kept under the hash of the
project's files: a build or a UI that starts twice on the same files parses once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.ingest.definitions.hashes import FILES as HASHED_ONE_BY_ONE
from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.ingest.seeds import definition_paths
from orchestration.project import DBT_PROJECT_DIR, ROOT, SHIPPED_SEEDS_DIR, Settings
from orchestration.transform.dbt_process import STAYED, Condition

# Folders of the dbt project whose files decide what the manifest holds.
_PROJECT_FOLDERS = ("models", "macros", "data_tests")
_PROJECT_SUFFIXES = frozenset({".sql", ".py", ".yml", ".yaml", ".md", ".csv"})
_KEPT_MANIFESTS = 5
# What of a model's configuration changes the rows it holds. The rest (descriptions, tests,
# owners) may change without a rebuild.
_ROW_CONFIG = ("materialized", "incremental_strategy", "unique_key", "on_schema_change", "enabled")
COMPARED = frozenset({"lifecycle_stages"})
"""Definitions of which what is made of them knows what they said before, row by row."""
_ARCHIVE = ["yunying", "archive"]
ARCHIVE = f"fqn:{'.'.join(_ARCHIVE)}"
"""dbt's selection of what an expiry alone builds; of a dbt by hand, selectors.yml leaves it out."""
NOT_RUN = "Not run: a table or a test that it waits for failed."

Manifest = Mapping[str, Any]


class ManifestError(RuntimeError):
    """The dbt project does not parse; the message is dbt's own."""


def dbt_executable() -> str:
    """The `dbt` of the running environment, whatever PATH says."""
    return str(Path(sys.executable).parent / "dbt")


def dbt_of_a_build() -> str:
    """The same `dbt`, or that of another engine, which ends when the process that starts it does:
    what `dbt_environment` says."""
    return str(ROOT / "orchestration" / "transform" / "dbt_process.sh")


def target_dir() -> Path:
    """Where dbt writes its artifacts: `DBT_TARGET_PATH`, else `target` in the dbt project."""
    return DBT_PROJECT_DIR / os.environ.get("DBT_TARGET_PATH", "target")


def dbt_environment(
    settings: Settings, attempt_id: str = "", asked: str = "", plan: Path | None = None
) -> dict[str, str]:
    """Environment of a dbt process: the settings, and nothing sent or looked up elsewhere.

    With `attempt_id` what it builds is noted as part of that attempt. Without `asked` nothing is
    left out because no definition asks for it; `plan` says what a dbt of a build leaves out.
    """
    return {
        **settings.environment(),
        "BUILD_ATTEMPT": attempt_id,
        "BUILD_ASKED": asked,
        "BUILD_PLAN": str(plan or ""),
        "BUILD_PYTHON": sys.executable,
        "BUILD_DBT": str(ROOT / "orchestration" / "transform" / "dbt_process.py"),
        "DBT_TARGET": "duckdb",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
        "DBT_USE_COLORS": "false",
        # What steps ask of BLAS is small: threads of its own would wait for it, and burn a core.
        "OPENBLAS_NUM_THREADS": "1",
    }


def project_hash() -> str:
    """Hash of every file that the manifest is made from."""
    digest = hashlib.sha256()
    for path in _project_files():
        digest.update(path.relative_to(DBT_PROJECT_DIR).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _project_files() -> Iterator[Path]:
    yield DBT_PROJECT_DIR / "dbt_project.yml"
    yield DBT_PROJECT_DIR / "selectors.yml"
    for folder in _PROJECT_FOLDERS:
        for path in sorted((DBT_PROJECT_DIR / folder).rglob("*")):
            if path.is_file() and path.suffix in _PROJECT_SUFFIXES:
                yield path


def manifest_path() -> Path:
    """Path of the manifest of the project as its files are now; parses them when they changed.

    Raises `ManifestError` with dbt's message when the project does not parse.
    """
    folder = target_dir() / "manifests"
    path = folder / f"{project_hash()}.json"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _parse(path)
            _forget_old_manifests(folder)
    return path


@cache
def load_manifest() -> dict[str, Any]:
    """The manifest as a dictionary, each singular test attached to the model it is about.

    Words have their Chinese: `config.meta.zh` of models, columns and tests. Read once a process.
    Raises `ManifestError` when the project does not parse.
    """
    manifest = json.loads(manifest_path().read_bytes())
    _attach_singular_tests(manifest)
    _attach_shared_chinese(manifest)
    return manifest


def _parse(path: Path) -> None:
    from dbt.cli.main import dbtRunner

    folder = target_dir() / "parse"
    result = dbtRunner().invoke(
        [
            "--quiet",
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            "--log-level-file=none",
            "parse",
            f"--project-dir={DBT_PROJECT_DIR}",
            f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={folder}",
        ]
    )
    if not result.success:
        raise ManifestError(f"the dbt project does not parse: {result.exception}")
    # A build's own first parse starts from this one.
    parsed = folder / "partial_parse.msgpack"
    if parsed.exists() and not (target_dir() / parsed.name).exists():
        shutil.copy(parsed, target_dir() / parsed.name)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    shutil.copy(folder / "manifest.json", temporary)
    temporary.replace(path)


def _forget_old_manifests(folder: Path) -> None:
    manifests = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in manifests[:-_KEPT_MANIFESTS]:
        path.unlink(missing_ok=True)


def without_archive(manifest: Manifest) -> dict[str, Any]:
    """The manifest of what a build makes."""
    nodes = manifest["nodes"].items()
    built = {name: node for name, node in nodes if node["fqn"][:2] != _ARCHIVE}
    return {**manifest, "nodes": built}


def _attach_singular_tests(manifest: dict[str, Any]) -> None:
    """Name the asset of each test of several models: the last of them in the flow.

    dbt attaches a generic test to its model. A singular test (`data_tests/*.sql`) reads several,
    and Dagster shows it as a check only when it is told of which asset. All that it reads is
    built when the last of them is, so that is the one.
    """
    nodes = manifest["nodes"]
    depths: dict[str, int] = {}

    def depth(unique_id: str) -> int:
        if unique_id not in depths:
            parents = nodes.get(unique_id, {}).get("depends_on", {}).get("nodes", [])
            depths[unique_id] = 1 + max((depth(parent) for parent in parents), default=0)
        return depths[unique_id]

    for node in nodes.values():
        if node["resource_type"] != "test" or node.get("attached_node"):
            continue
        models = [name for name in node["depends_on"]["nodes"] if name.startswith("model.")]
        if not models or node["config"].get("meta", {}).get("dagster"):
            continue
        last = nodes[max(models, key=lambda name: (depth(name), name))]
        reference = {"ref": {"name": last["name"]}}
        node["config"].setdefault("meta", {})["dagster"] = reference
        node.setdefault("meta", {})["dagster"] = reference


def _attach_shared_chinese(manifest: dict[str, Any]) -> None:
    """Give columns that are described by a block of `_columns.md` its twin, `<block>__zh`."""
    docs = manifest["docs"]
    for node in manifest["nodes"].values():
        for column in node.get("columns", {}).values():
            for block in column["doc_blocks"]:
                twin = docs.get(f"{block}__zh")
                if twin and docs[block]["block_contents"] == column["description"]:
                    column["config"]["meta"].setdefault("zh", twin["block_contents"])


def in_chinese(described: Mapping[str, Any]) -> str:
    """The words of a model, a column or a test; empty where nobody has written any."""
    return " ".join(described["config"].get("meta", {}).get("zh", "").split())


def exposed_nodes(manifest: Manifest) -> list[Mapping[str, Any]]:
    """The models that exposures depend on, by schema and name: what is published."""
    names = {
        unique_id
        for exposure in manifest["exposures"].values()
        for unique_id in exposure["depends_on"]["nodes"]
        if unique_id in manifest["nodes"]
    }
    return sorted(
        (manifest["nodes"][name] for name in names),
        key=lambda node: (node["schema"], node["alias"]),
    )


def chinese(manifest: Manifest) -> dict[str, str]:
    """The words in Chinese of what is published, by `schema.table` and `schema.table.column`."""
    words = {}
    for node in exposed_nodes(manifest):
        table = f"{node['schema']}.{node['alias']}"
        words[table] = in_chinese(node)
        for name, column in node["columns"].items():
            words[f"{table}.{name}"] = in_chinese(column)
    return words


def purposes(manifest: Manifest) -> dict[tuple[str, str], str]:
    """What published tables with ids of people are for: `meta.purpose` of their exposure."""
    found = {}
    for exposure in manifest["exposures"].values():
        meta = exposure["config"].get("meta") or {}
        for unique_id in exposure["depends_on"]["nodes"]:
            if "purpose" in meta and unique_id in manifest["nodes"]:
                node = manifest["nodes"][unique_id]
                found[node["schema"], node["alias"]] = str(meta["purpose"])
    return found


BY_USER = "replace_recomputed"
"""The incremental strategy of facts that hang on definitions: a build makes anew what `int_scope`
lists."""


def incremental_models(manifest: Manifest, strategy: str = "") -> dict[str, Mapping[str, Any]]:
    """The models that a build adds to, or those of a strategy, by dbt's unique ids."""
    return {
        unique_id: node
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "incremental"
        and strategy in ("", node["config"].get("incremental_strategy"))
    }


def configuration_hash(settings: Settings, manifest: Manifest) -> str:
    """Hash of all that the rows of incremental models depend on besides raw data, definitions that
    `int_scope` asks for one by one, and those that a model compares with what they were.

    Where it differs from the last whole build's, rows that were built before are not comparable
    with new ones, and everything is rebuilt from raw. It covers the settings that cut time and
    money, the vars, and the SQL of incremental models, of all that they read, and of the macros
    they call, and the tables of numbers and names among what they read (the tracking plan decides
    what is activity): a new mart, a new funnel or a mended description rebuilds nothing.
    """
    nodes, macros = manifest["nodes"], manifest["macros"]
    pending = list(incremental_models(manifest))
    models: set[str] = set()
    called: set[str] = set()
    definitions: set[str] = set()
    while pending:
        unique_id = pending.pop()
        source = manifest["sources"].get(unique_id)
        if source and source["source_name"] == "seeds":
            definitions.add(source["name"])
        if unique_id not in models and unique_id in nodes:
            models.add(unique_id)
            pending.extend(nodes[unique_id]["depends_on"]["nodes"])
            called.update(nodes[unique_id]["depends_on"]["macros"])
    pending = list(called)
    while pending:
        for unique_id in macros.get(pending.pop(), {}).get("depends_on", {}).get("macros", []):
            if unique_id not in called:
                called.add(unique_id)
                pending.append(unique_id)
    # Dispatched macros are called by name alone, so those of the project all count.
    called.update(name for name, macro in macros.items() if macro["package_name"] == "yunying")

    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    described = {
        "settings": settings.of_rows,
        "vars": project.get("vars", {}),
        "definitions": {
            name: _definition_hash(settings, name)
            for name in definitions & BY_NAME.keys() - HASHED_ONE_BY_ONE.keys() - COMPARED
        },
        "schemas": {
            name: BY_NAME[name].source
            for name in definitions & (HASHED_ONE_BY_ONE.keys() | COMPARED)
        },
        "models": {
            unique_id: [
                nodes[unique_id]["raw_code"],
                {key: nodes[unique_id]["config"].get(key) for key in _ROW_CONFIG},
            ]
            for unique_id in models
        },
        "macros": {name: macros[name]["macro_sql"] for name in called if name in macros},
    }
    text = json.dumps(described, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _definition_hash(settings: Settings, name: str) -> str:
    """Of the file and its schema, which reads it."""
    digest = hashlib.sha256()
    for path in (
        *definition_paths(BY_NAME[name], settings.seeds_dir),
        SHIPPED_SEEDS_DIR / "schemas" / f"{name}.yml",
    ):
        digest.update(path.read_bytes() if path.is_file() else b"none")
    return digest.hexdigest()


def write_plan(
    left_out: Iterable[str],
    unless_new: Mapping[str, Iterable[str]],
    empty_when: Mapping[str, Condition],
    states: Mapping[str, str],
) -> Path:
    """Tell the dbt of a build, by its unique ids, what it leaves out, and what it keeps unless one
    of the tables that it reads comes out with another state than it had, or has rows now."""
    path = target_dir() / "plan.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    plan: dict[str, Any] = {"left_out": [*left_out]}
    plan["unless_new"] = {name: [*reads] for name, reads in unless_new.items()}
    plan |= {"empty_when": dict(empty_when), "states": dict(states)}
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def stayed() -> list[str]:
    """What the last dbt run kept, because the tables that it reads came out as they were."""
    return [result["unique_id"] for result in run_results() if result["message"] == STAYED]


def relative_to_root(path: Path) -> str:
    """A path as a person in the repository's root would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def compiled_sql(node: Mapping[str, Any]) -> str:
    """Path of the SQL that a test or model ran, as a person in the root would type it."""
    path = target_dir() / "compiled" / node["package_name"] / node["original_file_path"]
    if node["resource_type"] == "test" and path.suffix != ".sql":
        path = path / node["path"]
    return relative_to_root(path)


def run_results() -> list[dict[str, Any]]:
    """What became of each node of the last dbt run; empty where there is none."""
    path = target_dir() / "run_results.json"
    return json.loads(path.read_bytes())["results"] if path.exists() else []


def run_arguments() -> dict[str, Any]:
    """What the last dbt run was told; empty where there is none."""
    path = target_dir() / "run_results.json"
    return json.loads(path.read_bytes())["args"] if path.exists() else {}


def forget_results() -> None:
    """Remove the results of the last dbt run, so that one which dies does not leave them as its."""
    (target_dir() / "run_results.json").unlink(missing_ok=True)


def skipped_tests(manifest: Manifest) -> list[str]:
    """Names of the tests that the last dbt run left out, because something before them failed."""
    skipped = [result["unique_id"] for result in run_results() if result["status"] == "skipped"]
    nodes = (manifest["nodes"].get(unique_id) for unique_id in skipped)
    return [node["name"] for node in nodes if node and node["resource_type"] == "test"]


def failures(manifest: Manifest) -> list[str]:
    """One line per test or model of the last dbt run that failed: what, rows, where to look."""
    lines = []
    for result in run_results():
        node = manifest["nodes"].get(result["unique_id"])
        name = node["name"] if node else result["unique_id"]
        where = compiled_sql(node) if node else relative_to_root(target_dir() / "dbt.log")
        if result["status"] == "fail":
            lines.append(f"check {name}: {result['failures']} rows; they are what {where} selects")
        elif result["status"] in ("error", "runtime error"):
            message = str(result["message"]).strip()
            if "Python model failed" in message:  # what was raised, without the way to it
                message = message.splitlines()[-1]
            message = " ".join(message.split())
            lines.append(f"{name} could not be evaluated: {message} (see {where})")
    return lines
