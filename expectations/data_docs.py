"""Data Docs: the suites' results as a static site that opens offline.

Great Expectations' own pages fetch styles, scripts and fonts from eight hosts, put values into
tables unescaped, and show of a SQL rule neither what it means nor which rows broke it. These
pages are plain HTML and one style sheet, escape everything, and say both.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from jinja2 import Environment, FileSystemLoader

from expectations.chinese import chinese
from expectations.results import PERSONAL_COLUMNS, SuiteResult
from expectations.rules import Suite

_TEMPLATES = Path(__file__).parent / "templates"
_RESULTS = "results.json"
_PERSONAL_ID = re.compile(r'(<td class="personal">)[^<]*(</td>)')


@dataclass(frozen=True)
class RuleWarning:
    """A rule that warns: what it found, in how many rows."""

    rule: str
    sentence: str
    failing_row_count: int
    sentence_zh: str | None = None


@dataclass(frozen=True)
class SuiteSummary:
    """What came of a suite, without any value of a row."""

    suite: str
    status: str
    warnings: tuple[RuleWarning, ...]


def page_of(suite_name: str) -> str:
    """A suite's page, relative to the site's folder."""
    return f"suites/{suite_name}.html"


def build_data_docs(
    target_dir: Path, suites: Sequence[Suite], results: Sequence[SuiteResult]
) -> Path:
    """Write the site of these results, in place of what the folder held; return its index.

    The site names failing rows by their keys, ids of people among them: it belongs beside the
    warehouse. `publish_data_docs` gives the copy for readers.
    """
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared = {
        "evaluated_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "personal": PERSONAL_COLUMNS,
        "chinese": chinese,
    }
    target_dir.parent.mkdir(parents=True, exist_ok=True)
    for left in target_dir.parent.glob(f".{target_dir.name}-*"):
        shutil.rmtree(left)  # of a run that was killed; it names people
    site = Path(mkdtemp(prefix=f".{target_dir.name}-", dir=target_dir.parent))
    try:
        site.chmod(0o755)
        (site / "suites").mkdir()
        shutil.copyfile(_TEMPLATES / "style.css", site / "style.css")
        index = templates.get_template("index.html.j2").render(results=results, root="", **shared)
        (site / "index.html").write_text(index, encoding="utf-8")
        suite_page = templates.get_template("suite.html.j2")
        for suite, result in zip(suites, results, strict=True):
            page = suite_page.render(suite=suite, result=result, root="../", **shared)
            (site / result.page).write_text(page, encoding="utf-8")
        summary = [_summary(result) for result in results]
        (site / _RESULTS).write_text(json.dumps(summary, indent=1), encoding="utf-8")
        _replace(site, target_dir)
    finally:
        shutil.rmtree(site, ignore_errors=True)
    return target_dir / "index.html"


def read_results(site_dir: Path) -> tuple[SuiteSummary, ...]:
    """What the site of these results says of each suite; empty where there is no site."""
    path = site_dir / _RESULTS
    if not path.exists():
        return ()
    return tuple(
        SuiteSummary(
            suite=one["suite"],
            status=one["status"],
            warnings=tuple(RuleWarning(**warning) for warning in one["warnings"]),
        )
        for one in json.loads(path.read_text(encoding="utf-8"))
    )


def publish_data_docs(site_dir: Path, target_dir: Path) -> Path:
    """Copy a site for readers, without the ids of people; return the copy's index."""
    shutil.copytree(site_dir, target_dir)
    for page in target_dir.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(_PERSONAL_ID.sub(r"\1hidden: an id of a person\2", text), encoding="utf-8")
    return target_dir / "index.html"


def _summary(result: SuiteResult) -> dict[str, object]:
    return {
        "suite": result.suite,
        "status": result.status,
        "warnings": [
            {
                "rule": warning.rule,
                "sentence": warning.sentence,
                "failing_row_count": warning.failing_row_count,
                "sentence_zh": chinese(warning.sentence),
            }
            for warning in result.warnings
        ],
    }


def _replace(site: Path, target_dir: Path) -> None:
    """Put the new site in the old one's place: a reader finds one or the other."""
    old = Path(mkdtemp(prefix=f".{target_dir.name}-old-", dir=target_dir.parent))
    try:
        if target_dir.exists():
            target_dir.rename(old / "site")
        site.rename(target_dir)
    finally:
        shutil.rmtree(old, ignore_errors=True)
