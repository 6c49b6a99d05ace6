"""Superset's REST API, as far as it is needed here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from bi.superset import assets

SECONDS_TO_ANSWER = 60
UNAUTHORIZED = 401


class Refused(Exception):
    """Superset answered with an error; the message is what it said."""


class Superset:
    """A session of a user who has logged in, and does so again when Superset asks for it."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address
        # It is on this machine: no proxy.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self._headers = {"Content-Type": "application/json"}
        self._login = {"username": user, "password": password, "provider": "db", "refresh": False}
        self._log_in()

    def get(self, path: str) -> dict[str, Any]:
        return self._ask(path)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask(path, json.dumps(body).encode())

    def ids(self, kind: str) -> dict[str, int]:
        """Superset's number of everything of a kind, by uuid."""
        found = self.get(f"/api/v1/{kind.removesuffix('s')}/?q=(page_size:1000)")["result"]
        return {str(row["uuid"]): row["id"] for row in found}

    def missing(self) -> list[str]:
        """The files of the assets that Superset does not have."""
        return [
            path
            for kind in assets.KINDS
            for ids in [self.ids(kind)]
            for path, content in assets.load(kind).items()
            if content["uuid"] not in ids
        ]

    def _log_in(self) -> None:
        self._headers.pop("Authorization", None)
        login = json.dumps(self._login).encode()
        token = self._ask("/api/v1/security/login", login, is_again=True)["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"
        self._headers["X-CSRFToken"] = self.get("/api/v1/security/csrf_token/")["result"]

    def _ask(
        self, path: str, data: bytes | None = None, *, is_again: bool = False
    ) -> dict[str, Any]:
        request = Request(self.address + path, data=data, headers=self._headers)
        try:
            with self._opener.open(request, timeout=SECONDS_TO_ANSWER) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:1000]
            if error.code == UNAUTHORIZED and not is_again:  # a token lasts for 15 minutes
                self._log_in()
                return self._ask(path, data, is_again=True)
            raise Refused(f"{request.full_url}: {error.code} {said}") from error
