"""Spark reads every model, and its own bodies of macros say what DuckDB's say."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest

from orchestration.engines.spark import SparkError, check_java
from orchestration.project import DBT_PROJECT_DIR, ROOT
from tests.warehouse.texts_of_cells import INSTANTS, NO_INSTANTS

ZONE = "America/Havana"
"""Its clocks go back over midnight, and skip it."""
SETTINGS = {"TIMEZONE": ZONE, "ZONE_NAMES": "CST=+08:00"}
TEXTS = (
    "", " ", "a", "a|b", r"a\|b|c", " a | b ", "\u200bid\u3000", "\tid\n", "12.50", "a.b", "it's",
    "名称",
)  # fmt: skip
OBJECTS = (
    '{"a": "1", "b": null, "c/d": "x", "e": {"f": "y"}}', '{"a": 1.50, "b": true}', "{}", "[1]",
    "no",
)  # fmt: skip
DAYS = ("2024-03-09", "2024-03-10", "2024-11-03", "2024-11-04", "2024-06-01")
STAMPS = ("2024-11-03 04:30:00", "2024-03-10 05:00:00.000001", "2024-06-01 12:00:00.5")
LOCAL = ("2024-03-10 00:30:00", "2024-11-03 00:30:00", "2024-11-03 00:00:00", "2024-06-01 09:00:00")
BODIES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "trimmed": (TEXTS, "trimmed('t')"),
    "alternatives": (TEXTS, "array_text(alternatives('t'))"),
    "split_text": (TEXTS, "array_text(split_text('t', '.'))"),
    "value_shape": (TEXTS, "value_shape('t')"),
    "hashed_share": (TEXTS, "hashed_share('t')"),
    "is_like_pattern": (TEXTS, """is_like_pattern('t', "'[a-z|]+'")"""),
    "matches_pattern": (TEXTS, """matches_pattern('t', "'[0-9]|^A'")"""),
    "try_cast": (TEXTS, "try_cast('t', 'decimal(18, 4)')"),
    "json_property": (OBJECTS, """json_property(valid_json('t'), "'c/d'")"""),
    "json_path": (OBJECTS, "json_path(valid_json('t'), 'e', 'f')"),
    "is_object": (OBJECTS, "is_object('t')"),
    "parse_instant": ((*INSTANTS, *NO_INSTANTS), "instant_text(parse_instant('t'))"),
    "local_timestamp": (STAMPS, "instant_text(local_timestamp(instant('t')))"),
    "utc_timestamp": (("2024-06-01 12:00:00",), "instant_text(utc_timestamp(instant('t')))"),
    "local_midnight": (DAYS, "instant_text(local_midnight(day('t')))"),
    "first_instant_of": (LOCAL, "instant_text(first_instant_of(instant('t')))"),
    "last_instant_of": (LOCAL, "instant_text(last_instant_of(instant('t')))"),
    "days_between": (DAYS, "days_between(day(\"'2024-01-01'\"), day('t'))"),
    "microseconds_between": (
        STAMPS, "microseconds_between(instant(\"'2024-01-01'\"), instant('t'))",
    ),
    "add_seconds": (STAMPS, "instant_text(add_seconds(instant('t'), '90061'))"),
    "add_microseconds": (STAMPS, "instant_text(add_microseconds(instant('t'), '-1'))"),
}  # fmt: skip
"""Texts, and what is asked of each (`t`)."""


@pytest.fixture(scope="module")
def spark() -> dict[str, Any]:
    """What Spark says, all of it asked at once."""
    try:
        check_java()
    except SparkError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    made = subprocess.run(
        ["make", ".venv-spark/.made"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    asked = {
        "compile": True,
        "parse": {"no SQL": "select a b c from t", "two": "select 1; select 2"},
        "answer": {name: query("spark", name) for name in BODIES},
    }
    result = subprocess.run(
        [str(ROOT / ".venv-spark" / "bin" / "python"), "-m", "tests.engines.on_spark"],
        cwd=ROOT, input=json.dumps(asked), capture_output=True, text=True, check=False,
        env={**os.environ, "YUNYING_TIMEZONE": ZONE},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def query(engine: str, name: str) -> str:
    """The rows that a body gives, of each text by its place."""
    texts, body = BODIES[name]
    is_spark = engine == "spark"
    folder = DBT_PROJECT_DIR / "macros"
    files = [path for path in sorted(folder.rglob("*.sql")) if path.name != "settings.sql"]
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    module: Any = None

    def dispatch(name: str) -> Any:
        own = getattr(module, f"{engine}__{name}", None)
        return own or getattr(module, f"default__{name}")

    environment.globals.update(
        adapter=SimpleNamespace(dispatch=dispatch),
        setting=lambda name, default="": SETTINGS.get(name, default),
        dbt=SimpleNamespace(
            dateadd=lambda part, count, of: (
                module.spark__dateadd(part, count, of)
                if is_spark
                else f"({of} + {count} * interval '1 {part}')"
            )
        ),
        instant=lambda text: f"cast({text} as timestamp)",
        day=lambda text: f"cast({text} as date)",
        instant_text=lambda sql: f"cast({sql} as {'string' if is_spark else 'varchar'})",
        array_text=lambda sql: (
            f"concat_ws('~', {sql})" if is_spark else f"array_to_string({sql}, '~')"
        ),
        **{"return": lambda found: found},
    )
    module = environment.from_string(
        "\n".join(path.read_text(encoding="utf-8") for path in files)
    ).module
    macros = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    asked = environment.compile_expression(body)(**macros)
    rows = ", ".join(f"({place}, {literal(engine, text)})" for place, text in enumerate(texts))
    return f"select place, {asked} from (values {rows}) as given(place, t) order by place"


def literal(engine: str, text: str) -> str:
    """A text, of no character that Spark reads in its own way."""
    if engine == "spark":
        return f"decode(unhex('{text.encode().hex()}'), 'utf-8')"
    return "'" + text.replace("'", "''") + "'"


def test_spark_reads_every_model(spark: dict[str, Any]) -> None:
    assert len(spark["models"]) > 250
    assert {
        name: why for name, why in spark["parse"].items() if why and name in spark["models"]
    } == {}


def test_what_spark_cannot_read_is_noticed(spark: dict[str, Any]) -> None:
    assert spark["parse"]["no SQL"]
    assert spark["parse"]["two"]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_says_what_duckdb_says(spark: dict[str, Any], name: str) -> None:
    with duckdb.connect() as connection:
        rows = connection.execute(query("duckdb", name)).fetchall()
    told = [[None if cell is None else str(cell).lower() for cell in row] for row in rows]
    texts = dict(enumerate(BODIES[name][0]))
    found = [[cell and cell.lower() for cell in row] for row in spark["answer"][name]]
    assert {texts[int(row[0])]: row[1] for row in found} == {
        texts[int(row[0])]: row[1] for row in told
    }
