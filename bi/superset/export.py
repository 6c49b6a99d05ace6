"""`make superset-assets`: Superset's files, written from what the boards declare.

A board is a dashboard, each of its items a dataset and its charts, each filter the choices that a
dataset of its own gives. Types of columns are those of the
published file, words those of the models. Nothing in `assets/` is written by hand.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import duckdb
import yaml

from bi.superset import assets
from bi.superset.charts import Drawn, charts
from bi.superset.datasets import (
    ORDER,
    Content,
    Dataset,
    Words,
    both,
    choices,
    content,
    dataset,
    label_of,
    metric,
    path_of,
    titled,
)
from dashboards.board import Board, Choice, Column, Period, Table, Text
from dashboards.boards import BOARDS
from orchestration.project import ROOT, Settings, SettingsError
from orchestration.publish.builds import DATABASE
from orchestration.transform.dbt_runs import Manifest, exposed_nodes, in_chinese, load_manifest

# What the head of a page says.
BUILD = Table(
    "which_build",
    Text("Which build this is", "发布批次"),
    Text("When it was built, and how far its data reach.", "何时发布，数据到何时。"),
    ("build",),
    "select build_id, built_at, data_through_at from build",
    columns=(
        Column("build_id", Text("Build", "批次")),
        Column("built_at", Text("Built at (UTC)", "发布时间（UTC）")),
        Column("data_through_at", Text("Data through (UTC)", "数据截至（UTC）")),
    ),
    is_wide=True,
)
_PLACE = "by_place"
_WIDTH = 12


def exported(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> dict[str, str]:
    """The text of each file, by its path below `assets/`.

    `connection` is to a published file. Raises `duckdb.Error` when it lacks what a board shows.
    """
    tables = _words(manifest)
    alone = Board("", BUILD.title, BUILD.reading, filters=(), items=(BUILD,))
    build = dataset(connection, alone, BUILD, BUILD.id)
    [of_build] = (replace(chart, height=18) for chart in charts(build))
    files = {
        "metadata.yaml": {
            "version": assets.VERSION,
            "type": "assets",
            "timestamp": "2026-01-01T00:00:00+00:00",
        },
        "databases/Yunying.yaml": _DATABASE,
        build.path: content(build, tables, ()),
        of_build.path: of_build.content,
    }
    for board in BOARDS:
        drawn: list[Drawn] = []
        of_choices: dict[str, Dataset] = {}
        for item in board.items:
            made = dataset(connection, board, item)
            of_item = list(charts(made))
            if of_item:
                metrics = [one for chart in of_item for one in chart.metrics]
                files[made.path] = content(made, tables, metrics)
            files |= {chart.path: chart.content for chart in of_item}
            drawn += of_item
        for choice in board.filters:
            if isinstance(choice, Choice) and _acts(choice, drawn):
                made = of_choices[choice.column] = choices(connection, board, choice)
                place = metric(_PLACE, Text("Order", "顺序"), f"min({ORDER})", ",d")
                files[made.path] = content(made, tables, [place])
        files[f"dashboards/{board.name}.yaml"] = _dashboard(board, of_choices, [*drawn, of_build])
    return {path: _text(files[path]) for path in sorted(files)}


def _words(manifest: Manifest) -> dict[str, Words]:
    """What the columns of each published table mean."""
    return {
        f"{node['schema']}.{node['alias']}": {
            name: Text(" ".join(column["description"].split()), in_chinese(column))
            for name, column in node["columns"].items()
        }
        for node in exposed_nodes(manifest)
    }


def left_out(files: Collection[str]) -> list[str]:
    """The items that Superset cannot draw, as `board.item`."""
    return [
        f"{board.name}.{item.id}"
        for board in BOARDS
        for item in board.items
        if path_of(f"{board.name}_{item.id}") not in files
    ]


_DATABASE: Content = {
    "database_name": "Yunying 运营",
    "sqlalchemy_uri": "duckdb:///data/published/yunying.duckdb?access_mode=read_only",
    "expose_in_sqllab": True,
    "allow_run_async": False,
    "allow_ctas": False,
    "allow_cvas": False,
    "allow_dml": False,
    "allow_csv_upload": False,
    "extra": {"allows_virtual_table_explore": True, "metadata_params": {}, "engine_params": {}},
    "impersonate_user": False,
    "uuid": assets.DATABASE_UUID,
    "version": assets.VERSION,
}


def _dashboard(board: Board, of_choices: Mapping[str, Dataset], drawn: Sequence[Drawn]) -> Content:
    colours = {name: colour for chart in drawn for name, colour in chart.colours.items()}
    return {
        "dashboard_title": titled(board.title),
        "slug": f"yunying-{board.name}",
        "published": True,
        "uuid": assets.uuid_of(f"dashboards/{board.name}.yaml"),
        "position": _position(board, drawn),
        "metadata": {
            "color_scheme": "",  # each chart has its own
            "cross_filters_enabled": True,
            "label_colors": colours,
            "native_filter_configuration": [
                _filter(board, one, of_choices, drawn) for one in board.filters if _acts(one, drawn)
            ],
        },
        "version": assets.VERSION,
    }


def _position(board: Board, drawn: Sequence[Drawn]) -> Content:
    """The grid: the board's question, then its charts in rows that are twelve columns wide."""
    numbers = {chart.key: place for place, chart in enumerate(drawn, start=1)}
    position: Content = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": titled(board.title)}},
    }

    def add(row: str, parts: dict[str, Content]) -> None:
        position["GRID_ID"]["children"].append(row)
        position[row] = {
            "id": row,
            "type": "ROW",
            "children": list(parts),
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
            "parents": ["ROOT_ID", "GRID_ID"],
        }
        for name, part in parts.items():
            parents = ["ROOT_ID", "GRID_ID", row]
            position[name] = {"id": name, "children": [], "parents": parents, **part}

    words = f"**{board.question.en}** · **{board.question.zh}**"
    meta = {"code": words, "width": _WIDTH, "height": 10}
    add("ROW-words", {"MARKDOWN-words": {"type": "MARKDOWN", "meta": meta}})
    for place, row in enumerate(_rows(drawn), start=1):
        add(
            f"ROW-{place}",
            {
                f"CHART-{chart.key}": {
                    "type": "CHART",
                    "meta": {
                        "chartId": numbers[chart.key],
                        "uuid": chart.uuid,
                        "sliceName": chart.name,
                        "width": _WIDTH if len(row) == 1 else chart.width,
                        "height": max(one.height for one in row),
                    },
                }
                for chart in row
            },
        )
    return position


def _rows(drawn: Sequence[Drawn]) -> Iterator[list[Drawn]]:
    """Charts side by side, as many as there is room for; big numbers among themselves."""
    for _, group in groupby(drawn, key=lambda chart: chart.is_number):
        row: list[Drawn] = []
        for chart in group:
            if sum(one.width for one in row) + chart.width > _WIDTH:
                yield row
                row = []
            row.append(chart)
        yield row


def _has(chart: Drawn, one: Choice | Period) -> bool:
    """Does a chart have what a filter acts on?"""
    if isinstance(one, Period):
        return chart.dataset.item.day is not None
    return label_of(one.column) in chart.dataset.types


def _acts(one: Choice | Period, drawn: Sequence[Drawn]) -> bool:
    """Is there a chart that a filter acts on? Those that it is for may not be drawn."""
    return any(_has(chart, one) for chart in drawn)


def _filter(
    board: Board, one: Choice | Period, of_choices: Mapping[str, Dataset], drawn: Sequence[Drawn]
) -> Content:
    """A filter of the board, which acts on the charts that have its column."""
    excluded = [place for place, chart in enumerate(drawn, start=1) if not _has(chart, one)]
    made: Content = {
        "id": _id(board, one),
        "type": "NATIVE_FILTER",
        "name": both(one.label),
        "description": "",
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
    }
    if isinstance(one, Period):
        return {
            **made,
            "filterType": "filter_time",
            "targets": [{}],
            "controlValues": {"enableEmptyFilter": False},
        }
    own = of_choices[one.column]
    is_needed = one.everything is None
    return {
        **made,
        # What the values are bound to is chosen before them.
        "cascadeParentIds": [
            _id(board, other)
            for other in board.filters
            if isinstance(other, Choice)
            and other != one
            and other.column in of_choices
            and label_of(other.column) in own.types
        ],
        "filterType": "filter_select",
        "targets": [{"column": {"name": label_of(one.column)}, "datasetUuid": own.uuid}],
        "controlValues": {
            "enableEmptyFilter": is_needed,
            "defaultToFirstItem": is_needed,
            "multiSelect": False,
            "searchAllOptions": False,
            "inverseSelection": False,
            "sortAscending": True,
        },
        "requiredFirst": is_needed,
        "sortMetric": _PLACE,
    }


def _id(board: Board, one: Choice | Period) -> str:
    return f"NATIVE_FILTER-{board.name}-{one.column if isinstance(one, Choice) else 'dates'}"


class _Yaml(yaml.SafeDumper):
    """SQL as lines of text."""

    def represent_text(self, text: str) -> yaml.Node:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def ignore_aliases(self, data: object) -> bool:
        return True


_Yaml.add_representer(str, _Yaml.represent_text)


def _text(content: Content) -> str:
    return yaml.dump(content, Dumper=_Yaml, sort_keys=False, allow_unicode=True, width=100)


def write(files: Mapping[str, str], folder: Path = assets.FOLDER) -> None:
    """Write the files, and remove what is none of them."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main() -> int:
    """Write all files; return 1 with a sentence when there is no published file to ask."""
    try:
        database = Settings.from_environment().publish_dir / DATABASE
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if not database.exists():
        print(f"nothing is published in {database.parent}: run `make build`", file=sys.stderr)
        return 1
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            files = exported(connection, load_manifest())
        except duckdb.Error as error:
            print(f"{database} is of other code: run `make build`\n{error}", file=sys.stderr)
            return 1
    write(files)
    print(f"{len(files)} files in {assets.FOLDER.relative_to(ROOT)}")
    print(f"not drawn, since their specs compute what they draw: {', '.join(left_out(files))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
