"""Logs of known tools, as these export them: a folder each, whose columns are known like a feed's.

Columns are the tool's own, in small letters; what is not listed is kept in `properties`. Staging
makes events and users of them (`dbt_project/models/staging/<name>/`).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.ingest.columns import Actor, Column, Feed


@dataclass(frozen=True)
class Export:
    """The log of a tool, and what it carries, in English and Chinese: `identity`, `sessions`,
    `money`, `campaigns`, `content`."""

    tool: tuple[str, str]
    feed: Feed
    carries: tuple[tuple[str, str], ...]


def _export(
    name: str,
    tool: tuple[str, str],
    actor: Actor,
    columns: str,
    own_id: str | None,
    *carries: tuple[str, str],
) -> Export:
    named = tuple(Column(column, "text", f"{tool[0]}: {column}") for column in columns.split())
    description = f"One row per line that {tool[0]} exported."
    zh = f"{tool[1]} 导出的每条记录一行。"
    return Export(tool, Feed(name, description, zh, named, own_id, actor), carries)


EXPORTS: tuple[Export, ...] = (
    _export(
        "segment",
        ("Segment, RudderStack", "Segment、RudderStack"),
        Actor(
            "userid",
            "case when lower(type) = 'alias' then coalesce(previousid, anonymousid) "
            "else anonymousid end",
            'coalesce("timestamp", originaltimestamp)',
            ("previousid",),
        ),
        "type event name userid anonymousid previousid groupid messageid timestamp "
        "originaltimestamp sentat receivedat channel context traits integrations",
        "messageid",
        ("`identify`, `alias`; traits", "`identify`、`alias`；用户属性"),
        ("`context.sessionId`", "`context.sessionId`"),
        ("`Order Completed`, `Order Refunded`, `revenue`",
         "`Order Completed`、`Order Refunded`、`revenue`"),
        ("`context.campaign`, `Experiment Viewed`", "`context.campaign`、`Experiment Viewed`"),
        ("`content_id`", "`content_id`"),
    ),
)  # fmt: skip
