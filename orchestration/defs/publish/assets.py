"""The published tables as assets: what exposures depend on, copied and swapped in as one build."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb

from dashboards.boards import BOARDS
from expectations.suites import suite_files
from orchestration.project import ROOT, Settings
from orchestration.publish.bucket import prune
from orchestration.publish.postgres import ServingError
from orchestration.publish.publishing import DATABASE, publish
from orchestration.publish.restatements import restating
from orchestration.publish.site import site_writer
from orchestration.store import attempts, watermarks
from orchestration.store.retries import connect_or_retry
from orchestration.transform.build_checks import build_checks
from orchestration.transform.dbt_runs import (
    chinese,
    configuration_hash,
    exposed_nodes,
    load_manifest,
    purposes,
    relative_to_root,
)
from orchestration.transform.fingerprint import fingerprint, made_of
from orchestration.transform.unchanged import passed_tests
from orchestration.ui.lateness import FAIL_AFTER, WARN_AFTER
from orchestration.ui.links import checks_page, page, written_in
from orchestration.ui.owners import owners_of, owners_of_schema
from orchestration.ui.translator import LayerTranslator

MANIFEST = load_manifest()
GROUP = "publish"
BUILD_KEY = dg.AssetKey([GROUP, "build"])
PAGES_KEY = dg.AssetKey([GROUP, "pages"])
FRESH = dg.FreshnessPolicy.time_window(warn_window=WARN_AFTER, fail_window=FAIL_AFTER)


def _specs() -> Iterator[dg.AssetSpec]:
    translator = LayerTranslator()
    line_owners = owners_of_schema(MANIFEST, "raw")
    for node in exposed_nodes(MANIFEST):
        yield dg.AssetSpec(
            [GROUP, node["alias"]],
            deps=[translator.get_asset_key(node)],
            description=node["description"],
            group_name=GROUP,
            owners=owners_of(node),
            tags=translator.get_tags(node),
            metadata={
                **translator.get_metadata(node),
                "documentation": page(f"tables.html#{node['schema']}.{node['alias']}"),
            },
            freshness_policy=FRESH,
        )
    for board in BOARDS:
        yield dg.AssetSpec(
            [GROUP, "boards", board.name],
            deps=[[GROUP, mart.split(".")[1]] for mart in board.marts if "." in mart],
            description=f"{board.question.en}\n\n{board.question.zh}",
            group_name=GROUP,
            kinds={"html"},
            owners=line_owners,
            metadata={
                "page": page(f"boards/{board.name}.html"),
                **written_in(ROOT / "dashboards" / "boards" / f"{board.name}.py"),
            },
            freshness_policy=FRESH,
        )
    yield dg.AssetSpec(
        PAGES_KEY,
        deps=[[GROUP, node["alias"]] for node in exposed_nodes(MANIFEST)],
        description="The index of what is published, the glossary, and the tables with a diagram.",
        group_name=GROUP,
        kinds={"html"},
        owners=line_owners,
        metadata={"page": page("index.html"), **written_in(ROOT / "dashboards" / "site.py")},
        freshness_policy=FRESH,
    )
    # Blocking checks hold back what depends on their asset. This one depends on every table that
    # has a suite, so that no check can fail without holding back the whole build.
    checked = [dg.AssetKey([suite.schema, suite.table]) for suite in suite_files()]
    yield dg.AssetSpec(
        BUILD_KEY,
        deps=checked,
        description=(
            "One row: which build readers see. Made last, after every blocking check has passed: "
            f"`{DATABASE}`, Parquet by table and the data-quality report, swapped in at once."
        ),
        group_name=GROUP,
        owners=line_owners,
        metadata={
            "dagster/column_schema": dg.TableSchema(
                [
                    dg.TableColumn("build_id", "varchar", "Names the build"),
                    dg.TableColumn("built_at", "timestamp", "When it was published, UTC"),
                    dg.TableColumn("data_through_at", "timestamp", "How far its data reach, UTC"),
                    dg.TableColumn("configuration_hash", "varchar", "Of settings and SQL"),
                    dg.TableColumn("code_version", "varchar", "Of the project; empty: unknown"),
                ]
            ),
            "page": page("index.html"),
            "checks": checks_page("index.html"),
            **written_in(ROOT / "orchestration" / "publish" / "publishing.py"),
        },
        freshness_policy=FRESH,
    )


@dg.multi_asset(specs=list(_specs()), name=GROUP)
def publish_build(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Publish what is built and checked; refuse when it is not."""
    settings = Settings.from_environment()
    with connect_or_retry(settings, context.log.info) as connection:
        seen = fingerprint(settings, connection)
        parts = made_of(settings, connection)
        _refuse_unchecked(context, connection, seen)
        passed = passed_tests(connection)
    relations = [(node["schema"], node["alias"]) for node in exposed_nodes(MANIFEST)]
    began_at = time.monotonic()
    try:
        build = publish(
            settings,
            relations,
            configuration_hash=configuration_hash(settings, MANIFEST),
            data_docs=settings.data_docs_dir,
            checks=build_checks(MANIFEST, settings.validations_dir, passed),
            write_site=site_writer(settings, MANIFEST),
            fingerprint=seen,
            made_of=parts,
            restating=restating(MANIFEST),
            purposes=purposes(MANIFEST),
            chinese=chinese(MANIFEST),
            say=context.log.info,
        )
    except ServingError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    folder = relative_to_root(settings.publish_dir)
    context.log.info(f"published {len(relations)} tables as build {build.build_id} in {folder}")
    if build.restated_value_count:
        context.log.info(
            f"{build.restated_value_count} values of ripe rows are others than in the build "
            "before; marts.mart_restatements says which and why"
        )
    for (schema, table), count in zip(relations, build.row_counts.values(), strict=True):
        yield dg.MaterializeResult(
            asset_key=[GROUP, table],
            metadata={
                "dagster/row_count": count,
                "parquet": f"{folder}/parquet/{schema}/{table}.parquet",
            },
        )
    for board in BOARDS:
        yield dg.MaterializeResult(
            asset_key=[GROUP, "boards", board.name],
            metadata={
                "file": f"{folder}/boards/{board.name}.html",
                "size_bytes": _size(settings.publish_dir / "boards" / f"{board.name}.html"),
            },
        )
    yield dg.MaterializeResult(asset_key=PAGES_KEY, metadata={"file": f"{folder}/index.html"})
    yield dg.MaterializeResult(
        asset_key=BUILD_KEY,
        metadata={
            "build_id": build.build_id,
            "data_through_at": build.data_through_at or "no data yet",
            "restated_values": build.restated_value_count,
            "file": f"{folder}/{DATABASE}",
            "data_docs": f"{folder}/data_docs/index.html",
            "dagster/row_count": 1,
            "size_bytes": _size(settings.publish_dir / DATABASE),
            "seconds": round(time.monotonic() - began_at, 3),
        },
    )
    # Last: readers have the build, and that it was made stands, whatever is left of older ones.
    try:
        prune(settings)
    except ServingError as error:
        raise dg.Failure(
            f"Readers have build {build.build_id}. {error}", allow_retries=False
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _refuse_unchecked(
    context: dg.AssetExecutionContext, connection: duckdb.DuckDBPyConnection, made_of: str
) -> None:
    """Raise unless what stands is whole, green, checked, of these inputs, and untouched since.

    So a run that is re-executed behind its checks may publish; run alone from the UI after a
    build that failed, publishing would put before readers whatever that left.
    """
    load_id = watermarks.newest_load_id(connection)
    cut_out = context.run.asset_check_selection == frozenset()
    if cut_out or not attempts.is_publishable(connection, load_id, made_of):
        raise dg.Failure(
            "nothing was published: what stands in the warehouse is not whole, checked and of "
            "the present files, definitions and code. Launch the job `build`, or `make build`.",
            allow_retries=False,
        )
