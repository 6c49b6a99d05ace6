#!/bin/sh
# dbt as a build runs it; see dbt_process.py. `-P`: modules beside that file are none of dbt's.
exec "$BUILD_PYTHON" -P "$(dirname "$0")/dbt_process.py" "$@"
