"""What BI tools start from fits what is published: Superset's assets, the notebook, the R script.

`make superset PROOF=1` shows the first of them in Superset itself.
"""

from __future__ import annotations

import json
import re
import runpy
import stat
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bi.superset import assets, export, start
from dashboards.board import Board, Choice, Grid, Item, Tiles
from dashboards.boards import BOARDS
from dashboards.render import options
from orchestration.project import ROOT
from orchestration.publish.builds import DATABASE
from orchestration.transform.dbt_runs import load_manifest
from tests.dashboards.conftest import Published
from tests.documents import block_with, page

Content = dict[str, Any]

CURVE = """
    select period_number, eligible_count, mature_returned_count, retention_rate
    from marts.mart_retention_cohorts
    where retention_id = 'repeat_purchase_monthly' and breakdown_value is null
        and cohort_start_at is null
    order by period_number
"""

DATABASES, DATASETS, CHARTS, DASHBOARDS = (
    list(assets.load(kind).values()) for kind in assets.KINDS
)
BY_UUID = {content["uuid"]: content for content in (*DATABASES, *DATASETS, *CHARTS, *DASHBOARDS)}
BY_NAME = {dataset["table_name"]: dataset for dataset in DATASETS}
ITEMS = [(board, item) for board in BOARDS for item in board.items]
# What it is chosen for is not drawn there.
CHOICES_LEFT_OUT = [("strategy", "comparison")]
CHOICES = [
    (board, choice)
    for board in BOARDS
    for choice in board.filters
    if isinstance(choice, Choice) and (board.name, choice.column) not in CHOICES_LEFT_OUT
]
LEFT_OUT = [
    "overview.tree", "strategy.tree", "strategy.moved_by_driver", "strategy.moved_by_segment",
    "channels.flow", "campaigns.calendar", "paths.flow",
]  # fmt: skip
BOTH_LANGUAGES = re.compile(r"[a-z].*[\u4e00-\u9fff]", re.IGNORECASE | re.DOTALL)
NAMED_COLUMNS = ("x_axis", "groupby", "groupbyRows", "groupbyColumns", "columns", "all_columns")
NAMED_METRICS = ("metric", "metrics", "timeseries_limit_metric")

each_dataset = pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d["table_name"])
each_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c["slice_name"])
each_item = pytest.mark.parametrize(
    ("board", "item"),
    [(board, item) for board, item in ITEMS if f"{board.name}.{item.id}" not in LEFT_OUT],
    ids=lambda one: one.name if isinstance(one, Board) else one.id,
)
each_choice = pytest.mark.parametrize(
    ("board", "choice"),
    CHOICES,
    ids=lambda one: one.name if isinstance(one, Board) else one.column,
)
each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda d: d["slug"])


def names(params: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    """What a chart names under these keys, each once."""
    found = [params.get(key) or [] for key in keys]
    flat = [name for one in found for name in ([one] if isinstance(one, str) else one)]
    return list(dict.fromkeys(flat))


def core(params: Mapping[str, Any], dataset: Content, filtered: str = "true") -> str:
    """The SQL of a chart, as Superset would write it: columns, metrics, filters."""
    expressions = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
    metrics = names(params, NAMED_METRICS)
    selected = [
        *(f'"{name}"' for name in names(params, NAMED_COLUMNS)),
        *(f'{expressions[name]} as "metric: {name}"' for name in metrics),
    ]
    conditions = [
        f"({condition['sqlExpression']})"
        for condition in params["adhoc_filters"]
        if condition["expressionType"] == "SQL"
    ]
    return (
        f"select {', '.join(selected)} from {assets.relation(dataset)}"
        f" where {' and '.join([filtered, *conditions])}" + (" group by all" if metrics else "")
    )


def parts(dashboard: Content, kind: str) -> Iterator[Content]:
    for part in dashboard["position"].values():
        if isinstance(part, dict) and part["type"] == kind:
            yield part


def filters(dashboard: Content) -> list[Content]:
    return dashboard["metadata"]["native_filter_configuration"]


def beginning(published: Published, board: Board) -> dict[str, Any]:
    """The option of each filter that the board begins with, by column."""
    chosen: dict[str, Any] = {}
    for choice in board.filters:
        if isinstance(choice, Choice) and choice.everything is None:
            chosen[choice.column] = next(
                option
                for option in options(published.connection, choice)
                if all(value == chosen[name]["value"] for name, value in option["bound"].items())
            )
    return chosen


def both(label: Mapping[str, str]) -> str:
    return label["en"] if label["en"] == label["zh"] else f"{label['en']} {label['zh']}"


def rows_of(published: Published, sql: str) -> list[dict[str, Any]]:
    cursor = published.connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def text_of(value: Any) -> str | None:
    return None if value is None else str(value)


def test_the_files_are_what_the_boards_declare(published: Published) -> None:
    with duckdb.connect(str(published.folder / DATABASE), read_only=True) as connection:
        files = export.exported(connection, load_manifest())
    assert export.left_out(files) == LEFT_OUT
    found = {
        path.relative_to(assets.FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in assets.FOLDER.rglob("*")
        if path.is_file()
    }
    other = [name for name in files.keys() | found.keys() if files.get(name) != found.get(name)]
    assert other == [], "run `make superset-assets`"


def test_writing_removes_what_no_board_declares(tmp_path: Path) -> None:
    export.write({"charts/one.yaml": "a: 1\n", "charts/other.yaml": "a: 2\n"}, tmp_path)
    export.write({"charts/one.yaml": "a: 3\n"}, tmp_path)
    assert [path.name for path in tmp_path.rglob("*.yaml")] == ["one.yaml"]
    assert (tmp_path / "charts/one.yaml").read_text(encoding="utf-8") == "a: 3\n"


def test_every_uuid_is_there_once_and_every_reference_leads_somewhere() -> None:
    everything = (*DATABASES, *DATASETS, *CHARTS, *DASHBOARDS)
    assert len(BY_UUID) == len(everything) > 140
    assert [dashboard["slug"] for dashboard in DASHBOARDS] == sorted(
        f"yunying-{board.name}" for board in BOARDS
    )
    assert {dataset["database_uuid"] for dataset in DATASETS} == {DATABASES[0]["uuid"]}
    asked = {chart["dataset_uuid"] for chart in CHARTS} | {
        one["targets"][0]["datasetUuid"]
        for dashboard in DASHBOARDS
        for one in filters(dashboard)
        if one["filterType"] == "filter_select"
    }
    assert asked == {dataset["uuid"] for dataset in DATASETS}
    shown = Counter(part["meta"]["uuid"] for board in DASHBOARDS for part in parts(board, "CHART"))
    assert shown.keys() == {chart["uuid"] for chart in CHARTS}
    [on_all] = [uuid for uuid, count in shown.items() if count > 1]
    assert shown[on_all] == len(DASHBOARDS)
    assert BY_UUID[on_all]["slice_name"] == "Which build this is · 发布批次"


def test_the_database_is_the_published_file_read_only() -> None:
    [database] = DATABASES
    uri = "duckdb:///data/published/yunying.duckdb?access_mode=read_only"
    assert database["sqlalchemy_uri"] == uri
    assert not any(database[f"allow_{what}"] for what in ("ctas", "cvas", "dml", "csv_upload"))


def test_superset_reads_what_is_published_and_no_other_file(
    published: Published, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start.environment(tmp_path)
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    monkeypatch.setenv("YUNYING_PUBLISH_DIR", str(published.folder))
    # What the file of settings takes from Superset, which is not in this environment.
    policy = {"content_security_policy": {"img-src": ["'self'", "https://elsewhere.example"]}}
    monkeypatch.setitem(sys.modules, "superset", ModuleType("superset"))
    for name, value in (
        ("superset.config", {"TALISMAN_CONFIG": policy}),
        ("flask_appbuilder", {}),
        ("flask_appbuilder.const", {"AUTH_DB": 1}),
    ):
        module = ModuleType(name)
        module.__dict__.update(value)
        monkeypatch.setitem(sys.modules, name, module)
    settings = runpy.run_path(str(start.CONFIG))
    assert "elsewhere" not in str(settings["TALISMAN_CONFIG"])
    uri, parameters = settings["DB_CONNECTION_MUTATOR"](
        make_url(DATABASES[0]["sqlalchemy_uri"]), {"poolclass": NullPool}, "admin"
    )
    engine = create_engine(uri, **parameters)
    with engine.connect() as connection:
        build = connection.execute(text("select build_id from build")).scalar_one()
        assert build == published.build.build_id
    for forbidden in (
        f"select * from read_text('{start.CONFIG}')",
        f"copy build to '{tmp_path}/build.csv'",
        "create table marts.mine as select 1 as one",
        "set enable_external_access = true",
    ):
        with engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(forbidden))
    other = make_url("postgresql://host/operations")
    assert settings["DB_CONNECTION_MUTATOR"](other, {}) == (other, {})


@each_dataset
def test_columns_of_a_dataset_are_those_of_what_is_published(
    dataset: Content, published: Published
) -> None:
    described = published.query(f"describe from {assets.relation(dataset)}")
    columns = [(column["column_name"], column["type"]) for column in dataset["columns"]]
    assert columns == [(name, type_) for name, type_, *_ in described]
    is_time = {c["column_name"] for c in dataset["columns"] if c["is_dttm"]}
    assert is_time == {name for name, type_, *_ in described if type_ in ("DATE", "TIMESTAMP")}
    assert dataset["main_dttm_col"] in {*is_time, None}
    metrics = [metric["metric_name"] for metric in dataset["metrics"]]
    unique = {name for name, _ in columns} | set(metrics)
    assert len(unique) == len(columns) + len(metrics)
    assert "user_id" not in unique
    # Metrics that no chart shows run as well.
    expressions = ", ".join(metric["expression"] for metric in dataset["metrics"])
    assert len(published.query(f"select {expressions} from {assets.relation(dataset)}")) == 1


@each_chart
def test_a_chart_asks_for_what_its_dataset_has_and_gets_rows(
    chart: Content, published: Published
) -> None:
    dataset, params = BY_UUID[chart["dataset_uuid"]], chart["params"]
    assert params["viz_type"] == chart["viz_type"]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    assert set(names(params, NAMED_COLUMNS)) <= columns
    assert set(names(params, NAMED_METRICS)) <= metrics
    assert names(params, (*NAMED_COLUMNS, *NAMED_METRICS)) != []
    for condition in params["adhoc_filters"]:
        assert condition["expressionType"] == "SQL" or condition["subject"] in columns
    rows = published.query(core(params, dataset))
    has_rows = published.query(f"select 1 from {assets.relation(dataset)} limit 1") != []
    assert rows or not has_rows


@each_item
def test_a_dataset_has_the_rows_of_the_board(
    board: Board, item: Item, published: Published
) -> None:
    dataset = BY_NAME[f"{board.name}_{item.id}"]
    relation = assets.relation(dataset)
    given = rows_of(published, f"select * from {relation} order by board_row")
    drawn = rows_of(published, item.sql)
    assert [row["board_row"] for row in given] == list(range(1, len(drawn) + 1))
    # Rows that the board's order holds equal come as they will: they are compared as a whole.
    told = [as_told(row) for row in drawn]
    shown = [{name: row[name] for name in told[0]} for row in given] if told else []
    assert Counter(map(repr, shown)) == Counter(map(repr, told))


def as_told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a board as a dataset has it: words in two languages are one text."""
    told: dict[str, Any] = {}
    for name, value in row.items():
        stem, language = name[:-3], name[-3:]
        if language == "_en" and f"{stem}_zh" in row:
            chinese = row[f"{stem}_zh"]
            words = dict.fromkeys(word for word in (value, chinese) if word is not None)
            told[stem] = " ".join(words) or None
        elif not (language == "_zh" and f"{stem}_en" in row):
            told[name] = value
    return told


@each_item
def test_a_chart_gives_the_figures_that_the_board_begins_with(
    board: Board, item: Item, published: Published
) -> None:
    """Each row that the board draws is one mark: Superset aggregates nothing."""
    dataset = BY_NAME[f"{board.name}_{item.id}"]
    charts = [chart for chart in CHARTS if chart["dataset_uuid"] == dataset["uuid"]]
    assert charts
    chosen = beginning(published, board)
    columns = {column["column_name"] for column in dataset["columns"]}
    conditions = {
        f"{name}_label": both(option["label"]) for name, option in chosen.items() if name in columns
    }
    assert conditions.keys() <= columns
    filtered = " and ".join(
        ["true", *(f"{name} = '{label}'" for name, label in conditions.items())]
    )
    for chart in charts:
        params = chart["params"]
        is_ripe = any(one.get("sqlExpression") == "is_mature" for one in params["adhoc_filters"])
        drawn = [
            row
            for row in rows_of(published, item.sql)
            if all(
                text_of(row[name]) == text_of(option["value"])
                for name, option in chosen.items()
                if name in row
            )
            and (not is_ripe or row["is_mature"])
        ]
        if isinstance(item, Grid) and item.is_first_apart:
            first = min(row[item.column_order] for row in rows_of(published, item.sql))
            drawn = [row for row in drawn if row[item.column_order] > first]
        given = rows_of(published, core(params, dataset, filtered))
        if isinstance(item, Tiles) and not drawn:  # a number of no rows is none
            assert {value for row in given for value in row.values()} <= {None}
            continue
        for metric in names(params, NAMED_METRICS):
            column = metric.removeprefix("figure_")
            assert Counter(row[f"metric: {metric}"] for row in given) == Counter(
                row[column] for row in drawn
            )
        assert len(given) == len(drawn)


def test_a_chart_gives_the_figures_of_its_mart(published: Published) -> None:
    def asked(path: str, filtered: str) -> list[tuple[Any, ...]]:
        chart = assets.load("charts")[f"charts/{path}.yaml"]
        dataset = BY_UUID[chart["dataset_uuid"]]
        return sorted(published.query(core(chart["params"], dataset, filtered)))

    cells = asked(
        "retention_cohorts", "retention_id = 'purchase_weekly' and breakdown_value is null"
    )
    heat_map = [row for row in cells if row[1].startswith("2024") and row[2] is not None]
    assert heat_map == sorted(
        published.query(
            "select period_number, strftime(cohort_start_at, '%Y-%m-%d'), retention_rate"
            " from marts.mart_retention_cohorts where retention_id = 'purchase_weekly'"
            " and cohort_start_at is not null and breakdown_value is null"
            " and period_number > 0 and eligible_count > 0"
        )
    )
    assert len(heat_map) > 20
    sales = asked("sales_periods", "grain = 'month'")
    assert [row[1:] for row in sales] == published.query(
        "select order_count, gross_amount, refunded_amount, net_amount, customer_count,"
        " new_customer_count, repeat_customer_count, repeat_rate"
        " from marts.mart_sales_periods where grain = 'month' order by period_start_date"
    )
    total = "funnel_id = 'first_to_second_order' and breakdown_value_label = 'Total 总计'"
    assert [row[1] for row in asked("funnels_steps", total)] == [
        count
        for (count,) in published.query(
            "select mature_reached_count from marts.mart_funnel_conversion"
            " where funnel_id = 'first_to_second_order' and grain = 'all'"
            " and breakdown_value is null order by step_number"
        )
    ]


@each_choice
def test_a_filter_gives_the_choices_of_the_board_in_their_order(
    board: Board, choice: Choice, published: Published
) -> None:
    dataset = BY_NAME[f"{board.name}_{choice.column}_choices"]
    chosen = {name: option["value"] for name, option in beginning(published, board).items()}
    told = options(published.connection, choice)
    wanted = [
        both(option["label"])
        for option in told
        if all(chosen[name] == value for name, value in option["bound"].items())
    ]
    bound = told[0]["bound"]
    label = f"{choice.column}_label"
    question = f"select {label} from {assets.relation(dataset)} where {{}} group by 1 order by {{}}"
    order = next(m["expression"] for m in dataset["metrics"] if m["metric_name"] == "by_place")
    of_parents = " and ".join(["true", *(f"{name} = '{chosen[name]}'" for name in bound)])
    assert [row[0] for row in published.query(question.format(of_parents, order))] == wanted
    # Before Superset knows what is chosen above, it takes the first of all.
    assert published.query(question.format("true", order))[0] == (wanted[0],)


@each_dashboard
def test_a_dashboard_holds_together(dashboard: Content) -> None:
    position = dashboard["position"]
    for name, part in position.items():
        if isinstance(part, dict):
            assert part["id"] == name
            assert all(child in position for child in part.get("children", ()))
    for row in parts(dashboard, "ROW"):
        width = sum(position[child]["meta"]["width"] for child in row["children"])
        assert width <= 12, row["id"]
    numbers = [part["meta"]["chartId"] for part in parts(dashboard, "CHART")]
    assert len(set(numbers)) == len(numbers)
    for part in parts(dashboard, "CHART"):
        assert part["meta"]["sliceName"] == BY_UUID[part["meta"]["uuid"]]["slice_name"]
    by_id = {one["id"]: one for one in filters(dashboard)}
    assert len(by_id) == len(filters(dashboard)) > 0
    for one in by_id.values():
        assert set(one["scope"]["excluded"]) < set(numbers)
        assert set(one["cascadeParentIds"]) <= by_id.keys()


@each_dashboard
def test_a_filter_acts_on_the_charts_that_have_its_column(dashboard: Content) -> None:
    """Superset says nothing of a filter that acts on no column."""
    [board] = [board for board in BOARDS if f"yunying-{board.name}" == dashboard["slug"]]
    asked = [
        one
        for one in board.filters
        if not isinstance(one, Choice) or (board.name, one.column) not in CHOICES_LEFT_OUT
    ]
    for one, declared in zip(filters(dashboard), asked, strict=True):
        acted = {
            part["meta"]["uuid"]
            for part in parts(dashboard, "CHART")
            if part["meta"]["chartId"] not in one["scope"]["excluded"]
        }
        assert acted, one["name"]
        for chart in (BY_UUID[part["meta"]["uuid"]] for part in parts(dashboard, "CHART")):
            columns = {c["column_name"] for c in BY_UUID[chart["dataset_uuid"]]["columns"]}
            if isinstance(declared, Choice):
                has_it = one["targets"][0]["column"]["name"] in columns
            else:
                has_it = any(
                    condition.get("operator") == "TEMPORAL_RANGE"
                    for condition in chart["params"]["adhoc_filters"]
                )
            assert (chart["uuid"] in acted) is has_it, chart["slice_name"]
        if isinstance(declared, Choice):
            assert one["controlValues"]["defaultToFirstItem"] is (declared.everything is None)


def test_words_are_in_both_languages() -> None:
    for chart in CHARTS:
        assert BOTH_LANGUAGES.search(chart["slice_name"]), chart["slice_name"]
        assert BOTH_LANGUAGES.search(chart["description"]), chart["slice_name"]
    for dashboard in DASHBOARDS:
        assert BOTH_LANGUAGES.search(dashboard["dashboard_title"])
        assert all(BOTH_LANGUAGES.search(one["name"]) for one in filters(dashboard))
        assert all(BOTH_LANGUAGES.search(p["meta"]["code"]) for p in parts(dashboard, "MARKDOWN"))


def test_secrets_are_drawn_once_and_their_owner_alone_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUPERSET_ADMIN_PASSWORD", raising=False)
    drawn = start.environment(tmp_path)
    assert start.environment(tmp_path) == drawn
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["admin-password", "secret-key"]
    for name in kept:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert len((tmp_path / name).read_text(encoding="utf-8")) >= 16
    monkeypatch.setenv("SUPERSET_ADMIN_PASSWORD", "of the environment")
    assert start.admin_password(tmp_path) == "of the environment"


def test_nothing_published_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YUNYING_PUBLISH_DIR", str(tmp_path))
    assert start.main([]) == 1
    assert "make build" in capsys.readouterr().err


def test_the_notebook_answers_about_retention(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = json.loads((ROOT / "bi/notebook/retention.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    monkeypatch.setenv("YUNYING_PUBLISH_DIR", str(published.folder))
    names: dict[str, Any] = {}
    for cell in cells:
        exec(cell["source"], names)
    curve = published.query(CURVE)
    assert len(curve) > 3
    shown = names["curve"].astype(object)
    assert list(shown.where(shown.notna(), None).itertuples(index=False, name=None)) == curve
    for chart in ("chart", "heat_map"):
        picture, _ = names[chart]._repr_mimebundle_()
        assert picture["image/png"].startswith(b"\x89PNG")


def test_the_r_script_and_the_readme_ask_the_same(published: Published) -> None:
    script = (ROOT / "bi/r/retention.R").read_text(encoding="utf-8")
    [asked] = re.findall(r'dbGetQuery\(published, "(.*?)"\)', script, re.DOTALL)
    assert [row[1:] for row in published.query(asked)] == published.query(CURVE)
    sql = block_with(page("README.md"), "select period_number, eligible_count")
    assert published.query(sql) == published.query(CURVE)
