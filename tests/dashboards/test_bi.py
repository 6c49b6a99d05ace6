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

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bi.superset import assets, start
from orchestration.project import ROOT
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
BOTH_LANGUAGES = re.compile(r"[a-z].*[\u4e00-\u9fff]", re.IGNORECASE | re.DOTALL)
NAMED_COLUMNS = ("x_axis", "groupby", "groupbyRows", "groupbyColumns", "columns", "all_columns")
NAMED_METRICS = ("metric", "metrics", "timeseries_limit_metric")

each_dataset = pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d["table_name"])
each_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c["slice_name"])
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


def test_every_uuid_is_there_once_and_every_reference_leads_somewhere() -> None:
    everything = (*DATABASES, *DATASETS, *CHARTS, *DASHBOARDS)
    assert len(BY_UUID) == len(everything) > 70
    assert {dataset["database_uuid"] for dataset in DATASETS} == {DATABASES[0]["uuid"]}
    datasets = {dataset["uuid"] for dataset in DATASETS}
    assert {chart["dataset_uuid"] for chart in CHARTS} == datasets
    shown = Counter(part["meta"]["uuid"] for board in DASHBOARDS for part in parts(board, "CHART"))
    assert shown == Counter(chart["uuid"] for chart in CHARTS)


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


def test_a_chart_gives_the_figures_of_its_mart(published: Published) -> None:
    by_name = {chart["slice_name"]: chart for chart in CHARTS}

    def asked(name: str, filtered: str) -> list[tuple[Any, ...]]:
        chart = by_name[name]
        dataset = BY_UUID[chart["dataset_uuid"]]
        return sorted(published.query(core(chart["params"], dataset, filtered)))

    heat_map = asked("Cohorts: % who came back · 同期群热力图", "retention_id = 'purchase_weekly'")
    assert heat_map == sorted(
        published.query(
            "select period_number, strftime(cohort_start_at, '%Y-%m-%d'), retention_rate"
            " from (select *, dense_rank() over (order by cohort_start_at desc) as place"
            " from marts.mart_retention_cohorts where retention_id = 'purchase_weekly'"
            " and cohort_start_at is not null)"
            " where place <= 26 and period_number > 0 and eligible_count > 0"
        )
    )
    assert len(heat_map) > 20
    sales = asked("Period by period · 逐期数据", "grain = 'month'")
    assert [row[2:9] for row in sales] == published.query(
        "select order_count, customer_count, gross_amount, refunded_amount, net_amount, arpu,"
        " repeat_rate from marts.mart_sales_periods where grain = 'month'"
        " order by period_start_date"
    )
    total = "funnel_id = 'first_to_second_order' and breakdown = 'Total 总计'"
    steps = asked("Step by step · 逐步数据", total)
    assert [row[1:4] for row in steps] == published.query(
        "select mature_reached_count, rate_from_start, rate_from_previous"
        " from marts.mart_funnel_conversion where funnel_id = 'first_to_second_order'"
        " and grain = 'all' and breakdown_value is null order by step_number"
    )


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
def test_filters_give_choices_and_the_default_is_one(
    dashboard: Content, published: Published
) -> None:
    for one in filters(dashboard):
        if one["filterType"] == "filter_time":
            continue
        [target] = one["targets"]
        dataset, column = BY_UUID[target["datasetUuid"]], target["column"]["name"]
        params = {
            "groupby": [column],
            "metric": one.get("sortMetric"),
            "adhoc_filters": one.get("adhoc_filters", []),
        }
        choices = {row[0] for row in published.query(core(params, dataset))}
        assert choices
        default = one["defaultDataMask"]["filterState"].get("value")
        assert one["controlValues"]["defaultToFirstItem"] is (default is None)
        assert set(default or ()) <= choices
        # Charts that the filter acts on have its column: Superset would say nothing.
        for part in parts(dashboard, "CHART"):
            if part["meta"]["chartId"] not in one["scope"]["excluded"]:
                chart = BY_UUID[part["meta"]["uuid"]]
                held = BY_UUID[chart["dataset_uuid"]]["columns"]
                assert column in {c["column_name"] for c in held}, chart["slice_name"]


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
