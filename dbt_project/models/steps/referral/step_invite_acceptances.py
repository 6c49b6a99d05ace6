"""Who accepted which invite: an invite is accepted once, and nobody accepts twice.

Who comes second to an invite may still accept another one, so each acceptance hangs on all before
it: they are gone through in their order.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def accepted(candidates: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Of invites (source and event) and who may have accepted them, in order, those who did."""
    invites: set[tuple[Any, ...]] = set()
    users: set[Any] = set()
    found = []
    for candidate in candidates:
        source, event, user, _ = candidate
        if (source, event) not in invites and user not in users:
            invites.add((source, event))
            users.add(user)
            found.append(candidate)
    return found


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    candidates = (
        dbt.ref("step_invite_candidates")
        .order("candidate_number")
        .project("source_id, event_id, accepted_user_id, accepted_at")
        .fetchall()
    )
    columns = list(zip(*accepted(candidates), strict=True)) or [[]] * 4
    kinds = [pa.string(), pa.string(), pa.string(), pa.timestamp("us")]
    return pa.table(
        [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)],
        names=["source_id", "event_id", "accepted_user_id", "accepted_at"],
    )
