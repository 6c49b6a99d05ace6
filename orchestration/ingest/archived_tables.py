"""What stays of raw rows that have expired: the tables `raw.archived_*`.

Each has the grain of a fact, and holds what of that fact lies before the cut-off; a rebuild
reads it beside the raw rows that are left. `archive.py` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass

FUNNEL_STEPS = 12
"""Steps of archived attempts, as the var `funnel_max_steps` of the dbt project."""


@dataclass(frozen=True)
class ArchivedTable:
    """A table of the archive; `definition` is the kind of definition that its rows depend on."""

    name: str
    description: str
    columns: tuple[tuple[str, str], ...]
    definition: str | None = None

    @property
    def has_people(self) -> bool:
        """Whether its rows name users."""
        return "user_id" in dict(self.columns)


_TEXT, _COUNT, _TIME, _DATE, _FLAG = "varchar", "bigint", "timestamp", "date", "boolean"
_SUM = "decimal(38, 6)"

ARCHIVED_TABLES: tuple[ArchivedTable, ...] = (
    ArchivedTable(
        "archived_users",
        "One row per user: events before the cut-off, the first and the last.",
        (
            ("user_id", _TEXT),
            ("event_count", _COUNT),
            ("first_event_at", _TIME),
            ("last_event_at", _TIME),
        ),
    ),
    ArchivedTable(
        "archived_identity_pairs",
        "One row per anonymous id and user that were seen together before the cut-off.",
        (
            ("anonymous_id", _TEXT),
            ("user_id", _TEXT),
            ("first_event_id", _TEXT),
            ("first_seen_at", _TIME),
        ),
    ),
    ArchivedTable(
        "archived_sessions",
        "One row per user whose last session before the cut-off may go on after it.",
        (("user_id", _TEXT), ("started_at", _TIME), ("last_activity_at", _TIME)),
    ),
    ArchivedTable(
        "archived_user_days",
        "One row per user and active day before the cut-off.",
        (
            ("user_id", _TEXT),
            ("event_count", _COUNT),
            ("session_count", _COUNT),
            ("key_action_count", _COUNT),
            ("activity_date", _DATE),
            ("first_event_at", _TIME),
            ("last_event_at", _TIME),
        ),
    ),
    ArchivedTable(
        "archived_order_amounts",
        "One row per order, role (order, refund) and day before the cut-off.",
        (
            ("order_id", _TEXT),
            ("role", _TEXT),
            ("user_id", _TEXT),
            ("amount", "decimal(38, 4)"),
            ("event_date", _DATE),
            ("occurred_at", _TIME),
        ),
    ),
    ArchivedTable(
        "archived_event_days",
        "One row per source, event name and day before the cut-off.",
        (
            ("source_id", _TEXT),
            ("event_name", _TEXT),
            ("event_count", _COUNT),
            ("event_date", _DATE),
            ("last_event_at", _TIME),
        ),
    ),
    ArchivedTable(
        "archived_activity_days",
        "One row per activity, user and day before the cut-off.",
        (
            ("activity_id", _TEXT),
            ("user_id", _TEXT),
            ("event_count", _COUNT),
            ("activity_date", _DATE),
        ),
        "activity",
    ),
    ArchivedTable(
        "archived_activity_hours",
        "One row per activity, user and hour before the cut-off.",
        (
            ("activity_id", _TEXT),
            ("user_id", _TEXT),
            ("hour_of_day", "integer"),
            ("event_count", _COUNT),
            ("event_date", _DATE),
            ("hour_started_at", _TIME),
        ),
        "activity",
    ),
    ArchivedTable(
        "archived_stickiness_hours",
        "One row per stickiness, user and hour before the cut-off.",
        (
            ("stickiness_id", _TEXT),
            ("user_id", _TEXT),
            ("event_count", _COUNT),
            ("activity_date", _DATE),
            ("hour_started_at", _TIME),
        ),
        "stickiness",
    ),
    ArchivedTable(
        "archived_first_events",
        "One row per side of a definition that asks for a first time, and user who had it.",
        (
            ("definition", _TEXT),
            ("definition_id", _TEXT),
            ("side", _TEXT),
            ("user_id", _TEXT),
        ),
        "any",
    ),
    ArchivedTable(
        "archived_retention_members",
        "One row per retention and member whose cohort event lies before the cut-off.",
        (
            ("retention_id", _TEXT),
            ("user_id", _TEXT),
            ("breakdown_value", _TEXT),
            ("cohort_event_at", _TIME),
        ),
        "retention",
    ),
    ArchivedTable(
        "archived_retention_returns",
        "One row per retention, member and period: returns before the cut-off.",
        (
            ("retention_id", _TEXT),
            ("user_id", _TEXT),
            ("period", "integer"),
            ("occurrence_count", _COUNT),
            ("same_value_count", _COUNT),
            ("returned_value_sum", _SUM),
            ("same_value_returned_sum", _SUM),
            ("is_later", _FLAG),
            ("is_later_with_same_value", _FLAG),
            ("cohort_start_at", _TIME),
        ),
        "retention",
    ),
    ArchivedTable(
        "archived_funnel_attempts",
        "One row per funnel attempt that was opened before the cut-off.",
        (
            ("funnel_id", _TEXT),
            ("user_id", _TEXT),
            ("breakdown_value", _TEXT),
            ("attempt_number", "integer"),
            ("reached_step", "integer"),
            ("required_step_count", "integer"),
            ("step_count", "integer"),
            ("is_breakdown_thread", _FLAG),
            ("is_ignored", _FLAG),
            ("closes_at", _TIME),
            ("void_at", _TIME),
            *((f"step_{step}_at", _TIME) for step in range(1, FUNNEL_STEPS + 1)),
        ),
        "funnel",
    ),
    ArchivedTable(
        "archived_funnel_openings",
        "One row per funnel, user and thread whose last attempt was open at the cut-off.",
        (
            ("funnel_id", _TEXT),
            ("user_id", _TEXT),
            ("thread_id", _TEXT),
            ("step_1_at", _TIME),
            ("closed_at", _TIME),
        ),
        "funnel",
    ),
    ArchivedTable(
        "archived_funnel_user_values",
        "One row per funnel and user: the first or last breakdown value before the cut-off.",
        (
            ("funnel_id", _TEXT),
            ("user_id", _TEXT),
            ("breakdown_value", _TEXT),
            ("occurred_at", _TIME),
        ),
        "funnel",
    ),
    ArchivedTable(
        "archived_path_items",
        "One row per path, occurrence of its anchor before the cut-off, and position.",
        (
            ("path_id", _TEXT),
            ("user_id", _TEXT),
            ("item", _TEXT),
            ("previous_item", _TEXT),
            ("occurrence_number", _COUNT),
            ("position", "integer"),
            ("seconds_from_previous", "double"),
            ("is_mature", _FLAG),
            ("anchor_at", _TIME),
        ),
        "path",
    ),
    ArchivedTable(
        "archived_path_tails",
        "One row per path over all of a user's events, and user: the last item before the cut-off.",
        (
            ("path_id", _TEXT),
            ("user_id", _TEXT),
            ("item", _TEXT),
            ("is_anchor", _FLAG),
            ("occurred_at", _TIME),
        ),
        "path",
    ),
)

BOOKKEEPING: tuple[ArchivedTable, ...] = (
    ArchivedTable(
        "expiries",
        "One row per feed and cut-off: raw rows before it are gone.",
        (
            ("feed", _TEXT),
            # Of events, cut-offs are instants at which a day of the reporting zone began.
            ("cutoff_at", _TIME),
            # From when on anchors of paths are looked for in raw; events alone.
            ("paths_from_at", _TIME),
            ("expired_at", _TIME),
            # Empty until the raw rows have left tables and files.
            ("removed_at", _TIME),
        ),
    ),
    ArchivedTable(
        "expiry_removals",
        "One row per file and time at which rows before a cut-off were taken out of it.",
        (
            ("feed", _TEXT),
            ("source_file", _TEXT),
            ("load_id", _COUNT),
            ("removed_count", _COUNT),
            # They came when their like had gone already.
            ("is_late", _FLAG),
            ("removed_at", _TIME),
        ),
    ),
    ArchivedTable(
        "expiry_scans",
        "One row: the last load whose rows were held against the cut-offs.",
        (("load_id", _COUNT),),
    ),
    ArchivedTable(
        "archived_definitions",
        "One row per definition that the archive has rows of: what it said then, and says now.",
        (
            ("definition", _TEXT),
            ("definition_id", _TEXT),
            ("archived_hash", _TEXT),
            ("present_hash", _TEXT),
        ),
    ),
)
EXPIRY_TABLES = (*ARCHIVED_TABLES, *BOOKKEEPING)

COLUMN_TEXTS = {
    "activity_date": "The day, in the reporting zone",
    "activity_id": "The activity",
    "amount": "Sum of the amounts of the day",
    "anchor_at": "When the anchor happened, UTC",
    "anonymous_id": "The device or browser",
    "archived_hash": "Hash of what the definition said when its rows were archived",
    "attempt_number": "Number of the attempt among the user's",
    "breakdown_value": "Value that it was counted under",
    "closed_at": "When the attempt closed, UTC",
    "closes_at": "When the window of the attempt ends, UTC",
    "cohort_event_at": "When the member's cohort event happened, UTC",
    "cohort_start_at": "When the member's cohort began, UTC",
    "cutoff_at": "Rows before it are gone, UTC",
    "definition": "Kind of the definition",
    "definition_id": "The definition",
    "event_count": "Number of events",
    "event_date": "The day, in the reporting zone",
    "event_name": "The event",
    "expired_at": "When the cut-off moved there",
    "feed": "The feed",
    "first_event_at": "The first event, UTC",
    "first_event_id": "The event that they were seen together on first",
    "first_seen_at": "When they were seen together first, UTC",
    "funnel_id": "The funnel",
    "hour_of_day": "The hour on the clock of the reporting zone",
    "hour_started_at": "When the hour began, UTC",
    "is_anchor": "Whether the path is anchored at it",
    "is_breakdown_thread": "Whether the attempt is within one value",
    "is_ignored": "Whether it is void and leaves the user's other attempts counted",
    "is_late": "Whether the rows came when their like had gone already",
    "is_later": "Whether one of them is later than the cohort event",
    "is_later_with_same_value": "Whether one is later and carries the cohort event's value",
    "is_mature": "Whether no item can join any more",
    "item": "The item",
    "key_action_count": "Number of key actions",
    "last_activity_at": "The last activity before the cut-off, UTC",
    "last_event_at": "The last event, UTC",
    "load_id": "The load",
    "occurred_at": "When it happened, UTC; of several the first",
    "occurrence_count": "Number of returns",
    "occurrence_number": "Number of the occurrence among the user's",
    "order_id": "The order",
    "path_id": "The path",
    "paths_from_at": "From when on anchors of paths are looked for in raw, UTC; events only",
    "period": "Number of the period since the cohort",
    "position": "Place in the path; 0 is the anchor",
    "present_hash": "Hash of what the definition says now; empty: it is gone",
    "previous_item": "The item before",
    "reached_step": "The last step that was reached",
    "removed_at": "When the rows were gone",
    "removed_count": "Rows",
    "required_step_count": "Required steps that were served",
    "retention_id": "The retention",
    "returned_value_sum": "Sum of the returns' values",
    "role": "order or refund",
    "same_value_count": "Returns that carry the cohort event's value",
    "same_value_returned_sum": "Sum of the values of those",
    "seconds_from_previous": "Seconds since the item before",
    "session_count": "Number of sessions",
    "side": "Side of the definition",
    "source_file": "Path of the file below the raw folder",
    "source_id": "The source",
    "started_at": "When the session began, UTC",
    "step_count": "Steps that were served",
    "stickiness_id": "The stickiness",
    "thread_id": "The stream of events in which the attempt was looked for",
    "user_id": "The user as resolved then, or anon: and the device",
    "void_at": "When it became void, UTC",
    **{
        f"step_{step}_at": f"When step {step} was reached, UTC"
        for step in range(1, FUNNEL_STEPS + 1)
    },
}
"""What the columns of these tables hold."""


def create_statements() -> list[str]:
    """SQL that makes the tables where they are missing."""
    return [
        f"create table if not exists raw.{table.name} "
        f"({', '.join(f'{column} {kind}' for column, kind in table.columns)})"
        for table in EXPIRY_TABLES
    ]
