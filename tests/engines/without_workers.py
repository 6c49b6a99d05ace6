"""What a cluster is asked whose workers never come, in Spark's own environment: the sentence."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from orchestration.engines import spark
from orchestration.project import Settings


def main(folder: Path) -> None:
    spark.WORKERS, spark._SECONDS_WITHOUT_WORKERS = 0, 3
    settings = replace(Settings.from_environment(), spark_dir=folder, spark_master=None)
    try:
        with spark.cluster(settings) as master, spark.session(settings, master) as session:
            session.range(10).repartition(2).count()
    except spark.SparkError as error:
        print(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
