"""Where Dagster's UI leads: each address is a page that `make dev` serves, whole to its anchors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urldefrag
from urllib.request import urlopen

import dagster as dg
import duckdb
import pytest

from dashboards.boards import BOARDS
from expectations.results import page_of
from expectations.suites import suite_files
from orchestration.commands import dev
from orchestration.commands.serve_pages import HOST, server
from orchestration.definitions import defs
from orchestration.project import Settings
from orchestration.transform.dbt_runs import load_manifest
from orchestration.ui.table_metadata import described_schema, table_metadata
from tests.dashboards.conftest import Published
from tests.support import environment_of

MIGRATIONS = load_manifest()["nodes"]["model.yunying.mart_lifecycle_migrations"]
MODELS = [
    node
    for node in load_manifest()["nodes"].values()
    if node["resource_type"] == "model"
    and node["config"]["materialized"] != "ephemeral"
    and node["fqn"][1] != "archive"
]


@pytest.fixture(scope="module")
def address(published: Published) -> Iterator[str]:
    """Of the pages, as `make dev` serves them, with a report of the suites."""
    for name in ("index.html", *(page_of(file.name) for file in suite_files())):
        path = published.settings.data_docs_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Great Expectations wrote it.", encoding="utf-8")
    with server(published.folder, 0) as free:
        port = free.server_port
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUNYING_PAGES_URL", f"http://{HOST}:{port}")
        settings = Settings.from_environment(
            {**published.settings.environment(), "YUNYING_PAGES_URL": f"http://{HOST}:{port}"}
        )
        with dev.pages(settings) as served:
            assert served == port
            yield f"http://{HOST}:{port}"


@cache
def page(address: str) -> str:
    with urlopen(address) as answer:
        assert answer.status == 200
        return str(answer.read().decode())


def links() -> Iterator[tuple[str, str]]:
    """What leads to a page, and where: of every asset and check as they are defined."""
    for spec in defs.resolve_all_asset_specs():
        for name, value in spec.metadata.items():
            if isinstance(value, dg.UrlMetadataValue):
                yield f"{spec.key.to_user_string()} {name}", str(value.url)
    for checks in defs.asset_checks or ():
        for check in getattr(checks, "check_specs", ()):
            yield f"{check.key}", str(check.metadata["page"].url)


def test_every_link_leads_to_a_page(address: str) -> None:
    base = Settings.from_environment({}).pages_url
    found = dict(links())
    assert len(found) > 100
    for name, link in found.items():
        assert link.startswith(base), name
        target, anchor = urldefrag(link.replace(base, address))
        assert f'id="{anchor}"' in page(target) or not anchor, name
    for board in BOARDS:
        for mart in board.marts:
            if mart.startswith("marts."):
                key = mart.replace(".", "/")
                assert found[f"{key} {board.name}_board"].endswith(f"boards/{board.name}.html")
    assert {page_of(suite.name) for suite in suite_files()} <= {
        link.removeprefix(f"{base}/checks/") for link in found.values()
    }


def test_pages_of_the_suites_are_not_served_with_the_boards(published: Published) -> None:
    with server(published.folder, 0) as serving:
        handler = serving.RequestHandlerClass
    assert handler.keywords["beside"] == {}


def test_what_is_beside_is_served_and_nothing_above_it(tmp_path: Path) -> None:
    for name in ("published", "report", "report/suites"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name, encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    settings = Settings.from_environment(
        {
            "YUNYING_PUBLISH_DIR": str(tmp_path / "published"),
            "YUNYING_WAREHOUSE": str(tmp_path / "report" / "warehouse.duckdb"),
            "YUNYING_PAGES_URL": f"http://{HOST}:0",
        }
    )
    (tmp_path / "report" / "suites").rename(tmp_path / "report" / "data_docs")
    with dev.pages(settings) as port:
        assert page(f"http://{HOST}:{port}/index.html") == "published"
        assert page(f"http://{HOST}:{port}/checks/index.html") == "report/suites"
        for path in ("/checks/../../secret", "/checks/%2e%2e/%2e%2e/secret", "/../secret"):
            with pytest.raises(OSError, match="404"):
                page(f"http://{HOST}:{port}{path}")
        with dev.pages(
            Settings.from_environment({"YUNYING_PAGES_URL": f"http://{HOST}:{port}"})
        ) as second:
            assert second is None


@pytest.mark.usefixtures("compiled_models")
def test_a_build_tells_rows_columns_and_their_parents(published: Published) -> None:
    with (
        environment_of(published.settings),
        duckdb.connect(str(published.settings.warehouse), read_only=True) as connection,
    ):
        told = table_metadata(connection, MODELS)
        said = {c.name: c.description for c in described_schema(MIGRATIONS).columns}
        assert table_metadata(connection, MODELS) == told
        types = dict(
            connection.execute(
                "select schema_name || '.' || table_name, list(column_name order by column_index)"
                " from duckdb_columns() where not internal group by all"
            ).fetchall()
        )
        for model in MODELS:
            metadata = told[model["unique_id"]]
            columns = metadata["dagster/column_schema"].columns
            assert [c.name for c in columns] == types[f"{model['schema']}.{model['alias']}"]
            assert set(metadata["dagster/column_lineage"].deps_by_column) == {
                c.name for c in columns
            }
    moves = told[MIGRATIONS["unique_id"]]
    assert published.query("select count(*) from marts.mart_lifecycle_migrations") == [
        (moves["dagster/row_count"],)
    ]
    assert said["user_count"] == (
        "Users who went this way in the period, each once.\n\n"
        "← facts.dim_date_periods: period_start_date; "
        "facts.fct_user_lifecycle_spans: rows, same_move_before_date"
    )
    spans = dg.AssetKey(["facts", "fct_user_lifecycle_spans"])
    assert moves["dagster/column_lineage"].deps_by_column["from_stage_id"] == [
        dg.TableColumnDep(spans, "previous_stage_id")
    ]
    types = {column.name: column.type for column in moves["dagster/column_schema"].columns}
    assert types["user_count"] == "bigint"
    without_parents = [
        model["name"]
        for model in MODELS
        if model["language"] == "sql"
        and not any(told[model["unique_id"]]["dagster/column_lineage"].deps_by_column.values())
    ]
    # They hold what the project itself says; what Python reads is not told by column.
    assert len(without_parents) < 10, without_parents
