"""Certificates of erasures: nothing that is still there, and no person by name."""

from expectations.plausibility import not_negative
from expectations.rules import RowRule, Severity, Suite

SUITE = Suite(
    schema="marts",
    table="mart_erasure_certificates",
    keys=("person_hash", "object", "removed_at"),
    rules=(
        not_negative("removed_count"),
        RowRule(
            name="names_nobody",
            sentence="What stands for the person is no keyed hash",
            where="not regexp_full_match(person_hash, '[0-9a-f]{64}')",
        ),
        RowRule(
            name="nothing_is_left",
            sentence="Something of an erased person is left, and has to be removed by hand",
            where="not is_removed",
            show=("layer", "object"),
            severity=Severity.WARNING,
        ),
    ),
)
