"""The usual shapes of charts, as Vega-Lite.

What is not ripe is drawn lighter and dashed, everywhere in the same way. Some words are the
page's own: `SERIES` stands for the scale of the item's series, which the page puts in, in the
reader's language; a layer with `only` is left out where no row is of that kind; `room` makes the
scale longer than the longest bar, for the figure beside it, and `line` is the height of a bar's
line. The page chooses which days of an axis have a label, with the figure `beneath` it; and it
says the fields of all tooltips of a chart, as far as the row that is pointed at has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.board import BLUE, GREY, RED, Series, Text

SERIES: Mapping[str, Any] = {"series": True}
UNRIPE_OPACITY = 0.4
_ROOM = 100
"""Pixels beside the longest bar, for its figure; the page makes it more where that is wider."""
INK, QUIET = "#1f2733", "#545d6a"
_IS_RIPE = "datum.is_mature !== false"
_RIPENESS = {"opacity": {"condition": {"test": _IS_RIPE, "value": 1}, "value": UNRIPE_OPACITY}}
# A line is thin: what is told is the point that is nearest; of one line, the nearest along it.
NEAREST = {"type": "point", "nearest": True, "on": "pointermove", "clear": "pointerout"}

Spec = dict[str, Any]
Tooltip = Sequence[tuple[str, Text, str | None]]


def lines(
    x: str,
    y: str,
    label: Text,
    tooltip: Tooltip,
    *,
    series: Series | None = None,
    number: str = ",d",
    is_date: bool = True,
    x_label: Text | None = None,
    beneath: str | None = None,
    mark_at: float | None = None,
    between: tuple[str, str] | None = None,
    is_stepped: bool = False,
) -> Spec:
    """Lines over days, or over numbered periods. The part that is not ripe is dashed.

    `beneath` is a count that stands below each labelled day: of how many the figure is;
    `mark_at` a figure that a line stands at; `between` an interval that is shaded. A figure
    that holds until the next is stepped.
    """
    encoding: Spec = {
        "x": _day(x, beneath) if is_date else _number_axis(x, x_label),
        "y": _quantity(y, label, number),
        "tooltip": _tooltip(tooltip),
        **_colour(series, "stroke"),
    }
    course = {"interpolate": "step-after" if is_stepped else "linear"}
    mark = {"type": "line", "strokeWidth": 2, **course}
    return {
        "encoding": encoding,
        "layer": [
            *_marked("y", y, mark_at),
            *_shaded(between, encoding, course),
            {"only": "ripe", "transform": [{"filter": _IS_RIPE}], "mark": mark},
            {
                "only": "tail",
                "transform": [{"filter": "datum.is_tail"}],
                "mark": {**mark, "strokeDash": [4, 3], "opacity": UNRIPE_OPACITY + 0.2},
            },
            {
                "params": [
                    {
                        "name": "nearest",
                        "select": NEAREST if series else {**NEAREST, "encodings": ["x"]},
                    }
                ],
                "transform": [{"filter": f"isValid(datum['{y}'])"}],
                "mark": {"type": "point", "filled": False, "size": 30, "strokeWidth": 1.5},
                "encoding": {
                    "fill": {"value": "white"},
                    "opacity": {
                        "condition": [
                            {"param": "nearest", "empty": False, "value": 1},
                            {"test": f"!({_IS_RIPE}) || datum.is_sparse", "value": 1},
                        ],
                        "value": 0,
                    },
                },
            },
        ],
    }


def columns(
    x: str,
    y: str,
    label: Text,
    tooltip: Tooltip,
    *,
    series: Series | None = None,
    number: str = ",d",
    x_label: Text | None = None,
    x_order: str | None = None,
    detail: str | None = None,
) -> Spec:
    """Columns, stacked by series; below zero where the figure is.

    `detail` tells apart rows of the same series in one column.
    """
    axis: Spec = {"labelOverlap": "greedy", "labelSeparation": 8, "labelAngle": 0,
                  "ticks": False, "title": x_label}  # fmt: skip
    sort: Spec = {"sort": {"field": x_order, "op": "min"}} if x_order else {"sort": "ascending"}
    encoding: Spec = {
        "x": {"field": x, "type": "ordinal", "axis": axis, **sort},
        "y": _quantity(y, label, number),
        "tooltip": _tooltip(tooltip),
        **_RIPENESS,
        "stroke": {"condition": {"test": _IS_RIPE, "value": None}, "value": "#222"},
        **_colour(series),
    }
    mark = {"type": "bar", "strokeDash": [3, 2]}
    if series is not None:
        encoding["order"] = {"field": series.order or "series_order", "type": "quantitative"}
        if detail is not None:
            encoding["detail"] = {"field": detail, "type": "nominal"}
        return {"mark": mark, "encoding": encoding}
    return {"encoding": encoding, "layer": [_band(y=None), {"mark": mark}]}


def histogram(
    start: str, end: str, y: str, label: Text, tooltip: Tooltip, *, x_label: Text
) -> Spec:
    """Columns over stretches of seconds, from `start` to `end`; the page chooses the labels."""
    axis = {"title": x_label, "seconds": [start, end], "grid": False}
    encoding = {
        "x": {"field": start, "type": "quantitative", "bin": "binned", "axis": axis},
        "x2": {"field": end},
        "y": _quantity(y, label, ",d"),
        "tooltip": _tooltip(tooltip),
        "color": {"value": BLUE},
    }
    return {"encoding": encoding, "layer": [_band(y=None), {"mark": {"type": "bar"}}]}


def areas(x: str, y: str, label: Text, tooltip: Tooltip, *, series: Series) -> Spec:
    """Areas over days, one on the other: parts of a whole. Days not ripe lie below a veil."""
    encoding: Spec = {
        "x": _day(x),
        "y": _quantity(y, label, ",d"),
        "tooltip": _tooltip(tooltip),
        "order": {"field": series.order or "series_order", "type": "quantitative"},
        **_colour(series),
    }
    return {
        "layer": [
            {"mark": {"type": "area", "line": False}, "encoding": encoding},
            {
                "only": "tail",
                "transform": [{"filter": "datum.is_tail"}],
                "mark": {"type": "rect", "color": "white", "opacity": UNRIPE_OPACITY + 0.2},
                "encoding": {
                    "x": {"aggregate": "min", "field": x, "type": "temporal"},
                    "x2": {"aggregate": "max", "field": x},
                },
            },
            # What is told of a day and a part, wherever one points; seen where a day is alone.
            {
                "mark": {"type": "bar"},
                "encoding": {
                    **encoding,
                    "y": {**encoding["y"], "stack": True},
                    "opacity": {
                        "condition": {"test": "datum.is_alone", "value": 1},
                        "value": 0.001,
                    },
                },
            },
        ]
    }


def rows(
    y: str,
    x: str,
    label: Text,
    tooltip: Tooltip,
    *,
    order: str,
    text: str | Text,
    number: str = ",d",
    shadow: str | None = None,
    colour: str = BLUE,
    beneath: str | Text | None = None,
    target: str | None = None,
    alarm: str | None = None,
) -> Spec:
    """Bars that lie, one a line, with the figure beside them.

    `text` is an expression of that figure, `beneath` one of what stands below it. `shadow` is a
    longer figure behind the bar, of the same people; `target` one that a stroke stands at, which
    the bar reaches or not; a bar is red where the expression `alarm` holds.
    """
    axis = {"title": None, "ticks": False, "domain": False}
    name = {"field": y, "type": "nominal", "sort": {"field": order, "op": "min"}, "axis": axis}
    base: Spec = {"y": name, "tooltip": _tooltip(tooltip)}
    x_axis = _quantity(x, label, number)
    x_axis["axis"] = {**x_axis["axis"], "tickCount": 4, "labelOverlap": "greedy",
                      "labelSeparation": 10, "labelBound": 8}  # fmt: skip
    red: Spec = {"color": {"condition": {"test": alarm, "value": RED}, "value": colour}}
    bar = {
        "mark": {"type": "bar", "color": colour, "height": {"band": 0.72}},
        "encoding": {**base, "x": x_axis, **_RIPENESS, **(red if alarm else {})},
    }
    longest: Spec = {"field": shadow or x, "type": "quantitative"}
    layers: list[Spec] = [_band(**base), bar]
    if target is not None:
        layers.append({
            "mark": {"type": "point", "shape": "stroke", "angle": 90, "color": INK,
                     "size": 700 if beneath else 300, "strokeWidth": 2.5, "opacity": 1},
            "encoding": {**base, "x": {"field": target, "type": "quantitative"}},
        })  # fmt: skip
        # What is said stands behind both.
        longer = {"calculate": f"max(datum['{x}'], datum['{target}'])", "as": "longest"}
        longest["field"] = "longest"
    said = [longer] if target else []
    for expression, colour_of_text, dy in (
        (text, INK, -8 if beneath else 0), (beneath, QUIET, 8),
    ):  # fmt: skip
        if expression is not None:
            layers.append({
                "transform": [*said, {"calculate": expression, "as": "shown"}],
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 5,
                         "dy": dy, "fontSize": 12, "color": colour_of_text},
                "encoding": {**base, "x": longest, "text": {"field": "shown"}},
            })  # fmt: skip
    if shadow is not None:
        behind = {
            "mark": {"type": "bar", "color": colour, "opacity": UNRIPE_OPACITY - 0.1,
                     "height": {"band": 0.72}},
            "encoding": {**base, "x": {**x_axis, "field": shadow}},
        }  # fmt: skip
        layers.insert(1, behind)
    return {"layer": layers, "room": _ROOM, "line": 44 if beneath else 26}


def waterfall(
    y: str,
    start: str,
    end: str,
    label: Text,
    tooltip: Tooltip,
    *,
    order: str,
    text: str,
    longest: str,
    series: Series,
) -> Spec:
    """Bars that lie, each from where the one above it ended; `text` is an expression of the figure
    that stands behind the farther end, `longest`."""
    axis = {"title": None, "ticks": False, "domain": False}
    name = {"field": y, "type": "nominal", "sort": {"field": order, "op": "min"}, "axis": axis}
    base: Spec = {"y": name, "tooltip": _tooltip(tooltip)}
    x_axis = _quantity(start, label, "~s")
    x_axis["axis"] = {**x_axis["axis"], "labelOverlap": "greedy", "labelSeparation": 10}
    return {
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.72}},
                "encoding": {**base, "x": x_axis, "x2": {"field": end}, **_colour(series)},
            },
            {
                "transform": [{"calculate": text, "as": "shown"}],
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 5,
                         "fontSize": 12, "color": INK},
                "encoding": {**base, "x": {"field": longest, "type": "quantitative"},
                             "text": {"field": "shown"}},
            },
        ],
        "room": _ROOM,
        "line": 30,
    }  # fmt: skip


def dots(
    y: str,
    x: str,
    label: Text,
    tooltip: Tooltip,
    *,
    order: str,
    low: str,
    high: str,
    series: Series | None = None,
    number: str = ",.2f",
    mark_at: float | None = None,
    scale: Mapping[str, Any] | None = None,
    values: Sequence[float] | None = None,
) -> Spec:
    """Points on lines that lie, and what they lie between, from `low` to `high`; where those are
    ends of an interval, a point stands for its middle. `values` are those of the axis."""
    axis = {"title": None, "ticks": False, "domain": False, "grid": True}
    figure = _quantity(x, label, number)
    figure["axis"] = {**figure["axis"], "labelOverlap": "greedy", "labelSeparation": 10}
    if values is not None:
        figure["axis"]["values"] = list(values)
    figure["scale"] = dict(scale or {"zero": False})
    return {
        "encoding": {
            "y": {"field": y, "type": "nominal", "sort": {"field": order, "op": "min"},
                  "axis": axis},
            "tooltip": _tooltip(tooltip),
        },
        "layer": [
            *_marked("x", x, mark_at),
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": GREY},
                "encoding": {"x": {**figure, "field": low}, "x2": {"field": high}, **_RIPENESS},
            },
            {
                "params": [{"name": "nearest", "select": NEAREST}],
                "mark": {"type": "point", "filled": True, "size": 90},
                "encoding": {"x": figure, **_RIPENESS, **_colour(series, "circle")},
            },
        ],
        "line": 30,
    }  # fmt: skip


def _shaded(
    between: tuple[str, str] | None, encoding: Mapping[str, Any], course: Mapping[str, str]
) -> list[Spec]:
    """What lies between two figures, behind the line."""
    if between is None:
        return []
    low, high = between
    return [{
        "mark": {"type": "area", "opacity": 0.15, "line": False, **course},
        "encoding": {"y": {**encoding["y"], "field": low}, "y2": {"field": high}},
    }]  # fmt: skip


def _marked(axis: str, field: str, at: float | None) -> list[Spec]:
    """A line at a figure of the field, across the chart."""
    if at is None:
        return []
    other = {"x": "y", "y": "x"}[axis]
    return [{
        "data": {"values": [{field: at}]},
        "mark": {"type": "rule", "strokeDash": [6, 3], "tooltip": None},
        "encoding": {axis: {"field": field, "type": "quantitative"}, other: None,
                     "color": {"value": INK}, "tooltip": None},
    }]  # fmt: skip


def _band(**encoding: Any) -> Spec:
    """What nobody sees behind a bar: it may be short, and the whole of its band tells."""
    unseen = {"opacity": {"value": 0.001}, "stroke": None}
    return {"mark": {"type": "rect"}, "encoding": {**unseen, **encoding}}


def _day(column: str, beneath: str | None = None) -> Spec:
    axis = {"labelOverlap": "greedy", "title": None, "beneath": beneath}
    return {"field": column, "type": "temporal", "timeUnit": "utcyearmonthdate",
            "axis": axis}  # fmt: skip


def _number_axis(column: str, label: Text | None) -> Spec:
    return {"field": column, "type": "quantitative", "scale": {"nice": False},
            "axis": {"title": label, "tickMinStep": 1, "format": "d", "grid": False}}  # fmt: skip


def _quantity(column: str, label: Text, number: str) -> Spec:
    axis: Spec = {"title": label, "format": number, "tickCount": 5}
    if number == ",d":
        # There is no half a user.
        axis["labelExpr"] = "datum.value % 1 ? '' : format(abs(datum.value), ',')"
    return {"field": column, "type": "quantitative", "axis": axis}


def _colour(series: Series | None, symbol: str = "square") -> Spec:
    if series is None:
        return {"color": {"value": BLUE}}
    width = 0 if symbol == "square" else 3
    legend = {"title": None, "symbolType": symbol, "symbolOpacity": 1, "symbolStrokeWidth": width}
    return {"color": {"field": series.label, "type": "nominal", "scale": SERIES, "legend": legend}}


def _tooltip(fields: Tooltip) -> list[Spec]:
    return [
        {"field": name, "title": title, **({"format": number, "type": "quantitative"}
                                           if number else {"type": "nominal"})}
        for name, title, number in fields
    ]  # fmt: skip
