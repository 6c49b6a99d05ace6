"""The summary that ends `make run`: what came in, what came out, where it is, what to try next.

It reads what any reader can, the published file, and the ledger of the warehouse. Its figures
are of the same days as those of the front page and the boards: the last ripe ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import duckdb

from dashboards.board import Tiles
from dashboards.boards.shared import last_ripe
from dashboards.front import DAY, WEEK, shown
from orchestration.ingest.came_in import quarantine
from orchestration.project import Settings, SettingsError
from orchestration.publish.publishing import DATABASE
from orchestration.store.warehouse import WarehouseError, connect
from orchestration.transform.dbt_runs import relative_to_root

BAR_WIDTH = 32
RETENTION_PERIODS = 8

Row = tuple[Any, ...]


def summarize(settings: Settings) -> str:
    """A page of text. Raises `WarehouseError` when nothing is built or published yet."""
    published = settings.publish_dir / DATABASE
    if not published.exists():
        raise WarehouseError(f"nothing is published in {settings.publish_dir}: run `make build`")
    sections: list[tuple[str, list[str]]] = []
    with connect(settings, read_only=True) as warehouse:
        sections.append(("Came in", _ledger(warehouse)))
    with duckdb.connect(str(published), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for item in (DAY, WEEK):
            sections.append((item.title.en, _figures(connection, item, settings.currency)))
        for title, lines in _PUBLISHED.items():
            sections.append((title, lines(connection)))
    sections.append(("Where it is", _places(settings)))
    sections.append(("Try next", _next_commands(settings)))
    return "\n".join(
        f"{title}\n" + "".join(f"  {line}\n" for line in lines)
        for title, lines in sections
        if lines
    )


def _ledger(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select feed, count(*), coalesce(sum(rows_in), 0), coalesce(sum(rows_staged), 0),"
        " coalesce(sum(rows_duplicate), 0), coalesce(sum(rows_quarantined), 0), count(error)"
        " from staging.stg_ingest_ledger group by feed order by 3 desc, feed"
    ).fetchall()
    if not rows:
        return [f"no files yet: put them below {'YUNYING_RAW_DIR'}"]
    header = ("feed", "files", "rows", "staged", "duplicates", "quarantined", "unreadable files")
    lines = _table(header, rows)
    in_quarantine = quarantine(connection)
    return [*lines, in_quarantine] if in_quarantine else lines


def _figures(connection: duckdb.DuckDBPyConnection, item: Tiles, currency: str) -> list[str]:
    """What the front page shows, beside the figures of 7 days before."""
    rows = shown(connection, item)
    if not rows:
        return ["nothing is ripe yet"]
    header = ("", *(str(row[item.day]) for row in rows))
    lines = [
        (tile.label.en.format(currency=currency),
         *(_figure(row[tile.column], tile.format) for row in rows))
        for tile in item.tiles
    ]  # fmt: skip
    return _table(header, lines)


def _figure(value: Any, format: str) -> str:
    if value is None:
        return "–"
    return {"rate": f"{value:.1%}", "amount": f"{value:,.2f}"}.get(format, f"{value:,}")


def _lifecycle(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select stage_id, user_count, activity_date from marts.mart_lifecycle_daily"
        f" where {last_ripe('marts.mart_lifecycle_daily', 'activity_date')}"
        " order by case stage_id when 'introduction' then 1 when 'growth' then 2"
        " when 'maturity' then 3 when 'dormancy' then 4 else 5 end"
    ).fetchall()
    return _bars([(stage, count) for stage, count, _ in rows], _day("on", rows))


def _segments(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select segment_id, count(*), max(snapshot_date) from marts.mart_rfm_scores"
        f" where {last_ripe('marts.mart_rfm_scores', 'snapshot_date')}"
        " group by segment_id order by 2 desc, segment_id"
    ).fetchall()
    return _bars([(segment, count) for segment, count, _ in rows], _day("as of", rows))


def _funnel(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "with chosen as ("
        "   select funnel_id from marts.mart_funnel_conversion"
        "   where grain = 'all' and breakdown_value is null"
        "   group by funnel_id"
        "   order by count(*) filter (where reached_count > 0) desc, funnel_id limit 1"
        ")"
        " select conversion.funnel_id, step_number, reached_count, entrant_count"
        " from marts.mart_funnel_conversion as conversion"
        " inner join chosen on conversion.funnel_id = chosen.funnel_id"
        " where grain = 'all' and breakdown_value is null order by step_number"
    ).fetchall()
    if not rows:
        return []
    lines = [f"funnel {rows[0][0]}"]
    steps = [(f"step {step}", reached) for _, step, reached, _ in rows]
    return lines + _bars(steps, whole=rows[0][3])


def _retention(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "with chosen as ("
        "   select retention_id from marts.mart_retention_cohorts"
        "   where cohort_start_at is null and cohort_start_date is null"
        "   and breakdown_value is null and eligible_count > 0"
        "   group by retention_id order by max(eligible_count) desc, retention_id limit 1"
        ")"
        " select cohorts.retention_id, period_number, mature_returned_count, eligible_count"
        " from marts.mart_retention_cohorts as cohorts"
        " inner join chosen on cohorts.retention_id = chosen.retention_id"
        " where cohort_start_at is null and cohort_start_date is null and breakdown_value is null"
        f" and eligible_count > 0 and period_number <= {RETENTION_PERIODS} order by period_number"
    ).fetchall()
    if not rows:
        return []
    lines = [f"retention {rows[0][0]}"]
    for _, period, returned, eligible in rows:
        share = returned / eligible
        lines.append(f"period {period:>2}  {_bar(share)} {share:6.1%}  of {eligible:,}")
    return lines


_PUBLISHED: dict[str, Callable[[duckdb.DuckDBPyConnection], list[str]]] = {
    "Lifecycle stages": _lifecycle,
    "RFM segments": _segments,
    "A funnel": _funnel,
    "A retention curve": _retention,
}


def _places(settings: Settings) -> list[str]:
    folder = settings.publish_dir
    return [
        f"boards, start here   {relative_to_root(folder / 'index.html')}",
        f"published tables     {relative_to_root(folder / DATABASE)}",
        f"the same as Parquet  {relative_to_root(folder / 'parquet')}/<schema>/<table>.parquet",
        f"data-quality report  {relative_to_root(folder / 'data_docs' / 'index.html')}",
    ]


def _next_commands(settings: Settings) -> list[str]:
    return [
        "make dev             lineage, checks, schedule and sensor, in a browser",
        "make dashboards      the boards, in a browser; make docs adds lineage of every column",
        f"edit {relative_to_root(settings.seeds_dir)}/funnels.csv or funnel_steps.csv, then make "
        "build: another funnel",
    ]


def _day(word: str, rows: Sequence[Row]) -> str | None:
    return f"{word} {rows[0][2]}" if rows else None


def _bars(
    items: Sequence[tuple[str, int]], note: str | None = None, whole: int | None = None
) -> list[str]:
    if not items:
        return []
    total = whole or sum(count for _, count in items) or 1
    width = max(len(name) for name, _ in items)
    lines = [note] if note else []
    for name, count in items:
        share = count / total
        lines.append(f"{name:<{width}}  {_bar(share)} {count:>9,} {share:6.1%}")
    return lines


def _bar(share: float) -> str:
    return ("█" * round(min(share, 1.0) * BAR_WIDTH)).ljust(BAR_WIDTH, "·")


def _table(header: Sequence[str], rows: Iterable[Row]) -> list[str]:
    cells = [list(header)]
    cells += [[f"{v:,}" if isinstance(v, int) else str(v) for v in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]


def main() -> int:
    """Print it; return 1 with a sentence when there is nothing to tell yet."""
    try:
        print("\n" + summarize(Settings.from_environment()))
    except (WarehouseError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
