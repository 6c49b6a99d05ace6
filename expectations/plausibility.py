"""Rules that several suites share: Great Expectations' own, by the columns that they are about."""

from __future__ import annotations

from itertools import pairwise

import great_expectations.expectations as gxe

# What a rule compares with, it names as `$PARAMETER`, and says in `meta` how it is asked for: in
# `parameters` by SQL over the warehouse, in `recent` as a figure of the builds that are kept.
# A device's clock may run ahead of the collector's by a day before staging quarantines the event
# (var `future_tolerance_days`). A week is beyond any sensible setting.
_LATEST = """select coalesce(max({0}) + interval 7 day, timestamp '9999-12-31')
from facts.dim_horizon"""


def rates_between_0_and_1(*columns: str) -> list[gxe.ExpectColumnValuesToBeBetween]:
    """Rates are shares of a whole."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=0,
            max_value=1,
            severity="critical",
            notes=f"A rate lies outside 0 to 1 ({column})",
            meta={"rule": f"{column}_between_0_and_1", "zh": f"比例不在 0 到 1 之间（{column}）"},
        )
        for column in columns
    ]


def not_negative(*columns: str) -> list[gxe.ExpectColumnValuesToBeBetween]:
    """Counts, days and seconds start at 0."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=0,
            severity="critical",
            notes=f"A figure is below 0 ({column})",
            meta={"rule": f"{column}_not_negative", "zh": f"数字小于 0（{column}）"},
        )
        for column in columns
    ]


def parts_within_wholes(
    *pairs: tuple[str, str],
) -> list[gxe.ExpectColumnPairValuesAToBeGreaterThanB]:
    """The first of each pair counts some of what the second counts."""
    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=whole,
            column_B=part,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            notes=f"A part is greater than its whole ({part} of {whole})",
            meta={
                "rule": f"{part}_within_{whole}",
                "zh": f"部分大于整体（{whole} 里的 {part}）",
            },
        )
        for part, whole in pairs
    ]


def in_order(*columns: str) -> list[gxe.ExpectColumnPairValuesAToBeGreaterThanB]:
    """Each column is no greater than the next."""
    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=greater,
            column_B=smaller,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            severity="critical",
            notes=f"Times are not in order: {smaller} is above {greater}",
            meta={
                "rule": f"{smaller}_up_to_{greater}",
                "zh": f"时长的顺序不对：{smaller} 大于 {greater}",
            },
        )
        for smaller, greater in pairwise(columns)
    ]


def mature_within_all(*columns: str) -> gxe.UnexpectedRowsExpectation:
    """Counts of closed attempts are some of all, in funnels in which the best attempt stays best.

    With an exclusion, or an optional step, a person's best closed attempt may be of another
    period or step than the best of all attempts.
    """
    wrong = " or ".join(f"mature_{column} > {column}" for column in columns)
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"""select *
from {{batch}}
where ({wrong})
    and funnel_id not in (
        select funnel_id
        from seeds.dim_funnel_steps
        where is_optional or exclusion_number is not null
    )""",
        severity="critical",
        notes="More attempts are closed than there are, in a funnel without exclusions and "
        "optional steps",
        meta={
            "rule": "mature_within_all",
            "zh": "没有排除条件和可选步骤的漏斗里，成熟的人数比全部还多",
        },
    )


def day_within_horizon(column: str) -> gxe.ExpectColumnValuesToBeBetween:
    """A local date is not later than the data's horizon, give or take clock skew."""
    return _within_horizon(column, "data_through_date")


def instant_within_horizon(column: str) -> gxe.ExpectColumnValuesToBeBetween:
    """A UTC instant is not later than the data's horizon, give or take clock skew."""
    return _within_horizon(column, "data_through_at")


def not_empty_while(source: str, condition: str = "true") -> gxe.ExpectTableRowCountToBeBetween:
    """The table has rows when what it is made of has. On an empty warehouse both have none."""
    asked = f"select cast(exists (select 1 from {source} where {condition}) as integer)"
    return gxe.ExpectTableRowCountToBeBetween(
        min_value={"$PARAMETER": "least_rows"},
        severity="critical",
        notes=f"The table is empty although {source} holds rows that belong in it",
        meta={
            "rule": "not_empty",
            "zh": f"{source} 里有该算进来的行，这张表却是空的",
            "parameters": {"least_rows": asked},
        },
    )


def rows_of_recent_builds() -> gxe.ExpectTableRowCountToBeBetween:
    """The table has not lost half of its rows. It may gain any number: files come late."""
    return gxe.ExpectTableRowCountToBeBetween(
        min_value={"$PARAMETER": "least_rows_of_recent_builds"},
        severity="warning",
        notes="The table has under half of the rows that it had in the builds that are kept",
        meta={
            "rule": "rows_of_recent_builds",
            "zh": "行数不到保留的各次构建的一半",
            "recent": "count(*)",
        },
    )


def mean_of_recent_builds(column: str) -> gxe.ExpectColumnMeanToBeBetween:
    """The column's mean is from half to double of what it was: cents are no yuan."""
    rule = f"mean_{column}_of_recent_builds"
    return gxe.ExpectColumnMeanToBeBetween(
        column=column,
        **_between(rule),
        severity="warning",
        notes="The mean is under half, or over double, of what it was in the builds that are kept "
        f"({column}): in another unit?",
        meta={
            "rule": rule,
            "zh": f"平均值不到保留的各次构建的一半，或超过两倍（{column}）：是不是换了单位？",
            "recent": f"avg({column})",
        },
    )


def median_of_recent_builds(column: str) -> gxe.ExpectColumnMedianToBeBetween:
    """The column's median is from half to double of what it was, whatever single rows hold."""
    rule = f"median_{column}_of_recent_builds"
    return gxe.ExpectColumnMedianToBeBetween(
        column=column,
        **_between(rule),
        severity="warning",
        notes="The median is under half, or over double, of what it was in the builds that are "
        f"kept ({column})",
        meta={
            "rule": rule,
            "zh": f"中位数不到保留的各次构建的一半，或超过两倍（{column}）",
            "recent": f"median({column})",
        },
    )


def _between(rule: str) -> dict[str, dict[str, str]]:
    return {
        "min_value": {"$PARAMETER": f"least_{rule}"},
        "max_value": {"$PARAMETER": f"most_{rule}"},
    }


def _within_horizon(column: str, horizon: str) -> gxe.ExpectColumnValuesToBeBetween:
    return gxe.ExpectColumnValuesToBeBetween(
        column=column,
        max_value={"$PARAMETER": f"latest_{horizon}"},
        severity="critical",
        notes=f"{column} lies more than a week after the data's horizon",
        meta={
            "rule": "within_horizon",
            "zh": f"{column} 比数据的截止时间晚一周以上",
            "parameters": {f"latest_{horizon}": _LATEST.format(horizon)},
        },
    )
