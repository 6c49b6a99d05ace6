"""What a build is made of. Two builds with one fingerprint are the same build."""

from __future__ import annotations

import hashlib
import json

import duckdb

from orchestration.project import ROOT, Settings
from orchestration.transform.dbt_runs import project_hash

_CODE = ("orchestration", "timelines", "expectations", "dashboards", "seeds/schemas")
# Pages and definitions are made of more than code.
_CODE_SUFFIXES = frozenset({".py", ".js", ".json", ".css", ".j2", ".yml"})


def fingerprint(settings: Settings, connection: duckdb.DuckDBPyConnection) -> str:
    """Hash of the files that are loaded, the definitions, the settings, the SQL and the code.

    By content, not by load: a warehouse that was made anew from other files is another one,
    though its loads have the same numbers.
    """
    return _hash([made_of(settings, connection), settings.pseudonym_key])


def made_of(settings: Settings, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """A hash of each part: to say which of them is another one than a build's before."""
    return {
        "files": _hash(
            connection.execute(
                "select feed, source_file, content_hash, status from raw.ingest_files order by all"
            ).fetchall()
        ),
        "restated": _hash(
            connection.execute("select max(load_id) from raw.restated_days").fetchone()
        ),
        "definitions": _hash(
            connection.execute(
                "select file, content_hash, error from seeds.definition_files order by all"
            ).fetchall()
        ),
        "settings": _hash(settings.of_rows),
        "project": project_hash(),
        "code": _code_hash(),
    }


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _code_hash() -> str:
    digest = hashlib.sha256()
    for package in _CODE:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix not in _CODE_SUFFIXES:
                continue
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
