"""The Dagster code location: everything in `orchestration/defs`, run by one writer at a time.

Importing it opens nothing: no warehouse, no network, no Great Expectations.
"""

from pathlib import Path

import dagster as dg

from orchestration.ui.executor import one_writer_executor

defs = dg.Definitions.merge(
    dg.load_from_defs_folder(path_within_project=Path(__file__)),
    dg.Definitions(executor=one_writer_executor),
)
