"""What Spark says in pages, and what others did to its files, told in a sentence with the mend."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.engines import tables
from orchestration.engines.spark import SparkError, check_folder, mend_of, sentence
from orchestration.project import Settings, SettingsError
from orchestration.store.faults import in_a_sentence
from orchestration.store.warehouse import connect
from tests.support import settings_of

# As Hadoop, Hive's metastore, Ranger and Spark say them.
RIGHTS = (
    "org.apache.hadoop.hive.ql.metadata.HiveException: MetaException(message:Unable to create "
    "database path file:/data/spark/warehouse/facts.db, failed to create database facts)",
    "org.apache.hadoop.security.AccessControlException: Permission denied: user=ops, "
    'access=WRITE, inode="/warehouse":hive:hadoop:drwxr-xr-x\n\tat org.apache.hadoop.hdfs.X',
    "Permission denied: user [ops] does not have [create] privilege on [facts]",
    "java.io.IOException: Mkdirs failed to create file:/data/spark/builds/1/facts/dim_users",
    "[Errno 13] Permission denied: '/data/spark/given'",
)
LOST = (
    "Job aborted due to stage failure: Task 0 in stage 1.0 failed 4 times, most recent failure: "
    "Lost task 0.3 in stage 1.0 (TID 9) (10.0.0.2 executor 3): ExecutorLostFailure (executor 3 "
    "exited caused by one of the running tasks) Reason: Remote RPC client disassociated.",
    "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)",
    "java.lang.OutOfMemoryError: Java heap space",
)
CATALOG = (
    "org.apache.hadoop.hive.ql.metadata.HiveException: java.lang.RuntimeException: Unable to "
    "instantiate org.apache.hadoop.hive.ql.metadata.SessionHiveMetaStoreClient",
    "Caused by: ERROR XSDB6: Another instance of Derby may have already booted the database",
)
SPACE = ("java.io.IOException: No space left on device", "write failed: Disk quota exceeded")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, {"YUNYING_SPARK_DIR": str(tmp_path / "spark")})


@pytest.mark.parametrize(
    ("told", "mend"),
    [
        *((text, "have the administrator allow what docs/en/spark.md lists") for text in RIGHTS),
        *((text, "give more by spark.executor.memory") for text in LOST),
        *((text, "end the other (or name a metastore in the hive-site.xml") for text in CATALOG),
        *((text, "make room, or set YUNYING_SPARK_DIR to a larger disk") for text in SPACE),
    ],
)
def test_a_cause_that_is_known_is_told_with_the_mend(
    settings: Settings, told: str, mend: str
) -> None:
    pages = f"An error occurred while calling o1.sql.\n: {told}\n\tat java.base/Thread.run()\n"
    said = sentence(pages, settings)
    assert mend in said
    assert said.endswith(("then build again", told.splitlines()[0] + ")"))
    assert "\n" not in said
    # Nobody who passes it on takes it for a fault of DuckDB.
    assert in_a_sentence(said) is None


def test_another_cause_is_the_innermost_in_a_line(settings: Settings) -> None:
    pages = "An error occurred\n\tat a.b(C)\nCaused by: one\n\tat d\nCaused by: the cause\n\tat e"
    assert sentence(pages, settings) == "Spark: Caused by: the cause"
    assert sentence("[TABLE_OR_VIEW_NOT_FOUND] x\n; line 1", settings).endswith("NOT_FOUND] x")
    assert mend_of("[TABLE_OR_VIEW_NOT_FOUND] x", settings) is None


@pytest.mark.parametrize("place", ["hdfs://name/warehouse", "s3a://bucket/x", "oss://bucket/x"])
def test_a_folder_that_is_not_local_is_refused(place: str) -> None:
    with pytest.raises(SettingsError, match=r"YUNYING_SPARK_DIR .* every worker see under one"):
        Settings.from_environment({"YUNYING_SPARK_DIR": place})


def test_a_folder_that_cannot_be_written_is_told_before_a_build(settings: Settings) -> None:
    check_folder(settings)
    (settings.spark_dir / "file").touch()
    below_a_file = replace(settings, spark_dir=settings.spark_dir / "file" / "spark")
    with pytest.raises(SparkError, match=r"\(Not a directory\): allow it, or have a folder in"):
        check_folder(below_a_file)


def test_views_of_another_folder_stay_when_what_builds_left_goes(
    settings: Settings, tmp_path: Path
) -> None:
    names = {"ours": settings.spark_dir, "another": tmp_path / "spark2", "inner": tmp_path / "in"}
    with connect(settings) as connection:
        connection.execute("create schema raw; create schema facts")
        for name, folder in names.items():
            inner = str(settings.spark_dir).lstrip("/") if name == "inner" else ""
            path = folder / inner / "builds" / "one" / "facts" / name / "part-0.parquet"
            path.parent.mkdir(parents=True)
            duckdb.sql("select 1 as n").write_parquet(str(path))
            connection.execute(f"create view facts.{name} as from read_parquet('{path}')")
        tables.forget(connection, settings)
        views = connection.execute("select view_name from duckdb_views() where not internal")
        assert {name for (name,) in views.fetchall()} == {"another", "inner"}
    assert not [*settings.spark_dir.rglob("*.parquet")]


def test_tables_stand_until_another_tool_writes_into_one(settings: Settings) -> None:
    folder = settings.spark_dir / "builds" / "one" / "facts" / "sales"
    folder.mkdir(parents=True)
    duckdb.sql("select 1 as n").write_parquet(str(folder / "part-0.parquet"))
    noted = {("facts", "sales"): tables.Table("`n` int", folder, tables.files_in(folder))}
    with connect(settings) as connection:
        connection.execute("create schema raw")
        assert tables.altered(connection) is None
        tables.note(connection, noted)
        assert tables.standing(connection) == noted
        assert tables.altered(connection) is None

        duckdb.sql("select 2 as n").write_parquet(str(folder / "part-1.parquet"))
        assert tables.standing(connection) == {}
        told = tables.altered(connection) or ""
        assert told.startswith("another tool wrote into facts.sales")
        assert "have it write nothing below YUNYING_SPARK_DIR" in told

        (folder / "part-1.parquet").unlink()
        assert tables.standing(connection) == noted
        (folder / "part-0.parquet").unlink()
        assert tables.standing(connection) == {}


@pytest.mark.parametrize(
    ("location", "is_ours"),
    [
        ("file:/data/spark/warehouse/facts.db", True),
        ("file:///data/spark/warehouse/facts.db", True),
        ("/data/spark/facts.db", True),
        ("file:/data/spark/a b%20/facts.db", True),
        ("file:/data/spark2/warehouse/facts.db", False),
        ("file:/other/data/spark/facts.db", False),
        ("hdfs://name/data/spark/facts.db", False),
    ],
)
def test_where_a_database_lies_is_a_path(location: str, is_ours: bool) -> None:
    path = tables.path_of(location)
    assert (path is not None and path.is_relative_to(Path("/data/spark"))) is is_ours
