"""The glossary: every figure, and every stage, segment, event and definition, in both languages.

Nothing of it is written here: figures come from the published tables' own descriptions (and
their Chinese words beside the models), names from the definitions that the build was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from dashboards.board import Text
from dashboards.rules import RULES
from dashboards.tables import Table

# What a row of these tables is called, and the columns that say more of it.
_NAMED: dict[str, tuple[Text, str, tuple[str, ...]]] = {
    "seeds.dim_lifecycle_stages": (
        Text("Lifecycle stages", "生命周期阶段"),
        "stage_id",
        ("mode", "min_active_days", "min_active_weeks", "of_weeks", "silent_over_days"),
    ),
    "seeds.dim_rfm_segment_labels": (Text("RFM segments", "RFM 客群"), "segment_id", ()),
    "seeds.dim_rfm_classes": (
        Text("Eight classes of RFM", "RFM 八类客户"),
        "class_8_id",
        ("is_r_high", "is_f_high", "is_m_high"),
    ),
    "seeds.dim_activities": (
        Text("Activities", "活跃类型"), "activity_id", ("event_name", "new_by"),
    ),
    "seeds.dim_funnels": (
        Text("Funnels", "漏斗"),
        "funnel_id",
        ("order_mode", "count_by", "window_seconds", "step_count", "breakdown"),
    ),
    "seeds.dim_retentions": (
        Text("Retention curves", "留存曲线"),
        "retention_id",
        ("cohort_event", "cohort_mode", "return_event", "granularity", "periods", "breakdown"),
    ),
    "seeds.dim_paths": (
        Text("Paths", "路径"), "path_id", ("anchor_event", "direction", "item_event", "steps"),
    ),
    "seeds.dim_channels": (Text("Channels", "渠道"), "channel_id", ("is_direct", "is_paid")),
    "seeds.dim_conversions": (
        Text("Conversions", "转化"),
        "conversion_id",
        ("event_name", "value_kind", "counting", "lookback_days", "refund_days"),
    ),
    "seeds.dim_campaign_measures": (
        Text("Measures of campaigns", "活动指标"),
        "measure_id",
        ("kind", "event_name", "window_days", "pre_days"),
    ),
    "seeds.dim_survivals": (
        Text("Survival curves", "存活曲线"),
        "survival_id",
        ("subject", "start_event", "end_event", "max_days", "breakdown"),
    ),
    "seeds.dim_profile_tags": (Text("Tags of users", "用户标签"), "tag_id", ()),
    "seeds.dim_value_models": (
        Text("Value models", "价值模型"), "model_id", ("unit_days", "horizon_days"),
    ),
    "seeds.dim_features": (
        Text("Features", "功能"),
        "feature_id",
        ("event_name", "eligible_event", "released_at", "adopt_uses", "window_days", "owner"),
    ),
    "seeds.dim_kpis": (
        Text("KPIs", "KPI"),
        "kpi_id",
        ("kind", "event_name", "mart_column", "drivers", "segment_by", "direction", "owner"),
    ),
    "seeds.dim_audiences": (
        Text("Audiences", "人群"),
        "audience_id",
        ("schedule", "purpose", "cap_messages", "cap_days", "holdout_rate", "campaign_id"),
    ),
    "seeds.dim_event_names": (
        Text("Events of the tracking plan", "埋点方案中的事件"),
        "event_name",
        ("area", "role", "is_activity", "is_key_action"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """The rows of a definition: id, label in both languages, and the columns that say more."""

    title: Text
    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def names(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> tuple[Names, ...]:
    """What each published definition names, in the order of its table."""
    published = {table.full_name for table in tables}
    found = []
    for table, (title, key, more) in _NAMED.items():
        if table not in published:
            continue
        columns, source = (key, "label_en", "label_zh", *more), table
        if table in RULES:
            columns = (*columns, "rule_en", "rule_zh")
            source = f"{table} left join ({RULES[table]}) using ({key})"
        rows = connection.execute(f"select {', '.join(columns)} from {source}").fetchall()
        texts = tuple(tuple("" if v is None else str(v) for v in row) for row in rows)
        found.append(Names(title, table, columns, texts))
    return tuple(found)
