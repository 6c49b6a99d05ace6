"""Alerts: one message a failure, to a log file always, to a webhook and by e-mail where set.

A target that is down fails no build: the log says that it did not get the message, and never
what is secret about it.
"""

from __future__ import annotations

import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from orchestration.project import Settings

SECONDS = 10.0
"""How long a target may take."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Hooks whose bodies have another shape than Slack's, by the end of their host.
_FEISHU = ("feishu.cn", "larksuite.com")
_DINGTALK = ("dingtalk.com", "weixin.qq.com")


@dataclass(frozen=True)
class Alert:
    """What is told. Alerts of one `key` are one: it is told once."""

    key: str
    subject: str
    text: str


class NotDeliveredError(Exception):
    """A target did not take the message; its text holds no secret."""


def send(settings: Settings, alert: Alert) -> tuple[str, ...]:
    """Tell it, unless it was told before; return what did not get it, a sentence each."""
    alert = Alert(alert.key, settings.redact(alert.subject), settings.redact(alert.text))
    problems: list[str] = []
    try:
        if _told_before(settings, alert.key):
            return ()
        _log(settings, f"[{alert.key}] {alert.subject}", alert.text)
    except OSError as error:
        problems.append(f"{settings.alert_log} could not be written: {error.strerror}")
    sent = []
    for name, deliver in _targets(settings).items():
        try:
            deliver(settings, alert)
            sent.append(name)
        except NotDeliveredError as error:
            problems.append(f"{name} did not get it: {error}")
    lines = [f"sent to {' and '.join(sent)}"] if sent else []
    if lines or problems:
        with suppress(OSError):  # said already, in `problems`
            _log(settings, f"[{alert.key}] {'; '.join([*lines, *problems])}", "")
    return tuple(settings.redact(problem) for problem in problems)


def _targets(settings: Settings) -> dict[str, Callable[[Settings, Alert], None]]:
    targets: dict[str, Callable[[Settings, Alert], None]] = {}
    if settings.alert_webhook:
        targets["the webhook"] = _post
    if settings.alert_smtp_url and settings.alert_email_to:
        targets["e-mail"] = _mail
    return targets


def _told_before(settings: Settings, key: str) -> bool:
    if not settings.alert_log.exists():
        return False
    with settings.alert_log.open(encoding="utf-8", errors="replace") as lines:
        return any(f"[{key}]" in line for line in lines)


def _log(settings: Settings, head: str, text: str) -> None:
    settings.alert_log.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(f"    {line}\n" for line in text.splitlines())
    with settings.alert_log.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {' '.join(head.split())}\n{body}")


def webhook_body(url: str, text: str) -> dict[str, Any]:
    """The message as the host's incoming webhooks take it; Slack's shape for a host of your own."""
    host = urlsplit(url).hostname or ""
    if host.endswith(_FEISHU):
        return {"msg_type": "text", "content": {"text": text}}
    if host.endswith(_DINGTALK):
        return {"msgtype": "text", "text": {"content": text}}
    return {"text": text}


def _post(settings: Settings, alert: Alert) -> None:
    url = settings.alert_webhook or ""
    body = json.dumps(webhook_body(url, f"{alert.subject}\n\n{alert.text}"), ensure_ascii=False)
    request = urllib.request.Request(
        url,
        data=body.encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "yunying"},
    )
    with _told_without_secrets(), urllib.request.urlopen(request, timeout=SECONDS) as response:
        answer = response.read(10_000)
    # Some answer 200 and say in the body that they refused.
    try:
        said = json.loads(answer)
    except ValueError:
        return
    code = (said.get("errcode") or said.get("code") or 0) if isinstance(said, dict) else 0
    if code:
        raise NotDeliveredError(f"it answered with code {code}")


def _mail(settings: Settings, alert: Alert) -> None:
    url = urlsplit(settings.alert_smtp_url or "")
    host = url.hostname or ""
    message = EmailMessage()
    message["Subject"] = " ".join(alert.subject.split())
    message["From"] = settings.alert_email_from or settings.alert_email_to[0]
    message["To"] = ", ".join(settings.alert_email_to)
    # Seven bits: not every server takes eight.
    message.set_content(alert.text, cte="quoted-printable")
    context = ssl.create_default_context()
    with _told_without_secrets():
        server: smtplib.SMTP
        if url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, url.port or 465, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, url.port or 587, timeout=SECONDS)
        with server:
            server.ehlo()
            is_encrypted = url.scheme == "smtps"
            if not is_encrypted and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                is_encrypted = True
            if url.username:
                if not is_encrypted and host not in _LOOPBACK:
                    raise NotDeliveredError("it offers no encryption, so it got no password")
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)


@contextmanager
def _told_without_secrets() -> Iterator[None]:
    """Turn what a client raises into its kind and code: its text may repeat a URL or a name."""
    try:
        yield
    except urllib.error.HTTPError as error:
        raise NotDeliveredError(f"HTTP {error.code}") from None
    except urllib.error.URLError as error:
        raise NotDeliveredError(type(error.reason).__name__) from None
    except smtplib.SMTPResponseException as error:
        raise NotDeliveredError(f"{type(error).__name__} {error.smtp_code}") from None
    except (OSError, ValueError, EOFError, http.client.HTTPException) as error:
        raise NotDeliveredError(type(error).__name__) from None
