"""Is what readers see old? One pair of limits, for Dagster's freshness and for alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestration.project import Settings
from orchestration.publish.publishing import current_build
from orchestration.ui.alerts import Alert

# A daily build, and the time that it takes; then a person should know, then it is broken.
WARN_AFTER = timedelta(hours=26)
FAIL_AFTER = timedelta(hours=50)


def late_alert(settings: Settings, now: datetime | None = None) -> Alert | None:
    """The alert that the published build is older than a limit; None before the first build.

    One alert a build and limit, whoever looks.
    """
    build = current_build(settings)
    if build is None:
        return None
    at = now or datetime.now(UTC).replace(tzinfo=None)
    age = at - datetime.fromisoformat(build.built_at)
    if age < WARN_AFTER:
        return None
    limit = FAIL_AFTER if age >= FAIL_AFTER else WARN_AFTER
    hours, allowed = (int(span.total_seconds() // 3600) for span in (age, limit))
    return Alert(
        key=f"late {build.build_id} {allowed}h",
        subject=f"Yunying: what readers see is {hours} hours old",
        text=(
            f"The published build was made at {build.built_at} UTC, over {allowed} hours ago, "
            f"of data through {build.data_through_at or 'no event yet'}.\n"
            "Either nothing new arrives, or no build gets through: see the raw folder, and the "
            f"runs at {settings.ui_url}/runs"
        ),
    )
