"""The raw feeds that the warehouse knows: their columns, what they mean, and their types.

Raw keeps every column as the text that came; the type here is what staging makes of it.
Columns of a file that are not listed are folded into `properties`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column that a feed's files may bring; `type` is what the text stands for.

    `identifies` says whom a value names, where it names a person: a row that names an erased
    one is erased.
    """

    name: str
    type: str
    description: str
    identifies: str | None = None


@dataclass(frozen=True)
class Feed:
    """A folder of raw files and the table `raw.<name>` that they become.

    `own_id` is the column that tells its rows apart: a row that has it is hashed when somebody
    asks, not by ingest.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    own_id: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """The declared columns, `properties` not among them."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a row needs, whatever else it has."""
        return tuple(
            column.name for column in self.columns if column.description.endswith("; required")
        )

    def names_of(self, kind: str) -> tuple[str, ...]:
        """The columns that identify such a one: `user` or `anonymous`."""
        return tuple(column.name for column in self.columns if column.identifies == kind)


PERSON_IDS = {"user_id": "user", "author_id": "user", "anonymous_id": "anonymous"}
"""Columns whose values are ids of people: of users, or of devices that one may be behind."""


def _feed(
    name: str, description: str, *columns: tuple[str, str, str], own_id: str | None = None
) -> Feed:
    return Feed(
        name,
        description,
        tuple(Column(*column, identifies=PERSON_IDS.get(column[0])) for column in columns),
        own_id,
    )


FEEDS: tuple[Feed, ...] = (
    _feed(
        "events",
        "One row per thing that an actor did, as its source told it.",
        ("event_id", "text", "Id, unique within its source; missing: a hash of the row"),
        ("event_name", "text", "What happened; required"),
        ("occurred_at", "timestamp", "When it happened; ISO 8601, or epoch s, ms, µs; required"),
        ("received_at", "timestamp", "When the collector got it"),
        ("user_id", "text", "Who did it; this or anonymous_id is required"),
        ("anonymous_id", "text", "The device or browser of someone not signed in"),
        ("session_id", "text", "The source's own session"),
        ("platform", "text", "ios, android, web, store …"),
        ("app_version", "text", "Version of the app"),
        ("country", "text", "Country of the actor"),
        ("page", "text", "Page or screen"),
        ("referrer", "text", "Where the actor came from"),
        ("utm_source", "text", "Campaign tag: source"),
        ("utm_medium", "text", "Campaign tag: medium"),
        ("utm_campaign", "text", "Campaign tag: campaign"),
        ("utm_content", "text", "Campaign tag: content"),
        ("utm_term", "text", "Campaign tag: term"),
        ("content_id", "text", "The content that the event is about"),
        ("merchant_id", "text", "The merchant that the event is about"),
        ("campaign_id", "text", "The campaign that the event is about"),
        ("feature_id", "text", "The product feature that the event is about"),
        ("order_id", "text", "The order that the event is about"),
        ("amount", "decimal", "Order value, or refund value; both positive"),
        ("currency", "text", "ISO 4217 code of the amount"),
        own_id="event_id",
    ),
    _feed(
        "users",
        "One row per version of a user's profile; the latest one counts.",
        ("user_id", "text", "The user; required"),
        ("created_at", "timestamp", "When the account was made"),
        ("updated_at", "timestamp", "Since when this version holds"),
    ),
    _feed(
        "contents",
        "One row per version of a piece of content; the latest one counts.",
        ("content_id", "text", "The content; required"),
        ("title", "text", "Its title"),
        ("content_type", "text", "article, video, note …"),
        ("author_id", "text", "Who made it"),
        ("category", "text", "Its category"),
        ("published_at", "timestamp", "When it went out"),
        ("updated_at", "timestamp", "Since when this version holds"),
    ),
    _feed(
        "campaigns",
        "One row per version of a campaign; the latest one counts.",
        ("campaign_id", "text", "The campaign; required"),
        ("campaign_name", "text", "Its name"),
        ("campaign_type", "text", "Its kind"),
        ("channel", "text", "push, mail, store …"),
        ("starts_at", "timestamp", "When it starts"),
        ("ends_at", "timestamp", "When it ends"),
        ("budget_amount", "decimal", "Its budget"),
        ("currency", "text", "ISO 4217 code of the budget"),
        ("updated_at", "timestamp", "Since when this version holds"),
    ),
    _feed(
        "campaign_assignments",
        "One row per user whom a campaign was aimed at.",
        ("campaign_id", "text", "The campaign; required"),
        ("user_id", "text", "The user; required"),
        ("assigned_at", "timestamp", "When the user was chosen"),
        ("variant", "text", "Group of a test: control, treatment …"),
    ),
    _feed(
        "channel_costs",
        "One row per day and channel that money was spent on.",
        ("cost_date", "date", "Day of the cost, in the reporting time zone; required"),
        ("utm_source", "text", "Campaign tag: source"),
        ("utm_medium", "text", "Campaign tag: medium"),
        ("utm_campaign", "text", "Campaign tag: campaign"),
        ("channel_id", "text", "The channel, where the tags do not say it"),
        ("cost_amount", "decimal", "What was spent; required"),
        ("currency", "text", "ISO 4217 code of the cost"),
        ("impressions", "integer", "Times shown"),
        ("clicks", "integer", "Times clicked"),
    ),
    _feed(
        "merchants",
        "One row per version of a merchant or store; the latest one counts.",
        ("merchant_id", "text", "The merchant; required"),
        ("merchant_name", "text", "Its name"),
        ("category", "text", "What it sells"),
        ("country", "text", "Where it is"),
        ("opened_at", "timestamp", "When it joined"),
        ("updated_at", "timestamp", "Since when this version holds"),
    ),
    _feed(
        "rule_violations",
        "One row per breach of a platform rule.",
        ("violation_id", "text", "The breach"),
        ("merchant_id", "text", "The merchant who broke the rule; required"),
        ("user_id", "text", "The user who broke the rule"),
        ("rule_id", "text", "The rule"),
        ("severity", "text", "How bad it is"),
        ("occurred_at", "timestamp", "When it happened; required"),
        ("resolved_at", "timestamp", "When it was settled; empty: still open"),
    ),
    _feed(
        "feedback",
        "One row per rating or comment of a user.",
        ("feedback_id", "text", "The feedback"),
        ("user_id", "text", "Who gave it"),
        ("content_id", "text", "The content that it is about"),
        ("merchant_id", "text", "The merchant that it is about"),
        ("score", "decimal", "The rating, on the source's own scale"),
        ("comment", "text", "The words"),
        ("submitted_at", "timestamp", "When it was given; required"),
    ),
    _feed(
        "kpi_targets",
        "One row per KPI and period that a target was set for.",
        ("kpi_id", "text", "The KPI; required"),
        ("period_start_date", "date", "First day of the period"),
        ("period_end_date", "date", "Last day of the period"),
        ("target_value", "decimal", "The target, in the KPI's own unit; required"),
    ),
    _feed(
        "consents",
        "One row per consent that an actor gave or took back.",
        ("user_id", "text", "The user; empty: see anonymous_id"),
        ("anonymous_id", "text", "The device or browser"),
        ("purpose", "text", "What for: analytics, marketing …; required"),
        ("is_granted", "boolean", "true: given; false: taken back"),
        ("recorded_at", "timestamp", "When it was said; required"),
    ),
    _feed(
        "erasure_requests",
        "One row per person who asked to be forgotten.",
        ("request_id", "text", "The request"),
        ("user_id", "text", "The user; empty: see anonymous_id"),
        ("anonymous_id", "text", "The device or browser"),
        ("requested_at", "timestamp", "When it was asked; required"),
    ),
)

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

FEEDS_BY_NAME: dict[str, Feed] = {feed.name: feed for feed in FEEDS}

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
        "definition_watermarks",
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
        "expiries",
        "expiry_removals",
        "expiry_scans",
    }
)
"""Tables of `raw` that are no feeds: a folder of such a name is not read."""
