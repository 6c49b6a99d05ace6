"""The pages of a build: what dashboards/ is told of the project, and where its pages stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboards.project import Project, Relation
from dashboards.render import Build
from dashboards.site import DOCUMENTS, LIST_OF_DOCUMENTS, list_documents, write_site
from orchestration.project import Settings
from orchestration.publish.builds import DATABASE, PublishedBuild
from orchestration.transform.dbt_runs import Manifest, project_hash

WriteSite = Callable[[Path, PublishedBuild], None]


def site_writer(settings: Settings, manifest: Manifest) -> WriteSite:
    """What writes the pages of a build into its folder."""
    project = project_of(manifest)

    def write(folder: Path, build: PublishedBuild) -> None:
        documents = documents_dir(settings)
        if not (documents / LIST_OF_DOCUMENTS).exists():
            list_documents(documents)
        # For who opens the page in the folder of the build itself.
        (folder / DOCUMENTS).symlink_to(Path("..") / ".." / DOCUMENTS)
        shown = Build(
            build.build_id,
            build.built_at,
            build.data_through_at,
            settings.currency,
            settings.week_start,
        )
        write_site(
            folder,
            folder / DATABASE,
            shown,
            project,
            restated_value_count=build.restated_value_count,
            before=settings.publish_dir / "current",
        )

    return write


def documents_dir(settings: Settings) -> Path:
    """Where `make docs` writes: beside the builds, because it is of the project, not of one."""
    return settings.publish_dir / DOCUMENTS


def project_of(manifest: Manifest) -> Project:
    """What the pages say of the project, from dbt's manifest."""
    nodes = manifest["nodes"]
    return Project(
        version=project_hash(),
        relations=tuple(
            relation for node in nodes.values() if (relation := _relation(node, nodes)) is not None
        ),
        keys={
            _name(nodes[node["attached_node"]]): columns
            for node in nodes.values()
            if (columns := _key(node)) and node.get("attached_node") in nodes
        },
    )


def _name(node: Any) -> str:
    return f"{node['schema']}.{node['alias']}"


def _key(node: Any) -> tuple[str, ...]:
    """The columns of a test that they tell the rows of its table apart; empty for another test."""
    test = node.get("test_metadata") or {}
    if test.get("name") == "unique":
        return (node["column_name"],)
    if test.get("name") == "one_row_per":
        return tuple(test["kwargs"]["columns"])
    return ()


def _relation(node: Any, nodes: Any) -> Relation | None:
    """The relationship that a test holds; None for another test."""
    test = node.get("test_metadata") or {}
    table = nodes.get(node.get("attached_node"))
    if test.get("name") != "relationships" or table is None:
        return None
    others = [n for n in node["depends_on"]["nodes"] if n != table["unique_id"]]
    to_table = nodes.get(others[0]) if others else None
    if to_table is None:
        return None
    column = str(node["column_name"])
    return Relation(_name(table), column, _name(to_table), str(test["kwargs"]["field"]))
