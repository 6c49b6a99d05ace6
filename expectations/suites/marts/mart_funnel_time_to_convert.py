"""Times to convert: the bins follow one another and hold everybody."""

from expectations.plausibility import not_negative
from expectations.rules import QueryRule, RowRule, Suite

SUITE = Suite(
    schema="marts",
    table="mart_funnel_time_to_convert",
    keys=("funnel_id", "breakdown_value", "from_step", "to_step", "bin_number"),
    rules=(
        not_negative("bin_from_seconds", "mature_reached_count"),
        RowRule(
            name="bins_have_a_width",
            sentence="A bin ends where it begins or before",
            where="bin_to_seconds <= bin_from_seconds",
            show=("bin_from_seconds", "bin_to_seconds"),
        ),
        QueryRule(
            name="bins_hold_everybody",
            sentence="The bins together do not hold all who got from one step to the other",
            query="""select times.funnel_id, times.breakdown_value, times.from_step, times.to_step,
    times.mature_reached_count, sum(bins.mature_reached_count) as in_bins
from marts.mart_funnel_times as times
left join {table} as bins
    on times.funnel_id = bins.funnel_id
    and times.breakdown_value is not distinct from bins.breakdown_value
    and times.from_step = bins.from_step
    and times.to_step = bins.to_step
group by all
having coalesce(sum(bins.mature_reached_count), 0) <> times.mature_reached_count""",
            keys=("funnel_id", "breakdown_value", "from_step", "to_step"),
        ),
    ),
)
