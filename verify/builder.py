"""Builds of a warehouse by a process that can be killed at a chosen moment."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.project import ROOT, Settings, other_environment


@dataclass(frozen=True)
class Kill:
    """kill -9, so long after the n-th event of a kind of one build.

    Kinds: `ingest` (a sentence of ingest), `start` and `end` (of a model).
    """

    kind: str
    number: int
    after_seconds: float

    @classmethod
    def draw(cls, draw: random.Random, kind: str, models: int) -> Kill:
        """At a random moment of ingest, within a random model, or right after one."""
        number = draw.randint(1, 3) if kind == "ingest" else draw.randint(1, models)
        after = 0.0 if kind == "end" else draw.random() * 0.15
        return cls(kind, number, after)


class BuildError(RuntimeError):
    """A build that nobody killed failed; the message says why."""


class Builder:
    """Runs builds one after another; a killed process is followed by a new one."""

    def __init__(self, folder: Path) -> None:
        self._environment = {
            **other_environment(),
            "DBT_TARGET_PATH": str(folder / "target"),
            "PYTHONPATH": str(ROOT),
        }
        self._log = folder / "worker.log"
        self._process: subprocess.Popen[str] | None = None

    def build(self, settings: Settings, *, anew: bool = False, kill: Kill | None = None) -> str:
        """Build; return where the kill struck, or the text of length 0 when it did not.

        Raises `BuildError` when it fails by itself.
        """
        process = self._running()
        command = json.dumps({"anew": anew, "environment": settings.environment()})
        assert process.stdin is not None
        process.stdin.write(command + "\n")
        process.stdin.flush()
        seen = {"ingest": 0, "start": 0, "end": 0}
        last = "before anything"
        for event in self._events(process):
            kind, name = event["kind"], event["name"]
            if kind == "done":
                return ""
            if kind == "failed":
                raise BuildError(name)
            if kind not in seen:
                continue
            seen[kind] += 1
            last = f"in ingest: {name}" if kind == "ingest" else f"at {name}'s {kind}"
            if kill is not None and kind == kill.kind and seen[kind] == kill.number:
                self._strike(process, kill.after_seconds)
        if process.wait() != -signal.SIGKILL:
            raise BuildError(f"the process ended with {process.returncode}; see {self._log}")
        self._process = None
        return f"{last}, {seen['end']} models done"

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            with self._log.open("a") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "verify.worker"],
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        return self._process

    @staticmethod
    def _events(process: subprocess.Popen[str]) -> Iterator[Mapping[str, str]]:
        assert process.stdout is not None
        while line := process.stdout.readline():
            yield json.loads(line)

    @staticmethod
    def _strike(process: subprocess.Popen[str], after_seconds: float) -> None:
        def strike() -> None:
            time.sleep(after_seconds)
            process.kill()

        threading.Thread(target=strike, daemon=True).start()


@contextmanager
def builder(folder: Path) -> Iterator[Builder]:
    """A builder whose process ends with the block."""
    made = Builder(folder)
    try:
        yield made
    finally:
        made.close()
