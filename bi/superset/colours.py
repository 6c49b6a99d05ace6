"""The colours of the boards' series, as schemes that Superset's settings name."""

from __future__ import annotations

from dashboards.board import COLOURS, Chart, Series
from dashboards.boards import BOARDS

USUAL = "yunying"


def scheme_of(series: Series | None) -> str:
    """The scheme that gives a series the board's colours, one name after the other."""
    has_own = series is not None and series.labels is None and series.colours != COLOURS
    return f"{USUAL}_{series.column}" if series is not None and has_own else USUAL


SCHEMES = {
    name: item.series.colours
    for board in BOARDS
    for item in board.items
    if isinstance(item, Chart) and item.series is not None
    for name in [scheme_of(item.series)]
    if name != USUAL
}
