"""`make dashboards`: what is published, at an address of this machine alone.

The pages open as files too; an address is for browsers that open none, and for a reverse proxy.
Each page is read anew when it is asked for, so the server follows the builds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from orchestration.project import Settings, SettingsError

HOST = "127.0.0.1"
PORT = 3001


class PublishedFiles(SimpleHTTPRequestHandler):
    """Files below the folder of what is published; nothing is kept by browsers, nothing logged.

    `beside` are further folders, by the name that they have in addresses.
    """

    def __init__(self, *arguments: Any, beside: Mapping[str, Path], **options: Any) -> None:
        self._beside = beside
        super().__init__(*arguments, **options)

    def translate_path(self, path: str) -> str:
        name, separator, rest = path.removeprefix("/").partition("/")
        folder = self._beside.get(name) if separator else None
        if folder is None:
            return super().translate_path(path)
        published, self.directory = self.directory, str(folder)
        try:
            return super().translate_path(f"/{rest}")
        finally:
            self.directory = published

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        return


def server(
    folder: Path, port: int, beside: Mapping[str, Path] | None = None
) -> ThreadingHTTPServer:
    """A server of the folder, and those beside it, on loopback; port 0 takes a free one."""
    handler = partial(PublishedFiles, directory=str(folder), beside=beside or {})
    return ThreadingHTTPServer((HOST, port), handler)


def main(arguments: Sequence[str]) -> int:
    """Serve until it is stopped; return 1 with a sentence when there is nothing to show."""
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.commands.serve_pages", description=__doc__
    )
    parser.add_argument("--port", type=int, default=PORT)
    port = parser.parse_args(arguments).port
    try:
        folder = Settings.from_environment().publish_dir
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if not (folder / "index.html").exists():
        print(f"nothing is published in {folder}: run `make build`", file=sys.stderr)
        return 1
    with server(folder, port) as serving:
        print(f"http://{HOST}:{serving.server_port}/index.html  (Ctrl-C ends it)", flush=True)
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
