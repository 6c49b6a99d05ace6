"""Contributions: no driver stands by itself where it moved."""

import great_expectations as gx
import great_expectations.expectations as gxe

_KEYS = ["kpi_id", "grain", "period_start_date", "comparison", "driver_id", "segment_value"]

SUITE = gx.ExpectationSuite(
    name="marts.mart_kpi_contributions",
    meta={"keys": _KEYS},
    expectations=[
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="""select *
from {batch}
where contribution <> 0 and from_value = to_value""",
            severity="critical",
            notes="A driver that did not move contributed",
            meta={
                "rule": "what_did_not_move_contributes_nothing",
                "zh": "没有变化的驱动因素有了贡献",
                "keys": _KEYS,
            },
        ),
    ],
)
