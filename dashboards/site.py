"""All pages of a build: the index, the boards, the glossary, the tables.

    index.html        the figures of the day, how fresh they are, whether the checks passed; boards
    glossary.html     every figure, stage and definition in both languages
    tables.html       the tables with their columns, and how they hang together
    boards/           a page for each board, and what all pages run

What is slow is not made here but by `make docs`; the index links to it where it is there.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import vl_convert

from dashboards.board import Text
from dashboards.boards import BOARDS
from dashboards.diagram import diagram
from dashboards.front import FRONT
from dashboards.glossary import names
from dashboards.project import Project
from dashboards.render import STATIC, VEGA, Build, board_page, embedded, templates
from dashboards.tables import published_tables

PAGES = ("index.html", "glossary.html", "tables.html", "boards")
"""What stands in a build's folder, beside its tables and the data-quality report."""
DOCUMENTS = "docs"
"""The folder of what `make docs` makes; its list is a script, which a page may read offline."""
LIST_OF_DOCUMENTS = "made.js"


@dataclass(frozen=True)
class Document:
    """A page that `make docs` makes."""

    file: str
    title: Text
    about: Text


MADE_BY_DOCS = (
    Document(
        "dbt.html",
        Text("dbt documentation", "dbt 文档"),
        Text(
            "Every model, column and test, with its SQL and its lineage.",
            "每个模型、列和测试，附 SQL 和血缘。",
        ),
    ),
    Document(
        "lineage.html",
        Text("Column lineage", "列级血缘"),
        Text("From which columns a column is made.", "每一列由哪些列算出。"),
    ),
)


@dataclass(frozen=True)
class Checks:
    """How the checks of a build came out; those that failed would have held it back."""

    passed_count: int
    warned_count: int


def write_site(
    folder: Path,
    database: Path,
    build: Build,
    project: Project,
    restated_value_count: int = 0,
    before: Path | None = None,
) -> None:
    """Write the pages of a build into its folder, from its own file, read-only.

    `before` is the folder of the build before, which may have the script that draws charts.
    Raises `duckdb.Error` when a table that a board shows is missing.
    """
    boards = folder / "boards"
    boards.mkdir()
    for file in sorted(STATIC.iterdir()):
        shutil.copyfile(file, boards / file.name)
    _write_vega(boards, before and before / "boards")
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for board in BOARDS:
            page = board_page(connection, board, build)
            (boards / f"{board.name}.html").write_text(page, encoding="utf-8")
        tables = published_tables(connection)
        shared = {"boards": BOARDS, "current": "", "root": "", "static": "boards/",
                  "build": build, "fresh": build.fresh, "tables": tables}  # fmt: skip
        pages = {
            "index.html": {
                "title": FRONT.title,
                "board": FRONT,
                "payload": embedded(connection, FRONT, build),
                "checks": checks(connection),
                "documents": MADE_BY_DOCS,
                "project": project,
                "vega": VEGA,
                "list_of_documents": f"{DOCUMENTS}/{LIST_OF_DOCUMENTS}",
                "restated_value_count": restated_value_count,
            },
            "glossary.html": {
                "title": Text("Glossary", "术语表"),
                "names": names(connection, tables),
            },
            "tables.html": {
                "title": Text("Tables", "数据表"),
                "diagram": diagram(tables, project),
            },
        }
    for name, content in pages.items():
        page = templates().get_template(f"{name}.j2").render(**shared, **content)
        (folder / name).write_text(page, encoding="utf-8")


def _write_vega(boards: Path, before: Path | None) -> None:
    """Vega, Vega-Lite and Vega-Embed as one script: 0.9 MB, and over a second to put together."""
    script = boards / VEGA
    if before is not None and (before / VEGA).exists():
        shutil.copyfile(before / VEGA, script)
    else:
        bundle = vl_convert.javascript_bundle()
        script.write_text(f"(() => {{{bundle}}})();\n", encoding="utf-8")


def checks(connection: duckdb.DuckDBPyConnection) -> Checks:
    """How many checks of the build passed, and how many warn."""
    row = connection.execute(
        "select count(*) filter (where status = 'passed'),"
        " count(*) filter (where status <> 'passed') from build_checks"
    ).fetchone()
    return Checks(*row) if row else Checks(0, 0)


def list_documents(folder: Path, version: str = "") -> None:
    """Write the list of the documents that are in the folder, for the index to link to."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [one.file for one in MADE_BY_DOCS if (folder / one.file).exists()]
    temporary = folder / f".{LIST_OF_DOCUMENTS}.new"
    content = json.dumps({"version": version, "files": files})
    temporary.write_text(f"window.DOCUMENTS = {content};\n", encoding="utf-8")
    temporary.replace(folder / LIST_OF_DOCUMENTS)
