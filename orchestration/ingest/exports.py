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
    by_position: bool = False,
) -> Export:
    named = tuple(Column(column, "text", f"{tool[0]}: {column}") for column in columns.split())
    description = f"One row per line that {tool[0]} exported."
    zh = f"{tool[1]} 导出的每条记录一行。"
    return Export(tool, Feed(name, description, zh, named, own_id, actor, by_position), carries)


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


def _told(name: str) -> str:
    """SQL of a property of an event; of one within another, `outer/inner`."""
    return f"json_extract_string(properties, '/{name}')"


def _mixpanel() -> Actor:
    actor = f"coalesce({_told('distinct_id')}, {_told('$distinct_id')})"
    device = _told("$device_id")

    def merged(place: int) -> str:
        return f"nullif(split_part({_told('$distinct_ids')}, '\"', {2 * place}), '')"

    return Actor(
        f"coalesce({_told('$user_id')}, {_told('$identified_id')}, case "
        f"when event = '$create_alias' then {_told('alias')} "
        f"when event = '$merge' then {merged(2)} "
        f"when {actor} like '$device:%' then null "
        f"when event = '$identify' or {device} is null "
        f"or ({actor} <> {device} and {actor} not like '%-%-%-%-%') then {actor} end)",
        f"replace(coalesce({_told('$anon_distinct_id')}, {_told('$anon_id')}, {device}, case "
        f"when event = '$merge' then {merged(1)} "
        f"when event = '$create_alias' or {actor} like '$device:%' then {actor} end), "
        "'$device:', '')",
        f"coalesce({_told('time')}, {_told('$properties/$last_seen')}, "
        f"{_told('$properties/$created')})",
        (_told("distinct_id"), _told("alias"), merged(1), INVITER),
    )


def _posthog() -> Actor:
    device = _told("$device_id")
    is_nobody = (
        "event is distinct from '$identify' and "
        f"coalesce(distinct_id = {device} or {_told('$is_identified')} = 'false', false)"
    )
    return Actor(
        f"case when event = '$create_alias' then {_told('alias')} "
        f"when not ({is_nobody}) then distinct_id end",
        f"case when event = '$identify' then coalesce({_told('$anon_distinct_id')}, {device}) "
        f"when event = '$merge_dangerously' then {_told('alias')} "
        f"when event = '$create_alias' or ({is_nobody}) then distinct_id else {device} end",
        '"timestamp"',
        ("distinct_id", _told("alias"), INVITER),
    )


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
        "mixpanel",
        ("Mixpanel", "Mixpanel"),
        _mixpanel(),
        "event",
        None,
        ("`$device_id`, `$user_id`, `$identify`, `$create_alias`, `$merge`; profiles",
         "`$device_id`、`$user_id`、`$identify`、`$create_alias`、`$merge`；用户资料"),
        ("—", "—"),
        ("`order_id`, `amount`", "`order_id`、`amount`"),
        ("`utm_source` …, `$experiment_started`", "`utm_source` 等、`$experiment_started`"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "amplitude",
        ("Amplitude", "Amplitude"),
        Actor(
            "user_id",
            "coalesce(device_id, case when user_id is null then amplitude_id end)",
            "coalesce(event_time, client_event_time)",
            (
                """case when event_properties like '%"inviter_id"%' and json_valid(event_properties)
                    then json_extract_string(event_properties, '/inviter_id') end""",
            ),
        ),
        "event_type event_time client_event_time client_upload_time server_received_time "
        "server_upload_time processed_time user_id device_id amplitude_id uuid session_id "
        "event_id event_properties user_properties group_properties global_user_properties groups "
        "data plan app platform os_name os_version version_name start_version country region city "
        "dma language library ip_address location_lat location_lng device_family device_type "
        "device_brand device_manufacturer device_model device_carrier idfa adid paying "
        "user_creation_time amplitude_attribution_ids amplitude_event_type is_attribution_event "
        "sample_rate data_type source_id partner_id",
        "uuid",
        ("`device_id`, `user_id`; user properties", "`device_id`、`user_id`；用户属性"),
        ("`session_id`", "`session_id`"),
        ("`revenue_amount`, `$revenue`", "`revenue_amount`、`$revenue`"),
        ("`utm_source` …, `$exposure`", "`utm_source` 等、`$exposure`"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "posthog",
        ("PostHog", "PostHog"),
        _posthog(),
        "uuid event distinct_id timestamp created_at _inserted_at inserted_at elements "
        "elements_chain person_id person_properties person_created_at team_id project_id ip "
        "site_url bq_ingested_timestamp",
        "uuid",
        ("`distinct_id`, `$identify`, `$create_alias`; person properties",
         "`distinct_id`、`$identify`、`$create_alias`；用户属性"),
        ("`$session_id`", "`$session_id`"),
        ("`order_id`, `amount`", "`order_id`、`amount`"),
        ("`utm_source` …, `$feature_flag_called`", "`utm_source` 等、`$feature_flag_called`"),
        ("`content_id`", "`content_id`"),
    ),
    _export(
        "snowplow",
        ("Snowplow", "Snowplow"),
        Actor(
            "user_id",
            "coalesce(domain_userid, network_userid)",
            "coalesce(derived_tstamp, collector_tstamp)",
            (
                """case when unstruct_event like '%"inviter_id"%' and json_valid(unstruct_event)
                    then json_extract_string(unstruct_event, '/data/data/inviter_id') end""",
                INVITER,
            ),
        ),
        "app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id "
        "name_tracker v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint "
        "domain_userid domain_sessionidx network_userid geo_country geo_region geo_city "
        "geo_zipcode geo_latitude geo_longitude geo_region_name ip_isp ip_organization ip_domain "
        "ip_netspeed page_url page_title page_referrer page_urlscheme page_urlhost page_urlport "
        "page_urlpath page_urlquery page_urlfragment refr_urlscheme refr_urlhost refr_urlport "
        "refr_urlpath refr_urlquery refr_urlfragment refr_medium refr_source refr_term mkt_medium "
        "mkt_source mkt_term mkt_content mkt_campaign contexts se_category se_action se_label "
        "se_property se_value unstruct_event tr_orderid tr_affiliation tr_total tr_tax "
        "tr_shipping tr_city tr_state tr_country ti_orderid ti_sku ti_name ti_category ti_price "
        "ti_quantity pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max useragent br_name "
        "br_family br_version br_type br_renderengine br_lang br_features_pdf br_features_flash "
        "br_features_java br_features_director br_features_quicktime br_features_realplayer "
        "br_features_windowsmedia br_features_gears br_features_silverlight br_cookies "
        "br_colordepth br_viewwidth br_viewheight os_name os_family os_manufacturer os_timezone "
        "dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight doc_charset doc_width "
        "doc_height tr_currency tr_total_base tr_tax_base tr_shipping_base ti_currency "
        "ti_price_base base_currency geo_timezone mkt_clickid mkt_network etl_tags "
        "dvce_sent_tstamp refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid "
        "derived_tstamp event_vendor event_name event_format event_version event_fingerprint "
        "true_tstamp",
        "event_id",
        ("`domain_userid`, `user_id`", "`domain_userid`、`user_id`"),
        ("`domain_sessionid`", "`domain_sessionid`"),
        ("`tr_orderid`, `tr_total`", "`tr_orderid`、`tr_total`"),
        ("`mkt_source` …", "`mkt_source` 等"),
        ("`content_id`", "`content_id`"),
        by_position=True,
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
            # Of the table `users`, the user.
            ("previous_id", "case when coalesce(user_id, anonymous_id, event) is null then id end",
             INVITER),
        ),
        "id user_id anonymous_id event event_text previous_id group_id timestamp "
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
