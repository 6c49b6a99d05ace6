"""Instants of raw rows, read as staging reads them: by its own macro."""

from __future__ import annotations

import duckdb
from jinja2 import Environment

from orchestration.ingest.readers import BLANKS
from orchestration.project import DBT_PROJECT_DIR, Settings

_MACROS = DBT_PROJECT_DIR / "macros"
_FILES = ("instants.sql", "engines/duckdb/functions.sql")


def define_raw_instant(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make `raw_instant(text)`: a UTC timestamp, null where the text is none for certain."""
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals["setting"] = lambda name: str(getattr(settings, name.lower()))
    environment.globals["blank_characters"] = lambda: BLANKS
    texts = [(_MACROS / file).read_text(encoding="utf-8") for file in _FILES]
    macros = environment.from_string("\n".join(texts)).module
    body = macros.default__parse_instant("text")  # type: ignore[attr-defined]
    connection.execute(f"create or replace temp macro raw_instant(text) as {body}")
