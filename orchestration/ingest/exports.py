"""Logs of known tools, as these export them: a folder each, whose columns are known like a feed's.

Columns are the tool's own, in small letters; what is not listed is kept in `properties`. Staging
makes events and users of them (`dbt_project/models/staging/<name>/`).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.ingest.columns import INVITER, Actor, Column, Feed


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


_INVITER_OF_GA4 = """
    case when event_params like '%"inviter_id"%' and json_valid(event_params)
        then json_extract_string(list_filter(
            json_extract(event_params, '$[*]'),
            lambda one: json_extract_string(one, '$.key') = 'inviter_id'
        )[1], '$.value.string_value') end
"""

EXPORTS: tuple[Export, ...] = (
    _export(
        "segment",
        ("Segment, RudderStack", "Segment、RudderStack"),
        Actor(
            "userid",
            "case when lower(type) = 'alias' then coalesce(previousid, anonymousid) "
            "else anonymousid end",
            'coalesce("timestamp", originaltimestamp)',
            ("previousid", INVITER),
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
    _export(
        "ga4",
        ("Google Analytics 4", "Google Analytics 4"),
        Actor("user_id", "user_pseudo_id", "event_timestamp", (_INVITER_OF_GA4,)),
        "event_date event_timestamp event_name event_params event_previous_timestamp "
        "event_value_in_usd event_bundle_sequence_id event_server_timestamp_offset user_id "
        "user_pseudo_id privacy_info user_properties user_first_touch_timestamp user_ltv device "
        "geo app_info traffic_source stream_id platform event_dimensions ecommerce items "
        "collected_traffic_source is_active_user batch_event_index batch_page_id batch_ordering_id "
        "session_traffic_source_last_click publisher",
        None,
        ("`user_pseudo_id`, `user_id`; user properties",
         "`user_pseudo_id`、`user_id`；用户属性"),
        ("`ga_session_id`", "`ga_session_id`"),
        ("`purchase`, `in_app_purchase`, `refund`", "`purchase`、`in_app_purchase`、`refund`"),
        ("`collected_traffic_source`", "`collected_traffic_source`"),
        ("`content_id`, `item_id`", "`content_id`、`item_id`"),
    ),
    _export(
        "sensorsdata",
        ("SensorsData 神策", "神策 SensorsData"),
        Actor(
            (user := "coalesce(login_id, "
             "case when json_valid(identities) "
             "then json_extract_string(identities, '/$identity_login_id') end, case "
             "when type = 'track_signup' or distinct_id <> anonymous_id "
             "or json_extract_string(properties, '/$is_login_id') = 'true' then distinct_id end)"),
            f"coalesce(anonymous_id, original_id, case when {user} is null then distinct_id end)",
            '"time"',
            ("distinct_id", INVITER),
        ),
        "distinct_id login_id anonymous_id original_id identities type event time time_free "
        "project lib recv_time user_id device_id map_id ver _track_id _flush_time",
        "_track_id",
        ("`track_signup`, `login_id`; `profile_set`", "`track_signup`、`login_id`；`profile_set`"),
        ("`$session_id`", "`$session_id`"),
        ("`order_id`, `amount`", "`order_id`、`amount`"),
        ("`$utm_source` …, `$ABTestTrigger`", "`$utm_source` 等、`$ABTestTrigger`"),
        ("`content_id`", "`content_id`"),
    ),
)  # fmt: skip
