"""One writer at a time, and what Dagster is told: keys, groups, checks, schedule, sensor."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy

from expectations import process
from orchestration.ingest.arrivals import folder_signature
from orchestration.project import ROOT, Settings
from orchestration.store.dagster_home import dagster_home
from orchestration.store.lock import lock_path, warehouse_lock
from orchestration.transform import dbt_ahead
from orchestration.ui.executor import CHECKS, TRANSFORM, one_writer_executor
from tests.support import environment_of, settings_of

HOLDER = """
    import sys, time
    from pathlib import Path
    from orchestration.store.lock import warehouse_lock
    from tests.support import settings_of

    with warehouse_lock(settings_of(Path(sys.argv[1]))):
        print("held", flush=True)
        time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the warehouse's lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_run_says_who_it_waits_for_and_a_killed_holder_frees_the_lock(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        if len(said) == 1:
            os.kill(holder.pid, signal.SIGKILL)

    with warehouse_lock(settings_of(tmp_path), say):
        assert lock_path(settings_of(tmp_path)).read_text() == f"process {os.getpid()}"
    assert f"process {holder.pid}" in said[0]
    assert len(said) == 2


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with pytest.raises(ZeroDivisionError), warehouse_lock(settings):
        _ = 1 / 0
    said: list[str] = []
    with warehouse_lock(settings, said.append):
        assert said == []


@dg.asset
def held() -> dg.MaterializeResult[None]:
    """Says whether its run holds the lock: another attempt from this process must fail."""
    import fcntl

    with lock_path(Settings.from_environment()).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return dg.MaterializeResult(metadata={"is_held": True})
    return dg.MaterializeResult(metadata={"is_held": False})


def held_job() -> dg.JobDefinition:
    definitions = dg.Definitions(
        assets=[held],
        jobs=[dg.define_asset_job("one", selection=[held])],
        executor=one_writer_executor,
    )
    return definitions.resolve_job_def("one")


def test_runs_from_the_ui_hold_the_lock_from_first_step_to_last(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    (tmp_path / "dagster").mkdir()
    with (
        environment_of(settings),
        dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance,
    ):
        with dg.execute_job(dg.reconstructable(held_job), instance) as result:
            assert result.success
            event = result.get_asset_materialization_events()[0]
            assert event.materialization.metadata["is_held"].value is True
        said: list[str] = []
        with warehouse_lock(settings, said.append):
            assert said == []


@dg.multi_asset(name=TRANSFORM, specs=[dg.AssetSpec("table")])
def table() -> dg.MaterializeResult[None]:
    """Says what was started before its step."""
    folder = Settings.from_environment().warehouse.parent
    waits = {"dbt": bool(dbt_ahead._waiting), "checks": folder in process._started}
    return dg.MaterializeResult(metadata=waits)


@dg.multi_asset_check(name=CHECKS, specs=[dg.AssetCheckSpec("right", asset="table")])
def right() -> Iterator[dg.AssetCheckResult]:
    yield dg.AssetCheckResult(passed=True)


def job_of_a_table(*checks: dg.AssetChecksDefinition) -> dg.JobDefinition:
    definitions = dg.Definitions(
        assets=[table],
        asset_checks=checks,
        jobs=[dg.define_asset_job("one")],
        executor=one_writer_executor,
    )
    return definitions.resolve_job_def("one")


def table_alone() -> dg.JobDefinition:
    return job_of_a_table()


def table_and_checks() -> dg.JobDefinition:
    return job_of_a_table(right)


@pytest.mark.parametrize(("job", "has_checks"), [(table_alone, False), (table_and_checks, True)])
def test_a_run_from_the_ui_starts_what_its_steps_need_before_the_first(
    tmp_path: Path, job: Callable[[], dg.JobDefinition], has_checks: bool
) -> None:
    (tmp_path / "dagster").mkdir()
    with (
        environment_of(settings_of(tmp_path)),
        dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance,
        dg.execute_job(dg.reconstructable(job), instance) as result,
    ):
        told = result.get_asset_materialization_events()[0].materialization.metadata
        assert {name: told[name].value for name in ("dbt", "checks")} == {
            "dbt": True,
            "checks": has_checks,
        }
    assert not dbt_ahead._waiting
    assert tmp_path not in process._started


def test_history_stays_open_between_events_and_is_dagsters_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    home = dagster_home()
    opened: list[str] = []

    def note(connection: sqlite3.Connection, _record: object) -> None:
        opened.append(connection.execute("pragma database_list").fetchone()[2])

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", note)
    try:
        with dg.DagsterInstance.get() as instance, environment_of(settings_of(tmp_path)):
            result = held_job().execute_in_process(instance=instance)
            count = len(instance.all_logs(result.run_id))
            key = dg.AssetKey(["held"])
            assert instance.get_latest_materialization_event(key) is not None
    finally:
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "connect", note)
    file = home / "history" / "runs" / f"{result.run_id}.db"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("select count(*) from event_logs").fetchone() == (count,)
    assert count > 5
    assert 1 <= opened.count(str(file)) <= 2


def test_a_dagster_yaml_of_somebody_else_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    config = dagster_home() / "dagster.yaml"
    ours = config.read_text()
    config.write_text(ours.splitlines()[0])
    dagster_home()
    assert config.read_text() == ours
    config.write_text("telemetry: {enabled: false}")
    dagster_home()
    assert config.read_text() == "telemetry: {enabled: false}"


def test_a_run_waits_while_another_process_holds_the_warehouse(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    events: list[str] = []
    release = threading.Event()

    def hold() -> None:
        with warehouse_lock(settings):
            events.append("held")
            release.wait(30)
            events.append("freed")

    def wait() -> None:
        with warehouse_lock(settings, lambda _: release.set()):
            events.append("second")

    first = threading.Thread(target=hold)
    first.start()
    while not events:
        time.sleep(0.01)
    second = threading.Thread(target=wait)
    second.start()
    first.join(30)
    second.join(30)
    assert events == ["held", "freed", "second"]


def test_a_signature_changes_with_names_sizes_and_times_and_opens_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    assert folder_signature([folder]) == folder_signature([folder])
    empty = folder_signature([folder])
    file = folder / "events" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    one = folder_signature([folder])
    assert one != empty
    file.chmod(0)
    assert folder_signature([folder]) == one
    os.utime(file, (1, 1))
    older = folder_signature([folder])
    assert older != one
    (file.parent / ".copying").write_text("half")
    assert folder_signature([folder]) == older
    file.rename(file.with_name("b.jsonl"))
    assert folder_signature([folder]) != older


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


def test_groups_are_the_words_of_the_flow(defs: dg.Definitions) -> None:
    groups = {spec.group_name for spec in defs.resolve_all_asset_specs()}
    assert groups == {
        "raw", "seeds", "staging", "intermediate", "steps", "facts", "archive", "marts",
        "publish", "readers",
    }  # fmt: skip


def test_lineage_is_whole_from_raw_files_to_readers(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    mart = dg.AssetKey(["marts", "mart_active_users_daily"])
    upstream, pending = set(), [mart]
    while pending:
        for key in graph.get(pending.pop()).parent_keys:
            if key not in upstream:
                upstream.add(key)
                pending.append(key)
    assert dg.AssetKey(["raw", "events"]) in upstream
    assert dg.AssetKey(["raw_files", "events"]) in upstream
    assert dg.AssetKey(["seeds", "event_names"]) in upstream
    published = dg.AssetKey(["publish", mart.path[1]])
    assert graph.get(published).parent_keys == {mart}
    assert dg.AssetKey(["readers", "user_growth"]) in graph.get(published).child_keys


def test_no_asset_is_without_description(defs: dg.Definitions) -> None:
    bare = [s.key.to_user_string() for s in defs.resolve_all_asset_specs() if not s.description]
    assert bare == []


def test_every_asset_has_an_owner_and_the_file_that_makes_it(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert len(spec.owners) == 1, name
        [file] = spec.metadata["dagster/code_references"].code_references
        assert Path(file.file_path).is_file(), name


def test_owners_are_said_by_folder_and_by_who_reads(defs: dg.Definitions) -> None:
    owners = {spec.key.to_user_string(): spec.owners for spec in defs.resolve_all_asset_specs()}
    assert owners["raw/events"] == owners["publish/build"] == ["team:data-operations"]
    assert owners["seeds/funnels"] == owners["seeds/dim_funnels"] == ["team:user-operations"]
    assert owners["marts/mart_rfm_scores"] == owners["publish/mart_rfm_scores"]
    assert owners["marts/mart_rfm_scores"] == owners["readers/customer_value"]


def test_every_table_has_its_columns_described(defs: dg.Definitions) -> None:
    # What is no table has a kind, and tables have none: it would take the room of their names.
    tables = [spec for spec in defs.resolve_all_asset_specs() if spec.kinds <= {"csv"}]
    assert len(tables) > 240
    for spec in tables:
        columns = spec.metadata["dagster/column_schema"].columns
        assert columns, spec.key
        assert [c.name for c in columns if not c.description] == [], spec.key
    people = {
        spec.key.to_user_string()
        for spec in tables
        if spec.tags.get("personal_data") == "identifier"
    }
    assert {"marts/mart_rfm_scores", "publish/mart_rfm_scores"} <= people
    assert "marts/mart_lifecycle_daily" not in people


def test_every_check_says_what_it_looks_for(defs: dg.Definitions) -> None:
    specs = {
        spec.key: spec.description or ""
        for assets in (defs.assets or (), defs.asset_checks or ())
        for definition in assets
        for spec in getattr(definition, "check_specs", ())
    }
    assert len(specs) > 200
    assert [key for key, text in specs.items() if not text] == []
    key = dg.AssetCheckKey(
        dg.AssetKey(["marts", "mart_definition_warnings"]), "assert_definitions_raise_no_doubt"
    )
    assert specs[key].startswith("A doubtful definition is built as it stands")


def test_every_dbt_test_is_a_check_and_stands_in_one_job(defs: dg.Definitions) -> None:
    from orchestration.privacy.archive import models
    from orchestration.transform.dbt_runs import load_manifest

    archives = {model["unique_id"] for model in models().values()}
    read = {
        node["name"]: {name for name in node["depends_on"]["nodes"] if name.startswith("model.")}
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "test"
    }
    of_archives = {name for name, parents in read.items() if parents & archives}
    checks = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
    assert {name for name, parents in read.items() if parents} - of_archives <= checks
    # An expiry has dbt run these, and no build does.
    assert len(of_archives) == len(archives)
    assert of_archives & checks == set()


def test_the_steps_of_the_job_are_few_and_dbt_runs_once(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def("build")
    assert sorted(node.name for node in job.nodes) == ["checks", "ingest", "publish", "transform"]


def test_a_schedule_in_the_reporting_zone_and_a_sensor_run_the_same_job(
    defs: dg.Definitions,
) -> None:
    schedule = defs.resolve_schedule_def("nightly")
    assert schedule.job_name == "build"
    assert schedule.execution_timezone == Settings.from_environment().timezone
    assert defs.resolve_sensor_def("arrivals").job_name == "build"


def test_the_sensor_asks_once_for_files_that_have_come_to_rest(
    defs: dg.Definitions, tmp_path: Path
) -> None:
    sensor = defs.resolve_sensor_def("arrivals")
    settings = settings_of(tmp_path)
    (settings.raw_dir / "events").mkdir(parents=True)
    file = settings.raw_dir / "events" / "a.jsonl"
    cursor: str | None = None

    def look() -> int:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor)
        result = sensor.evaluate_tick(context)
        cursor = result.cursor
        return len(result.run_requests or [])

    with environment_of(settings):
        file.write_text("{}")
        assert look() == 0
        file.write_text("{}{}")
        assert look() == 0
        assert look() == 1
        assert look() == 0
        file.write_text("{}{}{}")
        assert [look(), look(), look()] == [0, 1, 0]


def test_published_tables_have_a_freshness_policy(defs: dg.Definitions) -> None:
    specs = [s for s in defs.resolve_all_asset_specs() if s.group_name == "publish"]
    assert len(specs) > 1
    assert all(spec.freshness_policy is not None for spec in specs)
