"""`make superset`: Superset on the published file, at an address of this machine alone.

Its environment is `.venv-superset`, its data (users, and what people make in it) are in
`data/superset`, or where SUPERSET_HOME points. The dashboards that are shipped are taken in anew
at each start: who wants others saves them under another name.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from bi.superset import assets
from bi.superset.api import Superset
from orchestration.project import ROOT, Settings, SettingsError
from orchestration.publish.builds import DATABASE

HOST = "127.0.0.1"
PORT = 8088
USER = "admin"
BIN = ROOT / ".venv-superset" / "bin"
CONFIG = Path(__file__).with_name("superset_config.py")
SECONDS_TO_START = 300.0
SECONDS_TO_STOP = 20.0
# One process: its sessions and DuckDB's open files are in one place. Queries run side by side.
_SERVER = ("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--timeout", "120")


def home() -> Path:
    """The folder of Superset's own data; only its owner looks into it."""
    folder = Path(os.environ.get("SUPERSET_HOME", "").strip() or "data/superset")
    folder = (ROOT / folder).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def admin_password(folder: Path) -> str:
    """That of the environment (SUPERSET_ADMIN_PASSWORD), else the one drawn at the first start."""
    return os.environ.get("SUPERSET_ADMIN_PASSWORD") or _kept(folder / "admin-password", 12)


def _kept(path: Path, length: int) -> str:
    """A secret that is drawn once, and kept where only its owner reads it."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
            file.write(secrets.token_urlsafe(length))
    return path.read_text(encoding="utf-8").strip()


def environment(folder: Path) -> dict[str, str]:
    """What Superset's processes are started with."""
    _kept(folder / "secret-key", 42)
    return {
        **os.environ,
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(CONFIG),
        "SUPERSET_ADMIN_USER": USER,
        "SUPERSET_ADMIN_PASSWORD": admin_password(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "FLASK_APP": "superset.app:create_app()",
    }


@contextmanager
def running(port: int = PORT) -> Iterator[Superset]:
    """Superset with the assets, and a session of the admin; it ends with the block.

    Raises `SystemExit` with a sentence when it does not start, or lacks an asset.
    """
    folder = home()
    log = folder / "superset.log"
    with log.open("wb") as output:
        prepared = subprocess.run(
            [BIN / "python", "-m", "bi.superset.prepare", assets.FOLDER],
            cwd=ROOT, env=environment(folder), stdout=output, stderr=output, check=False,
        )  # fmt: skip
        if prepared.returncode:
            raise SystemExit(f"Superset did not take the assets in: see {log}\n{_last_line(log)}")
        server = subprocess.Popen(
            [BIN / "gunicorn", *_SERVER, "--bind", f"{HOST}:{port}", "superset.app:create_app()"],
            cwd=ROOT, env=environment(folder), stdout=output, stderr=output,
        )  # fmt: skip
        try:
            address = f"http://{HOST}:{port}"
            _wait_for(f"{address}/health", server, log)
            superset = Superset(address, USER, admin_password(folder))
            if missing := superset.missing():
                raise SystemExit(f"Superset lacks {', '.join(missing)}: see {log}")
            yield superset
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(SECONDS_TO_STOP)
            server.kill()
            server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    opener = build_opener(ProxyHandler({}))
    until = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError), opener.open(address, timeout=5):
            if server.poll() is None:
                return
        time.sleep(0.3)
    raise SystemExit(f"Superset did not start: see {log}\n{_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def main(arguments: Sequence[str]) -> int:
    """Serve until it is stopped; return 1 with a sentence when there is nothing to show."""
    parser = argparse.ArgumentParser(prog="python -m bi.superset.start", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT)
    port = parser.parse_args(arguments).port
    try:
        folder = Settings.from_environment().publish_dir
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if not (folder / DATABASE).exists():
        print(f"nothing is published in {folder}: run `make build`", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):  # so that the server does not stay
        signal.signal(number, lambda *_: sys.exit(0))
    print("Superset takes the dashboards in ...", flush=True)
    with running(port) as superset:
        given = "SUPERSET_ADMIN_PASSWORD" if os.environ.get("SUPERSET_ADMIN_PASSWORD") else ""
        print(
            f"{superset.address}/dashboard/list/  (Ctrl-C ends it)\n"
            f"user {USER}, password as in {given or home() / 'admin-password'}",
            flush=True,
        )
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
