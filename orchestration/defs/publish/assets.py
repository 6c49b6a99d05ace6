"""The published tables as assets: what exposures depend on, copied and swapped in as one build."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from expectations.suites import all_suites
from orchestration import watermarks
from orchestration.dbt_runs import (
    configuration_hash,
    exposed_nodes,
    load_manifest,
    purposes,
    relative_to_root,
)
from orchestration.fingerprint import fingerprint, made_of
from orchestration.project import Settings
from orchestration.publishing import DATABASE, publish
from orchestration.restatements import restating
from orchestration.retries import connect_or_retry
from orchestration.translator import LayerTranslator

MANIFEST = load_manifest()
GROUP = "publish"
BUILD_KEY = dg.AssetKey([GROUP, "build"])
# A daily build, and the time that it takes; then a person should know, then it is broken.
FRESH = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=50)
)


def _specs() -> Iterator[dg.AssetSpec]:
    translator = LayerTranslator()
    for node in exposed_nodes(MANIFEST):
        yield dg.AssetSpec(
            [GROUP, node["schema"], node["alias"]],
            deps=[translator.get_asset_key(node)],
            description=node["description"],
            group_name=GROUP,
            kinds={"duckdb", "parquet"},
            metadata=translator.get_metadata(node),
            freshness_policy=FRESH,
        )
    # Blocking checks hold back what depends on their asset. This one depends on every table that
    # has a suite, so that no check can fail without holding back the whole build.
    checked = [dg.AssetKey([suite.schema, suite.table]) for suite in all_suites()]
    yield dg.AssetSpec(
        BUILD_KEY,
        deps=checked,
        description=(
            "One row: which build readers see. Made last, after every blocking check has passed: "
            f"`{DATABASE}`, Parquet by table and the data-quality report, swapped in at once."
        ),
        group_name=GROUP,
        kinds={"duckdb"},
        freshness_policy=FRESH,
    )


@dg.multi_asset(specs=list(_specs()), name=GROUP)
def publish_build(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Publish what this run has built and checked; refuse when it has not."""
    settings = Settings.from_environment()
    _refuse_unchecked(context, settings)
    with connect_or_retry(settings, context.log.info) as connection:
        seen = fingerprint(settings, connection)
        parts = made_of(settings, connection)
    relations = [(node["schema"], node["alias"]) for node in exposed_nodes(MANIFEST)]
    build = publish(
        settings,
        relations,
        configuration_hash=configuration_hash(settings, MANIFEST),
        data_docs=settings.warehouse.parent / "data_docs",
        fingerprint=seen,
        made_of=parts,
        restating=restating(MANIFEST),
        purposes=purposes(MANIFEST),
    )
    folder = relative_to_root(settings.publish_dir)
    context.log.info(f"published {len(relations)} tables as build {build.build_id} in {folder}")
    if build.restated_value_count:
        context.log.info(
            f"{build.restated_value_count} values of ripe rows are others than in the build "
            "before; marts.mart_restatements says which and why"
        )
    for (schema, table), count in zip(relations, build.row_counts.values(), strict=True):
        yield dg.MaterializeResult(
            asset_key=[GROUP, schema, table],
            metadata={
                "dagster/row_count": count,
                "parquet": f"{folder}/parquet/{schema}/{table}.parquet",
            },
        )
    yield dg.MaterializeResult(
        asset_key=BUILD_KEY,
        metadata={
            "build_id": build.build_id,
            "data_through_at": build.data_through_at or "no data yet",
            "restated_values": build.restated_value_count,
            "file": f"{folder}/{DATABASE}",
            "data_docs": f"{folder}/data_docs/index.html",
            "dagster/row_count": 1,
        },
    )


def _refuse_unchecked(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Raise unless this very run transformed everything, green, and its checks were not cut out.

    Run alone from the UI, publishing would put before readers whatever the last failed build
    left in the warehouse. The run holds the warehouse from its start, so a watermark that is
    younger than the run is its own.
    """
    record = context.instance.get_run_record_by_id(context.run_id)
    started = (record.start_time if record else None) or 0.0
    started_at = datetime.fromtimestamp(started, UTC).replace(tzinfo=None)
    with connect_or_retry(settings, context.log.info) as connection:
        last = watermarks.last(connection)
    cut_out = context.run.asset_check_selection
    if last is None or last.completed_at < started_at or cut_out == frozenset():
        raise dg.Failure(
            "nothing was published: a build is published by the run that made and checked it. "
            "Launch the job `build`, or `make build`.",
            allow_retries=False,
        )
