"""`make superset PROOF=1`: that Superset shows what is published, while it is published anew.

Superset starts on a port and with data of its own. Every dashboard is opened in Chromium, offline;
what its charts ask for is then asked again through Superset's REST API, by four people at once,
for as long as a whole build takes that publishes underneath.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bi.superset import assets
from bi.superset.api import Refused, Superset
from bi.superset.start import USER, admin_password, home, running
from dashboards.boards import BOARDS
from dashboards.boards.retention import COHORTS_SHOWN
from orchestration.project import ROOT, Settings
from orchestration.publish.builds import DATABASE, current_build
from tests.browser import Chromium, Page, Size, browser

PICTURES = ROOT / "data" / "superset-screenshots"
PEOPLE = 4
# Every chart is in sight, so that each is drawn.
SCREEN = Size(1366, 2700)
SECONDS_TO_DRAW = 180.0
# Superset's page holds a picture that counts its users. Our content security policy has the
# browser refuse it, and the browser says so.
REFUSED = "https://apachesuperset.gateway.scarf.sh/"
LOG_IN = """(() => {
    const write = (element, text) => {
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
        set.call(element, text);
        element.dispatchEvent(new Event('input', { bubbles: true }));
    };
    const fields = [...document.querySelectorAll('input')];
    write(fields.find(field => field.type === 'text'), USER);
    write(fields.find(field => field.type === 'password'), PASSWORD);
    document.querySelector('button[type=submit]').click();
})()"""
DRAWN = """![...document.querySelectorAll('.dashboard-component-chart-holder')].some(
    holder => holder.querySelector('.loading, [data-test="loading-indicator"]'))"""
BOTTOM = """Math.max(...[...document.querySelectorAll('.dashboard-component-chart-holder')].map(
    holder => holder.getBoundingClientRect().bottom))"""
WRONG = """[...document.querySelectorAll(
    '.dashboard-component-chart-holder .ant-alert, [data-test="error-boundary"]'
)].map(element => element.innerText)"""

CELLS = f"""
    select strftime(cohort_start_at, '%Y-%m-%d'), period_number, retention_rate
    from (
        select *, dense_rank() over (order by cohort_start_at desc) as place
        from marts.mart_retention_cohorts
        where retention_id = ? and breakdown_value is null and cohort_start_at is not null
    )
    where place <= {COHORTS_SHOWN} and period_number > 0 and eligible_count > 0
"""
BUILD = "which_build"
HEAT_MAP = "retention_cohorts"


@dataclass(frozen=True)
class Question:
    """What the page of a dashboard asked for: a chart, or the choices of a filter."""

    chart: str | None
    text: str

    def rows(self, superset: Superset) -> list[dict[str, Any]]:
        answer = superset.post("/api/v1/chart/data", json.loads(self.text))
        return answer["result"][0]["data"]


@dataclass
class Readers:
    """People who ask everything, again and again, until they are told to stop."""

    questions: list[Question]
    answers: int = 0
    errors: list[str] = field(default_factory=list)
    builds: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def read(self, superset: Superset, first: int) -> None:
        questions = self.questions[first:] + self.questions[:first]
        while True:
            was_over = self.is_over.is_set()  # one whole round after the end, too
            for question in questions:
                try:
                    rows = question.rows(superset)
                except (Refused, OSError) as error:
                    self.errors.append(f"{question.chart}: {error}")
                    continue
                self.answers += 1
                if question.chart == BUILD:
                    self.builds.append(rows[0]["build_id"])
            if was_over:
                return


def log_in(chromium: Chromium, superset: Superset) -> None:
    page = chromium.open(f"{superset.address}/login/")
    page.wait_for("document.querySelector('input[type=password]')", SECONDS_TO_DRAW)
    user, password = json.dumps(USER), json.dumps(admin_password(home()))
    page.evaluate(LOG_IN.replace("USER", user).replace("PASSWORD", password))
    page.wait_for("!location.pathname.startsWith('/login')", SECONDS_TO_DRAW)


def look(chromium: Chromium, superset: Superset, slug: str, wanted: Iterable[str]) -> Page:
    """Open a dashboard until all its charts are drawn; raise `AssertionError` when one is not."""
    charts = {superset.ids("charts")[uuid] for uuid in wanted}
    page = chromium.open(f"{superset.address}/superset/dashboard/{slug}/", SCREEN)
    until = time.monotonic() + SECONDS_TO_DRAW
    while not charts <= {slice_of(text) for text in asked(page)}:
        missing = charts - {slice_of(text) for text in asked(page)}
        assert time.monotonic() < until, f"{slug}: charts {missing} did not ask for their data"
        time.sleep(0.2)
        page.evaluate("1")  # events of the browser come with answers
    time.sleep(1)
    page.wait_for(DRAWN, SECONDS_TO_DRAW)
    time.sleep(2)  # what is drawn moves into its place
    shot(chromium, page, PICTURES / f"{slug}.png")
    assert page.evaluate(WRONG) == [], slug
    elsewhere = [url for url in page.requests if not url.startswith(superset.address + "/")]
    assert [url for url in elsewhere if not url.startswith(REFUSED)] == [], slug
    problems = [said for said in page.problems if not is_refusal(said)]
    assert problems == [], f"{slug}: {problems}"
    return page


def shot(chromium: Chromium, page: Page, path: Path) -> None:
    """A picture that ends where the dashboard does."""
    chromium.call(
        "Emulation.setDeviceMetricsOverride", width=SCREEN.width,
        height=int(page.evaluate(BOTTOM)) + 24, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    time.sleep(1)
    page.screenshot(path)


def choose(page: Page, choice: str, option: str) -> None:
    """Choose an option of a filter, as a person does, and apply it."""
    field = f"""document.querySelector('[data-test="{choice}"] .ant-select-selector')"""
    option_of = f"""[...document.querySelectorAll('.ant-select-item-option')].find(
        element => element.innerText === {json.dumps(option)})"""
    page.evaluate(f"{field}.dispatchEvent(new MouseEvent('mousedown', {{ bubbles: true }}))")
    page.wait_for(option_of, SECONDS_TO_DRAW)
    page.evaluate(f"{option_of}.click()")
    apply = """document.querySelector('[data-test="filter-bar__apply-button"]')"""
    page.wait_for(f"!{apply}.disabled", SECONDS_TO_DRAW)
    page.evaluate(f"{apply}.click()")


def is_refusal(said: str) -> bool:
    """Whether an error of the console is the browser's word that it did not ask for a picture."""
    problem = json.loads(said)
    is_told = problem.get("source") == "security" and REFUSED in problem.get("text", "")
    return is_told or (problem.get("type") == "Image" and problem.get("blockedReason") == "csp")


def asked(page: Page) -> list[str]:
    return [text for url, text in page.posted if "/api/v1/chart/data" in url]


def slice_of(text: str) -> int | None:
    return json.loads(text).get("form_data", {}).get("slice_id")


def held_charts(dashboard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = dashboard["position"].values()
    return [part for part in parts if isinstance(part, Mapping) and part["type"] == "CHART"]


def questions_of(chromium: Chromium, superset: Superset) -> tuple[list[Question], dict[str, str]]:
    """What every dashboard asks for, the last of each chart last; and the text of each page."""
    charts = assets.load("charts")
    uuids = {content["uuid"]: Path(path).stem for path, content in charts.items()}
    keys = {superset.ids("charts")[uuid]: key for uuid, key in uuids.items()}
    found: dict[str, Question] = {}
    texts = {}
    seen: set[str] = set()
    for dashboard in assets.load("dashboards").values():
        held = [part["meta"]["uuid"] for part in held_charts(dashboard)]
        page = look(chromium, superset, dashboard["slug"], held)
        texts[dashboard["slug"]] = page.evaluate("document.body.innerText")
        seen |= {uuids[uuid] for uuid in held}
        for text in asked(page):
            found[text] = Question(keys.get(slice_of(text) or 0), text)
        print(f"  {dashboard['slug']}: {len(held)} charts", flush=True)
    assert seen == set(uuids.values()), "charts on no dashboard"
    return list(found.values()), texts


def empty_datasets(settings: Settings) -> set[str]:
    """The uuids of datasets that have no row in what is published, as DuckDB itself says."""
    with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as connection:
        rows = {
            content["uuid"]: f"select 1 from {assets.relation(content)} limit 1"
            for content in assets.load("datasets").values()
        }
        return {uuid for uuid, sql in rows.items() if not connection.execute(sql).fetchall()}


def check_rows(superset: Superset, questions: list[Question], settings: Settings) -> int:
    """Every chart has rows, save those about things of which there is none."""
    empty = empty_datasets(settings)
    charts = {Path(path).stem: content for path, content in assets.load("charts").items()}
    last = {question.chart: question for question in questions if question.chart}
    without = {key for key, question in last.items() if not question.rows(superset)}
    may_be_empty = {
        f"{board.name}_{item.id}"
        for board in BOARDS
        for item in board.items
        if item.hides_when_empty
    }
    about_nothing = {
        key
        for key, content in charts.items()
        if content["dataset_uuid"] in empty or key in may_be_empty
    }
    assert without <= about_nothing, f"no rows: {without - about_nothing}"
    return len(last) - len(without)


def check_figures(
    chromium: Chromium, superset: Superset, last: Mapping[str, Question], texts: Mapping[str, str]
) -> None:
    """Figures of Superset are those of the marts, and follow a filter."""
    settings = Settings.from_environment()
    with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as connection:
        [(dau,)] = connection.execute(
            "select max_by(dau, activity_date) from marts.mart_active_users_daily where is_mature"
        ).fetchall()
        curves = connection.execute(
            "select retention_id, label_en || ' ' || label_zh from seeds.dim_retentions"
            " order by row_number"
        ).fetchall()
        cells = {
            curve: {
                (cohort, period): rate
                for cohort, period, rate in connection.execute(CELLS, [curve]).fetchall()
            }
            for curve, _ in curves
        }
    assert f"{dau:,}" in texts["yunying-overview"]
    (first, _), *others = curves
    same_cells(superset, last[HEAT_MAP], cells[first])
    dashboard = assets.load("dashboards")["dashboards/retention.yaml"]
    charts = [part["meta"]["uuid"] for part in held_charts(dashboard)]
    for curve, label in others:
        page = look(chromium, superset, dashboard["slug"], charts)
        choose(page, "NATIVE_FILTER-retention-retention_id", label)
        heat_map = superset.ids("charts")[assets.load("charts")[f"charts/{HEAT_MAP}.yaml"]["uuid"]]
        told = json.dumps(label, ensure_ascii=False)
        until = time.monotonic() + SECONDS_TO_DRAW
        while not (
            texts_of := [
                text for text in asked(page) if slice_of(text) == heat_map and is_about(text, label)
            ]
        ):
            assert time.monotonic() < until, f"the heat map did not ask for {told}"
            time.sleep(0.2)
            page.evaluate("1")
        page.wait_for(DRAWN, SECONDS_TO_DRAW)
        same_cells(superset, Question(HEAT_MAP, texts_of[-1]), cells[curve])
    count = sum(map(len, cells.values()))
    print(f"  DAU {dau:,} and {count} cells of {len(curves)} heat maps are those of the marts")


def is_about(text: str, value: str) -> bool:
    """Whether a question is filtered to a value."""
    return any(
        value in (condition["val"] if isinstance(condition["val"], list) else [])
        for condition in json.loads(text)["queries"][0]["filters"]
    )


def same_cells(
    superset: Superset, question: Question, cells: Mapping[tuple[str, int], float]
) -> None:
    shown = {
        (row["cohort_in_order"], row["period_number"]): rate
        for row in question.rows(superset)
        for rate in [row["figure_retention_rate"]]
        if rate is not None and row["cohort_in_order"][:4].isdigit()
    }
    assert shown.keys() == cells.keys() != set()
    assert all(abs(shown[cell] - rate) < 1e-9 for cell, rate in cells.items())


def read_through_a_build(superset: Superset, questions: list[Question]) -> Readers:
    """Ask everything while a whole build runs; raise `AssertionError` when one answer is none."""
    settings = Settings.from_environment()
    before = current_build(settings)
    readers = Readers(questions)
    people = [
        threading.Thread(
            target=readers.read,
            args=(
                Superset(superset.address, USER, admin_password(home())),
                place * len(questions) // PEOPLE,
            ),
        )
        for place in range(PEOPLE)
    ]
    for person in people:
        person.start()
    try:
        built = subprocess.run(
            [sys.executable, "-m", "orchestration.commands.build", "--again"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        readers.is_over.set()
        for person in people:
            person.join()
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    after = current_build(settings)
    assert readers.errors == [], readers.errors[:3]
    assert before is not None
    assert after is not None
    assert before.build_id != after.build_id
    assert set(readers.builds) == {before.build_id, after.build_id}
    assert readers.builds[-PEOPLE:] == [after.build_id] * PEOPLE
    return readers


def main() -> int:
    """Return 0 when all of it holds; raise `AssertionError` or `SystemExit` when not."""
    for number in (signal.SIGTERM, signal.SIGINT):  # so that nothing that was started stays
        signal.signal(number, lambda *_: sys.exit(1))
    settings = Settings.from_environment()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="yunying-superset-") as folder:
        os.environ["SUPERSET_HOME"] = folder
        with running(port) as superset:
            print(f"Superset has all assets, {len(assets.load('charts'))} charts among them")
            with browser() as chromium:
                log_in(chromium, superset)
                questions, texts = questions_of(chromium, superset)
                full = check_rows(superset, questions, settings)
                print(f"  {full} charts have rows, the others are about what there is none of")
                last = {question.chart: question for question in questions if question.chart}
                check_figures(chromium, superset, last, texts)
            print("a build publishes underneath ...", flush=True)
            readers = read_through_a_build(superset, questions)
    print(
        f"  {readers.answers:,} answers of {len(questions)} questions to {PEOPLE} people, no error;"
        f" from one build to the next\npictures: {PICTURES}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
