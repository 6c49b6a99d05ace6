"""What a test asks of Spark, by one JVM in Spark's own environment: JSON in, JSON out.

    {"parse": {name: sql}, "answer": {name: query}, "compile": true}

`parse` gives what Spark's parser has against a text (null: nothing), `answer` the rows of a query
as texts, `compile` the SQL of every model, by dbt for Spark.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from orchestration.engines.spark import parameters
from orchestration.project import DBT_PROJECT_DIR, Settings

# What starts quickly: bodies are compiled by nobody, and plans run in one thread.
QUICK = {
    "spark.master": "local[1]",
    "spark.ui.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss8m",
}


def session(folder: Path) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    asked = parameters(os.environ) | QUICK | {"spark.sql.warehouse.dir": str(folder)}
    for name, text in asked.items():
        builder = builder.config(name, text)
    return builder.getOrCreate()


def compiled(folder: Path) -> dict[str, str]:
    """Every model's SQL, where nothing was built before: nobody is asked what there is."""
    from dbt.adapters.spark.impl import SparkAdapter
    from dbt.cli.main import dbtRunner

    SparkAdapter.list_relations_without_caching = lambda self, schema_relation: []
    result = dbtRunner().invoke(
        [
            "--quiet", "--no-use-colors", "--log-level-file=none", "compile", "--full-refresh",
            "--no-populate-cache", "--no-introspect", "--target=spark",
            f"--project-dir={DBT_PROJECT_DIR}", f"--profiles-dir={DBT_PROJECT_DIR}",
            f"--target-path={folder}",
        ]
    )  # fmt: skip
    assert result.success, result.exception
    return {
        each.node.name: each.node.compiled_code
        for each in result.result
        if each.node.resource_type == "model" and each.node.language == "sql"
    }


def why_not(spark: Any, sql: str) -> str | None:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        spark._jsparkSession.sessionState().sqlParser().parsePlan(sql)
    except (PySparkException, Py4JJavaError) as error:
        return str(error).strip().splitlines()[0]
    return None


def main() -> None:
    asked = json.loads(sys.stdin.read())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(Settings.from_environment().environment())
        spark = session(folder)
        models = compiled(folder / "target") if asked.get("compile") else {}
        told = {
            "models": models,
            "parse": {
                of: why_not(spark, sql) for of, sql in {**models, **asked.get("parse", {})}.items()
            },
            "answer": {
                of: [[None if cell is None else str(cell) for cell in row] for row in rows]
                for of, query in asked.get("answer", {}).items()
                for rows in [spark.sql(query).collect()]
            },
        }
        spark.stop()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
