"""Moves between RFM segments: from somewhere to somewhere, and not everybody out at once."""

import great_expectations as gx
import great_expectations.expectations as gxe

from expectations.plausibility import day_within_horizon, not_negative

SUITE = gx.ExpectationSuite(
    name="marts.mart_rfm_migrations",
    meta={"keys": ["snapshot_date", "from_segment_id", "to_segment_id"]},
    expectations=[
        *not_negative("user_count"),
        day_within_horizon("snapshot_date"),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    snapshot_date, from_segment_id, to_segment_id, user_count
from {batch}
where from_segment_id is null and to_segment_id is null""",
            severity="critical",
            notes="A move has neither a segment that it leaves nor one that it enters",
            meta={
                "rule": "comes_or_goes_somewhere",
                "zh": "有流动既没有离开的客群，也没有进入的客群",
            },
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select
    snapshot_date,
    sum(user_count) filter (where to_segment_id is null) as lapsed_user_count,
    sum(user_count) as previous_user_count
from {batch}
where from_segment_id is not null
    and snapshot_date = (select max(snapshot_date) from {batch})
group by snapshot_date
having sum(user_count) >= 200
    and sum(user_count) filter (where to_segment_id is null) > 0.8 * sum(user_count)""",
            severity="warning",
            notes="At the last snapshot over 80 % of the customers before it lapsed",
            meta={
                "rule": "not_everybody_lapsed",
                "zh": "最近一个快照里，此前的客户有 80 % 以上不再是客户",
                "keys": ["snapshot_date"],
            },
        ),
    ],
)
