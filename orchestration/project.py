"""Settings of the project: the one place that reads the environment.

Every setting has a default that works from a fresh clone. Paths that are not absolute are
relative to the repository's root, whatever the working directory is. dbt reads the same
names: `Settings.environment()` is what a dbt process is started with.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = ROOT / "dbt_project"
SHIPPED_SEEDS_DIR = ROOT / "seeds"


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message names it and the mend."""


@dataclass(frozen=True)
class Settings:
    """What a build reads from, writes to and reports in.

    Raises `SettingsError` from `from_environment` when a value cannot be used.
    """

    raw_dir: Path
    seeds_dir: Path
    warehouse: Path
    publish_dir: Path
    builds_kept: int
    timezone: str
    week_start: str
    currency: str
    horizon: datetime | None
    pseudonym_key: str | None
    erasure_key: str | None
    memory_limit: str
    threads: int
    wait_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read `YUNYING_*` from the given mapping, by default the process's environment."""
        env = os.environ if environment is None else environment

        def get(name: str, default: str = "") -> str:
            return env.get(f"YUNYING_{name}", "").strip() or default

        return cls(
            raw_dir=_path(get("RAW_DIR", "data/raw")),
            seeds_dir=_path(get("SEEDS_DIR", "seeds")),
            warehouse=_path(get("WAREHOUSE", "data/warehouse.duckdb")),
            publish_dir=_path(get("PUBLISH_DIR", "data/published")),
            builds_kept=_positive("BUILDS_KEPT", get("BUILDS_KEPT", "5")),
            timezone=_timezone(get("TIMEZONE", "UTC")),
            week_start=_one_of(
                "WEEK_START", get("WEEK_START", "monday").lower(), ("monday", "sunday")
            ),
            currency=get("CURRENCY", "USD").upper(),
            horizon=_instant("HORIZON", get("HORIZON")),
            pseudonym_key=get("PSEUDONYM_KEY") or None,
            erasure_key=get("ERASURE_KEY") or None,
            memory_limit=get("MEMORY_LIMIT", "3GB"),
            threads=_positive("THREADS", get("THREADS", str(os.cpu_count() or 2))),
            wait_seconds=_positive("WAIT_SECONDS", get("WAIT_SECONDS", "300")),
        )

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, with absolute paths, for a dbt process."""
        values = {
            "RAW_DIR": self.raw_dir,
            "SEEDS_DIR": self.seeds_dir,
            "WAREHOUSE": self.warehouse,
            "PUBLISH_DIR": self.publish_dir,
            "BUILDS_KEPT": self.builds_kept,
            "TIMEZONE": self.timezone,
            "WEEK_START": self.week_start,
            "CURRENCY": self.currency,
            "HORIZON": self.horizon.isoformat(sep=" ") if self.horizon else "",
            "MEMORY_LIMIT": self.memory_limit,
            "THREADS": self.threads,
            "WAIT_SECONDS": self.wait_seconds,
        }
        return {f"YUNYING_{name}": str(value) for name, value in values.items()}


def other_environment() -> dict[str, str]:
    """The process's environment without settings: for a process that is given others."""
    return {name: text for name, text in os.environ.items() if not name.startswith("YUNYING_")}


def _path(value: str) -> Path:
    path = Path(value).expanduser()
    return path if path.is_absolute() else (ROOT / path).resolve()


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"YUNYING_TIMEZONE={value!r} is no IANA time zone; give one like Asia/Shanghai"
        ) from error
    return value


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise SettingsError(f"YUNYING_{name}={value!r}: give one of {', '.join(allowed)}")
    return value


def _positive(name: str, value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise SettingsError(f"YUNYING_{name}={value!r}: give a whole number from 1")
    return int(value)


def _instant(name: str, value: str) -> datetime | None:
    """Parse ISO 8601 to a naive UTC timestamp; without an offset it is UTC already."""
    if not value:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise SettingsError(
            f"YUNYING_{name}={value!r} is no ISO 8601 instant; give one like 2024-05-31T23:59:59Z"
        ) from error
    if instant.tzinfo:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return instant
