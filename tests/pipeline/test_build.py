"""`make build` as it is run: killed, stopped, green, red; by exit code, words, published file."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.request import Request, urlopen

import dagster as dg
import duckdb
import pytest

from expectations.suites import suite_files
from orchestration.commands.build import SILENT_SECONDS, STOPPED
from orchestration.commands.summary import summarize
from orchestration.definitions import defs
from orchestration.project import DBT_PROJECT_DIR, ROOT, SHIPPED_SEEDS_DIR, Settings
from orchestration.publish.publishing import DATABASE, current_build, publish
from orchestration.publish.up_to_date import published_already
from orchestration.store import watermarks
from orchestration.store.lock import holder, warehouse_lock
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_runs import exposed_nodes, load_manifest
from orchestration.ui.executor import STARTED_BY_TAG
from tests.browser import Page, Size, browser, executable
from tests.pipeline.alert_servers import Mailbox, Webhook, mailbox, webhook
from tests.pipeline.erasure_world import MARK, PERSON, REQUEST, THEIRS, event, holding, write
from tests.pipeline.test_stopping import children_of, is_running, lines_until, stop
from tests.pipeline.ui import Ui, click, free_port, links, running_ui, shows
from tests.support import dbt_target, environment_of, settings_of, write_feeds

SECONDS = 600
SECONDS_TO_END = 10.0
"""How long what a killed build has started may take to end; dbt alone would run for longer."""


@dataclass(frozen=True)
class Line:
    """A product of its own in a temporary folder, and how to build it."""

    settings: Settings
    environment: dict[str, str]
    hook: Webhook
    box: Mailbox

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "orchestration.commands.build", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def build(self) -> tuple[int, str]:
        process = self.start()
        out = "".join(lines_of(process))
        return process.wait(timeout=SECONDS), out

    def published(self, sql: str) -> list[tuple[object, ...]]:
        path = self.settings.publish_dir / DATABASE
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def runs(self, column: str) -> list[object]:
        """A column of the history of runs, in their order."""
        path = self.settings.publish_dir / "history" / "history.duckdb"
        with duckdb.connect(str(path), read_only=True) as history:
            rows = history.execute(f"select {column} from pipeline_runs order by started_at")
            return [value for (value,) in rows.fetchall()]

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's instance, and the environment, of this line."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            with dg.DagsterInstance.get() as instance:
                yield instance


# What a check shows a person of: an event dated before the web.
SHOWN = event(907, None, None, 1, user_id=PERSON, event_id="shown-PLANTED",
              occurred_at="1985-01-01")  # fmt: skip
SECRETS = ("hook-s3cret-Zq8", "mail-s3cret-Zq8", "key-s3cret-Zq8")


def build_job() -> dg.JobDefinition:
    return defs.resolve_job_def("build")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("line")
    settings = settings_of(folder)
    shutil.copytree(SHIPPED_SEEDS_DIR, settings.seeds_dir)
    events = [
        {
            "event_id": f"{day}-{user}",
            "event_name": "page_viewed",
            "occurred_at": f"2024-03-{day:02d}T10:00:00Z",
            "user_id": f"u{user}",
        }
        for day in range(1, 29)
        for user in range(1 + day % 5)
    ]
    write_feeds(folder, {"events": events})
    write(folder, {**THEIRS, "events": [*THEIRS["events"], SHOWN]}, "theirs")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("YUNYING_")},
        **settings.environment(),
        "DAGSTER_HOME": str(folder / "dagster"),
        "DBT_TARGET_PATH": str(dbt_target()),
        "YUNYING_ALERT_LOG": str(folder / "alerts.log"),
        "YUNYING_ALERT_EMAIL_TO": "ops@example.com",
        "YUNYING_PSEUDONYM_KEY": SECRETS[2],
        # Links that builds leave in the history lead there.
        "YUNYING_PAGES_URL": f"http://127.0.0.1:{free_port()}",
    }
    with webhook() as hook, mailbox() as box:
        environment["YUNYING_ALERT_WEBHOOK"] = f"{hook.url}/{SECRETS[0]}"
        environment["YUNYING_ALERT_SMTP_URL"] = f"smtp://line:{SECRETS[1]}@127.0.0.1:{box.port}"
        yield Line(Settings.from_environment(environment), environment, hook, box)


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    """Its lines; that it never falls silent."""
    at = time.monotonic()
    for text in lines_until(process, "\0"):
        assert time.monotonic() - at < SILENT_SECONDS + 5
        yield text
        at = time.monotonic()


def called(process: int) -> str:
    asked = ["ps", "-ww", "-o", "args=", "-p", str(process)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def kill_when(line: Line, is_time: Callable[[str], bool]) -> dict[int, str]:
    """kill -9 of a build at the line that it is time at; return the processes that it had, and how
    each was called."""
    process = line.start()
    said = []
    children: dict[int, str] = {}
    for text in lines_of(process):
        said.append(text)
        if is_time(text):
            children = {child: called(child) for child in children_of(process.pid)}
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, "".join(said)
    return children


@pytest.mark.parametrize("moment", ["  ingest …", "tables built"])
def test_1_a_build_killed_publishes_nothing_and_its_dbt_ends(line: Line, moment: str) -> None:
    """It waits while files are loaded. Did it go on, it would write tables while the next build
    loads others."""
    children = kill_when(line, lambda text: moment in text)
    assert sum("dbt_process.py" in command for command in children.values()) == 1
    deadline = time.monotonic() + SECONDS_TO_END
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, children))
    assert current_build(line.settings) is None


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("  looking", signal.SIGTERM),
        ("  definitions are right; loading Dagster", signal.SIGINT),
        ("  ingest …", signal.SIGTERM),
        ("tables built", signal.SIGINT),
        pytest.param("tables built", signal.SIGTERM, marks=pytest.mark.long),
        ("  checks …", signal.SIGINT),
        pytest.param("  publish …", signal.SIGTERM, marks=pytest.mark.long),
    ],
    ids=lambda value: value.strip() if isinstance(value, str) else value.name,
)
def test_1_a_build_that_is_stopped_ends_in_a_sentence(
    line: Line, moment: str, number: signal.Signals
) -> None:
    process = line.start()
    assert any(moment in text for text in lines_of(process))
    said, children = stop(process, number)
    assert said.splitlines()[-1] == STOPPED
    for word in ("Traceback", "Interrupt", "failed", "broke off", "✗"):
        assert word not in said
    deadline = time.monotonic() + SECONDS_TO_END
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, children))
    assert holder(line.settings) is None


def test_1_a_build_killed_while_it_publishes_shows_nothing(line: Line) -> None:
    """After dbt and checks are through, and the new build's folder is half written."""
    unfinished = line.settings.publish_dir / "builds"

    def is_half_written(text: str) -> bool:
        if not text.rstrip().endswith("  publish …"):
            return False
        while not list(unfinished.glob(".unfinished-*")):
            time.sleep(0.001)
        return True

    kill_when(line, is_half_written)
    assert current_build(line.settings) is None
    assert not (line.settings.publish_dir / DATABASE).exists()
    assert list(unfinished.glob(".unfinished-*"))


def test_1_the_next_goes_on_behind_what_stands_and_tells_of_both(line: Line) -> None:
    """And it fails as well, at the very end: what it publishes to is in the way."""
    with connect(line.settings) as connection:
        stood = connection.execute("select model_name from raw.built_models").fetchall()
    assert stood
    shutil.rmtree(line.settings.publish_dir / "builds")
    (line.settings.publish_dir / "builds").write_text("in the way")
    code, out = line.build()
    assert code == 1, out
    assert f"going on behind the build that broke off: {len(stood)} tables stand" in out
    with connect(line.settings) as connection:
        built = connection.execute("select model_name from raw.built_models").fetchall()
    models = [
        node["unique_id"]
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] != "ephemeral"
        and node["fqn"][1] != "archive"
    ]
    # Each model once: none that stood was made again.
    assert sorted(name for (name,) in built) == sorted(models)
    # Three were killed, and four stopped; the one that was looking had not begun.
    assert line.runs("status") == [*["interrupted"] * 7, "failed"]
    assert line.runs("started_by") == ["make build"] * 8
    assert line.runs("rows_loaded")[0] == 0  # it was killed before it could say
    # Who stops a run knows of it, if it had the time to say so.
    ended = zip(line.runs("run_id"), line.runs("failure"), strict=True)
    told = [run_id for run_id, failure in ended if "KeyboardInterrupt" not in str(failure)]
    texts = [body["text"] for _, body in line.hook.posted]
    assert len(texts) == len(line.box.mails) == len(told) >= 4
    assert all("interrupted" in text for text in texts[:-1])
    assert "✗ publish: " in texts[-1]
    for text, run_id in zip(texts, told, strict=True):
        assert f"/runs/{run_id}" in text
    assert current_build(line.settings) is None


def test_1_re_executed_from_failure_it_publishes_and_does_nothing_again(line: Line) -> None:
    (line.settings.publish_dir / "builds").unlink()
    with line.instance() as instance:
        options = dg.ReexecutionOptions.from_failure(str(line.runs("run_id")[-1]), instance)
        with dg.execute_job(
            dg.reconstructable(build_job), instance, reexecution_options=options
        ) as result:
            assert result.success
            started = [e.step_key for e in result.all_events if e.event_type_value == "STEP_START"]
    assert started == ["publish"]
    build = current_build(line.settings)
    assert build is not None
    assert line.runs("build_id")[-1] == build.build_id
    assert str(line.runs("started_by")[-1]).startswith("re-execution of ")


@pytest.mark.parametrize(
    ("damage", "mend"),
    [
        (
            "insert into raw.built_models values ('', 'by hand')",
            "delete from raw.built_models where attempt_id = ''",
        ),
        (
            "update raw.build_attempts set checked_at = null",
            "update raw.build_attempts set checked_at = now() at time zone 'UTC'",
        ),
        (
            "insert into raw.restated_days values (9999, '2024-03-01', null, now())",
            "delete from raw.restated_days",
        ),
    ],
    ids=["built by hand since", "not checked", "not taken in"],
)
def test_1_nothing_else_is_published(line: Line, damage: str, mend: str) -> None:
    before = current_build(line.settings)
    keys = [
        key for key in defs.resolve_asset_graph().get_all_asset_keys() if key.path[0] == "publish"
    ]
    with connect(line.settings) as connection:
        connection.execute(damage)
    with line.instance() as instance:
        result = build_job().execute_in_process(
            instance=instance, asset_selection=keys, raise_on_error=False
        )
    with connect(line.settings) as connection:
        connection.execute(mend)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "nothing was published" in str(failure.step_failure_data.user_failure_data.description)
    assert current_build(line.settings) == before


def test_2_the_next_build_is_right_and_told_in_few_lines(line: Line) -> None:
    (line.settings.publish_dir / "current").unlink()
    posted = len(line.hook.posted)
    code, out = line.build()
    assert code == 0, out
    assert "tables stand" in out
    assert out.count("computed anew: ") == 1
    assert line.runs("status")[-1] == "succeeded"
    assert line.runs("failed_check_count")[-1] == 0
    assert len(line.hook.posted) == posted
    assert line.published(
        "select dau from marts.mart_active_users_daily where activity_date = '2024-03-04'"
    ) == [(5,)]
    assert "checks passed" in out
    assert len(out.splitlines()) < 60
    assert (line.settings.publish_dir / "data_docs" / "index.html").is_file()
    assert not list((line.settings.publish_dir / "builds").glob(".unfinished-*"))
    text = summarize(line.settings)
    for title in ("Came in", "Lifecycle stages", "Where it is", "Try next"):
        assert title in text


def test_2_with_nothing_new_readers_keep_the_build_that_they_have(line: Line) -> None:
    before = current_build(line.settings)
    code, out = line.build()
    assert code == 0, out
    assert "nothing is new" in out
    assert "loading Dagster" not in out
    again = line.start("--again")
    assert any("loading Dagster" in text for text in lines_of(again))
    stop(again, signal.SIGTERM)
    assert current_build(line.settings) == before


@pytest.mark.long
def test_2_again_publishes_another_though_nothing_is_new(line: Line) -> None:
    if current_build(line.settings) is None:
        assert line.build()[0] == 0
    before = current_build(line.settings)
    again = line.start("--again")
    said = "".join(lines_of(again))
    assert again.wait(timeout=SECONDS) == 0, said
    assert before is not None
    after = current_build(line.settings)
    assert after is not None
    assert after.build_id != before.build_id
    assert "tables read nothing new" not in said


def test_2_the_schedule_skips_when_nothing_is_new(line: Line) -> None:
    nightly = defs.resolve_schedule_def("nightly")
    with line.instance():
        tick = nightly.evaluate_tick(dg.build_schedule_context())
    assert not tick.run_requests
    assert "nothing is new" in (tick.skip_message or "")
    other = replace(line.settings, timezone="Asia/Tokyo")
    with environment_of(other):
        assert nightly.evaluate_tick(dg.build_schedule_context()).run_requests


def test_2_a_rebuild_that_did_not_complete_is_not_built_upon(line: Line) -> None:
    with connect(line.settings) as connection:
        before = watermarks.last(connection)
        assert before is not None
        watermarks.begin_rebuild(connection)
        assert watermarks.last(connection) is None
        assert published_already(line.settings) is None
        connection.execute("delete from raw.build_watermarks where configuration_hash = ''")
        assert watermarks.last(connection) == before
    assert published_already(line.settings) == current_build(line.settings)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits other processes")
@pytest.mark.parametrize(
    "moment", [pytest.param("  ingest …", marks=pytest.mark.long), "  transform …"]
)
def test_2_a_full_disk_is_told_in_a_sentence_and_readers_keep_their_build(
    line: Line, moment: str
) -> None:
    """From that line on no process of the build can write: a limit that is set from outside.

    A disk that is full while a build is published stands in `test_publish.py`.
    """
    before = current_build(line.settings)
    event = {"event_name": "page_viewed", "occurred_at": "2024-03-20", "user_id": f"u{moment}"}
    write_feeds(line.settings.raw_dir.parent, {"events": [event]})
    process = line.start()
    said = ""
    for text in lines_of(process):
        said += text
        if text.rstrip().endswith(moment):
            for number in (process.pid, *children_of(process.pid)):
                resource.prlimit(number, resource.RLIMIT_FSIZE, (0, 0))
    assert process.wait(timeout=SECONDS) == 1, said
    assert "The disk is full" in said
    assert "Make room, then run the same command again" in said
    assert "Traceback" not in said
    assert current_build(line.settings) == before
    assert line.published("select dau from marts.mart_active_users_daily order by all desc")


def test_3_a_wrong_definition_stops_a_build_before_anything_is_loaded(line: Line) -> None:
    """In seconds; a run of the schedule or the UI fails in its first step, in the same words."""
    before, runs = current_build(line.settings), len(line.runs("status"))
    event = {
        "event_name": "page_viewed",
        "occurred_at": "2024-03-21",
        "user_id": "u of a wrong day",
    }
    write_feeds(line.settings.raw_dir.parent, {"events": [event]})
    cells = line.settings.seeds_dir / "rfm_segments.csv"
    right = cells.read_text(encoding="utf-8")
    cells.write_text("\n".join(right.splitlines()[:-1]) + "\n", encoding="utf-8")
    began = time.monotonic()
    code, out = line.build()
    assert time.monotonic() - began < 15
    sentence = (
        "rfm_segments.csv: cell 1, 1, 1 is missing. Mend: add its row: each of the 125 cells "
        "belongs to a segment."
    )
    assert code == 1
    assert f"  ✗ {sentence}\n    rfm_segments.csv：缺少格子 1, 1, 1。" in out
    assert "loading Dagster" not in out
    assert len(line.runs("status")) > runs
    assert line.runs("status")[-1] == "failed"
    assert f"✗ {sentence}" in line.hook.posted[-1][1]["text"]
    with line.instance() as instance:
        result = build_job().execute_in_process(instance=instance, raise_on_error=False)
    failures = [event for event in result.all_events if event.is_step_failure]
    assert [failure.step_key for failure in failures] == ["ingest"]
    assert sentence in str(failures[0].step_failure_data.user_failure_data.description)
    with connect(line.settings, read_only=True) as connection:
        loaded = "select count(*) from raw.events where user_id like '%wrong day'"
        assert connection.execute(loaded).fetchall() == [(0,)]
    assert current_build(line.settings) == before
    cells.write_text(right, encoding="utf-8")


def test_3_a_failed_check_is_named_with_its_rows_and_publishes_nothing(line: Line) -> None:
    """And the run waits its turn before that."""
    before = current_build(line.settings)
    with connect(line.settings) as connection:
        connection.execute(
            "update raw.ingest_files set rows_in = rows_in + 1 where source_file like '%0001.jsonl'"
        )
    process: subprocess.Popen[str] | None = None
    with warehouse_lock(line.settings):
        process = line.start()
        waited = ""
        for text in lines_of(process):
            waited += text
            if "waiting" in text:
                break
        time.sleep(0.5)
        assert process.poll() is None
        assert "another build holds the warehouse" in waited
    out = waited + "".join(lines_of(process))
    assert process.wait(timeout=SECONDS) == 1, out
    assert "What failed:" in out, out
    failed = out.split("What failed:")[1]
    assert "rows: 1" in failed
    assert "source_file = events/0001.jsonl" in failed
    assert_the_ui_shows_what_failed_and_that_alone(line)
    compiled = next(word for word in failed.split() if word.endswith(".sql"))
    assert (ROOT / compiled).is_file()
    assert current_build(line.settings) == before
    assert line.published("select count(*) from marts.mart_active_users_daily") != [(0,)]
    assert_it_was_told_with_its_rows(line)


def assert_it_was_told_with_its_rows(line: Line) -> None:
    text = line.hook.posted[-1][1]["text"]
    assert text.startswith("Yunying: build failed: 2 checks\n")
    assert "staging.stg_ingest_ledger: assert_ingest_ledger_adds_up: 1 row; see " in text
    assert "0001.jsonl" not in text
    told = [body["text"] for _, body in line.hook.posted]
    assert [text for text in told if "2 checks\n" in text] == [text]
    assert len(told) == len(line.box.mails) == len(set(told))
    path = line.settings.publish_dir / "history" / "history.duckdb"
    with duckdb.connect(str(path), read_only=True) as history:
        failed = history.execute(
            "select table_name, check_name from check_results"
            " where run_id = ? and status = 'failed' order by all",
            [line.runs("run_id")[-1]],
        ).fetchall()
        # Each suite is told of too, though this run ended before its own checks.
        suites = history.execute(
            "select count(*) from check_results where check_name = 'plausible' and run_id = ?",
            [line.runs("run_id")[-1]],
        ).fetchone()
    # The suite compares the ledger with what stands of the mart behind it, which was not built.
    assert failed == [
        ("marts.mart_ingest_files", "plausible"),
        ("staging.stg_ingest_ledger", "assert_ingest_ledger_adds_up"),
    ]
    assert suites == (len(suite_files()),)


def test_4_no_secret_stands_in_anything_that_was_written(line: Line) -> None:
    """After builds that were killed, failed and passed, in every file of theirs."""
    files = [
        path
        for folder in (line.settings.warehouse.parent, dbt_target())
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert len(files) > 100
    contents = ((path, path.read_bytes()) for path in files)
    found = [
        f"{path}: {secret}"
        for path, content in contents
        for secret in SECRETS
        if secret.encode() in content or secret.encode().hex().encode() in content
    ]
    assert found == []
    assert line.hook.posted


def test_5_the_ui_explains_a_table_and_leads_from_a_red_check_to_its_rows(line: Line) -> None:
    if executable() is None:
        assert not os.environ.get("CI"), "continuous integration has to bring Chromium"
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with running_ui(line.environment) as ui, browser() as chromium:
        page = ui.asset(chromium, "marts/mart_lifecycle_daily", view="overview")
        for text in (
            "One row per day and stage", "user-operations", "Users whose first day in it this is.",
            "← facts.fct_user_lifecycle_spans: rows", "mart_lifecycle_daily.sql",
            "area: users", "lifecycle_board",
        ):  # fmt: skip
            shows(page, text)
        assert links(page, ui.pages) == [
            f"{ui.pages}/boards/{name}.html" for name in ("lifecycle", "overview")
        ]
        click(page, "Plots")
        shows(page, "seconds")
        shows(page, "dagster/row_count")
        is_quiet(page, ui)

        red = "assert_ingest_ledger_adds_up"
        page = ui.asset(chromium, "staging/stg_ingest_ledger", view="checks", checkDetail=red)
        shows(page, "Each row of each file is staged, a duplicate, or quarantined")
        shows(page, "Failed")
        click(page, "[Show Markdown]")
        shows(page, "events/0001.jsonl")
        is_quiet(page, ui)

        page = ui.asset(
            chromium, "marts/mart_lifecycle_daily", view="checks", checkDetail="plausible"
        )
        report = f"{ui.pages}/checks/suites/marts.mart_lifecycle_daily.html"
        page.wait_for(f"document.querySelector('a[href=\"{report}\"]')")
        is_quiet(page, ui)
        page = chromium.open(report)
        shows(page, "The stages hold fewer users together than on the day before")
        shows(page, "各阶段的用户总数比前一天少")
        is_quiet(page, ui)
        page = chromium.open(f"{ui.pages}/boards/lifecycle.html")
        page.wait_for("document.documentElement.dataset.drawn")
        is_quiet(page, ui)


@pytest.mark.long
def test_5_the_home_page_of_the_ui_shows_the_runs_of_make_build(line: Line) -> None:
    asked = """{
        runsOrError { ... on Runs { results { tags { key value } repositoryOrigin {
            repositoryName repositoryLocationName } } } }
        repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } }
    }"""
    with running_ui(line.environment) as ui:
        request = Request(
            f"{ui.address}/graphql",
            json.dumps({"query": asked}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request) as answer:
            told = json.load(answer)["data"]
        [repository] = told["repositoriesOrError"]["nodes"]
        origins = [
            run["repositoryOrigin"]
            for run in told["runsOrError"]["results"]
            if {"key": STARTED_BY_TAG, "value": "make build"} in run["tags"]
        ]
        assert len(origins) > 2
        for origin in origins:
            assert origin["repositoryName"] == repository["name"]
            assert origin["repositoryLocationName"] == repository["location"]["name"]
        if executable() is None:
            pytest.skip("Chromium is not installed: apt-get install chromium")
        with browser() as chromium:
            page = chromium.open(ui.address, Size(1280, 900))
            page.wait_for("document.querySelector('a[href$=\"/jobs/build\"]')", 60)
            page = chromium.open(f"{ui.address}/assets", Size(1366, 16000))
            names = """[...document.querySelectorAll('a[href^="/assets/marts/"] span')]
                .map((name) => name.textContent)"""
            page.wait_for(f"{names}.length > 10", 60)
            assert [name for name in page.evaluate(names) if "…" in name] == []


@pytest.mark.long
def test_6_an_erasure_takes_the_person_out_of_everything(line: Line) -> None:
    """Out of reports, logs, Dagster's history and kept builds too, of all that went before."""
    folder = line.settings.warehouse.parent
    held = "\n".join(holding(folder))
    for place in ("raw", "published", "dagster", "validations", "warehouse.duckdb"):
        assert f"/{place}" in held, place  # else nothing would be shown below
    with connect(line.settings) as connection:
        connection.execute(
            "update raw.ingest_files set rows_in = rows_in - 1 where source_file like '%0001.jsonl'"
        )
    write(folder, {"erasure_requests": [REQUEST]}, "requests")
    code, said = line.build()
    assert code == 0, said
    assert "asked to be forgotten" in said
    assert MARK.decode() not in said
    assert holding(folder) == holding(dbt_target()) == []
    build = current_build(line.settings)
    assert build is not None
    kept = (line.settings.publish_dir / "builds").iterdir()
    assert [path.name for path in kept] == [build.build_id]
    certified = "select object from marts.mart_erasure_certificates where layer = 'raw'"
    assert ("raw.events",) in line.published(certified)


def is_quiet(page: Page, ui: Ui) -> None:
    """No error in the console, and nothing asked of any other place.

    No fault of ours is that Dagster's UI subscribes in a way that Apollo (3.14) will drop, its
    message 85.
    """
    assert [text for text in page.problems if "%22message%22%3A85%2C" not in text] == []
    here = (ui.address, ui.pages, ui.address.replace("http", "ws", 1))
    assert [request for request in page.requests if not request.startswith(here)] == []


def assert_the_ui_shows_what_failed_and_that_alone(line: Line) -> None:
    """Dagster shows a check that a failed run planned and did not evaluate as red too."""
    broken = dg.AssetCheckKey(
        dg.AssetKey(["staging", "stg_ingest_ledger"]), "assert_ingest_ledger_adds_up"
    )
    keys = list(defs.resolve_asset_graph().asset_check_keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", line.environment["DAGSTER_HOME"])
        with dg.DagsterInstance.get() as instance:
            last = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    assert set(last) == set(keys)
    assert {key for key in keys if last[key].status.value == "PLANNED"} == set()
    evaluations = {key: last[key].event.asset_check_evaluation for key in keys}
    red = {
        key
        for key, evaluation in evaluations.items()
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR
    }
    assert red == {
        broken,
        dg.AssetCheckKey(dg.AssetKey(["marts", "mart_ingest_files"]), "plausible"),
    }
    assert "select" in evaluations[broken].metadata["query"].value
    assert "events/0001.jsonl" in evaluations[broken].metadata["failing_rows"].value


def test_a_setting_that_cannot_be_used_is_named(line: Line) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "orchestration.commands.build"],
        cwd=ROOT,
        env={**line.environment, "YUNYING_TIMEZONE": "Mars/Olympus"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "YUNYING_TIMEZONE" in result.stdout


def test_an_empty_raw_folder_publishes_every_table_empty(
    empty_warehouse: Path, tmp_path: Path
) -> None:
    settings = settings_of(empty_warehouse.parent, {"YUNYING_PUBLISH_DIR": str(tmp_path / "out")})
    relations = [(node["schema"], node["alias"]) for node in exposed_nodes(load_manifest())]
    build = publish(settings, relations, "hash")
    assert build.data_through_at is None
    counted = {n: c for n, c in build.row_counts.items() if n.startswith("marts.")}
    assert set(counted.values()) == {0}


def test_dbt_is_found_without_the_callers_path() -> None:
    from orchestration.transform.dbt_runs import dbt_executable

    assert Path(dbt_executable()).is_file()
    assert DBT_PROJECT_DIR.is_dir()
