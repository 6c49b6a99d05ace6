"""Spark reads every model, and its own bodies of macros say what DuckDB's say."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import yaml

from orchestration.project import DBT_PROJECT_DIR, ROOT
from orchestration.transform.dbt_runs import load_manifest
from tests.warehouse.texts_of_cells import INSTANTS, NO_INSTANTS

ZONE = "America/Havana"
"""Its clocks go back over midnight, and skip it."""
UTILS = ("dateadd", "datediff", "listagg", "position", "split_part", "splitpart")
"""Files of dbt's own macros that the project has other bodies of."""
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
NESTED = """
    '[{"key": "a", "value": {"string_value": "x"}}, {"key": "n", "value": {"int_value": 7}},
      {"key": "d", "value": {"double_value": 0.5}}, {"key": "f", "value": {"float_value": "2"}},
      {"key": "none", "value": {}}, {"value": {"string_value": "of nothing"}}]'
"""
QUERIES: Mapping[str, str] = {
    "session_cuts": """
        {{ with_recursive() }}
        events as (
            select user_id, {{ instant('started') }} as run_started_at,
                {{ instant('occurred') }} as occurred_at
            from (values
                {%- for user, start, day, time in [
                    (1, 1, 1, '00:00:00'), (1, 1, 3, '23:59:59.999999'), (1, 1, 4, '00:00:00'),
                    (1, 1, 5, '10:00:00'), (1, 1, 7, '00:00:00'), (1, 1, 7, '00:00:00'),
                    (1, 1, 9, '23:00:00'), (1, 1, 15, '01:00:00'), (1, 20, 20, '00:00:00'),
                    (1, 20, 25, '00:00:00'), (2, 1, 1, '00:00:00'), (2, 1, 3, '23:00:00'),
                ] %}
                ({{ user }}, '2024-01-{{ '%02d' % start }} 00:00:00',
                    '2024-01-{{ '%02d' % day }} {{ time }}'){{ ',' if not loop.last }}
                {%- endfor %}
            ) as given(user_id, started, occurred)
        ),
        cuts as ({{ session_cuts('events') }})
        select user_id, {{ instant_text('run_started_at') }}, {{ instant_text('started_at') }}
        from cuts
    """,
    "asked_of_drivers": """
        {{ with_recursive() }}
        kpis as (
            select * from (values ('a', 'country'), ('d', 'age'), ('c', 'age'), ('e', null))
                as given(kpi_id, segment_by)
        ),
        drivers as (
            select * from (values
                ('a', 'b'), ('a', 'c'), ('b', 'd'), ('c', 'd'), ('d', 'a'), ('e', 'f'), ('x', 'y')
            ) as given(kpi_id, driver_id)
        ),
        asked as ({{ asked_of_drivers() }})
        select kpi_id, segment_by from asked
    """,
    "explode_with_position": """
        select given.place, parts.position, parts.part
        from (values (1, 'a|b|a'), (2, ''), (3, 'c')) as given(place, t)
        {{ explode_with_position(alternatives('given.t'), 'parts', 'position', 'part') }}
    """,
    "raw_row_as_json": """
        select {{ raw_row_as_json('given') }}
        from (values
            ('a.csv', 1, 7, 'h', 'signed up', cast(null as {{ text_type }}), '{"a": 1}', '名称')
        ) as given(source_file, row_number, load_id, content_hash, event_name, user_id, payload, b)
    """,
    "row_as_json": """
        select {{ row_as_json('given', ['b', 'a']) }}
        from (values ('"so"', cast(null as {{ text_type }}), 'x'), ('', 'n', 'x'))
            as given(a, b, c)
    """,
    "listagg": """
        select given.g, {{ dbt.listagg('given.t', "'|'", 'order by given.place') }}
        from (values (1, 2, 'b'), (1, 10, 'c'), (1, 1, 'z'), (1, 3, null), (2, 1, null), (3, 1, ''))
            as given(g, place, t)
        group by given.g
    """,
    "split_part": """
        select
            given.place
            {%- for part in (1, 2, 3) %}
            , {{ dbt.split_part('given.t', "'.'", part) }} as p{{ part }}
            {%- endfor %}
        from (values
            (1, 'a.b.c'), (2, 'a'), (3, ''), (4, cast(null as {{ text_type }})), (5, '..x')
        ) as given(place, t)
    """,
    "url_path": """
        select given.place, {{ url_path('given.t') }}
        from (values
            (1, 'https://shop.example/a/b?c=d#e'), (2, 'shop.example'), (3, '/a?b'), (4, 'https://x'),
            (5, 'https://x/#y'), (6, '')
        ) as given(place, t)
    """,
    "query_parameter": """
        select given.place, {{ query_parameter('given.t', 'utm_source') }}
        from (values
            (1, 'a=b&utm_source=mail&c'), (2, 'utm_source='), (3, 'x_utm_source=y'), (4, '')
        ) as given(place, t)
    """,
    "dateadd": """
        select
            given.place
            {%- for part in ('microsecond', 'second', 'minute', 'hour', 'day', 'month', 'year') %}
            , {{ instant_text(dbt.dateadd(part, 'given.n', instant('given.t'))) }} as {{ part }}s
            {%- endfor %}
        from (values
            (1, 1, '2024-01-31 23:59:59.999999'), (2, -1, '2024-03-31 00:00:00'),
            (3, 12, '2024-02-29 12:00:00.5'), (4, cast(null as int), '2024-01-01 00:00:00')
        ) as given(place, n, t)
    """,
    "datediff": """
        select given.place, {{ dbt.datediff('given.a', 'given.b', 'month') }}
        from (values
            (1, date '2024-01-31', date '2024-02-01'), (2, date '2024-02-01', date '2024-02-29'),
            (3, date '2024-03-01', date '2023-12-31'), (4, date '2024-03-01', cast(null as date))
        ) as given(place, a, b)
    """,
    "merged_objects": """
        select given.g, {{ merged_objects('given.told', ['given.first', 'given.second']) }}
        from (values
            (1, 1, 1, '{"a": "1", "b": "2"}'), (1, 10, 1, '{"b": "4"}'),
            (1, 2, 2, '{"b": "3", "c": "5"}'),
            (1, 2, 1, '{"c": "6", "d": "7"}'), (1, 11, 1, '{"d": null}'), (2, 1, 1, '{}'),
            (3, 1, 1, '{"a": "its", "名称": "值"}')
        ) as given(g, first, second, told)
        group by given.g
    """,
    "keyed_values": "select {{ keyed_values('given.t') }} from (values ("
    + NESTED
    + "), ('[]')) as given(t)",
    "paired_values": """
        select given.place, {{ paired_values('given.n', 'given.v') }}
        from (values
            (1, '["a", "b"]', '["1", "2"]'), (2, '["a"]', '[null]'), (3, '[]', '[]'),
            (4, '["a", "b"]', '["1"]')
        ) as given(place, n, v)
    """,
    "json_texts": """
        select place {%- for place in (1, 2, 3, 4) %}, {{ text_at('texts', place) }}{% endfor %}
        from (
            select place, {{ json_texts(valid_json('t'), ['a', '$b', ['e', 'f'], '名']) }} as texts
            from (values
                (1, '{"a": "x", "$b": 7, "e": {"f": "y", "g": 1}, "名": true}'), (2, '{"a": null}'),
                (3, '{"e": "f", "a": ["1", 2], "$b": {"c": "d"}}'), (4, '[1]'), (5, 'no'), (6, '{}')
            ) as given(place, t)
        ) as read
    """,
    "json_property_names": """
        select given.place, {{ json_property_names('given.t') }}
        from (values
            (1, '{"b": 1, "a": {"c": 2}, "名": null}'), (2, '{}'),
            (3, cast(null as {{ text_type }}))
        ) as given(place, t)
    """,
    "date_series": """
        with bounds as (
            select * from (values
                (date '2024-02-28', date '2024-03-01'), (date '2024-05-05', date '2024-05-05'),
                (date '2024-06-02', date '2024-06-01'), (cast(null as date), date '2024-01-01')
            ) as given(first_date, last_date)
        )
        {{ date_series('first_date', 'last_date', 'bounds', 'date_day') }}
    """,
    "explode": """
        select given.place, parts.part, numbers.number
        from (values
            (1, 'a|b|a', 1, 3), (2, '', -1, -1), (3, cast(null as {{ text_type }}), 1, 1),
            (4, 'of none', 1, 0), (5, 'of no bound', cast(null as int), 2)
        ) as given(place, t, n, m)
        {{ explode(alternatives('given.t'), 'parts', 'part') }}
        {{ explode(integer_array('given.n', 'given.m'), 'numbers', 'number') }}
    """,
    "struct_of": """
        select
            g,
            max_by(t, {{ struct_of(['a', 'b']) }}),
            min_by(t, {{ struct_of(['a', 'b']) }}),
            count(distinct {{ struct_of(['a', 't']) }})
        from (values
            (1, 2, 'a', 'x'), (1, 10, 'a', 'y'), (1, 10, 'b', 'z'), (1, 2, 'B', 'w'),
            (2, 1, 'a', null), (2, 1, 'b', null)
        ) as given(g, a, b, t)
        group by g
    """,
}
"""Queries of bodies that need more than a text: rows that are grouped, exploded, asked again."""


@pytest.fixture(scope="module")
def spark(python_of_spark: Path) -> dict[str, Any]:
    """What Spark says, all of it asked at once."""
    asked = {
        "compile": True,
        "build": True,
        "parse": {"no SQL": "select a b c from t", "two": "select 1; select 2"},
        "make": {name: as_agreed(name, node) for name, node in agreed().items()},
        "refuse": {
            "what it holds": "insert into dim_dates by name select date '2024-01-01' as date_day",
            "a text": "insert into dim_dates by name select 'today' as date_day",
            "no column": "insert into dim_dates by name select 1 as nothing",
        },
        "answer": {name: query("spark", name) for name in (*BODIES, *QUERIES)},
    }
    result = subprocess.run(
        [str(python_of_spark), "-m", "tests.engines.on_spark"],
        cwd=ROOT, input=json.dumps(asked), capture_output=True, text=True, check=False,
        env={**os.environ, "YUNYING_TIMEZONE": ZONE},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def agreed() -> dict[str, Mapping[str, Any]]:
    """The models with a contract, by name."""
    return {
        node["name"]: node
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["contract"]["enforced"]
        if node["config"]["materialized"] not in ("view", "ephemeral")
    }


def as_agreed(name: str, node: Mapping[str, Any]) -> str:
    environment, macros = macros_of("spark")
    environment.globals["model"].update(node)
    return macros["spark_create_as_agreed"](name)


def query(engine: str, name: str) -> str:
    """What gives the rows of a body: of each of its texts by its place, or of its own query."""
    environment, macros = macros_of(engine)
    if name in QUERIES:
        return environment.from_string(QUERIES[name]).render(**macros)
    texts, body = BODIES[name]
    asked = environment.compile_expression(body)(**macros)
    rows = ", ".join(f"({place}, {literal(engine, text)})" for place, text in enumerate(texts))
    return f"select place, {asked} from (values {rows}) as given(place, t) order by place"


@cache
def macros_of(engine: str) -> tuple[jinja2.Environment, Mapping[str, Any]]:
    """The macros of the project, and those of dbt that it has bodies of its own for."""
    is_spark = engine == "spark"
    macros = DBT_PROJECT_DIR / "macros"
    # Settings are dbt's, and so are ways in which tables are made.
    dbts = {macros / "settings.sql", macros / "engines" / "duckdb" / "tables.sql"}
    dbts.add(macros / "engines" / "spark" / "incremental.sql")
    files = [path for path in macros.rglob("*.sql") if path not in dbts]
    for package in ("global_project", *([] if is_spark else [engine])):
        spec = importlib.util.find_spec(f"dbt.include.{package}")
        assert spec is not None
        assert spec.origin is not None
        utils = Path(spec.origin).parent / "macros" / "utils"
        files += [path for name in UTILS if (path := utils / f"{name}.sql").exists()]
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    module: Any = None

    def dispatch(name: str, package: str = "yunying") -> Any:
        own = getattr(module, f"{engine}__{name}", None)
        return own or getattr(module, f"default__{name}")

    class Dbt:
        def __getattr__(self, name: str) -> Any:
            return getattr(module, name)

    text_type = "string" if is_spark else "varchar"
    environment.globals.update(
        adapter=SimpleNamespace(dispatch=dispatch, quote=lambda name: f"`{name}`"),
        setting=lambda name, default="": SETTINGS.get(name, default),
        env_var=lambda name, default: default,
        var=project["vars"].__getitem__,
        model={},
        comment_clause=lambda: module.spark__comment_clause(),
        config=SimpleNamespace(persist_relation_docs=lambda: True),
        dbt=Dbt(),
        text_type=text_type,
        instant=lambda text: f"cast({text} as timestamp)",
        day=lambda text: f"cast({text} as date)",
        instant_text=lambda sql: f"cast({sql} as {text_type})",
        array_text=lambda sql: (
            f"concat_ws('~', {sql})" if is_spark else f"array_to_string({sql}, '~')"
        ),
        **{"return": lambda found: found},
    )
    module = environment.from_string(
        "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))
    ).module
    return environment, {
        name: getattr(module, name) for name in dir(module) if not name.startswith("_")
    }


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


def test_no_text_holds_a_quotation_mark(spark: dict[str, Any]) -> None:
    """Spark takes two of them for the end of one text and the beginning of the next."""
    assert [name for name, sql in spark["models"].items() if re.search(r"\w''\w", sql)] == []


def test_what_spark_cannot_read_is_noticed(spark: dict[str, Any]) -> None:
    assert spark["parse"]["no SQL"]
    assert spark["parse"]["two"]


def test_a_table_is_made_as_its_contract_says(spark: dict[str, Any]) -> None:
    asked = {
        name: [
            [column["name"], of_spark(column["data_type"]), one_line(column["description"])]
            for column in node["columns"].values()
        ]
        for name, node in agreed().items()
    }
    assert len(asked) > 150
    assert spark["make"] == asked


def of_spark(data_type: str) -> str:
    names = {"varchar": "string", "integer": "int"}
    return names.get(data_type, data_type.replace(" ", ""))


def one_line(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ").strip()


def test_a_table_takes_nothing_that_its_contract_does_not_have(spark: dict[str, Any]) -> None:
    told = spark["refuse"]
    assert told["what it holds"] is None
    assert "date_day" in told["a text"]
    assert "nothing" in told["no column"]


def test_a_build_begins_without_what_others_made_of_its_tables(spark: dict[str, Any]) -> None:
    told = spark["loaded"]
    assert told["tables of facts"] == ["dim_users", "fct_orders", "of_an_analyst"]
    assert told["stands"] == [["u"]]
    assert told["given"] == [["orders"]]
    assert told["analyst's"] == [[1]]
    assert "nothing is written into what may be another's" in told["another's"]


def test_the_warehouse_has_what_spark_made(spark: dict[str, Any]) -> None:
    told = spark["brought back"]
    assert told["rows"] == {
        "sales": [["a", "3", "12.5000", "2024-03-01 23:30:00.000001", "2024-03-01"]],
        "of_sales": [["a", "3"]],
        "nothing": [],
    }
    assert told["columns"] == [
        ["nothing", "user_id", "varchar", "Its user_id."],
        ["nothing", "at", "timestamp", "Its at."],
        ["of_sales", "user_id", "varchar", "Its user_id."],
        ["of_sales", "number", "bigint", "Its number."],
        ["sales", "user_id", "varchar", "Its user_id."],
        ["sales", "number", "bigint", "Its number."],
        ["sales", "amount", "decimal(18,4)", "Its amount."],
        ["sales", "sold_at", "timestamp", "Its sold_at."],
        ["sales", "sold_date", "date", "Its sold_date."],
    ]
    assert told["views"] == [[name, f"Of {name}."] for name in ("nothing", "of_sales", "sales")]


def test_a_model_in_python_writes_what_it_makes_of_spark_s_tables(spark: dict[str, Any]) -> None:
    assert spark["reckoned"] == [
        [str(user), ("one", "two")[user % 2], "2024-03-01 12:00:00", "3.0"] for user in range(10)
    ]


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


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_gives_the_rows_of_duckdb(spark: dict[str, Any], name: str) -> None:
    with duckdb.connect() as connection:
        rows = connection.execute(query("duckdb", name)).fetchall()
    assert rows
    assert sorted(map(as_told, spark["answer"][name])) == sorted(map(as_told, rows))


def as_told(row: Sequence[Any]) -> str:
    """A row as a text in which an object is the same in any order of its names."""
    cells = [None if cell is None else str(cell) for cell in row]
    told = [json.loads(cell) if cell and cell.startswith("{") else cell for cell in cells]
    return json.dumps(told, sort_keys=True, ensure_ascii=False)
