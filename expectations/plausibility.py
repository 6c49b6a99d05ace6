"""Rules that several suites share, as functions of the columns that they are about."""

from __future__ import annotations

from expectations.rules import QueryRule, RowRule

# A device's clock may run ahead of the collector's by a day before staging quarantines the
# event (var `future_tolerance_days`). A week is beyond any sensible setting of it.
HORIZON_DATE = "(select data_through_date + interval 7 day from facts.dim_horizon)"
HORIZON_INSTANT = "(select data_through_at + interval 7 day from facts.dim_horizon)"


def rates_between_0_and_1(*columns: str) -> RowRule:
    """Rates are shares of a whole."""
    return RowRule(
        name="rates_between_0_and_1",
        sentence=f"A rate lies outside 0 to 1 ({', '.join(columns)})",
        where=" or ".join(f"{column} not between 0 and 1" for column in columns),
        show=columns,
    )


def not_negative(*columns: str) -> RowRule:
    """Counts, days and seconds start at 0."""
    return RowRule(
        name="not_negative",
        sentence=f"A figure is below 0 ({', '.join(columns)})",
        where=" or ".join(f"{column} < 0" for column in columns),
        show=columns,
    )


def parts_within_wholes(*pairs: tuple[str, str]) -> RowRule:
    """The first of each pair counts some of what the second counts."""
    said = ", ".join(f"{part} of {whole}" for part, whole in pairs)
    return RowRule(
        name="parts_within_wholes",
        sentence=f"A part is greater than its whole ({said})",
        where=" or ".join(f"{part} > {whole}" for part, whole in pairs),
        show=tuple(dict.fromkeys(column for pair in pairs for column in pair)),
    )


def day_within_horizon(column: str) -> RowRule:
    """A local date is not later than the data's horizon, give or take clock skew."""
    return RowRule(
        name="within_horizon",
        sentence=f"{column} lies more than a week after the data's horizon",
        where=f"{column} > {HORIZON_DATE}",
        show=(column,),
    )


def instant_within_horizon(column: str) -> RowRule:
    """A UTC instant is not later than the data's horizon, give or take clock skew."""
    return RowRule(
        name="within_horizon",
        sentence=f"{column} lies more than a week after the data's horizon",
        where=f"{column} > {HORIZON_INSTANT}",
        show=(column,),
    )


def not_empty_while(source: str, condition: str = "true") -> QueryRule:
    """The table has rows when what it is made of has. On an empty warehouse both have none."""
    return QueryRule(
        name="not_empty",
        sentence=f"The table is empty although {source} holds rows that belong in it",
        query=f"""select '{source}' as filled_table, count(*) as filled_row_count
from {source}
where {condition} and not exists (select 1 from {{table}})
having count(*) > 0""",
        keys=("filled_table",),
    )
