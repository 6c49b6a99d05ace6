"""Which KPIs missed their target, or moved beyond what their history would have."""

from __future__ import annotations

import hashlib
from typing import Any

import duckdb

from dashboards.boards.kpis import LAST, figure
from orchestration.project import Settings
from orchestration.publish.publishing import DATABASE
from orchestration.ui.alerts import Alert

_NEWS = f"""
select *, {figure("value")} as said, {figure("target_value")} as target_said,
    {figure("usual_low")} as low_said, {figure("usual_high")} as high_said
from {LAST} as last
where not is_on_target or is_unusual
order by grain, is_on_target, row_number
"""
_GRAINS = {"day": "日", "week": "周", "month": "月"}


def kpi_alerts(settings: Settings) -> list[Alert]:
    """What readers should know of the last whole day, week and month that is published.

    One alert for the same KPIs of a period, however often it is built.
    """
    try:
        with duckdb.connect(str(settings.publish_dir / DATABASE), read_only=True) as connection:
            cursor = connection.execute(_NEWS)
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.Error:  # nothing is published yet, or by a version without KPIs
        return []
    found = []
    for grain, grain_zh in _GRAINS.items():
        of_grain = [row for row in rows if row["grain"] == grain]
        if not of_grain:
            continue
        told = "|".join(
            f"{row['kpi_id']} {row['period_start_date']} {row['is_on_target']} {row['is_unusual']}"
            for row in of_grain
        )
        missed = sum(row["is_on_target"] is False for row in of_grain)
        unusual = sum(bool(row["is_unusual"]) for row in of_grain)
        found.append(
            Alert(
                key=f"kpis {grain} {hashlib.sha256(told.encode()).hexdigest()[:12]}",
                subject=f"Yunying: by the {grain}, targets missed: {missed}, unusual: {unusual}"
                f" · 按{grain_zh}：{missed} 个 KPI 未达标，{unusual} 个异常",
                text="\n".join(
                    [*(_line(row) for row in of_grain), "", *(_line_zh(row) for row in of_grain),
                     "", f"{settings.publish_dir / 'boards' / 'strategy.html'}"]
                ),
            )
        )  # fmt: skip
    return found


def _line(row: dict[str, Any]) -> str:
    said = f"✗ {row['name_en']}, {row['period_start_date']}: {row['said']}"
    if row["is_on_target"] is False:
        said += f", target {row['target_said']}"
    if row["is_unusual"]:
        said += f", usually {row['low_said']} to {row['high_said']}"
    return said


def _line_zh(row: dict[str, Any]) -> str:
    said = f"✗ {row['name_zh']}，{row['period_start_date']}：{row['said']}"
    if row["is_on_target"] is False:
        said += f"，目标 {row['target_said']}"
    if row["is_unusual"]:
        said += f"，通常在 {row['low_said']} 到 {row['high_said']} 之间"
    return said
