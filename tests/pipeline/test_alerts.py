"""Alerts reach a webhook, an e-mail server and a log, once each, and never with a secret."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.project import Settings, SettingsError
from orchestration.publish.publishing import DATABASE, current_build, publish
from orchestration.ui import alerts
from orchestration.ui.alerts import Alert, send, webhook_body
from orchestration.ui.kpis import kpi_alerts
from orchestration.ui.lateness import late_alert
from orchestration.ui.run_records import CheckRecord, history_dir, recorded, without_values
from tests.documents import block_with, page
from tests.pipeline.alert_servers import Mailbox, Webhook, mailbox, webhook
from tests.support import environment_of, settings_of

ALERT = Alert("run 1", "Yunying: build failed", "✗ marts.mart_days: unique: 3 rows")
SECRETS = ("s3cret-path", "p%40ss-word", "p@ss-word", "s3cret-key")


@dataclass
class World:
    settings: Settings
    hook: Webhook
    box: Mailbox

    def log(self) -> str:
        return self.settings.alert_log.read_text(encoding="utf-8")


def settings_for(folder: Path, hook_url: str, port: int) -> Settings:
    return settings_of(
        folder,
        {
            "YUNYING_ALERT_WEBHOOK": f"{hook_url}/hooks/s3cret-path",
            "YUNYING_ALERT_SMTP_URL": f"smtp://line:p%40ss-word@127.0.0.1:{port}",
            "YUNYING_ALERT_EMAIL_TO": "ops@example.com, data@example.com",
            "YUNYING_ALERT_LOG": str(folder / "alerts.log"),
            "YUNYING_PSEUDONYM_KEY": "s3cret-key",
        },
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with webhook() as hook, mailbox() as box:
        yield World(settings_for(tmp_path, hook.url, box.port), hook, box)


def test_an_alert_reaches_all_three_once(world: World) -> None:
    assert send(world.settings, ALERT) == ()
    assert send(world.settings, ALERT) == ()
    [(path, body)] = world.hook.posted
    assert path == "/hooks/s3cret-path"
    assert ALERT.subject in body["text"]
    assert "3 rows" in body["text"]
    [mail] = world.box.mails
    message = email.message_from_bytes(mail.encode(), policy=email.policy.default)
    assert message["Subject"] == ALERT.subject
    assert message["To"] == "ops@example.com, data@example.com"
    assert message.get_content().strip() == ALERT.text
    assert world.box.recipients == ["ops@example.com", "data@example.com"]
    assert world.box.logins == [("line", "p@ss-word")]
    assert world.log().count("Yunying: build failed\n") == 1
    assert "sent to the webhook and e-mail" in world.log()


def test_kpis_that_missed_or_moved_are_told_once_in_both_languages(world: World) -> None:
    assert kpi_alerts(world.settings) == []
    world.settings.publish_dir.mkdir(parents=True)
    database = str(world.settings.publish_dir / DATABASE)
    with duckdb.connect(database) as connection:
        connection.execute(
            "create schema seeds; create schema marts;"
            " create table seeds.dim_kpis as select *, null as parent_kpi_id, null as owner,"
            " null as stage from (values ('paid', 'Paid', '支付', 1, 'up'),"
            " ('reads', 'Reads', '阅读', 2, 'up'), ('fine', null, null, 3, 'up'),"
            " ('slow', 'Slow', '慢', 4, 'down'))"
            " as kpis (kpi_id, label_en, label_zh, row_number, direction);"
            " create table marts.mart_kpi_values as select * from (values"
            " ('paid', 'month', 1234.5, 2000, 900, 2100, false, false, true, date '2024-02-01'),"
            " ('paid', 'month', 1, 2000, 900, 2100, false, true, true, date '2024-01-01'),"
            " ('paid', 'month', 1, 2000, 900, 2100, false, null, false, date '2024-03-01'),"
            " ('slow', 'month', 12.345, 10, 1, 20, false, false, true, date '2024-02-01'),"
            " ('reads', 'month', 7, null, 9.25, 30, null, true, true, date '2024-02-01'),"
            " ('fine', 'month', 7, 5, 5, 30, true, false, true, date '2024-02-01'),"
            " ('fine', 'day', 7, null, 5, 30, null, false, true, date '2024-02-29'))"
            " as rows (kpi_id, grain, value, target_value, usual_low, usual_high, is_on_target,"
            " is_unusual, is_mature, period_start_date)"
        )
    for run in ("r1", "r2"):
        with recorded(world.settings, run, "build", "make build"):
            pass
    [(_, body)] = world.hook.posted
    lines = body["text"].splitlines()
    assert lines[0] == (
        "Yunying: by the month, targets missed: 2, unusual: 1 · 按月：2 个 KPI 未达标，1 个异常"
    )
    assert "✗ Paid, 2024-02-01: 1,235, target 2,000" in lines
    assert "✗ Reads, 2024-02-01: 7, usually 9.25 to 30" in lines
    assert "✗ Slow, 2024-02-01: 12.3, target 10" in lines
    assert "✗ 支付，2024-02-01：1,235，目标 2,000" in lines
    assert "✗ 阅读，2024-02-01：7，通常在 9.25 到 30 之间" in lines
    assert "fine" not in body["text"]
    # What is restated for the worse is told again.
    with duckdb.connect(database) as connection:
        connection.execute(
            "update marts.mart_kpi_values set is_on_target = false where target_value = 5"
        )
    with recorded(world.settings, "r3", "build", "make build"):
        pass
    assert len(world.hook.posted) == 2
    assert "✗ fine, 2024-02-01: 7, target 5" in world.hook.posted[1][1]["text"]


def test_the_log_is_added_to(world: World) -> None:
    send(world.settings, ALERT)
    before = world.log()
    send(world.settings, Alert("run 2", "Yunying: another", "text"))
    assert world.log().startswith(before)
    assert len(world.hook.posted) == 2


def test_a_target_that_is_down_fails_nothing_and_is_noted_without_secrets(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        port = taken.getsockname()[1]
        settings = settings_for(tmp_path, f"http://127.0.0.1:{port}", port)
        text = f"with {settings.alert_webhook} and {settings.alert_smtp_url} and s3cret-key"
        problems = send(settings, Alert("run 3", "Yunying: failed", text))
    assert len(problems) == 2
    log = settings.alert_log.read_text(encoding="utf-8")
    assert "the webhook did not get it" in log
    assert "e-mail did not get it" in log
    assert "Yunying: failed" in log
    assert [secret for secret in SECRETS if secret in log + " ".join(problems)] == []


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [(500, {}, "HTTP 500"), (200, {"errcode": 310000}, "310000"), (200, {"code": 19024}, "19024")],
)
def test_a_webhook_that_refuses_is_noted(
    world: World, status: int, answer: dict[str, int], said: str
) -> None:
    world.hook.status, world.hook.answer = status, answer
    [problem] = send(world.settings, ALERT)
    assert said in problem
    assert said in world.log()
    assert len(world.box.mails) == 1


def test_a_log_that_cannot_be_written_stops_no_message(world: World) -> None:
    world.settings.alert_log.mkdir()
    [problem] = send(world.settings, ALERT)
    assert "could not be written" in problem
    assert len(world.hook.posted) == len(world.box.mails) == 1


def test_no_password_goes_to_another_machine_unencrypted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "_LOOPBACK", ())
    [problem] = send(world.settings, ALERT)
    assert "no encryption" in problem
    assert world.box.logins == []
    assert world.box.mails == []


def test_webhooks_of_known_hosts_get_their_own_shape() -> None:
    assert webhook_body("https://hooks.slack.com/services/x", "t") == {"text": "t"}
    feishu = {"msg_type": "text", "content": {"text": "t"}}
    assert webhook_body("https://open.feishu.cn/open-apis/bot/v2/hook/x", "t") == feishu
    dingtalk = {"msgtype": "text", "text": {"content": "t"}}
    assert webhook_body("https://oapi.dingtalk.com/robot/send?access_token=x", "t") == dingtalk
    assert webhook_body("https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "t") == dingtalk


@pytest.mark.parametrize("name", ["ALERT_WEBHOOK", "ALERT_SMTP_URL"])
@pytest.mark.parametrize("value", ["s3cret-path", "ftp://s3cret-path", "smtp://h:s3cret-path"])
def test_a_setting_that_cannot_be_used_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({f"YUNYING_{name}": value})
    assert name in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_settings_show_and_hand_on_no_secret(world: World) -> None:
    shown = repr(world.settings) + str(world.settings.environment())
    assert [secret for secret in SECRETS if secret in shown] == []


def test_lateness_is_told_once_a_build_and_limit(world: World) -> None:
    settings = world.settings
    assert late_alert(settings) is None
    with duckdb.connect(str(settings.warehouse)):
        pass
    publish(settings, [], "hash")
    build = current_build(settings)
    assert build is not None
    built_at = datetime.fromisoformat(build.built_at)
    assert late_alert(settings, built_at + timedelta(hours=25)) is None
    for hours in (27, 28, 49, 51, 52):
        late = late_alert(settings, built_at + timedelta(hours=hours))
        assert late is not None
        send(settings, late)
    subjects = [body["text"].splitlines()[0] for _, body in world.hook.posted]
    assert [subject.split(" is ")[1] for subject in subjects] == ["27 hours old", "51 hours old"]


def rows(settings: Settings, table: str) -> list[dict[str, object]]:
    with duckdb.connect(str(history_dir(settings) / "history.duckdb"), read_only=True) as history:
        cursor = history.execute(f"select * from {table} order by all")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_failed_run_is_written_down_and_told_with_its_checks(world: World) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    check = CheckRecord("marts.mart_days", "unique_day", "failed", "error", 3, now, "a/b.sql")
    long_ago = replace(check, check_name="older", evaluated_at=now - timedelta(days=401))

    def run_it() -> None:
        with recorded(world.settings, "r1", "build", "make build") as recorder:
            recorder.checks["", "1"], recorder.checks["", "2"] = check, long_ago
            raise ValueError("no place for 'alice@example.com' and s3cret-key")

    with pytest.raises(ValueError, match="alice"):
        run_it()
    [run] = rows(world.settings, "pipeline_runs")
    assert (run["run_id"], run["status"], run["started_by"]) == ("r1", "failed", "make build")
    assert run["failed_check_count"] == 2
    assert run["failure"] == "ValueError: no place for '…' and •••"
    assert run["ended_at"] >= run["started_at"]
    [told] = rows(world.settings, "check_results")
    assert (told["is_passed"], told["failing_row_count"]) == (False, 3)
    [(_, body)] = world.hook.posted
    assert "marts.mart_days: unique_day: 3 rows; see a/b.sql" in body["text"]
    assert "/runs/r1" in body["text"]
    assert "alice" not in body["text"] + world.log() + str(world.box.mails)


def test_a_killed_run_is_found_by_the_next_and_told_once(world: World) -> None:
    killed = recorded(world.settings, "r1", "build", "make build")
    killed.__enter__()
    # Killed: nothing after this line of it runs. It is kept, else it would be closed.
    for run_id in ("r2", "r3"):
        with recorded(world.settings, run_id, "build", "make build"):
            pass
    statuses = {run["run_id"]: run["status"] for run in rows(world.settings, "pipeline_runs")}
    assert statuses == {"r1": "interrupted", "r2": "succeeded", "r3": "succeeded"}
    assert [body["text"].count("interrupted") for _, body in world.hook.posted] == [2]
    assert "killed" in world.hook.posted[0][1]["text"]


def test_a_run_that_a_person_stopped_is_written_down_and_not_told(world: World) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        recorded(world.settings, "r1", "build", "make build"),
    ):
        raise KeyboardInterrupt
    assert [run["status"] for run in rows(world.settings, "pipeline_runs")] == ["interrupted"]
    assert world.hook.posted == []


def test_history_is_written_while_it_is_read_and_outlives_the_database(world: World) -> None:
    database = history_dir(world.settings) / "history.duckdb"
    with recorded(world.settings, "r1", "build", "make build"):
        pass
    with duckdb.connect(str(database), read_only=True) as reader:
        with recorded(world.settings, "r2", "build", "make build"):
            pass
        assert reader.execute("select count(*) from pipeline_runs").fetchall() == [(1,)]
    database.unlink()
    with recorded(world.settings, "r3", "build", "make build"):
        pass
    assert len(rows(world.settings, "pipeline_runs")) == 3
    parquet = history_dir(world.settings) / "pipeline_runs.parquet"
    assert duckdb.sql(f"select count(*) from '{parquet}'").fetchall() == [(3,)]


@pytest.mark.parametrize("folder", ["en", "zh-CN"])
def test_docs_tell_of_its_columns_and_their_query_runs(world: World, folder: str) -> None:
    with recorded(world.settings, "r1", "build", "make build"):
        pass
    text = page(f"docs/{folder}/operations.md")
    query = block_with(text, "select\n    runs.started_at")
    with duckdb.connect(str(history_dir(world.settings) / "history.duckdb")) as history:
        assert len(history.execute(query).fetchall()) == 1
        columns = history.execute(
            "select table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
    assert {table for table, _ in columns} == {"pipeline_runs", "check_results"}
    for table, column in columns:
        [line] = [line for line in text.splitlines() if line.startswith(f"| `{table}` |")]
        assert f"`{column}`" in line


def test_a_history_that_cannot_be_written_fails_no_run(world: World) -> None:
    world.settings.publish_dir.write_text("in the way")
    said: list[str] = []
    with recorded(world.settings, "r1", "build", "make build", said.append):
        pass
    assert [line for line in said if "could not be written" in line] == said
    assert said


def test_errors_lose_what_they_quote() -> None:
    text = (
        "Conversion Error: Could not convert string 'u1' to INT32, key \"user_id: u1\"\n\n"
        "LINE 1: select 'u1'"
    )
    assert "u1" not in without_values(text)
    assert without_values(text).startswith("Conversion Error")


@dg.op
def fails() -> None:
    raise ValueError("no row 'u1'")


@dg.job
def broken() -> None:
    fails()


def test_the_daemon_tells_of_a_run_that_could_not_tell_so_itself(world: World) -> None:
    from orchestration.defs.automation.alerts import failed_runs

    with (
        dg.DagsterInstance.ephemeral() as instance,
        environment_of(world.settings),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("YUNYING_ALERT_WEBHOOK", str(world.settings.alert_webhook))
        result = broken.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="failed_runs",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
        ).for_run_failure()
        failed_runs(context)
        failed_runs(context)
    [(_, body)] = world.hook.posted
    assert "Yunying: broken failed" in body["text"]
    assert f"/runs/{result.run_id}" in body["text"]
