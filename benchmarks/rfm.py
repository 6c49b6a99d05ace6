"""RFM of all customers at the end of each month and at the horizon, against pandas and lifetimes.

lifetimes makes its summary (recency, money) and no scores; it counts days with an order, so the
frequency is not compared. Money is compared in cents.
"""

from __future__ import annotations

from benchmarks.peers import USER_DAYS, Peer, Question

SNAPSHOTS = {"parquet": "{parquet}", "snapshots": "{snapshots}"}
QUESTIONS = (
    Question(
        name="RFM",
        models=("fct_order_states", "+mart_rfm_scores"),
        answer="""
            select
                snapshot_date, r_score, f_score, m_score, count(*), sum(recency_days),
                sum(frequency), cast(sum(100 * monetary_amount) as bigint)
            from marts.mart_rfm_scores
            group by snapshot_date, r_score, f_score, m_score
        """,
        peers=(
            Peer("pandas", "pandas_rfm", 0.3, SNAPSHOTS),
            Peer(
                "lifetimes",
                "lifetimes_rfm",
                1 / 10,
                SNAPSHOTS,
                answer="""
                    select
                        snapshot_date, count(*), sum(recency_days),
                        cast(sum(100 * monetary_amount) as bigint)
                    from marts.mart_rfm_scores group by snapshot_date
                """,
            ),
        ),
        given=tuple(name for name in USER_DAYS if name != "fct_order_states"),
    ),
)
