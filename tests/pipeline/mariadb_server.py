"""A MariaDB server for tests: a folder of its own, on loopback, gone afterwards.

It comes from Debian's package `mariadb-server`. Without it such tests are skipped, save in
continuous integration.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pymysql
import pytest

PASSWORD = "my-s3cret@Zq8: /'x"
USER = "yunying"
DATABASE = "shop"
_SECONDS = 60


@dataclass
class MariaDb:
    """A server that can be stopped and started again on its port."""

    folder: Path
    port: int
    options: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [
                _program("mariadbd"), "--no-defaults", f"--datadir={self.folder}/data",
                f"--socket={self.folder}/socket", f"--port={self.port}", "--user=nobody",
                "--bind-address=127.0.0.1", f"--pid-file={self.folder}/pid",
                "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M",
                *self.options,
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
        )  # fmt: skip
        log.close()
        for _ in range(10 * _SECONDS):
            with suppress(pymysql.Error):
                self.run("select 1", database=None)
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text(encoding="utf-8")[-2000:])

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(_SECONDS)
            self.process = None

    def run(self, *statements: str, database: str | None = DATABASE) -> list[tuple[Any, ...]]:
        """Run statements as the owner; return the rows of the last."""
        with (
            pymysql.connect(
                unix_socket=f"{self.folder}/socket",
                user="root",
                database=database,
                charset="utf8mb4",
                autocommit=True,
                init_command="set sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


@contextmanager
def mariadb_server(*options: str) -> Iterator[MariaDb]:
    """A running server with an empty database, and a user who may read it."""
    if shutil.which("mariadbd", path=_PATH) is None:
        assert not os.environ.get("CI"), ".ci/run installs mariadb-server"
        pytest.skip("mariadb-server is not installed")
    folder = Path(mkdtemp(prefix="yunying-my-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        subprocess.run(
            [
                _program("mariadb-install-db"), "--no-defaults", "--user=nobody",
                f"--datadir={folder}/data", "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
            cwd="/",
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server = MariaDb(folder, free.getsockname()[1], options or ("--skip-ssl",))
        server.start()
        try:
            secret = PASSWORD.replace("'", "''")
            server.run(
                f"create database {DATABASE} character set utf8mb4",
                f"create user {USER}@'127.0.0.1' identified by '{secret}'",
                f"grant select on {DATABASE}.* to {USER}@'127.0.0.1'",
                database=None,
            )
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found is not None, name
    return found
