#!/bin/sh
# dbt as a build runs it, by the engine that it has: see dbt_process.py, and that of engines/.
# `-P`: modules beside that file are none of dbt's.
exec "$BUILD_PYTHON" -P "$BUILD_DBT" "$@"
