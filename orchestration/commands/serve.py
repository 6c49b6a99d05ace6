"""`make serve`: fill PostgreSQL, and the bucket, with the build that readers see.

Every publish does so by itself. This is for a server or bucket that is new, was away, or was
emptied.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from orchestration.project import Settings, SettingsError
from orchestration.publish import bucket
from orchestration.publish.builds import DATABASE, builds_dir, current_build, publish_lock
from orchestration.publish.postgres import ServingError, serving


def serve_current(settings: Settings, say: Callable[[str], None] = lambda _: None) -> None:
    """Have PostgreSQL and the bucket serve what is published; do nothing where neither is set.

    Raises `ServingError` when one does not take the build, when there is none, and when readers
    were given another one meanwhile: then whoever did that fills them too.
    """
    if settings.serve_postgres is None and settings.serve_bucket is None:
        return
    build = current_build(settings)
    if build is None:
        raise ServingError(f"Nothing is published in {settings.publish_dir} yet.")
    folder = builds_dir(settings) / build.build_id
    with (
        bucket.filling(settings, folder, build, say) as show,
        serving(settings, folder / DATABASE, build, say) as commit,
        publish_lock(settings),
    ):
        now = current_build(settings)
        if now is None or now.build_id != build.build_id:
            raise ServingError("Readers were given another build meanwhile: nothing was changed.")
        show()
        commit()
    bucket.prune(settings)


def main() -> int:
    """Exit code 0: done. 1: it did not take the build. 2: a setting is missing or unusable."""
    try:
        settings = Settings.from_environment()
        if settings.serve_postgres is None and settings.serve_bucket is None:
            raise SettingsError(
                "Set YUNYING_SERVE_POSTGRES to a server, or YUNYING_SERVE_BUCKET to a folder in a "
                "bucket, that is to be filled."
            )
        serve_current(settings, print)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except ServingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
