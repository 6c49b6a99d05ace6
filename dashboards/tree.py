"""A tree, drawn: a line for each of its nodes, below the one that it hangs on.

Rows of kind `node` are nodes, of kind `spark` points of the small curve beside one: `node_id`,
`place` (0: the first line), `parent_place`, `depth`, `name`, `beneath` its words below, `figure`
and `difference` in words, `verdict` (its colour); `spark_x` and `spark_y` from 0 to 1.
"""

from __future__ import annotations

from typing import Any

from dashboards.board import BLUE, GREEN, GREY, RED
from dashboards.specs import INK, QUIET, Spec, Tooltip

LINE = 46
_INDENT, _SPARK, _SPARK_WIDTH = 0.035, 0.5, 0.2
_VERDICTS = {"good": GREEN, "bad": RED, "none": GREY}


def spec(tooltip: Tooltip) -> Spec:
    """Links, nodes, their words, figures and curves."""
    told = [
        {"field": name, "title": title, **({"format": number} if number else {})}
        for name, title, number in tooltip
    ]
    left = f"{_INDENT} * datum.depth + 0.012"
    y = {"field": "place", "type": "quantitative", "axis": None,
         "scale": {"reverse": True, "nice": False, "zero": False, "padding": LINE / 2}}  # fmt: skip

    def x(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "axis": None,
                "scale": {"domain": [0, 1], "nice": False}}  # fmt: skip

    def colour(of: str) -> dict[str, Any]:
        tests = [
            {"test": f"datum.{of} === '{name}'", "value": value}
            for name, value in _VERDICTS.items()
        ]
        return {"condition": tests, "value": GREY}

    dot = {"type": "point", "filled": True, "size": 80, "opacity": 1}
    nodes = [{"filter": "datum.kind === 'node'"}, {"calculate": left, "as": "left"}]
    hung = [*nodes, {"filter": "datum.depth > 0 && isValid(datum.parent_place)"},
            {"calculate": f"datum.left - {_INDENT}", "as": "stem"}]  # fmt: skip
    link = {"type": "rule", "color": GREY, "opacity": 0.6, "tooltip": None}

    def words(field: str, at: str, mark: Spec, **more: Any) -> Spec:
        return {
            "transform": [*nodes, {"calculate": at, "as": "at"}],
            "mark": {"type": "text", "align": "left", "baseline": "middle", "fontSize": 12, **mark},
            "encoding": {"x": x("at"), "text": {"field": field}, **more},
        }

    limit = {"expr": f"{_SPARK - 0.03} * width"}
    right = {"align": "right"}
    return {
        "encoding": {"y": y, "tooltip": told},
        "layer": [
            {"transform": hung, "mark": link,
             "encoding": {"x": x("stem"), "y": y, "y2": {"field": "parent_place"}}},
            {"transform": hung, "mark": link,
             "encoding": {"x": x("stem"), "x2": {"field": "left"}}},
            {"transform": nodes, "mark": dot,
             "encoding": {"x": x("left"), "color": colour("verdict")}},
            words("name", f"{left} + 0.018",
                  {"dy": -8, "color": INK, "limit": limit, "fontWeight": "bold"}),
            words("beneath", f"{left} + 0.018", {"dy": 8, "color": QUIET, "limit": limit}),
            {
                "transform": [
                    {"filter": "datum.kind === 'spark'"},
                    {"calculate": f"{_SPARK} + {_SPARK_WIDTH} * datum.spark_x", "as": "at"},
                    {"calculate": "datum.place + 0.3 - 0.6 * datum.spark_y", "as": "height"},
                ],
                "mark": {"type": "line", "color": BLUE, "strokeWidth": 1.5, "tooltip": None},
                "encoding": {"x": x("at"), "y": {**y, "field": "height"},
                             "detail": {"field": "node_id"}},
            },
            words("figure", "1", {**right, "dy": -8, "color": INK, "fontWeight": "bold"}),
            words("difference", "1", {**right, "dy": 8}, color=colour("difference_verdict")),
        ],
        "line": LINE,
    }  # fmt: skip
