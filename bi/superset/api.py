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


class Refused(Exception):
    """Superset answered with an error; the message is what it said."""


class Superset:
    """A session of a user who has logged in."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.address = address
        # It is on this machine: no proxy.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self._headers = {"Content-Type": "application/json"}
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        token = self.post("/api/v1/security/login", login)["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"
        self._headers["X-CSRFToken"] = self.get("/api/v1/security/csrf_token/")["result"]

    def get(self, path: str) -> dict[str, Any]:
        return self._ask(Request(self.address + path, headers=self._headers))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        data = json.dumps(body).encode()
        return self._ask(Request(self.address + path, data=data, headers=self._headers))

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

    def _ask(self, request: Request) -> dict[str, Any]:
        try:
            with self._opener.open(request, timeout=SECONDS_TO_ANSWER) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:1000]
            raise Refused(f"{request.full_url}: {error.code} {said}") from error
