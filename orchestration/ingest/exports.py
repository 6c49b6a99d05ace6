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


def _inviter_in(column: str) -> str:
    """The inviter, where a column is a JSON object that names one."""
    return (
        f"case when {column} like '%\"inviter_id\"%' and json_valid({column}) "
        f"then json_extract_string({column}, '$.inviter_id') end"
    )


_INVITER_OF_PLAUSIBLE = """
    case when "meta.key" like '%"inviter_id"%' and json_valid("meta.key")
            and json_valid("meta.value")
        then json_extract_string(
            "meta.value",
            '$[' || list_position(json_extract_string("meta.key", '$[*]'), 'inviter_id') - 1 || ']'
        ) end
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
    _export(
        "segment_tables",
        ("Segment, RudderStack: tables of a warehouse", "Segment、RudderStack：数仓里的表"),
        Actor(
            "user_id",
            "case when event is null then coalesce(previous_id, anonymous_id) "
            "else anonymous_id end",
            'coalesce("timestamp", original_timestamp)',
            ("previous_id", INVITER),
        ),
        "id user_id anonymous_id event event_text name previous_id group_id timestamp "
        "original_timestamp sent_at received_at uuid uuid_ts loaded_at channel context_app_name "
        "context_app_version context_campaign_source context_campaign_medium context_campaign_name "
        "context_campaign_content context_campaign_term context_device_type context_ip "
        "context_library_name context_library_version context_locale context_location_country "
        "context_os_name context_os_version context_page_path context_page_referrer "
        "context_page_search context_page_title context_page_url context_session_id "
        "context_timezone context_user_agent",
        "id",
        ("`identifies`, `aliases`; traits", "`identifies`、`aliases`；用户属性"),
        ("`context_session_id`", "`context_session_id`"),
        ("`order_completed`, `order_refunded`, `revenue`",
         "`order_completed`、`order_refunded`、`revenue`"),
        ("`context_campaign_…`, `experiment_viewed`", "`context_campaign_…`、`experiment_viewed`"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "matomo",
        ("Matomo", "Matomo"),
        Actor("user_id", "idvisitor", "server_time", (INVITER,)),
        "idlink_va idsite idvisit idvisitor user_id server_time url url_type name_type "
        "visit_first_action_time referer_type referer_name referer_keyword referer_url "
        "location_country idgoal buster idorder revenue currency",
        "idlink_va",
        ("`idvisitor`, `user_id`", "`idvisitor`、`user_id`"),
        ("`idvisit`", "`idvisit`"),
        ("orders of `log_conversion`", "`log_conversion` 中的订单"),
        ("campaign and keyword of a visit", "访问的活动名和关键词"),
        ("—", "—"),
    ),
    _export(
        "umami",
        ("Umami", "Umami"),
        Actor("distinct_id", "session_id", "created_at",
              (INVITER, _inviter_in("event_data"))),
        "event_id website_id session_id visit_id created_at hostname country distinct_id url_path "
        "url_query referrer_path referrer_query referrer_domain event_type event_name utm_source "
        "utm_medium utm_campaign utm_content utm_term event_data revenue currency",
        "event_id",
        ("`session_id` of a month, `distinct_id`", "按月变化的 `session_id`、`distinct_id`"),
        ("`visit_id`", "`visit_id`"),
        ("`revenue`, `order_id`", "`revenue`、`order_id`"),
        ("`utm_…`", "`utm_…`"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "plausible",
        ("Plausible", "Plausible"),
        Actor("cast(null as varchar)", "user_id", '"timestamp"', (_INVITER_OF_PLAUSIBLE,)),
        "name site_id domain user_id session_id hostname pathname timestamp referrer "
        "referrer_source country_code utm_source utm_medium utm_campaign utm_content utm_term "
        "meta.key meta.value revenue_source_amount revenue_source_currency "
        "revenue_reporting_amount revenue_reporting_currency",
        None,
        ("`user_id` of a day", "按天变化的 `user_id`"),
        ("`session_id`", "`session_id`"),
        ("`revenue_source_amount`, `order_id`", "`revenue_source_amount`、`order_id`"),
        ("`utm_…`", "`utm_…`"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "umeng",
        ("Umeng 友盟", "友盟 Umeng"),
        Actor("cast(null as varchar)", "umid", "coalesce(cli_timestamp, svr_timestamp)",
              (_inviter_in("event_kv_json"),)),
        "app_key event_name event_type session_id umid app_version app_channel os country "
        "svr_timestamp cli_timestamp event_kv_json",
        None,
        ("`umid`", "`umid`"),
        ("`session_id`", "`session_id`"),
        ("`order_id`, `amount`", "`order_id`、`amount`"),
        ("—", "—"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "growingio",
        ("GrowingIO", "GrowingIO"),
        Actor("loginuserid", "visituserid", '"time"', (_inviter_in("eventvariable"),)),
        "visituserid loginuserid sessionid platform domain page queryparameters referrer time "
        "sendtime pagetime pagerequestid vstrequestid actionrequestid requesttype eventname "
        "eventnumber eventvariable pagevariable clientversion",
        None,
        ("`visitUserId`, `loginUserId`", "`visitUserId`、`loginUserId`"),
        ("`sessionId`", "`sessionId`"),
        ("`order_id`, `amount`, `eventNumber`", "`order_id`、`amount`、`eventNumber`"),
        ("`utm_…` of the query", "查询参数里的 `utm_…`"),
        ("`content_id`", "`content_id`"),
    ),
)  # fmt: skip
