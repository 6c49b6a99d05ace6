"""What a test asks of a server over Thrift, in Spark's own environment: JSON on the last line.

    python -m tests.engines.on_thrift FOLDER SEED

`loaded`, `brought back` and `reckoned` are as of a session, `added` is as of
`tests.engines.adding`. `unset` is what is told of a server that does not take what a session is to
mean, `refused` of a statement that it does not do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyspark

from orchestration.engines import spark
from orchestration.project import Settings
from tests.engines.adding import added
from tests.engines.on_spark import brought_back, loaded, reckoned

SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
QUICK = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
    # What it is not told it has in another way.
    "spark.sql.session.timeZone": "America/Havana",
    "spark.sql.ansi.enabled": "true",
}
SECONDS_TO_START = 120


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """One of this machine; its address."""
    home, port = Path(pyspark.__file__).parent, spark._free_port()
    asked = QUICK | {
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    options = [part for name, text in asked.items() for part in ("--conf", f"{name}={text}")]
    process = subprocess.Popen(
        [
            str(home / "bin" / "spark-submit"), "--class", SERVER, "--master", "local[1]",
            *options, "spark-internal",
        ],
        cwd=folder,  # Derby's
        env={**os.environ, "SPARK_HOME": str(home), "SPARK_CONF_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"thrift://127.0.0.1:{port}"
    try:
        until = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                spark.check_master(address)
                break
            except spark.SparkError:
                if process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def unset(settings: Settings) -> str:
    """What is told where the server leaves out what it is asked, as it does without a prefix."""
    output = spark.output

    def without_prefix(environment: Mapping[str, str], name: str) -> dict[str, Any]:
        found = output(environment, name)
        parameters = found["server_side_parameters"].items()
        names = {key.removeprefix(spark._OF_A_SERVER): text for key, text in parameters}
        return found | {"server_side_parameters": names}

    spark.output = without_prefix
    try:
        with spark.opened(settings) as asking, asking():
            return ""
    except spark.SparkError as error:
        return str(error)
    finally:
        spark.output = output


def refused(settings: Settings) -> str:
    """What is told of a statement that the server does not do."""
    try:
        with spark.opened(settings) as asking, asking() as cursor:
            cursor.execute("select * from facts.nowhere")
            return ""
    except spark.SparkError as error:
        return str(error)


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    told: dict[str, Any] = {}
    with server(folder) as address:
        settings = replace(Settings.from_environment(), spark_dir=folder, spark_master=address)
        os.environ.update(settings.environment())
        with spark.opened(settings) as asking:
            with asking() as cursor:
                told["loaded"] = loaded(cursor, settings)
            with asking() as cursor:
                told["brought back"] = brought_back(cursor, settings)
            with asking() as cursor:
                told["reckoned"] = reckoned(cursor, settings)
            with asking() as cursor:
                told["added"] = added(folder / "adding", "thrift", seed, cursor)
        told["unset"] = unset(settings)
        told["refused"] = refused(settings)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
