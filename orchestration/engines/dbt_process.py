"""dbt of a build on Spark: a cluster, what was ingested as its tables, dbt, and the way back.

In the place of `transform/dbt_process.py`, by the Python that has Spark: whoever starts it is told
by dbt of each model and test, and finds in the warehouse what was made.
"""

from __future__ import annotations

import os
import sys
import threading

import duckdb

from orchestration.engines import building, spark, tables
from orchestration.project import Settings
from orchestration.store.lock import locked
from orchestration.store.warehouse import connect
from orchestration.transform.dbt_process import end_with, leave_out, make_quick


def main() -> None:
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    settings = Settings.from_environment()
    spark.told_path(settings).unlink(missing_ok=True)
    try:
        code = _run(settings, sys.argv[1:])
    except (spark.SparkError, OSError, duckdb.Error) as error:
        spark.told_path(settings).write_text(str(error), encoding="utf-8")
        code = 2
    # A thread that looks after a cluster may still wait for it.
    sys.stdout.flush()
    os._exit(code)


def _run(settings: Settings, arguments: list[str]) -> int:
    from dbt.cli.main import dbtRunner

    # Another warehouse's build may have the same folder.
    with locked(settings.spark_dir / ".lock", str(settings.spark_dir), print):
        with connect(settings) as connection:
            stands, left_out = building.begin(connection, settings, arguments)
        if settings.spark_master is None:
            building.forget_catalog(settings)
        folder = tables.new_folder(settings)
        os.environ["BUILD_TABLES"] = str(folder)
        make_quick()
        leave_out(left_out)
        with spark.opened(settings) as asking:
            with asking() as cursor:
                building.load(cursor, settings, stands)
            building.teach_dbt_python(asking)
            result = dbtRunner().invoke(arguments)
            if getattr(result.result, "results", None) is None:
                raise spark.SparkError(f"dbt did not begin: {result.exception}")
            for each in () if result.success else result.result.results:
                if mend := spark.mend_of(each.message or "", settings):
                    raise spark.SparkError(mend)
            with connect(settings) as connection, asking() as cursor:
                building.bring_back(
                    cursor, connection, settings, folder, is_whole=bool(result.success)
                )
        if result.success and settings.spark_master is None:
            building.forget_catalog(settings)
        return 0 if result.success else 1


if __name__ == "__main__":
    main()
