"""A server of buckets on this machine (moto's), and faults that it can be told to have."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.session import get_session
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

KEY, SECRET = "AKIAEXAMPLE", "no-log-shows-me"
Fault = Callable[[Request], Response | None]


def refusal(status: int, code: str) -> Response:
    """An answer of S3 that says no; it repeats what no log must show."""
    text = f"<Error><Code>{code}</Code><Message>{KEY} {SECRET}</Message></Error>"
    return Response(text, status, content_type="application/xml")


@dataclass
class S3:
    """A running server. `faults` are asked before each request; `requests` are those that came."""

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def client(self) -> Any:
        """A client of ours, for what deliverers and readers do."""
        return get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}),
        )

    def fail(self, method: str, status: int, code: str, after: int = 0) -> None:
        """Refuse requests of a method, or `LIST`, once so many of them were answered."""
        seen = 0

        def fault(request: Request) -> Response | None:
            nonlocal seen
            kind = "LIST" if "list-type" in request.args else request.method
            seen += kind == method
            return refusal(status, code) if kind == method and seen > after else None

        self.faults.append(fault)

    def got(self, method: str) -> list[str]:
        """The paths that requests of a method asked for."""
        return [path for kind, path in self.requests if kind == method]


@contextmanager
def running() -> Iterator[S3]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    server = S3()

    def answer(environ: Any, start: Any) -> Iterable[bytes]:
        request = Request(environ)
        listed = "LIST" if "list-type" in request.args else request.method
        server.requests.append((listed, request.path))
        for fault in server.faults:
            response = fault(request)
            if response is not None:
                return response(environ, start)
        return application(environ, start)

    listening = make_server("127.0.0.1", 0, answer, threaded=True)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
