"""`make docs`: dbt's documentation and the lineage of columns, as pages that open offline.

They take some 20 seconds, and are of the project, not of a build: so they are made when they are
asked for, into `docs/` beside the builds, and the index of what is published links to them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboards.site import list_documents
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.publish.site import documents_dir
from orchestration.store.lock import warehouse_lock
from orchestration.transform.dbt_runs import (
    dbt_environment,
    dbt_executable,
    project_hash,
    relative_to_root,
    target_dir,
)

# dbt's page asks for two files that no page has: templates that its script fills in later.
_MENDS = (
    ('xlink:href="{{ getIcon(', 'ng-attr-xlink:href="{{ getIcon('),
    ("${require('./assets/favicons/favicon.ico')}", "data:,"),
)


def main() -> int:
    """Generate them from the project and the warehouse; return the exit code of what failed."""
    settings = Settings.from_environment()
    folder = documents_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
        made = Path(temporary)
        code = _dbt_page(settings, made / "dbt.html") or _lineage_page(made / "lineage.html")
        if code:
            return code
        for page in made.glob("*.html"):
            page.replace(folder / page.name)
    list_documents(folder, project_hash())
    index = settings.publish_dir / "index.html"
    shown = index if index.exists() else folder / "dbt.html"
    print(f"open {relative_to_root(shown)} in a browser")
    return 0


def _dbt_page(settings: Settings, page: Path) -> int:
    """Every model, column and test, with SQL and lineage; needs the tables in the warehouse."""
    with warehouse_lock(settings):
        result = subprocess.run(
            [
                dbt_executable(),
                "--quiet",
                "docs",
                "generate",
                "--static",
                f"--target-path={target_dir()}",
            ],
            cwd=DBT_PROJECT_DIR,
            env={**os.environ, **dbt_environment(settings)},
            check=False,
        )
    if result.returncode == 0:
        text = (target_dir() / "static_index.html").read_text(encoding="utf-8")
        for wrong, right in _MENDS:
            text = text.replace(wrong, right)
        page.write_text(text, encoding="utf-8")
    return result.returncode


def _lineage_page(page: Path) -> int:
    """From which columns each column is made, by dbt-colibri, which is told to send nothing."""
    with TemporaryDirectory() as temporary:
        result = subprocess.run(
            [
                str(Path(sys.executable).parent / "colibri"),
                "generate",
                "--light",
                "--disable-telemetry",
                f"--manifest={target_dir() / 'manifest.json'}",
                f"--catalog={target_dir() / 'catalog.json'}",
                f"--output-dir={temporary}",
            ],
            cwd=temporary,
            env={**os.environ, "DO_NOT_TRACK": "1", "DISABLE_COLIBRI_TELEMETRY": "1"},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if result.returncode == 0:
            shutil.copyfile(Path(temporary) / "index.html", page)
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
