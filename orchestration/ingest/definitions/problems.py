"""What is wrong with a definition: where, what, and the mend, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile

from orchestration.ingest.definitions.schema import Words

ERROR, WARNING, HINT = "error", "warning", "hint"
"""An error stops the build. A warning is shown on the board of data health. A hint is what only the
data can tell for certain, and is said as a build begins."""
_ALIKE, _SURELY_ALIKE, _SURE_LENGTH = 0.8, 0.85, 5


@dataclass(frozen=True)
class Problem:
    """A problem of a definition file; `line` is the editor's, None where no one line is wrong."""

    file: str
    line: int | None
    severity: str
    problem: Words
    mend: Words

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        place_zh = self.file if self.line is None else f"{self.file} 第 {self.line} 行"
        return (
            f"{place}: {self.problem.en}. Mend: {self.mend.en}.\n"
            f"{place_zh}：{self.problem.zh}。改法：{self.mend.zh}。"
        )


class DefinitionsError(RuntimeError):
    """Definitions are wrong: nothing is loaded. The message names each file, line and mend."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(name: str, known: Collection[str], alike: float = _ALIKE) -> str | None:
    """The known name that somebody has probably meant by another one."""
    by_small = {each.lower(): each for each in sorted(known)}
    found = get_close_matches(name.lower(), by_small, n=5, cutoff=alike)
    return next((by_small[small] for small in found if not _is_sibling(name, small)), None)


def surely(name: str, known: Collection[str]) -> str | None:
    """The same where a name of its own is unlikely: it is long, and very much like the other."""
    return nearest(name, known, _SURELY_ALIKE) if len(name) >= _SURE_LENGTH else None


def _is_sibling(one: str, other: str) -> bool:
    """Do they differ in a number, or in one letter that stands by itself: `step_1`, `event_b`?"""
    one, other = one.lower(), other.lower()
    if one == other:
        return False
    start = _shared(one, other)
    end = _shared(one[start:][::-1], other[start:][::-1])
    parts = [text[start : len(text) - end] for text in (one, other)]
    is_word = not (one[:start][-1:].isalpha() or one[len(one) - end :][:1].isalpha())
    return all(re.fullmatch(r"\d*", part) for part in parts) or (
        is_word and all(len(part) == 1 for part in parts)
    )


def _shared(one: str, other: str) -> int:
    """How many characters they begin with together."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def meant(name: str, known: Collection[str], mend: Words) -> Words:
    """The mend, behind the nearest known spelling where there is one."""
    near = nearest(name, known)
    if near is None:
        return mend
    return Words(f"did you mean {near}? Else {mend.en}", f"是不是 {near}？否则{mend.zh}")


def either(values: Collection[str]) -> Words:
    """The values, to choose one of them."""
    *most, last = values
    if not most:
        return Words(last, last)
    return Words(f"{', '.join(most)} or {last}", f"{'、'.join(most)} 或 {last}")
