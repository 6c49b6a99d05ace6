"""What is lost when a channel goes: the Markov chain of each conversion and month, solved.

With N = (I - Q)^-1 of the transitions Q between channels, s those from the start and r those to
the conversion, channels convert at h = N r and the whole at P = s h. Without channel k, whatever
enters it is lost: the paths that ever reach it, (s N)_k / N_kk of all, times h_k. So one inverse
gives all the effects.
"""

from typing import Any

import numpy as np
import pyarrow as pa

START, CONVERSION, NOTHING = "(start)", "(conversion)", "(null)"
# Places that are the same however the engine has ordered its sums.
DECIMALS = 12


def removal_effects(transitions: list[tuple[str, str, int]]) -> dict[str, float]:
    """The effect of each channel by its name, of one chain: from, to and how often."""
    channels = sorted({name for name, _, _ in transitions} - {START})
    number = {name: index for index, name in enumerate(channels)}
    between = np.zeros((len(channels), len(channels)))
    start, conversion, leaving = (np.zeros(len(channels)) for _ in range(3))
    for source, target, count in transitions:
        if source == START:
            start[number[target]] += count
            continue
        leaving[number[source]] += count
        if target == CONVERSION:
            conversion[number[source]] += count
        elif target != NOTHING:
            between[number[source], number[target]] += count
    between /= leaving[:, None]
    visits = np.linalg.inv(np.eye(len(channels)) - between)
    converts = visits @ (conversion / leaving)
    start /= start.sum()
    lost = (start @ visits) / np.diag(visits) * converts
    return dict(zip(channels, np.round(lost / (start @ converts), DECIMALS), strict=True))


def model(dbt: Any, session: Any) -> pa.Table:
    dbt.config(materialized="table")
    chains: dict[tuple[Any, ...], list[tuple[str, str, int]]] = {}
    relation = dbt.ref("fct_attribution_transitions")
    rows = relation.project(
        "conversion_id, period_start_date, from_channel_id, to_channel_id, transition_count"
    ).fetchall()
    for conversion, month, *transition in rows:
        chains.setdefault((conversion, month), []).append(tuple(transition))
    found = []
    for (conversion, month), transitions in chains.items():
        effects = removal_effects(sorted(transitions))
        total = sum(effects.values())
        found += [
            (conversion, month, channel, float(effect), float(effect / total))
            for channel, effect in effects.items()
        ]
    columns = list(zip(*found, strict=True)) or [[]] * 5
    return pa.table(
        [
            pa.array(values, kind)
            for values, kind in zip(
                columns,
                [pa.string(), pa.date32(), pa.string(), pa.float64(), pa.float64()],
                strict=True,
            )
        ],
        names=[
            "conversion_id",
            "period_start_date",
            "channel_id",
            "removal_effect",
            "credit_share",
        ],
    )
