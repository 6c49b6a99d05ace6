"""What dbt does in another way in a build: the same comes out.

Of what it logs, all that a log takes, and nothing is made of the rest.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import CodeType, SimpleNamespace

import pytest
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.cache import RelationsCache
from dbt.adapters.contracts.relation import RelationType
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments import Environment
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.adapters.exceptions import ApproximateMatchError
from dbt.clients.jinja import get_template
from dbt.compilation import InjectedCTE, Linker, inject_ctes_into_sql
from dbt.events.logging import setup_event_logger
from dbt.graph import NodeSelector
from dbt_common.clients.jinja import MacroFuzzEnvironment, NativeSandboxEnvironment
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note, SystemReportReturnCode
from jinja2 import Environment as Templates

from orchestration.project import DBT_PROJECT_DIR, ROOT
from orchestration.transform.dbt_process import (
    Literals,
    inject_ctes,
    keep_compiled_templates,
    leave_out,
    make_quick,
)
from orchestration.transform.dbt_runs import dbt_executable
from tests import support


@pytest.fixture(autouse=True)
def quick() -> None:
    """As for all tests that run dbt in this process."""
    make_quick()


def fire(
    log_level: EventLevel,
    raised_to: EventLevel | None = None,
    listener: Callable[[EventMsg], None] | None = None,
) -> tuple[str, list[bool]]:
    """What a log of this level says of a note and a detail, and of which a message was made."""
    stream = StringIO()
    manager = EventManager()
    manager.add_logger(LoggerConfig(f"log of {log_level}", level=log_level, output_stream=stream))
    if listener:
        manager.add_callback(listener)
    note, detail = Note(msg="a table is built"), SystemReportReturnCode(returncode=4711)
    manager.fire_event(note)
    manager.fire_event(detail, level=raised_to)
    return stream.getvalue(), ["_message" in vars(event) for event in (note, detail)]


def test_an_event_that_no_log_takes_is_not_made() -> None:
    setup_event_logger(Namespace(LOG_PATH="", LOG_LEVEL="none", LOG_LEVEL_FILE="none"))
    (own,) = get_event_manager().callbacks
    said, made = fire(EventLevel.INFO, listener=own)
    assert "a table is built" in said
    assert made == [True, False]


@pytest.mark.parametrize(
    ("log_level", "raised_to"),
    [(EventLevel.DEBUG, None), (EventLevel.INFO, EventLevel.WARN)],
    ids=["a log of everything", "a detail that is a warning here"],
)
def test_an_event_that_a_log_takes_is_logged(
    log_level: EventLevel, raised_to: EventLevel | None
) -> None:
    said, made = fire(log_level, raised_to)
    assert "4711" in said
    assert made == [True, True]


def test_who_listens_is_told_of_all_events() -> None:
    told: list[str] = []
    said, _ = fire(EventLevel.INFO, listener=lambda message: told.append(message.info.name))
    assert told == ["Note", "SystemReportReturnCode"]
    assert "4711" not in said


def test_a_template_is_compiled_once_for_all_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiled: list[str] = []

    def compile_anew(self: Templates, source: str) -> CodeType:
        compiled.append(source)
        return Templates.compile(self, source)

    def rendered(text: str, *, native: bool = False) -> object:
        """As a process of its own does."""
        for environment in (MacroFuzzEnvironment, NativeSandboxEnvironment):
            monkeypatch.setattr(environment, "compile", compile_anew)
        keep_compiled_templates(tmp_path / "jinja")
        return get_template(text, {"x": 1}, native=native).render({})

    assert [rendered("{{ x }}"), rendered("{{ x + 1 }}"), rendered("{{ x }}")] == ["1", "2", "1"]
    assert rendered("{{ x }}", native=True) == 1
    assert compiled == ["{{ x }}", "{{ x + 1 }}", "{{ x }}"]
    for file in (tmp_path / "jinja").iterdir():
        file.write_bytes(file.read_bytes()[:-9])  # a disk was full, say
    assert rendered("{{ x }}") == "1"
    (tmp_path / "jinja").rename(tmp_path / "gone")
    assert rendered("{{ x + 1 }}") == "2"


def test_what_is_left_out_is_not_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"model.a", "test.a", "model.b"}
    monkeypatch.setattr(NodeSelector, "get_selected", lambda _self, _spec: found)
    leave_out(frozenset({"model.a", "test.b"}))
    assert NodeSelector.get_selected(None, None) == {"test.a", "model.b"}  # type: ignore[arg-type]


CTES = [
    InjectedCTE(id="model.a", sql=" __dbt__cte__a as (\nselect 1 as x\n)"),
    InjectedCTE(id="model.b", sql=" __dbt__cte__b as (\nselect ')' as y\n)"),
]


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "\n\nselect * from (with a as (select 1) select * from a) as inner_one",
        "with a as (select 1) select * from a",
        "WITH a AS (select 1) select * from a",
        "\n-- with a word\n\nwith\n\na as (\n    select 1\n)\n\nselect * from a",
        "/* with\nlines */ with a as (select 1) select * from a",
        "with recursive a as (select 1) select * from a",
        "select 'with' as within",
        "-- with\nselect without from a",
    ],
)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_ephemeral_models_stand_before_a_query_as_dbt_puts_them(sql: str, count: int) -> None:
    ours, its = inject_ctes(sql, CTES[:count]), inject_ctes_into_sql(sql, CTES[:count])
    assert " ".join(ours.split()) == " ".join(its.split())


@pytest.mark.parametrize(
    "text", ["day", "1", "1.50", "true", "none", "[1, 2]", "'quoted'", '"x"', "a\n", "a\n\n", " a "]
)
def test_a_text_without_braces_is_what_dbt_renders_of_it(text: str) -> None:
    template = get_template(text, {}, native=True)
    rendered = template.render({})
    assert Literals()[text] == rendered
    assert type(Literals()[text]) is type(rendered)


def test_dbt_takes_the_threads_that_it_is_told(tmp_path: Path) -> None:
    """Tests say one: DuckDB itself would take all cores."""
    asked = ["show", "--inline", "select current_setting('threads') as told", "--output=json"]
    [shown] = support.run_dbt(support.settings_of(tmp_path), asked).result.results
    assert [int(row["told"]) for row in shown.agate_table.rows] == [1]


def test_a_setting_of_the_profile_holds_for_each_node_whenever_the_file_is_opened() -> None:
    credentials = DuckDBCredentials(path=":memory:", settings={"TimeZone": "Asia/Kathmandu"})
    for _ in range(2):
        with Environment.initialize_db(credentials) as connection:
            cursor = Environment.initialize_cursor(credentials, connection.cursor())
            told = cursor.execute("select current_setting('TimeZone')").fetchone()
            assert told == ("Asia/Kathmandu",)


@pytest.mark.parametrize(
    ("schema", "name"), [("facts", "Orders"), ("facts", "orders"), ("Facts", "Orders"),
                         ("marts", "Orders"), ("facts", "sessions")],
)  # fmt: skip
def test_a_table_is_found_where_dbt_finds_it(schema: str, name: str) -> None:
    adapter = object.__new__(DuckDBAdapter)
    adapter.cache = RelationsCache(log_cache_events=False)
    adapter.config = SimpleNamespace(quoting=DuckDBRelation.get_default_quote_policy().to_dict())
    orders = DuckDBRelation.create("warehouse", "facts", "Orders", type=RelationType.View)
    adapter.cache.add(orders)
    adapter.cache.update_schemas([("warehouse", "facts"), ("warehouse", "marts")])
    find = BaseAdapter.get_relation.__wrapped__

    def found(by: Callable[..., object]) -> object:
        try:
            return by(adapter, "warehouse", schema, name)
        except ApproximateMatchError as error:
            return str(error)

    assert found(BaseAdapter.get_relation) == found(find)
    if (schema, name) == ("facts", "Orders"):
        assert found(BaseAdapter.get_relation) == orders


AMOUNTS = {"as_written": "decimal(18, 4)", "as_told": "DECIMAL(18,4)", "other": "decimal(18, 6)"}
"""By model, the type that its contract has for the amount."""


def test_a_model_that_breaks_its_contract_is_told_how(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    models = []
    for name, data_type in AMOUNTS.items():
        sql = "select 'a' as id, cast(1 as decimal(18, 4)) as amount"
        (tmp_path / "models" / f"{name}.sql").write_text(sql)
        columns = [{"name": "amount", "data_type": data_type}, {"name": "id", "data_type": "text"}]
        contract = {"contract": {"enforced": True}}
        models.append({"name": name, "config": contract, "columns": columns})
    (tmp_path / "models" / "models.yml").write_text(json.dumps({"models": models}))
    macros = str(DBT_PROJECT_DIR / "macros" / "engines" / "duckdb")
    project = {"name": "small", "profile": "small", "macro-paths": [macros]}
    (tmp_path / "dbt_project.yml").write_text(json.dumps(project))
    small = {"target": "it", "outputs": {"it": {"type": "duckdb", "path": "it.duckdb"}}}
    (tmp_path / "profiles.yml").write_text(json.dumps({"small": small}))
    ran = subprocess.run(
        [dbt_executable(), "--no-use-colors", "run"], cwd=tmp_path, capture_output=True, text=True,
        check=False, env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                          "DBT_PROFILES_DIR": str(tmp_path)},
    )  # fmt: skip
    for name in AMOUNTS:
        ended = "ERROR creating" if name == "other" else "OK created"
        assert re.search(rf"{ended} sql view model main\.{name}\b", ran.stdout), ran.stdout
    assert "data type mismatch" in ran.stdout


def test_a_circle_of_models_is_named() -> None:
    linker = Linker()
    linker.graph.add_edges_from([("a", "b"), ("b", "c")])
    assert linker.find_cycles() is None
    linker.graph.add_edge("c", "b")
    assert linker.find_cycles() == "b --> c"


PANDAS_LATER = """
import sys
from orchestration.transform.dbt_process import import_pyarrow_alone

import_pyarrow_alone()
import duckdb, numpy, pyarrow

made = pyarrow.table({"a": pyarrow.array(numpy.arange(2)), "b": ["x", None]})
assert duckdb.connect().from_arrow(made).fetchall() == [(0, "x"), (1, None)]
assert "pandas" not in sys.modules
import pandas

frame = pandas.DataFrame({"a": pandas.Series([1, None]), "b": pandas.Categorical(["x", "y"])})
assert pyarrow.array(frame["a"]).null_count == 1
assert pyarrow.types.is_dictionary(pyarrow.table(frame).schema.field("b").type)
assert pyarrow.table({"a": [1]}).to_pandas()["a"].sum() == 1
"""


def test_pyarrow_knows_pandas_once_somebody_imports_it() -> None:
    told = subprocess.run([sys.executable, "-c", PANDAS_LATER], capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True)  # fmt: skip
    assert told.returncode == 0, told.stderr
