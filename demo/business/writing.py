"""Files: events by the day of receipt, the other feeds by month, and `truth.json` beside them.

Blocks are drawn one after the other and kept as codes in a temporary folder; then the days are
written one after the other. So memory holds one block, or one day, whatever the size.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from demo.business import clock, feeds, plan, truth
from demo.business.block import block, utc_days
from demo.business.days import table_of
from demo.business.dirt import DayFile, Dirt, json_line, shared_devices, without_zones
from demo.business.people import People
from demo.business.streams import Ints

TRUTH = "truth.json"
"""Beside the raw folder: no feed lies there."""
NOTE = ".business.json"
"""In the raw folder, says what is made there; ingest passes over dotted names."""


class BusinessError(RuntimeError):
    """The feeds cannot be written; the message says what to do."""


@dataclass
class Written:
    """What was written: rows, copies and broken rows by file."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    drawn: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def event_count(self) -> int:
        """Events that happened, each once."""
        return sum(self.drawn["events"].values())


@dataclass(frozen=True)
class _Spooled:
    """A block as it waits for its days to be written."""

    people: People
    events: np.ndarray
    days: Ints
    shared: Ints | None


def visitors_of(size: int) -> int:
    """How many visitors give about so many events."""
    return max(20, round(size / plan.EVENTS_PER_VISITOR))


def write(
    raw_dir: Path,
    size: int,
    seed: int,
    is_dirty: bool = True,
    say: Callable[[str], None] = lambda _: None,
    block_visitors: int = plan.BLOCK_VISITORS,
) -> Written:
    """Write the business of a size and seed below `raw_dir`; what is there already stays.

    Raises `BusinessError` where other feeds lie.
    """
    started = time.monotonic()
    recipe = {"size": size, "seed": seed, "is_dirty": is_dirty, "block_visitors": block_visitors,
              "made_by": _made_by()}  # fmt: skip
    there = _there(raw_dir, recipe)
    if there is not None:
        return there
    raw_dir.mkdir(parents=True, exist_ok=True)
    (raw_dir / NOTE).write_text(json.dumps(recipe) + "\n", encoding="utf-8")
    (raw_dir.parent / TRUTH).unlink(missing_ok=True)
    written = Written()
    visitors = visitors_of(size)
    drawn: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix=".business-", dir=raw_dir.parent) as folder:
        spooled: list[_Spooled] = []
        for number in range(-(-visitors // block_visitors)):
            count = min(block_visitors, visitors - number * block_visitors)
            made = block(seed, number, count)
            shared = shared_devices(made.people, made.events) if is_dirty and not number else None
            spool = Path(folder) / f"{number}.npy"
            np.save(spool, made.events)
            drawn.append(made.drawn)
            for feed, rows in made.feeds.items():
                _write_months(raw_dir, feed, rows, f"-{number}", written)
            days = utc_days(made.events)
            spooled.append(_Spooled(made.people, np.load(spool, mmap_mode="r"), days, shared))
            say(f"{sum(len(each.events) for each in spooled):,} events drawn …")
            del made  # before the next block is drawn
        written.drawn = truth.summed(drawn)
        _write_days(raw_dir, spooled, Dirt(seed) if is_dirty else None, written, say)
    _write_rest(raw_dir, visitors, written)
    told = {"recipe": recipe, "planted": truth.planted(), "drawn": written.drawn,
            "files": written.files}  # fmt: skip
    text = json.dumps(told, indent=1, allow_nan=False)
    (raw_dir.parent / TRUTH).write_text(text + "\n", encoding="utf-8")
    written.seconds = time.monotonic() - started
    return written


def _made_by() -> str:
    """Hash of all that the bytes depend on: this package, and what draws and writes."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for package in ("numpy", "pyarrow"):
        digest.update(metadata.version(package).encode())
    return digest.hexdigest()


def _there(raw_dir: Path, recipe: dict[str, Any]) -> Written | None:
    """The feeds of this recipe, if they lie there whole."""
    if not raw_dir.is_dir() or not any(raw_dir.iterdir()):
        return None
    try:
        noted = json.loads((raw_dir / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        noted = None
    if noted != recipe:
        raise BusinessError(
            f"{raw_dir} holds other feeds: remove {raw_dir.parent}, or point YUNYING_RAW_DIR and "
            "YUNYING_WAREHOUSE elsewhere."
        )
    try:
        told = json.loads((raw_dir.parent / TRUTH).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # it was stopped on the way
    if told["recipe"] != recipe or not all((raw_dir / file).exists() for file in told["files"]):
        return None
    return Written(told["files"], told["drawn"])


def _write_days(
    raw_dir: Path,
    blocks: list[_Spooled],
    dirt: Dirt | None,
    written: Written,
    say: Callable[[str], None],
) -> None:
    for day in range(plan.DAYS + 2):
        slices = [(each, each.days[day], each.days[day + 1]) for each in blocks]
        table = pa.concat_tables(
            [table_of(np.asarray(each.events[first:end]), each.people, int(first), each.shared)
             for each, first, end in slices]
        )  # fmt: skip
        name = plan.START + timedelta(days=day - 1)
        for each in dirt.files(day, table) if dirt is not None else [DayFile(table)]:
            if each.table.num_rows:
                file = f"events/{name:%Y-%m}/{name}{each.ending}"
                written.files[file] = _write_day_file(raw_dir / file, each)
        if name.day == 1 and name.month in (1, 7):
            say(f"events up to {name} written …")


def _write_day_file(path: Path, file: DayFile) -> dict[str, Any]:
    """Write it, and tell what is in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = file.table.sort_by([("received_at", "ascending"), ("event_id", "ascending")])
    told: dict[str, Any] = {"rows": table.num_rows + len(file.broken), "duplicates": file.copies}
    if file.ending.endswith(".jsonl"):
        lines = [*map(json_line, table.to_pylist()), *file.broken]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        told["broken"] = dict(Counter(file.broken.values()))
    elif file.ending.endswith(".csv"):
        pa.csv.write_csv(without_zones(table), path)
    else:
        pq.write_table(table, path, compression="zstd")
    if file.is_truncated:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) * 6 // 10])
        told = {"rows": 0, "duplicates": 0, "is_truncated": True}
    return told


def _write_rest(raw_dir: Path, visitors: int, written: Written) -> None:
    """The feeds that the whole business has once."""
    cents = written.drawn["gross_cents_by_month"]
    targets = feeds.kpi_targets(
        {
            "sign_ups": written.drawn["sign_ups_by_month"],
            "paid_amount": {month: amount // 100 for month, amount in cents.items()},
        }
    )
    for feed, table in (("campaigns", feeds.campaigns(visitors)), ("kpi_targets", targets)):
        _write_parquet(raw_dir / feed / f"{feed}.parquet", table)
        written.files[f"{feed}/{feed}.parquet"] = {"rows": table.num_rows, "duplicates": 0}


def _write_months(
    raw_dir: Path, feed: str, rows: feeds.Rows, suffix: str, written: Written
) -> None:
    table = pa.concat_tables([each for _, each in rows])
    days = np.clip(np.concatenate([day for day, _ in rows]), 0, plan.DAYS - 1)
    order = np.argsort(days, kind="stable")
    table, months = table.take(pa.array(order)), clock.month_of(days[order])
    for month in np.unique(months):
        first, end = np.searchsorted(months, month), np.searchsorted(months, month, side="right")
        file = f"{feed}/{month}{suffix}.parquet"
        _write_parquet(raw_dir / file, table.slice(first, end - first))
        written.files[file] = {"rows": int(end - first), "duplicates": 0}


def _write_parquet(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")
