"""The search for attempts, compiled. Steps count from 0 here.

A user's events that can serve something are cut into threads: by breakdown value where it asks for
`all`, and by held value. A thread is a row of instants. Of each instant those events are kept that
can make a difference, the first few of each step, and `later[step, i]` is the first instant after
`i` with an event of the step: no search walks over events that lead nowhere, and each costs what
it finds, however many events a user has.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from timelines.compiled import entry, inner
from timelines.definitions import FOREVER, MAX_EXCLUSIONS, MAX_STEPS, NEVER, SEEN_BIT

# A funnel as a row of numbers: these, three of each step, two of each exclusion.
MODE, STEPS, WINDOW, IS_LATER, BY_ATTEMPTS, FROM_AT, TO_AT, EXCLUSIONS, HAS_CHOICE = range(9)
STEP = 9
IS_OPTIONAL, LEAST, MOST = range(3)
AFTER_BEFORE = STEP + 3 * MAX_STEPS
SPEC = AFTER_BEFORE + 2 * MAX_EXCLUSIONS
ORDERED, STRICT, ANY = range(3)

# Of an event in a matching, beside the step that owns it.
FREE, FIXED = -1, -2

Closed = namedtuple("Closed", ["user", "part", "held", "at"])
Thread = namedtuple(
    "Thread",
    [
        "event",  # of each event that is kept, its position
        "serves",  # and the steps that it can serve
        "first",  # of each instant, its first event here; one more at the end
        "instant",  # its time
        "later",  # (steps, instants): the first instant after it that can serve the step
        "owner",  # of each event of an instant: the step that it serves; for matchings
        "asked",  # the step that asked for it last
        "event_of",  # of each step, its event in the matching
    ],
)

Choice = namedtuple(
    "Choice",
    [
        "thread",
        "instants",  # how many there are; as an instant: never
        "spec",
        "following",  # of each step, the next required one
        "final",  # the last required step that is to be served
        "entered",
        "left",
        "work",  # rows of numbers, one for each step
        "found",
    ],
)


@inner
def _order(keys):
    """Places in the order of their keys; equal ones as they stand."""
    return np.argsort(keys, kind="mergesort")


@inner
def _by(code, events):
    """Events in the order of their codes; those of one code as they stand."""
    keys = np.empty(len(events), np.int64)
    for place in range(len(events)):
        keys[place] = code[events[place]]
    order = _order(keys)
    found = np.empty_like(events)
    for place in range(len(events)):
        found[place] = events[order[place]]
    return found


@inner
def _is_optional(spec, step):
    return spec[STEP + 3 * step + IS_OPTIONAL] == 1


@inner
def _in_time(spec, step, since):
    base = STEP + 3 * step
    return since >= spec[base + LEAST] and since <= spec[base + MOST]


@inner
def _kept(at, mask, threaded, steps, thread):
    """Fill `thread` from events; returns its number of instants.

    Of one instant as many events of a step are kept as there are steps, and one more, because the
    event that opens serves nothing else: of a later one nothing would depend.
    """
    every = (1 << steps) - 1
    kept = instants = 0
    counts = np.zeros(MAX_STEPS, np.int64)
    for event in threaded:
        serves = mask[event] & every
        if not serves:
            continue
        is_new = instants == 0 or at[event] != thread.instant[instants - 1]
        if is_new:
            thread.first[instants] = kept
            thread.instant[instants] = at[event]
            instants += 1
            counts[:] = 0
        is_wanted = is_new
        for step in range(steps):
            if (serves >> step) & 1:
                is_wanted = is_wanted or counts[step] <= steps
                counts[step] += 1
        if is_wanted:
            thread.event[kept] = event
            thread.serves[kept] = serves
            kept += 1
    thread.first[instants] = kept
    for step in range(steps):
        thread.later[step, instants - 1] = instants
    for i in range(instants - 1, 0, -1):
        served = 0
        for place in range(thread.first[i], thread.first[i + 1]):
            served |= thread.serves[place]
        for step in range(steps):
            thread.later[step, i - 1] = i if (served >> step) & 1 else thread.later[step, i]
    return instants


@inner
def _is_shared(thread, i):
    return thread.first[i + 1] - thread.first[i] > 1


@inner
def _serving(thread, i, step, opening):
    """The first event of the instant that can serve the step and does not open; -1: none."""
    for place in range(thread.first[i], thread.first[i + 1]):
        if (thread.serves[place] >> step) & 1 and thread.event[place] != opening:
            return place
    return -1


@inner
def _begin_matching(thread, i, opening):
    """Events of the instant that are free; what opens serves nothing else."""
    low = thread.first[i]
    for place in range(low, thread.first[i + 1]):
        thread.owner[place - low] = FIXED if thread.event[place] == opening else FREE
    thread.event_of[:] = FREE


@inner
def _match(thread, i, step):
    """Give the step an event of the instant of its own, moving others; whether there is one."""
    low, high = thread.first[i], thread.first[i + 1]
    for place in range(high - low):
        thread.asked[place] = FREE
    waiting = 1 << step
    while waiting:
        asking = 0
        while not (waiting >> asking) & 1:
            asking += 1
        waiting &= ~(1 << asking)
        for place in range(high - low):
            is_new = thread.asked[place] == FREE and thread.owner[place] != FIXED
            if not is_new or not (thread.serves[low + place] >> asking) & 1:
                continue
            thread.asked[place] = asking
            if thread.owner[place] >= 0:
                waiting |= 1 << thread.owner[place]
                continue
            while True:
                taker = thread.asked[place]
                given = thread.event_of[taker]
                thread.owner[place], thread.event_of[taker] = taker, place
                if taker == step:
                    return True
                place = given
    return False


@inner
def _share_out(thread, i, opening, among, row):
    """Give each of these steps (bits) an event of the instant: the first one that leaves the later
    steps theirs. There are enough for all of them."""
    low, high = thread.first[i], thread.first[i + 1]
    for step in range(MAX_STEPS):
        if not (among >> step) & 1:
            continue
        for place in range(low, high):
            if not (thread.serves[place] >> step) & 1:
                continue
            _begin_matching(thread, i, opening)
            for other in range(step):
                if (among >> other) & 1:
                    for given in range(low, high):
                        if thread.event[given] == row[other]:
                            thread.owner[given - low] = FIXED
            if thread.owner[place - low] == FIXED:
                continue
            thread.owner[place - low] = FIXED
            leaves_others = True
            for other in range(step + 1, MAX_STEPS):
                if (among >> other) & 1:
                    leaves_others = leaves_others and _match(thread, i, other)
            if leaves_others:
                row[step] = thread.event[place]
                break


@inner
def _plain(thread, instants, i, opening, spec, row):
    """In order, without a choice: each step at the first instant that can serve it.

    Together, an instant serves steps on and on, as long as each has an event of its own.
    """
    steps, is_later = spec[STEPS], spec[IS_LATER]
    closes = thread.instant[i] + spec[WINDOW]
    step = 1
    while True:
        if not is_later and _is_shared(thread, i):
            _begin_matching(thread, i, opening)
            begun = step
            while step < steps and _match(thread, i, step):
                step += 1
            if step == begun + 1:
                row[begun] = thread.event[_serving(thread, i, begun, opening)]
            elif step > begun:
                _share_out(thread, i, opening, (1 << step) - (1 << begun), row)
        if step == steps:
            return
        i = np.int64(thread.later[step, i])
        if i == instants or thread.instant[i] > closes:
            return
        if is_later or not _is_shared(thread, i):
            row[step] = thread.event[_serving(thread, i, step, opening)]
            step += 1


@inner
def _open_steps(units, steps):
    """Steps that one event more could serve, if those that are served may move."""
    found = 0
    for step in range(steps):
        if not units[step]:
            found |= 1 << step
    grows = True
    while grows:
        grows = False
        for step in range(steps):
            if not (found >> step) & 1 and units[step] & found:
                found |= 1 << step
                grows = True
    return found


@inner
def _take(units, came_from, unit, steps):
    """Give a unit (a set of steps) one of its steps, moving others; it is known to have one."""
    came_from[:] = -2
    waiting = unit
    for step in range(steps):
        if (unit >> step) & 1:
            came_from[step] = -1
    while waiting:
        step = 0
        while not (waiting >> step) & 1:
            step += 1
        waiting &= ~(1 << step)
        if not units[step]:
            while came_from[step] >= 0:
                units[step] = units[came_from[step]]
                step = came_from[step]
            units[step] = unit
            return
        for other in range(steps):
            if (units[step] >> other) & 1 and came_from[other] == -2:
                came_from[other] = step
                waiting |= 1 << other


@inner
def _any(thread, instants, i, opening, serves, spec, row):
    """In any order: a step more whenever the events so far can serve one step more.

    What serves none of the open steps never will: the search leaps to what serves one. Where
    each step is later than the one before, all events of an instant are one unit.
    """
    steps, is_later = spec[STEPS], spec[IS_LATER]
    closes = thread.instant[i] + spec[WINDOW]
    units = np.zeros(MAX_STEPS, np.int64)
    came_from = np.empty(MAX_STEPS, np.int64)
    _take(units, came_from, serves, steps)
    reached = 1
    is_past = is_later
    while reached < steps:
        open_steps = _open_steps(units, steps)
        if is_past:
            following = instants
            for step in range(steps):
                if (open_steps >> step) & 1:
                    following = min(following, np.int64(thread.later[step, i]))
            i = following
            if i == instants or thread.instant[i] > closes:
                return
        is_past = True
        if is_later:
            unit = 0
            for place in range(thread.first[i + 1] - 1, thread.first[i] - 1, -1):
                unit |= thread.serves[place]
                if thread.serves[place] & open_steps:
                    row[reached] = thread.event[place]
            _take(units, came_from, unit, steps)
            reached += 1
            continue
        for place in range(thread.first[i], thread.first[i + 1]):
            if thread.serves[place] & open_steps and thread.event[place] != opening:
                _take(units, came_from, thread.serves[place], steps)
                row[reached] = thread.event[place]
                reached += 1
                if reached == steps:
                    return
                open_steps = _open_steps(units, steps)


@inner
def _stream(at, mask, held, steps, stream):
    """Put what a strict funnel sees in order: within an instant, by the first step it can serve."""
    rank = np.empty(len(stream), np.int64)
    for place in range(len(stream)):
        event = stream[place]
        rank[place] = 0
        is_missing = len(held) > 0 and held[event] < 0
        while rank[place] < steps and (is_missing or not (mask[event] >> rank[place]) & 1):
            rank[place] += 1
    begin = 0
    while begin < len(stream):
        end = begin + 1
        is_ordered = True
        while end < len(stream) and at[stream[end]] == at[stream[begin]]:
            is_ordered = is_ordered and rank[end] >= rank[end - 1]
            end += 1
        if not is_ordered:
            came = stream[begin:end].copy()
            order = _order(rank[begin:end])
            for place in range(end - begin):
                stream[begin + place] = came[order[place]]
        begin = end


@inner
def _worth(spec, step):
    """A required step outweighs all optional ones."""
    return 1 if _is_optional(spec, step) else 1 + MAX_STEPS


@inner
def _strictly(at, mask, held, stream, place, spec, row, best):
    """Strictly: the events right after the opening, one after the other, in the best way.

    `best[step, served, anchor]` is the worth of what follows, if the steps before `step` took so
    many events after the opening, and the last required one the event `anchor`.
    """
    steps, is_later = spec[STEPS], spec[IS_LATER]
    opening = stream[place]
    closes = at[opening] + spec[WINDOW]
    follows = 0
    while follows < steps - 1 and place + follows + 1 < len(stream):
        event = stream[place + follows + 1]
        if at[event] > closes or (is_later and at[event] == at[stream[place + follows]]):
            break
        if len(held) > 0 and held[event] != held[opening]:
            break
        follows += 1
    best[steps] = 0
    for step in range(steps - 1, 0, -1):
        is_optional = _is_optional(spec, step)
        worth = _worth(spec, step)
        for served in range(min(step, follows + 1)):
            for anchor in range(served + 1):
                found = best[step + 1, served, anchor] if is_optional else 0
                if served < follows:
                    event = stream[place + served + 1]
                    since = at[event] - at[stream[place + anchor]]
                    if (mask[event] >> step) & 1 and _in_time(spec, step, since):
                        next_anchor = anchor if is_optional else served + 1
                        found = max(found, worth + best[step + 1, served + 1, next_anchor])
                best[step, served, anchor] = found
    served = anchor = 0
    for step in range(1, steps):
        if best[step, served, anchor] == 0:
            return
        is_optional = _is_optional(spec, step)
        worth = _worth(spec, step)
        if served < follows:
            event = stream[place + served + 1]
            since = at[event] - at[stream[place + anchor]]
            next_anchor = anchor if is_optional else served + 1
            if (
                (mask[event] >> step) & 1
                and _in_time(spec, step, since)
                and best[step, served, anchor] == worth + best[step + 1, served + 1, next_anchor]
            ):
                row[step] = event
                served, anchor = served + 1, next_anchor


# A choice: limits, or optional steps. What counts is how many required steps are served, then how
# many optional ones, then how early each is. For a last required step, `final`, tables hold at
# which instant at the earliest an attempt can end that serves `more` optional steps at the least:
# `entered[step, more]` for one that serves the required `step` at an instant as the first one
# there, as a tree of minima over instants; `left[step, more, i]` for one that has decided all steps
# up to `step`, the last required one served at the instant `i`, and goes on later. They do not
# depend on the opening: all openings of a thread share them.


@inner
def _first_at(instant, low, high, time):
    """The first of these instants that is not before the time."""
    while low < high:
        middle = (low + high) // 2
        if instant[middle] < time:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _next_in_time(thread, instants, spec, step, anchor, i):
    """The first instant after `i` with an event of the step within its limits; else `instants`."""
    least = spec[STEP + 3 * step + LEAST]
    if least > 0:
        i = max(i, _first_at(thread.instant, i, instants, thread.instant[anchor] + least) - 1)
    i = np.int64(thread.later[step, i])
    if i < instants and thread.instant[i] - thread.instant[anchor] > spec[STEP + 3 * step + MOST]:
        return instants
    return i


@inner
def _least(tree, low, high):
    """The least of the leaves `low` to `high`, both included."""
    size = len(tree) // 2
    found = size
    low, high = low + size, high + size + 1
    while low < high:
        if low & 1:
            found = min(found, tree[low])
            low += 1
        if high & 1:
            high -= 1
            found = min(found, tree[high])
        low, high = low >> 1, high >> 1
    return found


@inner
def _first_at_most(tree, low, limit):
    """The first leaf from `low` on that is not over the limit; the number of leaves if none."""
    size = len(tree) // 2
    place = low + size
    while tree[place] > limit:
        while place & 1:
            place >>= 1
        if place == 0:
            return size
        place += 1
    while place < size:
        place *= 2
        if tree[place] > limit:
            place += 1
    return place - size


@inner
def _run(choice, i, opening, decided, taken, since, gains):
    """What an instant can serve on and on, after `decided`; returns the last step so decided.

    `taken` are steps that it serves already, `since` the time since the anchor. `gains[step]` is
    the most optional steps among what it serves up to `step`, with all required ones.
    """
    thread, spec = choice.thread, choice.spec
    steps = spec[STEPS]
    gains[decided] = 0
    if spec[IS_LATER] or not _is_shared(thread, i):
        return decided
    _begin_matching(thread, i, opening)
    for step in range(steps):
        if (taken >> step) & 1:
            _match(thread, i, step)
    last = decided
    passed = since
    for step in range(decided + 1, steps):
        if not _is_optional(spec, step):
            if step > choice.final or not _in_time(spec, step, passed):
                break
            if not _match(thread, i, step):
                break
            passed = 0
        last = step
    # Together with optional ones, required steps are some of the most that can be served.
    _begin_matching(thread, i, opening)
    for step in range(steps):
        if (taken >> step) & 1:
            _match(thread, i, step)
    passed, gained = since, 0
    for step in range(decided + 1, last + 1):
        if not _is_optional(spec, step):
            passed = 0
            if not _match(thread, i, step):
                gained -= 1
        elif _in_time(spec, step, passed) and _match(thread, i, step):
            gained += 1
        gains[step] = gained
    return last


@inner
def _leave(choice, decided, i, anchor, ends):
    """When what goes on later than `i` can end: `ends[more]`.

    The optional steps up to the next required one are served as early as can be: the search leaps
    to each instant at which one more can. Between two of these the best entry is one look.
    """
    thread, instants, spec = choice.thread, choice.instants, choice.spec
    counts, new, gains = choice.work[0], choice.work[1], choice.work[2]
    entry_step = choice.following[decided]
    is_last = entry_step > choice.final
    ends[:] = instants
    counts[decided:entry_step] = 0
    low, high = i + 1, instants - 1
    if is_last:
        ends[0] = i
    else:
        least = spec[STEP + 3 * entry_step + LEAST]
        most = spec[STEP + 3 * entry_step + MOST]
        if least > 0:
            low = _first_at(thread.instant, low, instants, thread.instant[anchor] + least)
        if most < FOREVER:
            high = _first_at(thread.instant, i, instants, thread.instant[anchor] + most + 1) - 1
    before = i
    while True:
        j = instants
        for step in range(decided + 1, entry_step):
            if counts[step - 1] == counts[step]:
                j = min(j, _next_in_time(thread, instants, spec, step, anchor, before))
        if not is_last:
            begin, end = max(low, before + 1), min(high, j)
            if begin <= end:
                for more in range(len(ends)):
                    rest = max(0, more - counts[entry_step - 1])
                    ends[more] = min(
                        ends[more], _least(choice.entered[entry_step, rest], begin, end)
                    )
            if j > high:
                return
        if j == instants:
            return
        since = thread.instant[j] - thread.instant[anchor]
        new[decided:entry_step] = counts[decided:entry_step]
        for start in range(decided, entry_step):
            # Alone at its instant, or each later than the one before: one step, and no more.
            step = start + 1
            is_served = step < entry_step and _serving(thread, j, step, -1) >= 0
            if is_served and _in_time(spec, step, since):
                new[step] = max(new[step], counts[start] + 1)
            last = _run(choice, j, -1, start, 0, since, gains)
            for step in range(start + 1, last + 1):
                if step < entry_step:
                    new[step] = max(new[step], counts[start] + gains[step])
                    continue
                for more in range(len(ends)):
                    rest = max(0, more - counts[start] - gains[step])
                    ends[more] = min(ends[more], choice.left[step, rest, j])
        for step in range(decided + 1, entry_step):
            new[step] = max(new[step], new[step - 1])
        if is_last:
            for more in range(counts[entry_step - 1] + 1, new[entry_step - 1] + 1):
                ends[more] = min(ends[more], j)
        counts[decided:entry_step] = new[decided:entry_step]
        before = j


@inner
def _go_on(choice, opening, decided, i, taken, anchor, ends):
    """When what goes on from the instant `i`, there and later, can end: `ends[more]`."""
    thread, gains, found = choice.thread, choice.work[3], choice.found
    since = thread.instant[i] - thread.instant[anchor]
    last = _run(choice, i, opening, decided, taken, since, gains)
    ends[:] = choice.instants
    is_anchored = False
    for step in range(decided, last + 1):
        if step > decided and not _is_optional(choice.spec, step):
            is_anchored = True
        if not is_anchored:
            _leave(choice, step, i, anchor, found)
        for more in range(len(ends)):
            rest = max(0, more - gains[step])
            end = choice.left[step, rest, i] if is_anchored else found[rest]
            ends[more] = min(ends[more], end)


@inner
def _fill_tables(choice):
    """`entered` and `left` for the final step, from the last step to the second."""
    thread, instants, spec = choice.thread, choice.instants, choice.spec
    entered, left, gains, found = choice.entered, choice.left, choice.work[3], choice.found
    size = entered.shape[2] // 2
    for step in range(choice.final, 0, -1):
        if _is_optional(spec, step):
            continue
        entered[step] = instants
        for i in range(instants):
            if _serving(thread, i, step, -1) < 0:
                continue
            is_run = not spec[IS_LATER] and _is_shared(thread, i)
            for decided in range(step, choice.following[step] if is_run else step + 1):
                _leave(choice, decided, i, i, found)
                for more in range(len(found)):
                    left[decided, more, i] = found[more]
            last = _run(choice, i, -1, step, 1 << step, 0, gains)
            for more in range(len(found)):
                end = instants
                for decided in range(step, last + 1):
                    end = min(end, left[decided, max(0, more - gains[decided]), i])
                entered[step, more, size + i] = end
        for more in range(len(found)):
            tree = entered[step, more]
            for place in range(size - 1, 0, -1):
                tree[place] = min(tree[2 * place], tree[2 * place + 1])


@inner
def _can_serve(thread, i, opening, wanted, steps):
    """Whether events of the instant can serve all these steps."""
    _begin_matching(thread, i, opening)
    for step in range(steps):
        if (wanted >> step) & 1 and not _match(thread, i, step):
            return False
    return True


@inner
def _walk(choice, opening, i, more, limit, ends, row_instants):
    """The instant of each step: the earliest from which the rest can still be had."""
    thread, instants, spec = choice.thread, choice.instants, choice.spec
    row_instants[:] = -1
    row_instants[0] = i
    anchor, taken = i, 0
    for step in range(1, choice.following[choice.final]):
        is_optional = _is_optional(spec, step)
        rest = more - 1 if is_optional else more
        if rest < 0:
            continue
        here = taken | (1 << step)
        since = thread.instant[i] - thread.instant[anchor]
        if (
            not spec[IS_LATER]
            and _in_time(spec, step, since)
            and _can_serve(thread, i, opening, here, spec[STEPS])
        ):
            next_anchor = anchor if is_optional else i
            _go_on(choice, opening, step, i, here, next_anchor, ends)
            if ends[rest] <= limit:
                row_instants[step] = i
                anchor, taken, more = next_anchor, here, rest
                continue
        if is_optional:
            j = _next_in_time(thread, instants, spec, step, anchor, i)
            if j < instants:
                _go_on(choice, opening, step, j, 1 << step, anchor, ends)
                if ends[rest] <= limit:
                    row_instants[step] = j
                    i, taken, more = j, 1 << step, rest
            continue
        low = i + 1
        least = spec[STEP + 3 * step + LEAST]
        if least > 0:
            low = _first_at(thread.instant, low, instants, thread.instant[anchor] + least)
        i = _first_at_most(choice.entered[step, more], low, limit)
        row_instants[step] = i
        anchor, taken = i, 1 << step


@inner
def _assign(thread, opening, spec, row_instants, row):
    """The event of each step, of the instants at which they are served."""
    steps = spec[STEPS]
    assigned = 0
    for step in range(1, steps):
        i = row_instants[step]
        if i < 0 or (assigned >> step) & 1:
            continue
        among = 0
        for other in range(step, steps):
            if row_instants[other] == i:
                among |= 1 << other
        _share_out(thread, i, opening, among, row)
        assigned |= among


@inner
def _choose(thread, instants, openings, opened_at, spec, rows):
    """The best row of each opening, in order, with limits or optional steps."""
    steps = spec[STEPS]
    following = np.full(MAX_STEPS + 1, steps, np.int64)
    for step in range(steps - 2, -1, -1):
        is_next = _is_optional(spec, step + 1)
        following[step] = following[step + 1] if is_next else step + 1
    size = 1
    while size < instants:
        size *= 2
    is_found = np.zeros(len(openings), np.bool_)
    row_instants = np.empty(MAX_STEPS, np.int64)
    work = np.zeros((4, MAX_STEPS + 1), np.int64)
    missing = len(openings)
    for final in range(steps - 1, -1, -1):
        if final > 0 and _is_optional(spec, final):
            continue
        optional = 0
        can_end = True
        for step in range(1, following[final]):
            if _is_optional(spec, step):
                optional += 1
            elif thread.later[step, 0] == instants and _serving(thread, 0, step, -1) < 0:
                can_end = False
        if not can_end:
            continue
        choice = Choice(
            thread,
            instants,
            spec,
            following,
            final,
            np.empty((final + 1, optional + 1, 2 * size), np.int32),
            np.full((following[final], optional + 1, instants), instants, np.int32),
            work,
            np.empty(optional + 1, np.int64),
        )
        ends = np.empty(optional + 1, np.int64)
        _fill_tables(choice)
        for number in range(len(openings)):
            if is_found[number]:
                continue
            i, opening = opened_at[number], openings[number]
            closes = thread.instant[i] + spec[WINDOW]
            limit = _first_at(thread.instant, i, instants, closes + 1) - 1
            _go_on(choice, opening, 0, i, 0, i, ends)
            if ends[0] > limit:
                continue
            more = optional
            while ends[more] > limit:
                more -= 1
            _walk(choice, opening, i, more, limit, ends, row_instants)
            _assign(thread, opening, spec, row_instants, rows[number])
            is_found[number] = True
            missing -= 1
        if missing == 0:
            return


@inner
def _excluded(mask, threaded, exclusions):
    """Positions of the events of each exclusion, one after the other, and where each begins."""
    begins = np.zeros(exclusions + 1, np.int64)
    for event in threaded:
        for exclusion in range(exclusions):
            begins[exclusion + 1] += (mask[event] >> (MAX_STEPS + exclusion)) & 1
    for exclusion in range(exclusions):
        begins[exclusion + 1] += begins[exclusion]
    events = np.empty(begins[exclusions], np.int64)
    for exclusion in range(exclusions):
        place = begins[exclusion]
        for event in threaded:
            if (mask[event] >> (MAX_STEPS + exclusion)) & 1:
                events[place] = event
                place += 1
    return begins, events


@inner
def _void_at(at, begins, events, spec, row):
    """The first excluded event strictly between its two steps; NEVER if there is none.

    Without the later step it ends with the window, whose last instant belongs to it.
    """
    found = FOREVER
    for exclusion in range(spec[EXCLUSIONS]):
        after = spec[AFTER_BEFORE + 2 * exclusion]
        before = spec[AFTER_BEFORE + 2 * exclusion + 1]
        if row[after] < 0:
            continue
        low, end = begins[exclusion], begins[exclusion + 1]
        high = end
        while low < high:
            middle = (low + high) // 2
            if at[events[middle]] <= at[row[after]]:
                low = middle + 1
            else:
                high = middle
        if low == end:
            continue
        excluded_at = at[events[low]]
        if row[before] >= 0:
            is_inside = excluded_at < at[row[before]]
        else:
            is_inside = excluded_at <= at[row[0]] + spec[WINDOW]
        if is_inside:
            found = min(found, excluded_at)
    return NEVER if found == FOREVER else found


@inner
def _attempts_of_thread(
    at, mask, held, threaded, stream, place_of, start, spec, closed, thread, best, rows, void_at
):  # fmt: skip
    """Attempts of a thread into `rows` and `void_at`; returns how many."""
    steps, mode = spec[STEPS], spec[MODE]
    opens = (1 << steps) - 1 if mode == ANY else 1
    openings = np.empty(len(threaded), np.int64)
    count = 0
    for event in threaded:
        if mask[event] & opens and spec[FROM_AT] <= at[event] <= spec[TO_AT]:
            openings[count] = event
            count += 1
    if count == 0:
        return 0
    openings = openings[:count]
    opened_at = np.empty(count, np.int64)
    instants = 0
    if mode != STRICT:
        instants = _kept(at, mask, threaded, steps, thread)
        i = 0
        for number in range(count):
            while thread.instant[i] < at[openings[number]]:
                i += 1
            opened_at[number] = i
    for number in range(count):
        rows[number] = -1
        rows[number, 0] = openings[number]
    has_choice = mode == ORDERED and spec[HAS_CHOICE]
    if has_choice:
        _choose(thread, instants, openings, opened_at, spec, rows)
    exclusions = spec[EXCLUSIONS]
    begins, excluded = _excluded(mask, threaded, exclusions)
    found = 0
    for number in range(count):
        opening = openings[number]
        if spec[BY_ATTEMPTS] and at[opening] <= closed:
            continue
        row = rows[found]
        for step in range(steps):
            row[step] = rows[number, step]
        if mode == STRICT:
            _strictly(at, mask, held, stream, place_of[opening - start], spec, row, best)
        elif mode == ANY:
            serves = mask[opening] & opens
            _any(thread, instants, opened_at[number], opening, serves, spec, row)
        elif not has_choice:
            _plain(thread, instants, opened_at[number], opening, spec, row)
        void_at[found] = NEVER
        if exclusions > 0:
            void_at[found] = _void_at(at, begins, excluded, spec, row)
        if spec[BY_ATTEMPTS]:
            closed = at[opening] + spec[WINDOW]
            if row[steps - 1] >= 0:
                closed = min(closed, at[row[steps - 1]])
            if void_at[found] != NEVER:
                closed = min(closed, void_at[found])
        found += 1
    return found


@inner
def _attempts_of_part(
    at, mask, held, threaded, stream, place_of, start, user, part, spec, closed, thread, best,
    rows, void_at,
):  # fmt: skip
    """Attempts among the events of a part, in the order of their numbers; returns how many."""
    if spec[MODE] == STRICT:
        _stream(at, mask, held, spec[STEPS], stream)
        for place in range(len(stream)):
            place_of[stream[place] - start] = place
    if len(held) > 0:
        threaded = _by(held, threaded)
    found = begin = threads = 0
    while begin < len(threaded):
        end = begin + 1
        code = 0
        if len(held) > 0:
            code = held[threaded[begin]]
            while end < len(threaded) and held[threaded[end]] == code:
                end += 1
        else:
            end = len(threaded)
        closed_at = NEVER
        low = _first_at(closed.user, 0, len(closed.user), user)
        while low < len(closed.user) and closed.user[low] == user:
            if closed.part[low] == part and closed.held[low] == code:
                closed_at = max(closed_at, closed.at[low])
            low += 1
        found += _attempts_of_thread(
            at, mask, held, threaded[begin:end], stream, place_of, start, spec, closed_at, thread,
            best, rows[found:], void_at[found:],
        )  # fmt: skip
        threads += 1
        begin = end
    if threads > 1:
        opened_at = np.empty(found, np.int64)
        for number in range(found):
            opened_at[number] = at[rows[number, 0]]
        order = _order(opened_at)
        came, came_void_at = rows[:found].copy(), void_at[:found].copy()
        for number in range(found):
            void_at[number] = came_void_at[order[number]]
            for step in range(spec[STEPS]):
                rows[number, step] = came[order[number], step]
    return found


@entry(
    "int64[]", "int64[]", "int64[]", "int32[]", "int32[]", "int32[]", "int32[]", "int32[]",
    "int64[]", "int64[]", "int64", "int64",
)  # fmt: skip
def search(
    offsets, at, mask, held, value, closed_user, closed_part, closed_held, closed_at, spec, low,
    high,
):  # fmt: skip
    """The attempts of the users from `low` to `high` (excluded); see `funnels.attempts`."""
    steps, mode = spec[STEPS], spec[MODE]
    closed = Closed(closed_user, closed_part, closed_held, closed_at)
    is_held, is_parted, is_strict = len(held) > 0, len(value) > 0, mode == STRICT
    every = (1 << steps) - 1
    opens = every if mode == ANY else 1
    serving = every | ((1 << spec[EXCLUSIONS]) - 1) << MAX_STEPS
    openings = largest = 0
    for user in range(low, high):
        largest = max(largest, offsets[user + 1] - offsets[user])
        for event in range(offsets[user], offsets[user + 1]):
            if mask[event] & opens:
                openings += 1
    size = openings * (2 if is_parted else 1)
    users, parts = np.empty(size, np.int32), np.empty(size, np.int32)
    numbers = np.empty(size, np.int32)
    rows = np.empty((size, steps), np.int32)
    void_at = np.empty(size, np.int64)
    thread = Thread(
        np.empty(largest, np.int32),
        np.empty(largest, np.int32),
        np.empty(largest + 1, np.int32),
        np.empty(largest, np.int64),
        np.empty((steps, largest), np.int32),
        np.empty((steps + 1) * steps, np.int32),
        np.empty((steps + 1) * steps, np.int32),
        np.empty(MAX_STEPS, np.int32),
    )
    best = np.empty((steps + 1, steps + 1, steps + 1), np.int64)
    threaded = np.empty(largest, np.int32)
    stream = np.empty(largest if is_strict else 0, np.int32)
    place_of = np.empty(len(stream), np.int32)
    out = 0
    for user in range(low, high):
        start = offsets[user]
        served = seen = 0
        has_opening = False
        for event in range(start, offsets[user + 1]):
            if mask[event] & serving and not (is_held and held[event] < 0):
                threaded[served] = event
                served += 1
                has_opening = has_opening or mask[event] & opens != 0
            if is_strict and (mask[event] >> SEEN_BIT) & 1:
                stream[seen] = event
                seen += 1
        if not has_opening:
            continue
        found = _attempts_of_part(
            at, mask, held, threaded[:served], stream[:seen].copy(), place_of, start, user, -1,
            spec, closed, thread, best, rows[out:], void_at[out:],
        )  # fmt: skip
        for number in range(found):
            users[out], parts[out], numbers[out] = user, -1, number + 1
            out += 1
        if not is_parted:
            continue
        # Sorted by value, the events of each stand together, and what a strict funnel sees, too.
        by_value, seen_by_value = _by(value, threaded[:served]), _by(value, stream[:seen])
        begin = seen_begin = 0
        while begin < served:
            part = np.int64(value[by_value[begin]])
            end = begin
            while end < served and value[by_value[end]] == part:
                end += 1
            while seen_begin < seen and value[seen_by_value[seen_begin]] < part:
                seen_begin += 1
            seen_end = seen_begin
            while seen_end < seen and value[seen_by_value[seen_end]] == part:
                seen_end += 1
            if part >= 0:
                found = _attempts_of_part(
                    at, mask, held, by_value[begin:end], seen_by_value[seen_begin:seen_end],
                    place_of, start, user, part, spec, closed, thread, best, rows[out:],
                    void_at[out:],
                )  # fmt: skip
                for number in range(found):
                    users[out], parts[out], numbers[out] = user, part, number + 1
                    out += 1
            begin, seen_begin = end, seen_end
    served = np.empty((steps, out), np.int32)
    step_at = np.empty((steps, out), np.int64)
    required, count = np.zeros(out, np.int8), np.zeros(out, np.int8)
    reached = np.zeros(out, np.int8)
    for number in range(out):
        for step in range(steps):
            event = rows[number, step]
            served[step, number] = event
            step_at[step, number] = NEVER
            if event >= 0:
                step_at[step, number] = at[event]
                count[number] += 1
                required[number] += 1 if mode == ANY or not _is_optional(spec, step) else 0
                reached[number] = step + 1
    return (
        users[:out], parts[:out], numbers[:out], served, step_at, void_at[:out], required, count,
        reached,
    )  # fmt: skip
