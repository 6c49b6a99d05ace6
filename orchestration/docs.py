"""`make docs`: dbt's documentation of every model and column, with lineage, as one HTML file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from orchestration.dbt_runs import dbt_environment, dbt_executable, relative_to_root, target_dir
from orchestration.lock import warehouse_lock
from orchestration.project import DBT_PROJECT_DIR, Settings


def main() -> int:
    """Generate it from the project and the warehouse; return dbt's exit code."""
    settings = Settings.from_environment()
    target = target_dir()
    with warehouse_lock(settings):
        result = subprocess.run(
            [
                dbt_executable(),
                "--quiet",
                "docs",
                "generate",
                "--static",
                f"--target-path={target}",
            ],
            cwd=DBT_PROJECT_DIR,
            env={**os.environ, **dbt_environment(settings)},
            check=False,
        )
    if result.returncode == 0:
        page = settings.warehouse.parent / "docs" / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target / "static_index.html", page)
        print(f"open {relative_to_root(page)} in a browser")
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
