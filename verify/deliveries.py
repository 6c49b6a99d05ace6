"""How the rows of a folder arrive: drawn at random, as files over several builds.

A raw folder's rows are cut into new files of every format, shuffled. Some rows come twice, the
second time with another actor, time or amount; some files come again under another name, come
months late, are replaced, withdrawn, vanish, or are first delivered cut off. Small files correct
a few rows, and are taken back.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.commands.withdraw import WithdrawError, withdraw
from orchestration.ingest import ledger
from orchestration.ingest.files import content_hash
from orchestration.project import Settings
from orchestration.store.warehouse import connect
from verify.source import FORMATS, PARTS, STRETCHES, Content, Source

PUT, REPEAT, WITHDRAW, VANISH, CUT_OFF = "put", "repeat", "withdraw", "vanish", "cut off"
TAKE_BACK = "take back"
"""A correction is withdrawn, or replaced by another one."""
FILES_OF_EVENTS = 9
FILES_OF_OTHERS = 2
_LATER = (REPEAT, WITHDRAW, VANISH, CUT_OFF, PUT)


@dataclass(frozen=True)
class Action:
    """One thing that happens in the raw folder; `path` is below it.

    A file that is put where one stands replaces it. What is cut off comes whole with the next
    delivery. `original` is the file that one repeats.
    """

    kind: str
    path: str
    content: Content | None = None
    original: str = ""
    is_late: bool = False


@dataclass(frozen=True)
class Delivery:
    """What happens between two builds."""

    actions: tuple[Action, ...]


@dataclass
class _Files:
    """Files as they stand while deliveries are drawn."""

    contents: dict[str, Content] = field(default_factory=dict)
    cut_off: list[str] = field(default_factory=list)

    def take(self, draw: random.Random, taken: set[str], corrections: bool) -> str | None:
        """A file that nothing has happened to yet: a correction, or another."""
        names = [
            path
            for path in sorted(self.contents.keys() - taken)
            if (not self.contents[path].parts) == corrections
        ]
        return draw.choice(names) if names else None


def plan(
    draw: random.Random, columns: Mapping[str, Sequence[str]], deliveries: int
) -> list[Delivery]:
    """Deliveries that bring all parts of all feeds, and trouble from the second one on.

    `columns` are those by feed that a row's copy may have from another row.
    Each kind of trouble comes at least once when there are four deliveries or more.
    """
    arrivals = _arrivals(draw, columns, deliveries)
    troubles = _troubles(draw, deliveries)
    files = _Files()
    planned = []
    for arriving, kinds in zip(arrivals, troubles, strict=True):
        actions = [Action(PUT, path, files.contents[path]) for path in files.cut_off]
        files.cut_off.clear()
        taken = {action.path for action in actions}
        for kind in kinds:
            path = files.take(draw, taken, corrections=kind == TAKE_BACK)
            if path is not None:
                action = _trouble(draw, kind, path, files, columns)
                taken |= {path, action.path}
                actions.append(action)
        newest = max((c.parts[-1] for c in files.contents.values() if _is_stretch(c)), default=0)
        for path, content in arriving:
            is_late = _is_stretch(content) and content.parts[0] < newest
            actions.append(Action(PUT, path, content, is_late=is_late))
            files.contents[path] = content
        draw.shuffle(actions)
        planned.append(Delivery(tuple(actions)))
    return planned


def _arrivals(
    draw: random.Random, columns: Mapping[str, Sequence[str]], deliveries: int
) -> list[list[tuple[str, Content]]]:
    """New files by delivery: each part once, and corrections from the second delivery on.

    The last delivery has corrections alone: when all users are touched, nobody sees who was
    forgotten.
    """
    arrivals: list[list[tuple[str, Content]]] = [[] for _ in range(deliveries)]
    for feed in sorted(columns):
        for number, file in enumerate(_first_files(draw, feed, columns[feed])):
            is_first = feed == "events" and number == 0
            arrivals[0 if is_first else draw.randrange(max(deliveries - 1, 1))].append(file)
    for number in range(1, deliveries):
        arrivals[number] += _corrections(draw, number, columns)
    return arrivals


def _troubles(draw: random.Random, deliveries: int) -> list[list[str]]:
    """What happens by delivery to files that stand."""
    troubles: list[list[str]] = [[] for _ in range(deliveries)]
    for kind in _LATER:
        # What is cut off comes whole in the delivery after.
        end = deliveries - 1 - (kind == CUT_OFF)
        if end > 1:
            troubles[draw.randrange(1, end)].append(kind)
            troubles[draw.randrange(1, end)] += [kind] * (draw.random() < 0.5)
    for number in range(2, deliveries):
        troubles[number].append(TAKE_BACK)
    return troubles


def _is_stretch(content: Content) -> bool:
    return bool(content.parts) and content.parts[-1] < STRETCHES


def _first_files(
    draw: random.Random, feed: str, columns: Sequence[str]
) -> list[tuple[str, Content]]:
    """Files that hold every part of a feed once: stretches of time, and random rows."""
    count = FILES_OF_EVENTS if feed == "events" else FILES_OF_OTHERS
    stretches = list(range(STRETCHES))
    others = list(range(STRETCHES, PARTS))
    draw.shuffle(others)
    halves = [_cut(draw, stretches, (count + 1) // 2), _cut(draw, others, count // 2)]
    files = []
    for number, parts in enumerate(part for half in halves for part in half):
        content = Content(
            feed,
            tuple(sorted(parts)),
            copied_per_thousand=draw.choice([0, 30, 100]),
            altered=_altered(draw, columns),
            salt=draw.randrange(10**6),
        )
        files.append((f"{feed}/{number:03d}.{draw.choice(FORMATS)}", content))
    draw.shuffle(files)
    return files


def _corrections(
    draw: random.Random, number: int, columns: Mapping[str, Sequence[str]]
) -> list[tuple[str, Content]]:
    """A few rows again with other values; each delivery has some of events."""
    feeds = ["events"] * ("events" in columns)
    feeds.append(draw.choice(sorted(columns)))
    files = []
    for place, feed in enumerate(feeds):
        content = Content(
            feed,
            (),
            copied_per_thousand=draw.choice([3, 6, 10]),
            altered=tuple(draw.sample(columns[feed], min(draw.randint(1, 6), len(columns[feed])))),
            salt=draw.randrange(10**6),
        )
        files.append((f"{feed}/corrections/{number}-{place}.{draw.choice(FORMATS)}", content))
    return files


def _cut(draw: random.Random, parts: Sequence[int], count: int) -> list[list[int]]:
    """Consecutive pieces of random lengths, none empty."""
    cuts = sorted(draw.sample(range(1, len(parts)), count - 1))
    return [
        list(parts[start:end]) for start, end in zip([0, *cuts], [*cuts, len(parts)], strict=True)
    ]


def _altered(draw: random.Random, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that copies take from other rows."""
    return tuple(draw.sample(columns, min(draw.choice([0, 1, 3, 8]), len(columns))))


def _trouble(
    draw: random.Random,
    kind: str,
    path: str,
    files: _Files,
    columns: Mapping[str, Sequence[str]],
) -> Action:
    old = files.contents[path]
    if kind == REPEAT:
        folder, _, name = path.rpartition("/")
        again = f"{folder}/again/{draw.randrange(10**6)}-{name}"
        files.contents[again] = old
        return Action(REPEAT, again, original=path)
    if kind == TAKE_BACK and draw.random() < 0.6:
        kind = WITHDRAW
    if kind in (WITHDRAW, VANISH):
        del files.contents[path]
        return Action(kind, path)
    kept = draw.sample(old.parts, max(len(old.parts) * 2 // 3, 1)) if old.parts else ()
    new = replace(
        old,
        parts=tuple(sorted(kept)),
        copied_per_thousand=draw.choice([0, 60]) if old.parts else draw.choice([3, 6]),
        altered=_altered(draw, columns[old.feed]),
        salt=draw.randrange(10**6),
    )
    files.contents[path] = new
    if kind == CUT_OFF:
        files.cut_off.append(path)
    return Action(PUT if kind == TAKE_BACK else kind, path, new)


class Folder:
    """A raw folder that deliveries arrive in, and beside it every file that is to be loaded.

    What vanished from the raw folder stays loaded; what was withdrawn does not.
    """

    def __init__(self, settings: Settings, source: Source, loaded: Path) -> None:
        self._settings = settings
        self._source = source
        self.loaded = loaded

    def apply(self, action: Action) -> str:
        """Do it; say what was done."""
        path = self._settings.raw_dir / action.path
        if action.kind in (PUT, CUT_OFF):
            assert action.content is not None
            done = "replaced" if path.exists() else "late" if action.is_late else "new"
            # Elsewhere first: a build may be looking.
            whole = self._settings.raw_dir.with_name("arriving") / path.name
            rows = self._source.write(action.content, whole)
            if action.kind == CUT_OFF:
                done = CUT_OFF
                whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
            path.parent.mkdir(parents=True, exist_ok=True)
            whole.replace(path)
            self._keep(action.path)
            return f"{done} {action.path} ({rows:,} rows)"
        if action.kind == REPEAT:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.loaded / action.original, path)
            self._keep(action.path)
            return f"again {action.original}"
        path.unlink()
        if action.kind == WITHDRAW:
            (self.loaded / action.path).unlink()
            try:
                withdraw(self._settings, action.path)
            except WithdrawError:  # no build has loaded it yet
                return f"taken back {action.path}"
            return f"withdrawn {action.path}"
        return f"vanished {action.path}"

    def is_loaded(self, name: str) -> bool:
        """Has a build loaded the file, or tried to, as it is now?"""
        with connect(self._settings) as connection:
            ledger.create_tables(connection)  # there may have been no build yet
            rows = ledger.read(connection)
        row = next((row for row in rows.values() if row.source_file == name), None)
        return row is not None and row.content_hash == content_hash(self._settings.raw_dir / name)

    def forget_vanished(self) -> None:
        """From now on what is to be loaded is what lies in the raw folder."""
        shutil.rmtree(self.loaded)
        shutil.copytree(self._settings.raw_dir, self.loaded)

    def _keep(self, name: str) -> None:
        copy = self.loaded / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._settings.raw_dir / name, copy)
