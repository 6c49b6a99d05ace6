"""A chart of Superset for each item of a board: what its spec encodes says which kind it is.

    lines, areas, columns              line, area and bar charts
    bars that lie; with another behind bars that lie; a funnel
    dots                               a scatter plot
    a tile; with a day                 a big number; with its trend
    a grid, a table                    a heat map, a table

A chart that draws what its query does not give, because its spec computes it, has none; nor has
one of bars that do not begin at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bi.superset import assets
from bi.superset.colours import scheme_of
from bi.superset.datasets import (
    FORMATS,
    IS_TIME,
    ORDER,
    RIPENESS,
    Content,
    Dataset,
    both,
    duration_of,
    encodings,
    figure,
    metric_of,
    place_of,
    titled,
)
from dashboards.board import BLUE, GREY, Chart, Column, Grid, Table, Text, Tiles

# The kind of a chart is the first of these that it draws.
_MARKS = {
    "line": "echarts_timeseries_line",
    "area": "echarts_area",
    "bar": "echarts_timeseries_bar",
}
_POINTS = {"point": "echarts_timeseries_scatter"}
_RIPE_COLOURS = {both(RIPENESS[True]): BLUE, both(RIPENESS[False]): GREY}
_TILES = 4
"""Big numbers side by side."""


@dataclass(frozen=True)
class Mark:
    """A layer of a chart that draws columns of the query."""

    kind: str
    encoding: Mapping[str, Any]
    colour: str | None

    def column(self, axis: str) -> str | None:
        return self.encoding.get(axis, {}).get("field")


@dataclass(frozen=True)
class Drawn:
    """A chart, the metrics that its dataset has for it, its place in the twelve columns of a
    dashboard, and the colours of its names."""

    key: str
    dataset: Dataset
    name: str
    description: str
    viz_type: str
    params: Content
    width: int
    height: int
    metrics: tuple[Content, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"charts/{self.key}.yaml"

    @property
    def uuid(self) -> str:
        return assets.uuid_of(self.path)

    @property
    def is_number(self) -> bool:
        return self.viz_type.startswith("big_number")

    @property
    def content(self) -> Content:
        """The chart as Superset takes it in."""
        return {
            "slice_name": self.name,
            "description": self.description,
            "viz_type": self.viz_type,
            "params": {
                "datasource": "1__table",
                "viz_type": self.viz_type,
                "extra_form_data": {},
                "annotation_layers": [],
                **self.params,
            },
            "uuid": self.uuid,
            "version": assets.VERSION,
            "dataset_uuid": self.dataset.uuid,
        }


def charts(dataset: Dataset) -> Iterator[Drawn]:
    """The charts of an item; none where Superset cannot draw it."""
    item = dataset.item
    if isinstance(item, Tiles):
        yield from _numbers(dataset, item)
    elif isinstance(item, Table):
        yield _table(dataset, item)
    elif isinstance(item, Grid):
        yield _heat_map(dataset, item)
    elif isinstance(item, Chart):
        marks = list(_marks(item, dataset.types, _MARKS))
        points = list(_marks(item, dataset.types, _POINTS))
        if points and not marks:
            yield _scattered(dataset, item, points)
        elif marks and marks[0].encoding["y"].get("type") == "nominal":
            yield _lying(dataset, item, marks)
        elif marks:
            yield _series(dataset, item, marks)


def _drawn(
    dataset: Dataset, viz_type: str, params: Content, *conditions: str, **more: Any
) -> Drawn:
    item = dataset.item
    return Drawn(
        **{
            "key": dataset.name,
            "dataset": dataset,
            "name": titled(item.title),
            "description": both(item.reading),
            "viz_type": viz_type,
            "params": {"adhoc_filters": _filters(dataset, conditions), **params},
            "width": 12 if item.is_wide else 6,
            "height": 46,
            **more,
        }
    )


def _filters(dataset: Dataset, conditions: tuple[str, ...]) -> list[Content]:
    """The dates that a dashboard's filter acts on, and conditions."""
    dates = {
        "clause": "WHERE",
        "comparator": "No filter",
        "expressionType": "SIMPLE",
        "operator": "TEMPORAL_RANGE",
        "subject": dataset.item.day,
    }
    return [dates] * (dataset.item.day is not None) + [
        {
            "clause": "WHERE",
            "expressionType": "SQL",
            "sqlExpression": condition,
            "filterOptionName": f"filter_{dataset.name}_{place}",
        }
        for place, condition in enumerate(conditions)
    ]


def _marks(item: Chart, types: Mapping[str, str], kinds: Mapping[str, str]) -> Iterator[Mark]:
    layers = item.spec.get("layer", [item.spec])
    for layer, encoding in zip(layers, encodings(item.spec), strict=True):
        mark = layer.get("mark", {})
        mark = {"type": mark} if isinstance(mark, str) else mark
        colour = mark.get("color") or encoding.get("color", {}).get("value")
        axes = [encoding.get(axis, {}) for axis in ("x", "y")]
        is_span = "x2" in encoding and axes[0].get("bin") != "binned"
        is_drawn = mark.get("type") in kinds and not is_span
        if is_drawn and all(_is_given(axis, types) for axis in axes):
            yield Mark(mark["type"], encoding, colour)


def _is_given(axis: Mapping[str, Any], types: Mapping[str, str]) -> bool:
    """Whether an axis shows a column of the query as it is."""
    return axis.get("field") in types and "aggregate" not in axis and axis.get("bin") is not True


def _number(axis: Mapping[str, Any]) -> str:
    return (axis.get("axis") or {}).get("format", ",d")


def _numbers(dataset: Dataset, item: Tiles) -> Iterator[Drawn]:
    lines = -(-len(item.tiles) // _TILES)
    per_line = -(-len(item.tiles) // lines)
    grained = "grain" in dataset.types
    for place, tile in enumerate(item.tiles):
        in_line = min(per_line, len(item.tiles) - place // per_line * per_line)
        params: Content = {
            "metric": metric_of(tile.column),
            "y_axis_format": FORMATS[tile.format],
            "header_font_size": 0.4,
            "subheader_font_size": 0.125,
            "time_format": "%Y-%m-%d",
            "row_limit": 10000,
        }
        if item.day is not None:
            params |= {
                "x_axis": item.day,
                "time_grain_sqla": "P1D",
                "show_trend_line": True,
                "start_y_axis_at_zero": True,
                "compare_lag": 1 if grained else 7,
                "compare_suffix": both(
                    Text("period before ·", "上期") if grained else Text("7 days ·", "7 天")
                ),
                "show_timestamp": True,
                "color_picker": {"r": 0, "g": 114, "b": 178, "a": 1},
                "rolling_type": "None",
            }
        yield _drawn(
            dataset,
            "big_number_total" if item.day is None else "big_number",
            params,
            *_ripe(dataset),
            key=f"{dataset.name}_{tile.column}",
            name=titled(tile.label),
            metrics=(figure(tile.column, tile.label, FORMATS[tile.format]),),
            width=12 // in_line,
            height=26,
        )


def _ripe(dataset: Dataset) -> tuple[str, ...]:
    return ("is_mature",) if "is_mature" in dataset.types else ()


def _series(dataset: Dataset, item: Chart, marks: list[Mark]) -> Drawn:
    """Lines, areas or bars over days, or over what is numbered."""
    viz_type = next(_MARKS[kind] for kind in _MARKS if kind in {mark.kind for mark in marks})
    # What the whole encodes is the figure; what a layer has of its own stands beside it.
    whole = {**marks[0].encoding, **item.spec.get("encoding", {})}
    drawn = [whole["y"]["field"], *(mark.column(axis) for mark in marks for axis in ("y", "y2"))]
    columns = [column for column in dict.fromkeys(drawn) if column is not None]
    number = _number(whole["y"])
    is_alone = item.series is None and len(columns) == 1
    x = whole["x"]["field"]
    is_time = dataset.types[x] in IS_TIME
    if item.series is not None:
        apart = [whole["detail"]["field"]] if "detail" in whole else []
        groups = [dataset.named(item.series.label), *apart]
    else:
        groups = ["ripeness"] if is_alone and _ripe(dataset) else []
    params: Content = {
        "x_axis": x,
        "metrics": [metric_of(column) for column in columns],
        "groupby": groups,
        **_usual(item, number, has_legend=bool(groups) or not is_alone),
        "sort_series_type": "name" if item.series is not None else "sum",
        "sort_series_ascending": True,
        "y_axis_bounds": [None, None],
        **_x_axis(dataset, x, is_time),
    }
    title = (whole["x"].get("axis") or {}).get("title")
    if title is not None:
        params |= {"x_axis_title": both(title), "x_axis_title_margin": 30}
    if viz_type == _MARKS["line"]:
        params |= {"markerEnabled": not is_time or is_alone, "markerSize": 4}
    else:
        params |= {"stack": "Stack", "opacity": 0.7}
    return _drawn(
        dataset,
        viz_type,
        params,
        *(() if groups == ["ripeness"] else _ripe(dataset)),
        metrics=tuple(figure(column, dataset.label(column), number) for column in columns),
        colours=_RIPE_COLOURS | _colours(dataset, item, marks),
    )


def _x_axis(dataset: Dataset, x: str, is_time: bool) -> Content:
    if is_time:
        return {
            "time_grain_sqla": "P1D",
            "x_axis_time_format": "%Y-%m-%d",
            "tooltipTimeFormat": "%Y-%m-%d",
        }
    is_duration = duration_of(x) in dataset.types
    shown = duration_of(x) if is_duration else dataset.named(x)
    number = {"x_axis_number_format": FORMATS["duration"]} if is_duration else {}
    return {"x_axis": shown, "x_axis_sort": shown, "xAxisForceCategorical": True, **number}


def _usual(item: Chart, number: str, *, has_legend: bool) -> Content:
    return {
        "color_scheme": scheme_of(item.series),
        "rich_tooltip": True,
        "show_legend": has_legend,
        "legendOrientation": "top",
        "legendType": "scroll",
        "y_axis_format": number,
        "truncate_metric": True,
        "show_empty_columns": True,
        "order_desc": True,
        "x_axis_sort_asc": True,
        "truncateYAxis": False,
        "row_limit": 10000,
    }


def _colours(dataset: Dataset, item: Chart, marks: list[Mark]) -> dict[str, str]:
    """The colours that the board gives names."""
    if item.series is not None:
        texts = (item.series.labels or {}).values()
        return {both(t): c for t, c in zip(texts, item.series.colours, strict=False)}
    columns = [(mark.column(axis), mark.colour) for mark in marks for axis in ("x", "y", "y2")]
    return {
        name: colour
        for column, colour in columns
        if column is not None and colour is not None
        for name in (both(dataset.label(column)), metric_of(column))
    }


def _lying(dataset: Dataset, item: Chart, marks: list[Mark]) -> Drawn:
    """Bars that lie, in the board's order; or, with another behind each, a funnel."""
    encoding = marks[-1].encoding
    name, column = encoding["y"]["field"], encoding["x"]["field"]
    number = _number(encoding["x"])
    metrics = (figure(column, dataset.label(column), number),)
    if len(marks) > 1:
        return _drawn(
            dataset,
            "funnel",
            {
                "groupby": [name],
                "metric": metric_of(column),
                "color_scheme": "yunying_steps",
                "sort_by_metric": True,
                "percent_calculation_type": "first_step",
                "show_labels": True,
                "show_legend": False,
                "show_tooltip_labels": True,
                "label_type": 5,
                "tooltip_label_type": 5,
                "number_format": number,
                "legendOrientation": "top",
                "row_limit": 20,
            },
            metrics=metrics,
        )
    name = dataset.named(name)
    params = {
        "x_axis": name,
        "metrics": [metric_of(column)],
        "groupby": [],
        **_usual(item, number, has_legend=False),
        "sort_series_type": "sum",
        "y_axis_bounds": [None, None],
        "orientation": "horizontal",
        "x_axis_sort_asc": False,  # the first is drawn at the top
        "show_value": True,
        "x_axis_sort": name,
    }
    return _drawn(
        dataset, _MARKS["bar"], params, metrics=metrics, colours=_colours(dataset, item, marks)
    )


def _scattered(dataset: Dataset, item: Chart, points: list[Mark]) -> Drawn:
    """Points, over the names beside which the board has them."""
    encoding = points[-1].encoding
    name, column = dataset.named(encoding["y"]["field"]), encoding["x"]["field"]
    number = _number(encoding["x"])
    groups = [] if item.series is None else [dataset.named(item.series.label)]
    params = {
        "x_axis": name,
        "metrics": [metric_of(column)],
        "groupby": groups,
        **_usual(item, number, has_legend=bool(groups)),
        "sort_series_type": "name",
        "y_axis_bounds": [None, None],
        "markerEnabled": True,
        "markerSize": 8,
        "x_axis_sort": name,
        "xAxisForceCategorical": True,
    }
    return _drawn(
        dataset,
        _POINTS["point"],
        params,
        metrics=(figure(column, dataset.label(column), number),),
        colours=_colours(dataset, item, points),
    )


def _heat_map(dataset: Dataset, item: Grid) -> Drawn:
    number = FORMATS[item.value.format]
    # A number says by itself what it is, and sorts.
    is_numbered = item.column_order.endswith("_number")
    params = {
        "x_axis": item.column_order if is_numbered else dataset.named(item.column.column),
        "groupby": dataset.named(item.row.column),
        "metric": metric_of(item.value.column),
        "linear_color_scheme": "schemeBlues",
        "normalize_across": "heatmap",
        "show_values": True,
        "show_legend": True,
        "show_percentage": False,
        "legend_type": "continuous",
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "value_bounds": [None, None],
        "xscale_interval": -1,
        "yscale_interval": -1,
        "left_margin": "auto",
        "bottom_margin": "auto",
        "y_axis_format": number,
        "x_axis_time_format": "%Y-%m-%d",
        "row_limit": 10000,
    }
    # Superset takes the scale of colours from all that it draws.
    apart = (f"{place_of(item.column.column)} > 1",) if item.is_first_apart else ()
    return _drawn(
        dataset,
        "heatmap_v2",
        params,
        *apart,
        metrics=(figure(item.value.column, item.value.label, number),),
        height=60,
    )


def _table(dataset: Dataset, item: Table) -> Drawn:
    def shown(column: Column) -> str:
        return duration_of(column.column) if column.format == "duration" else column.column

    params = {
        "table_timestamp_format": "%Y-%m-%d %H:%M",
        "show_cell_bars": False,
        "color_pn": False,
        "allow_render_html": False,
        "order_desc": True,
        "server_page_length": 10,
        "page_length": 0,
        "include_search": False,
        "column_config": {
            shown(column): {"d3NumberFormat": FORMATS[column.format]}
            if column.format in FORMATS
            else {"d3TimeFormat": "%Y-%m-%d"}
            for column in item.columns
            if column.format in FORMATS or dataset.types[column.column] == "DATE"
        },
        "row_limit": 1000,
        "query_mode": "raw",
        "all_columns": [shown(column) for column in item.columns],
        "order_by_cols": [f'["{ORDER}", true]'],
    }
    return _drawn(dataset, "table", params, height=36)
