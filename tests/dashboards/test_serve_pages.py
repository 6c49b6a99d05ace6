"""`make dashboards`: what is published, on loopback."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from orchestration.commands.serve_pages import HOST, main, server


def test_pages_are_served_on_loopback_and_follow_the_build(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name, encoding="utf-8")
    (tmp_path / "index.html").symlink_to("one/index.html")
    with server(tmp_path, 0) as serving:
        assert serving.server_address[0] == HOST == "127.0.0.1"
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        address = f"http://{HOST}:{serving.server_port}/index.html"
        with urlopen(address) as answer:
            assert answer.read() == b"one"
            assert answer.headers["Cache-Control"] == "no-cache"
        (tmp_path / "index.html").unlink()
        (tmp_path / "index.html").symlink_to("two/index.html")
        with urlopen(address) as answer:
            assert answer.read() == b"two"
        serving.shutdown()


def test_nothing_published_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YUNYING_PUBLISH_DIR", str(tmp_path))
    assert main([]) == 1
    assert "make build" in capsys.readouterr().err
