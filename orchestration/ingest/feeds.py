"""The raw feeds that the warehouse knows: their columns, what they mean, and their types.

Raw keeps every column as the text that came; the type here is what staging makes of it.
Columns of a file that are not listed are folded into `properties`.
"""

from __future__ import annotations

from orchestration.ingest.columns import INVITER, Actor, Column, Feed
from orchestration.ingest.exports import EXPORTS

PERSON_IDS = {"user_id": "user", "author_id": "user", "anonymous_id": "anonymous"}
"""Columns whose values are ids of people: of users, or of devices that one may be behind."""


def _feed(
    name: str,
    description: str,
    zh: str,
    *columns: tuple[str, str, str, str],
    own_id: str | None = None,
    actor: Actor | None = None,
) -> Feed:
    return Feed(
        name,
        description,
        zh,
        tuple(Column(*column, identifies=PERSON_IDS.get(column[0])) for column in columns),
        own_id,
        actor,
    )


FEEDS: tuple[Feed, ...] = (
    _feed(
        "events",
        "One row per thing that an actor did, as its source told it.",
        "用户做的每件事一行，照来源所说。",
        ("event_id", "text", "Id, unique within its source; missing: a hash of the row",
         "id，在来源内唯一；缺少时用整行的哈希值"),
        ("event_name", "text", "What happened; required", "发生了什么；必填"),
        ("occurred_at", "timestamp", "When it happened; ISO 8601, or epoch s, ms, µs; required",
         "什么时候发生；ISO 8601，或 epoch 秒、毫秒、微秒；必填"),
        ("received_at", "timestamp", "When the collector got it", "采集端收到的时间"),
        ("user_id", "text", "Who did it; this or anonymous_id is required",
         "谁做的；它和 anonymous_id 至少填一个"),
        ("anonymous_id", "text", "The device or browser of someone not signed in",
         "未登录者的设备或浏览器"),
        ("session_id", "text", "The source's own session", "来源自己的会话"),
        ("platform", "text", "ios, android, web, store …", "ios、android、web、store 等"),
        ("app_version", "text", "Version of the app", "应用版本"),
        ("country", "text", "Country of the actor", "用户所在国家"),
        ("page", "text", "Page or screen", "页面"),
        ("referrer", "text", "Where the actor came from", "从哪里来"),
        ("utm_source", "text", "Campaign tag: source", "投放标签：来源"),
        ("utm_medium", "text", "Campaign tag: medium", "投放标签：媒介"),
        ("utm_campaign", "text", "Campaign tag: campaign", "投放标签：活动"),
        ("utm_content", "text", "Campaign tag: content", "投放标签：素材"),
        ("utm_term", "text", "Campaign tag: term", "投放标签：关键词"),
        ("content_id", "text", "The content that the event is about", "事件涉及的内容"),
        ("merchant_id", "text", "The merchant that the event is about", "事件涉及的商家"),
        ("campaign_id", "text", "The campaign that the event is about", "事件涉及的活动"),
        ("feature_id", "text", "The product feature that the event is about", "事件涉及的产品功能"),
        ("order_id", "text", "The order that the event is about", "事件涉及的订单"),
        ("amount", "decimal", "Order value, or refund value; both positive",
         "订单金额或退款金额；都是正数"),
        ("currency", "text", "ISO 4217 code of the amount", "金额的币种（ISO 4217）"),
        own_id="event_id",
        actor=Actor(
            "user_id",
            "anonymous_id",
            "occurred_at",
            (INVITER,),
            event="coalesce(nullif(trimmed(event_id), ''), content_hash)",
            received="received_at",
            is_event="nullif(trimmed(event_name), '') is not null",
        ),
    ),
    _feed(
        "users",
        "One row per version of a user's profile; the latest one counts.",
        "用户资料的每个版本一行；以最新的为准。",
        ("user_id", "text", "The user; required", "用户；必填"),
        ("created_at", "timestamp", "When the account was made", "账号创建时间"),
        ("updated_at", "timestamp", "Since when this version holds", "这个版本从何时起有效"),
    ),
    _feed(
        "contents",
        "One row per version of a piece of content; the latest one counts.",
        "一份内容的每个版本一行；以最新的为准。",
        ("content_id", "text", "The content; required", "内容；必填"),
        ("title", "text", "Its title", "标题"),
        ("content_type", "text", "article, video, note …", "文章、视频、笔记等"),
        ("author_id", "text", "Who made it", "作者"),
        ("category", "text", "Its category", "类目"),
        ("origin", "text", "`ugc` (by users), `pgc` (by professionals), `ogc` (by staff), or one's "
         "own", "`ugc` 用户创作、`pgc` 专业创作、`ogc` 自家编辑，或自己的来源"),
        ("is_original", "boolean", "Is it an original? Empty: unknown", "是否原创；空：未知"),
        ("planned_at", "timestamp", "When it was to go out", "计划发布时间"),
        ("published_at", "timestamp", "When it went out", "发布时间"),
        ("unpublished_at", "timestamp", "When it was taken down", "下架时间"),
        ("updated_at", "timestamp", "Since when this version holds", "这个版本从何时起有效"),
    ),
    _feed(
        "campaigns",
        "One row per version of a campaign; the latest one counts.",
        "一个活动的每个版本一行；以最新的为准。",
        ("campaign_id", "text", "The campaign; required", "活动；必填"),
        ("campaign_name", "text", "Its name", "名称"),
        ("campaign_type", "text", "Its kind", "类别"),
        ("channel", "text", "push, mail, store …", "推送、邮件、门店等"),
        ("starts_at", "timestamp", "When it starts", "开始时间"),
        ("ends_at", "timestamp", "When it ends: the first instant after it",
         "结束时间：活动结束后的第一刻"),
        ("budget_amount", "decimal", "Its budget", "预算"),
        ("currency", "text", "ISO 4217 code of the budget", "预算的币种（ISO 4217）"),
        ("goal_measure_id", "text", "The measure of campaign_measures.csv that is its goal",
         "作为目标的指标，见 campaign_measures.csv"),
        ("target_value", "decimal", "What its goal is to reach", "目标值"),
        ("margin_rate", "decimal", "Gross margin of what it sells, 0 to 1",
         "所售商品的毛利率，0 到 1"),
        ("partner", "text", "The other brand of a co-brand", "联名的品牌"),
        ("control_variant", "text", "The arm that others are compared with; empty: control",
         "其他分组与之比较的分组；空：control"),
        ("variant_shares", "text", "How it was drawn by lot: control:0.1|mail:0.9, on any scale; "
         "empty: equally", "分组比例，如 control:0.1|mail:0.9，单位不限；空：平均分"),
        ("is_randomized", "boolean", "Were arms drawn by lot? Empty: where there is a control",
         "是否随机分组；空：有对照组即是"),
        ("updated_at", "timestamp", "Since when this version holds", "这个版本从何时起有效"),
    ),
    _feed(
        "campaign_assignments",
        "One row per user whom a campaign was aimed at.", "活动圈选的每个用户一行。",
        ("campaign_id", "text", "The campaign; required", "活动；必填"),
        ("user_id", "text", "The user; required", "用户；必填"),
        ("assigned_at", "timestamp", "When the user was chosen; empty: as the campaign starts",
         "圈选时间；空：活动开始时"),
        ("variant", "text", "Arm of a test: control, mail …; empty: treatment",
         "实验分组：control、mail 等；空：treatment"),
    ),
    _feed(
        "channel_costs",
        "One row per day and channel that money was spent on.", "有花费的每天每个渠道一行。",
        ("cost_date", "date", "Day of the cost, in the reporting time zone; required",
         "花费日期（报表时区）；必填"),
        ("utm_source", "text", "Campaign tag: source", "投放标签：来源"),
        ("utm_medium", "text", "Campaign tag: medium", "投放标签：媒介"),
        ("utm_campaign", "text", "Campaign tag: campaign", "投放标签：活动"),
        ("channel_id", "text", "The channel, where the tags do not say it",
         "渠道，投放标签说明不了时填"),
        ("cost_amount", "decimal", "What was spent; required", "花费；必填"),
        ("currency", "text", "ISO 4217 code of the cost", "花费的币种（ISO 4217）"),
        ("impressions", "integer", "Times shown", "曝光次数"),
        ("clicks", "integer", "Times clicked", "点击次数"),
        ("cost_id", "text", "Tells two costs apart that say the same; of rows with one the latest "
         "file counts", "区分内容相同的两笔花费；同一编号以最新的文件为准"),
        ("campaign_id", "text", "The campaign that it was spent on", "花在哪个活动上"),
    ),
    _feed(
        "merchants",
        "One row per version of a merchant or store; the latest one counts.",
        "商家或门店的每个版本一行；以最新的为准。",
        ("merchant_id", "text", "The merchant; required", "商家；必填"),
        ("merchant_name", "text", "Its name", "名称"),
        ("category", "text", "What it sells", "经营类目"),
        ("country", "text", "Where it is", "所在地"),
        ("opened_at", "timestamp", "When it joined", "入驻时间"),
        ("updated_at", "timestamp", "Since when this version holds", "这个版本从何时起有效"),
        ("level_id", "text", "Its level on the platform", "商家等级"),
    ),
    _feed(
        "rule_violations",
        "One row per version of a breach of a platform rule; the latest one counts.",
        "每次违反平台规则的每个版本一行；以最新的为准。",
        ("violation_id", "text", "The breach", "这次违规"),
        ("merchant_id", "text", "The merchant who broke the rule; required", "违规的商家；必填"),
        ("user_id", "text", "The user who broke the rule", "违规的用户"),
        ("rule_id", "text", "The rule", "规则"),
        ("severity", "text", "How bad it is", "严重程度"),
        ("occurred_at", "timestamp", "When it happened; required", "发生时间；必填"),
        ("resolved_at", "timestamp", "When it was settled; empty: still open",
         "处理完的时间；空：还没处理"),
        ("updated_at", "timestamp", "Since when this version holds", "这个版本从何时起有效"),
    ),
    _feed(
        "feedback",
        "One row per rating or comment of a user.", "用户的每次评分或评论一行。",
        ("feedback_id", "text", "The feedback", "这条反馈"),
        ("user_id", "text", "Who gave it", "谁给的"),
        ("content_id", "text", "The content that it is about", "针对的内容"),
        ("merchant_id", "text", "The merchant that it is about", "针对的商家"),
        ("score", "decimal", "The rating, on the source's own scale", "评分，用来源自己的分制"),
        ("comment", "text", "The words", "文字"),
        ("submitted_at", "timestamp", "When it was given; required", "反馈时间；必填"),
        ("kind", "text", "`rating`, `nps`, `complaint`, `suggestion`, `bug`, or one's own",
         "`rating` 评分、`nps`、`complaint` 投诉、`suggestion` 建议、`bug` 缺陷，或自己的种类"),
        ("feature_id", "text", "The feature that it is about", "针对的功能"),
        ("tags", "text", "Its themes, several by `|`", "主题，多个用 `|` 分隔"),
        ("answered_at", "timestamp", "When it was answered", "答复时间"),
        ("closed_at", "timestamp", "When it was dealt with", "处理完的时间"),
        ("release_id", "text", "The release that did what it asks", "按它改好的那个版本"),
        ("updated_at", "timestamp", "When the row last changed; the latest of a feedback counts",
         "这一行最后修改的时间；同一条反馈以最新的为准"),
    ),
    _feed(
        "kpi_targets",
        "One row per KPI and period that a target was set for.", "定了目标的每个 KPI 和时期一行。",
        ("kpi_id", "text", "The KPI; required", "KPI；必填"),
        ("period_start_date", "date", "First day of the period", "时期的第一天"),
        ("period_end_date", "date", "Last day of the period", "时期的最后一天"),
        ("target_value", "decimal", "The target, in the KPI's own unit; required",
         "目标值，用 KPI 自己的单位；必填"),
    ),
    _feed(
        "consents",
        "One row per consent that an actor gave or took back.", "用户每次同意或撤回同意一行。",
        ("user_id", "text", "The user; empty: see anonymous_id", "用户；空：看 anonymous_id"),
        ("anonymous_id", "text", "The device or browser", "设备或浏览器"),
        ("purpose", "text", "What for: analytics, marketing …; required",
         "用途：分析、营销等；必填"),
        ("is_granted", "boolean", "true: given; false: taken back", "true：同意；false：撤回"),
        ("recorded_at", "timestamp", "When it was said; required", "表态时间；必填"),
    ),
    _feed(
        "erasure_requests",
        "One row per person who asked to be forgotten.", "每个要求删除自己数据的人一行。",
        ("request_id", "text", "The request", "这次请求"),
        ("user_id", "text", "The user; empty: see anonymous_id", "用户；空：看 anonymous_id"),
        ("anonymous_id", "text", "The device or browser", "设备或浏览器"),
        ("requested_at", "timestamp", "When it was asked; required", "请求时间；必填"),
    ),
)  # fmt: skip

EXPIRES_BY = {
    "events": "occurred_at",
    "users": "updated_at",
    "contents": "updated_at",
    "campaigns": "updated_at",
    "campaign_assignments": "assigned_at",
    "channel_costs": "cost_date",
    "merchants": "updated_at",
    "rule_violations": "occurred_at",
    "feedback": "submitted_at",
    "kpi_targets": "period_end_date",
    "consents": "recorded_at",
}
"""The column that says how old a row is, by feed that may expire; requests of erasure leave raw
by themselves."""
LATEST_STAYS = {
    "users": ("user_id",),
    "contents": ("content_id",),
    "campaigns": ("campaign_id",),
    "merchants": ("merchant_id",),
    "consents": ("user_id", "anonymous_id", "purpose"),
}
"""Columns that say whom or what a row describes: the latest row of each does not expire."""
VERSIONS_OF = {
    "rule_violations": "violation_id",
    "feedback": "feedback_id",
    "channel_costs": "cost_id",
}
"""The column whose rows are versions of one thing, of which one counts: they expire together."""

FEEDS_BY_NAME: dict[str, Feed] = {
    feed.name: feed for feed in (*FEEDS, *(export.feed for export in EXPORTS))
}
"""Every folder whose columns are known: feeds, and logs as their tools export them."""
LOGS: dict[str, Actor] = {
    feed.name: feed.actor for feed in FEEDS_BY_NAME.values() if feed.actor is not None
}
"""Those that have events, with who did them."""

PROVENANCE_COLUMNS: tuple[Column, ...] = (
    Column("source_file", "text", "Path of the file below the raw folder"),
    Column(
        "row_number",
        "integer",
        "Position in the file from 1: the line of a jsonl, the row below the header of a csv, "
        "the row of a parquet",
    ),
    Column("load_id", "integer", "The load that brought the row; grows with every load"),
    Column(
        "content_hash",
        "text",
        "md5 of the row's columns that are not empty, received_at apart; empty when malformed, and "
        "on an event that has an id",
    ),
)
PROPERTIES_COLUMN = Column(
    "properties", "json", "Everything else: the file's own properties and its unknown columns"
)
MALFORMED_COLUMN = Column(
    "malformed_payload", "text", "The raw text of a row that could not be parsed; then alone"
)
RESERVED_NAMES: frozenset[str] = frozenset(
    {
        "ingest_files",
        "ingest_contents",
        "ingest_columns",
        "build_watermarks",
        "erasures",
        "erased_ids",
        "erasure_removals",
        "erasure_scans",
        "unjoined_anonymous_ids",
        "horizon_floors",
        "restated_days",
        "restatements_log",
        "build_attempts",
        "built_models",
        "row_checksums",
        "source_states",
        "passed_tests",
        "expiries",
        "expiry_removals",
        "expiry_scans",
    }
)
"""Tables of `raw` that are no feeds: a folder of such a name is not read."""
