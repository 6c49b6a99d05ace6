"""`make spark`: ingest as ever, then every model, its tests and what is published by Spark.

With `--check` it looks for Java alone. Exit code 0: published. 1: something failed, and readers see
the build before. 2: Spark, or a setting, cannot be used.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence

import duckdb

from orchestration.engines import building, spark
from orchestration.ingest.databases.declared import DatabasesError
from orchestration.ingest.databases.reading import read_databases
from orchestration.ingest.definitions.problems import DefinitionsError
from orchestration.ingest.loader import ingest
from orchestration.project import Settings, SettingsError
from orchestration.publish.publishing import erasure_epoch
from orchestration.store.lock import locked, warehouse_lock
from orchestration.store.warehouse import WarehouseError, connect
from orchestration.transform import transforming

NOTHING = "Nothing is published: readers see the build before."


def main(arguments: Sequence[str]) -> int:
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)

    # A cluster of this machine ends with the build, however that ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        settings = Settings.from_environment()
        spark.check_java()
        if arguments == ["--check"]:
            return 0
        folder = settings.spark_dir
        with warehouse_lock(settings, say), locked(folder / ".lock", str(folder), say):
            return _build(settings, say)
    except spark.StoppedError as error:
        print(f"{error}\n{NOTHING}", file=sys.stderr)
        return 1
    except (SettingsError, spark.SparkError) as error:
        print(error, file=sys.stderr)
        return 2
    except (DatabasesError, DefinitionsError, WarehouseError, OSError, duckdb.Error) as error:
        print(f"{error}\n{NOTHING}", file=sys.stderr)
        return 1


def _build(settings: Settings, say: Callable[[str], None]) -> int:
    if settings.databases is not None:
        read_databases(settings, say)
    say(ingest(settings).summary())
    with connect(settings) as connection:
        count = building.export(connection, settings)
        asked = transforming.asked_of_a_build(connection)
        epoch = erasure_epoch(connection)
    say(f"{count} tables of raw rows and definitions are there for Spark")
    if settings.spark_master is None:
        building.forget(settings)
    with spark.cluster(settings) as master, spark.session(settings, master) as session:
        say(f"a session of Spark {session.version} on {master}")
        building.load(session, settings)
        failed = {name: why for name, why in building.transform(settings, asked).items() if why}
        if any(spark.NO_SPACE in why for why in failed.values()):
            raise spark.StoppedError(spark.sentence(spark.NO_SPACE, settings))
        if not failed:
            say("every model is built, and every data test has passed")
            say(f"build {building.publish(session, settings, epoch)} is published")
            return 0
    # Now, as a cluster that has lost its workers is another reason.
    for name, why in failed.items():
        print(f"{name}: {why}", file=sys.stderr)
    print(NOTHING, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
