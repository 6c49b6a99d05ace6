"""How Spark is asked: in a session of this process, on the cluster of the settings or on one of
this machine that ends with it; or over Thrift, of a server.

What makes SQL mean the same as on DuckDB stands in dbt_project/profiles.yml, and is asked of both.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jinja2 import Environment

from orchestration.project import DBT_PROJECT_DIR, ROOT, Settings, SettingsError

JAVA = 17
"""The newest version that Spark 3.5 runs on, and the only one that this was tried with."""
WORKERS = 2
OF_THIS_MACHINE: Mapping[str, str] = {
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executor.memory": "1500m",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
    "spark.driver.memory": "2g",
    # Of what a build asks nothing is looked at again; a thousand plans are a heap.
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "10",
    "spark.ui.retainedStages": "10",
    "spark.executorEnv.PYTHONPATH": str(ROOT),
    "spark.driver.host": "127.0.0.1",
}
"""What a cluster of this machine is told besides; one of a company has its own `spark-defaults`."""
QUICK_DRIVER = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
"""It plans hundreds of small queries, each once."""
_OVER_THRIFT = "thrift://"
_OF_A_SERVER = "set:hiveconf:"
"""How a server is told, when a session of it begins, what a session is configured with."""
_AS_LONG_AS_US = 'exec 3<&0; (read _ <&3; kill $$ 2>/dev/null) & exec "$@" 3<&-'
"""How a shell runs a program that ends when we do, killed or not: its input closes then."""
_WAIT_SECONDS = 60
_SECONDS_WITHOUT_WORKERS = 60
_SECONDS_BETWEEN_LOOKS = 2
_SECONDS_TO_END = 10
_TOLD_LENGTH = 500
_NO_SPACE = re.compile("No space left on device|Disk quota exceeded")
_NO_RIGHTS = re.compile(
    r"[^\n]*(?:Permission denied|AccessControlException|AccessDeniedException"
    r"|Unable to create database path|Mkdirs failed to create|does not have .*privilege)[^\n]*"
)
_LOST = re.compile("ExecutorLostFailure|Python worker exited unexpectedly|OutOfMemoryError")
_NO_CATALOG = re.compile("SessionHiveMetaStoreClient|ERROR XSDB6|Another instance of Derby")


class SparkError(RuntimeError):
    """Spark cannot be used; the message says why, and the mend."""


Asking = Callable[[], AbstractContextManager[Any]]
"""Gives a cursor (PEP 249), which takes one statement at a time, and what it told is fetched."""


def is_over_thrift(settings: Settings) -> bool:
    """Whether Spark is a server, and nothing of it runs here."""
    return (settings.spark_master or "").startswith(_OVER_THRIFT)


def dbt_target(settings: Settings) -> str:
    """The output of profiles.yml that dbt takes."""
    return "thrift" if is_over_thrift(settings) else "spark"


def environment() -> dict[str, str]:
    """What dbt of a build is started with, in the place of DuckDB's. Raises `SparkError`."""
    settings = Settings.from_environment()
    check_machine(settings)
    check_folder(settings)
    python = Path(sys.executable)
    if importlib.util.find_spec("pyspark") is None:
        python = ROOT / ".venv-spark" / "bin" / "python"
    if not python.exists():
        raise SparkError(
            "Spark's environment is not there: `make build` makes it when YUNYING_ENGINE=spark"
        )
    return {
        "DBT_TARGET": dbt_target(settings),
        "BUILD_PYTHON": str(python),
        "BUILD_DBT": str(ROOT / "orchestration" / "engines" / "dbt_process.py"),
    }


def told_path(settings: Settings) -> Path:
    """Where a build on Spark says why it could not go on."""
    return settings.spark_dir / "why.txt"


def check_machine(settings: Settings) -> None:
    """Raise `SparkError` where a session cannot run here, and has to."""
    if not is_over_thrift(settings):
        check_java()


def check_java() -> None:
    """Raise `SparkError` where there is no Java that this was tried with."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    mend = (
        f"install Java {JAVA} (apt-get install openjdk-{JAVA}-jre-headless), or set JAVA_HOME to it"
    )
    if not java or not Path(java).exists():
        raise SparkError(f"Spark needs Java, and there is none: {mend}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    if found is None or int(found[1]) != JAVA:
        version = found[1] if found else "of a version that it does not tell"
        raise SparkError(f"Java is {version}, and Spark was tried with {JAVA} alone: {mend}")


def check_folder(settings: Settings) -> None:
    """Raise `SparkError` where nothing can be written: nor could it be told there."""
    try:
        settings.spark_dir.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=settings.spark_dir).close()
    except OSError as error:
        raise SparkError(
            f"{settings.spark_dir} cannot be written ({error.strerror}): allow it, or have "
            "a folder in YUNYING_SPARK_DIR that can be"
        ) from error


@contextmanager
def cluster(settings: Settings) -> Iterator[str]:
    """The address of the cluster's master; without one in the settings, of a cluster of this
    machine: a master, and two workers of a core each, one where no more threads may be taken."""
    if settings.spark_master is not None:
        yield settings.spark_master
        return
    check_java()
    logs = settings.spark_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    processes = [
        _start(logs, "Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
    ]
    try:
        _wait_for(port, processes[0], logs)
        work = ("--work-dir", str(settings.spark_dir / "work"), "--webui-port", "0")
        for number in range(min(WORKERS, settings.threads)):
            limits = ("--host", "127.0.0.1", "--cores", "1", "--memory", "2g")
            processes.append(_start(logs, "Worker", *limits, *work, master, number=number))
        yield master
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()


def _start(logs: Path, kind: str, *arguments: str, number: int = 0) -> subprocess.Popen[bytes]:
    import pyspark

    spark = Path(pyspark.__file__).parent
    with (logs / f"{kind.lower()}-{number}.log").open("wb") as log:
        return subprocess.Popen(
            [
                *("sh", "-c", _AS_LONG_AS_US, "sh"),
                str(spark / "bin" / "spark-class"),
                f"org.apache.spark.deploy.{kind.lower()}.{kind}",
                *arguments,
            ],
            env={
                **os.environ,
                "SPARK_HOME": str(spark),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_LOCAL_DIRS": str(logs.parent / "work"),  # what tasks put aside
            },
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait_for(port: int, process: subprocess.Popen[bytes], logs: Path) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise SparkError(f"Spark's master did not start: {logs / 'master-0.log'} says why")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def check_master(master: str) -> None:
    """Raise `SparkError` where nothing answers: Spark itself would ask for a minute."""
    scheme, _, addresses = master.partition("://")
    if scheme not in (ports := {"spark": 7077, "thrift": 10000}):
        return
    for address in addresses.split(","):
        parts = urlsplit(f"//{address}")
        with suppress(OSError):
            socket.create_connection((parts.hostname, parts.port or ports[scheme]), 5).close()
            return
    raise SparkError(
        f"No Spark answers at {master}: start it, or mend YUNYING_SPARK_MASTER (empty: "
        "a cluster of this machine is started)"
    )


def output(environment: Mapping[str, str], name: str = "spark") -> dict[str, Any]:
    """An output of profiles.yml, by the settings of an environment."""
    text = (DBT_PROJECT_DIR / "profiles.yml").read_text(encoding="utf-8")
    templates = Environment()
    templates.filters["as_number"] = int

    def rendered(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: str(rendered(each)) for name, each in value.items()}
        if not isinstance(value, str):
            return value
        return templates.from_string(value).render(
            env_var=lambda name, default: environment.get(name, default)
        )

    found = yaml.safe_load(text)["yunying"]["outputs"][name]
    return {key: rendered(value) for key, value in found.items()}


@contextmanager
def opened(settings: Settings) -> Iterator[Asking]:
    """Spark as the settings have it. Raises `SparkError`, also for what fails inside."""
    if is_over_thrift(settings):
        with _in_a_sentence(settings):
            yield lambda: _cursor_of_a_server(settings)
        return
    with cluster(settings) as master, session(settings, master) as spark:
        yield lambda: nullcontext(SessionCursor(spark))


class SessionCursor:
    """A session, asked as a server is."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self._told: Any = None

    def execute(self, statement: str) -> None:
        """Do it; of a query nothing is computed before its rows are fetched."""
        self._told = self.session.sql(statement)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of what was executed last."""
        return [tuple(row) for row in self._told.collect()]


@contextmanager
def _cursor_of_a_server(settings: Settings) -> Iterator[Any]:
    """Of a session of its own: what another one knows of files may have grown old."""
    from pyhive import hive
    from thrift.transport.TTransport import TTransportException

    check_master(settings.spark_master or "")
    asked = output(settings.environment() | settings.spark_secrets(), "thrift")
    parameters = asked["server_side_parameters"]
    try:
        connection = hive.connect(
            host=asked["host"],
            port=int(asked["port"]),
            username=asked["user"],
            auth=asked["auth"],
            password=asked["password"],
            configuration=parameters,
        )
    except TTransportException as error:
        raise SparkError(
            f"{settings.spark_master} gives {asked['user']} no session ({error}): mend that user, "
            "or YUNYING_SPARK_PASSWORD"
        ) from error
    try:
        cursor = connection.cursor()
        for name, text in parameters.items():
            cursor.execute(f"set {name.removeprefix(_OF_A_SERVER)}")
            ((_, found),) = cursor.fetchall()
            if found != text:
                raise SparkError(
                    f"The server at {settings.spark_master} has {found} where a session of this "
                    f"project is to have {text}, of {name.removeprefix(_OF_A_SERVER)}: let "
                    "sessions set it, or set it for all"
                )
        yield cursor
    finally:
        connection.close()


@contextmanager
def session(settings: Settings, master: str) -> Iterator[Any]:
    """The session of this process, which dbt's own way to connect finds."""
    check_java()
    check_master(master)
    from pyspark.sql import SparkSession

    asked = output(replace(settings, spark_master=master).environment())["server_side_parameters"]
    if settings.spark_master is None:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # Hive's metastore is Derby there, unless a hive-site.xml names one.
        home = f'-Dderby.system.home="{settings.spark_dir}"'
        asked |= OF_THIS_MACHINE | {
            "spark.driver.extraJavaOptions": f"{QUICK_DRIVER} {home}",
            "spark.local.dir": str(settings.spark_dir / "work"),
        }
    builder = SparkSession.builder.enableHiveSupport()
    for name, text in asked.items():
        builder = builder.config(name, text)
    try:
        spark = builder.getOrCreate()
    except Exception as error:
        told = str(error).strip().splitlines()
        raise SparkError(f"Spark's session did not start: {told[-1] if told else error}") from error
    spark.sparkContext.setLogLevel("ERROR")
    try:
        with _watched(spark.sparkContext, master), _in_a_sentence(settings):
            yield spark
    finally:
        spark.stop()


@contextmanager
def _watched(context: Any, master: str) -> Iterator[None]:
    """Have what is asked of a cluster without workers fail after a while: Spark would wait for one
    forever. A worker that is lost while others are there is none of this: they do its part again.

    Raises `SparkError` at the end where that was so.
    """
    if master.startswith("local"):
        yield
        return
    from py4j.protocol import Py4JError

    ended, gone = threading.Event(), threading.Event()

    def is_waiting() -> bool:
        # The driver counts as one. Where nothing is asked, a cluster may have let go of the others.
        return context._jsc.sc().getExecutorMemoryStatus().size() <= 1 and bool(
            gone.is_set() or context.statusTracker().getActiveJobsIds()
        )

    def look() -> None:
        since = time.monotonic()
        with suppress(Py4JError):  # Spark itself has ended
            while not ended.wait(_SECONDS_BETWEEN_LOOKS):
                if not is_waiting():
                    since = time.monotonic()
                elif time.monotonic() - since > _SECONDS_WITHOUT_WORKERS:
                    gone.set()
                    context.cancelAllJobs()  # and again, whatever is asked next

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if gone.is_set():
            raise SparkError(
                f"No worker of {master} was there for {_SECONDS_WITHOUT_WORKERS} s: start them, or "
                "see in their logs why they ended, or took no work; then build again"
            ) from None


@contextmanager
def _in_a_sentence(settings: Settings) -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyhive.exc import Error
    from pyspark.errors import PySparkException
    from thrift.Thrift import TException

    try:
        yield
    except (Py4JError, PySparkException, Error, TException) as error:
        # Over Thrift it is in an answer's status.
        status = getattr(error.args[0], "status", None) if error.args else None
        told = getattr(status, "errorMessage", None) or str(error)
        raise SparkError(sentence(told, settings)) from error


def sentence(told: str, settings: Settings) -> str:
    """Of what Spark says in pages: the cause, and the mend where there is a known one."""
    if known := mend_of(told, settings):
        return known
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return f"Spark: {(causes or lines or [told])[-1 if causes else 0][:_TOLD_LENGTH]}"


def mend_of(told: str, settings: Settings) -> str | None:
    """What is to be done about a message of Spark, in a sentence; None: nothing is known."""
    if _NO_SPACE.search(told):
        return (
            f"No space is left below {settings.spark_dir}, or where workers keep what they "
            "compute: make room, or set YUNYING_SPARK_DIR to a larger disk; then build again"
        )
    if found := _NO_RIGHTS.search(told):
        return (
            f"Spark may not do what it has to, make databases and tables of the catalog and write "
            f"below {settings.spark_dir}: have the administrator allow what docs/en/spark.md "
            f"lists, then build again ({found[0].strip()[:_TOLD_LENGTH]})"
        )
    if _LOST.search(told):
        return (
            "Workers of Spark ended while they computed, most often for want of memory: see in "
            "their logs why, and give more by spark.executor.memory, spark.driver.memory and "
            "spark.executor.memoryOverhead in the spark-defaults.conf of your cluster "
            f"({OF_THIS_MACHINE['spark.executor.memory']} a worker on one of this machine); then "
            "build again"
        )
    if _NO_CATALOG.search(told):
        return (
            "Spark's catalog does not open: either its metastore is gone, or it is Derby and "
            "another driver has it open, which one at a time may; start the one, or end the other "
            "(or name a metastore in the hive-site.xml of SPARK_CONF_DIR), then build again"
        )
    return None


if __name__ == "__main__":
    try:
        check_machine(Settings.from_environment())
    except (SettingsError, SparkError) as said:
        sys.exit(str(said))
