"""The draws notice every small fault of the search: each is planted in its source, and found.

The source runs as plain Python here, so that it also agrees with the oracle uncompiled.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import timelines
from tests.timelines import worlds
from timelines import search

SOURCE = Path(search.__file__).read_text(encoding="utf-8")
DRAWS = 1500

# Of each: what it makes wrong, the function, the text there, and what stands there instead.
MUTANTS = {
    "the last instant of the window is not in it": (
        "_plain", "instant[i] > closes", "instant[i] >= closes"),
    "the same in any order": ("_any", "instant[i] > closes", "instant[i] >= closes"),
    "the same strictly": ("_strictly", "at[event] > closes", "at[event] >= closes"),
    "the same with a choice": ("_choose", "closes + 1) - 1", "closes) - 1"),
    "the least time is not enough": ("_in_time", "since >= spec", "since > spec"),
    "the most time is too much": ("_in_time", "since <= spec", "since < spec"),
    "the most time of a later optional step is too much": (
        "_next_in_time", "> spec[STEP", ">= spec[STEP"),
    "the least time of a later optional step is not enough": (
        "_next_in_time", "+ least) - 1", "+ least + 1) - 1"),
    "the least time of a later required step is not enough": (
        "_leave", "instant[anchor] + least)", "instant[anchor] + least + 1)"),
    "the most time of a later required step is too much": (
        "_leave", "+ most + 1) - 1", "+ most) - 1"),
    "the walk takes the least time of a required step as not enough": (
        "_walk", "instant[anchor] + least)", "instant[anchor] + least + 1)"),
    "one instant serves steps that are each to be later": (
        "_plain", "not is_later and _is_shared", "_is_shared"),
    "the same with a choice, looking ahead": ("_run", "spec[IS_LATER] or not", "not"),
    "the same with a choice, walking": ("_walk", "not spec[IS_LATER]\n            and", ""),
    "the same strictly, one after the other": (
        "_strictly", "is_later and at[event] ==", "False and at[event] =="),
    "in any order, the opening's instant is past": ("_any", "is_past = is_later", "is_past = True"),
    "in any order, an instant serves by its last event alone": ("_any", "unit |=", "unit ="),
    "in any order, no step moves to another event": (
        "_open_steps", "units[step] & found", "units[step] & 0"),
    "strictly, an instant stands as it came": (
        "_stream", "rank[end] >= rank[end - 1]", "rank[end] >= 0"),
    "strictly, an instant stands the other way round": (
        "_stream", "_order(rank[begin:end])", "_order(-rank[begin:end])"),
    "strictly, what comes next may hold another value": (
        "_strictly", "held[event] != held[opening]", "False"),
    "strictly, an event without the value comes in order of its steps": (
        "_stream", "is_missing or not", "not"),
    "strictly, optional steps are left out": (
        "_worth", "return 1 if", "return 0 if"),
    "what opens serves a second step": ("_begin_matching", "FIXED if", "FREE if"),
    "in any order, an instant serves by its first event, whatever that serves": (
        "_any", "& open_steps:\n                    row", "| 1:\n                    row"),
    "what opens serves its value to a later step": (
        "_serving", "and thread.event[place] != opening", ""),
    "no step gives its event to another": (
        "_match", "waiting |= 1 << thread.owner[place]", "pass"),
    "of an instant one event of a step is kept": (
        "_kept", "counts[step] <= steps", "counts[step] < 1"),
    "of an instant as many events of a step are kept as there are steps but one": (
        "_kept", "counts[step] <= steps", "counts[step] < steps - 1"),
    "a step takes an event that another one needs": (
        "_share_out", "if leaves_others:", "if True:"),
    "a step takes the last of its events": (
        "_share_out", "                break\n", "                pass\n"),
    "an event is given twice": ("_share_out", "thread.owner[given - low] = FIXED", "pass"),
    "what is required costs no optional step": ("_run", "gained -= 1", "gained -= 0"),
    "an optional step is an anchor, walking": (
        "_walk", "i, taken, more = j,", "i, anchor, taken, more = j, j,"),
    "an optional step is an anchor, strictly": (
        "_strictly", "anchor if is_optional else served + 1", "served + 1"),
    "the fewest steps count": ("_choose", "more = optional", "more = 0"),
    "an entry at the instant of an optional step is not seen": (
        "_leave", "min(high, j)", "min(high, j - 1)"),
    "an entry behind optional steps of its instant is not seen": (
        "_leave", "ends[more] = min(ends[more], choice.left[step, rest, j])", "pass"),
    "an exclusion at the instant of its first step voids": (
        "_void_at", "at[events[middle]] <= at[row[after]]", "at[events[middle]] < at[row[after]]"),
    "an exclusion at the instant of its second step voids": (
        "_void_at", "excluded_at < at[row[before]]", "excluded_at <= at[row[before]]"),
    "an exclusion at the window's last instant does not void": (
        "_void_at", "excluded_at <= at[row[0]]", "excluded_at < at[row[0]]"),
    "the last exclusion voids": (
        "_void_at", "found = min(found, excluded_at)", "found = excluded_at"),
    "an attempt opens as another closes": (
        "_attempts_of_thread", "at[opening] <= closed", "at[opening] < closed"),
    "an attempt that completes stays open": (
        "_attempts_of_thread", "closed = min(closed, at[row[steps - 1]])", "pass"),
    "an attempt that is void stays open": (
        "_attempts_of_thread", "closed = min(closed, void_at[found])", "pass"),
    "the first instant that may count does not": (
        "_attempts_of_thread", "spec[FROM_AT] <= at", "spec[FROM_AT] < at"),
    "the last instant that may count does not": (
        "_attempts_of_thread", "<= spec[TO_AT]", "< spec[TO_AT]"),
    "attempts are numbered by the value that they hold": (
        "_attempts_of_part", "threads > 1", "threads > 99"),
    "a missing value is held": ("search", "is_held and held[event] < 0", "False"),
    "an optional step counts as a required one": (
        "search", "or not _is_optional(spec, step)", "or True"),
}  # fmt: skip


def planted(function: str, old: str, new: str) -> ModuleType:
    """The search with another text in one of its functions."""
    begin = SOURCE.index(f"def {function}(")
    end = SOURCE.find("\n@", begin)
    body = SOURCE[begin : end if end > 0 else len(SOURCE)]
    assert old in body, f"{old} does not stand in {function}"
    return uncompiled(SOURCE.replace(body, body.replace(old, new)))


def uncompiled(source: str) -> ModuleType:
    module = ModuleType("planted")
    source = source.replace(
        "from timelines.compiled import entry, inner",
        "entry = lambda *signature: inner\ninner = lambda found: found",
    )
    exec(compile(source, "planted", "exec"), module.__dict__)
    return module


@cache
def examples() -> list[tuple[worlds.Drawn, object]]:
    drawn = [worlds.drawn(number, worlds.crowded(number)) for number in range(DRAWS)]
    return [(one, worlds.wanted(one)) for one in drawn]


def is_noticed() -> bool:
    for one, wanted in examples():
        try:
            if worlds.found(one) != wanted:
                return True
        except (AssertionError, IndexError):
            return True
    return False


def test_the_source_uncompiled_agrees_with_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "search", uncompiled(SOURCE))
    assert not is_noticed()


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines, "search", planted(*MUTANTS[fault]))
    assert is_noticed()
