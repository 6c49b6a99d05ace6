"""Whose the runs of `make build` are: the code location's, which the UI lists runs by.

A run in a process of its own has no origin, and the UI's home page passes over it.
"""

from __future__ import annotations

from functools import partial

import dagster as dg

CODE_LOCATION = "yunying"
"""As `[tool.dagster]` in `pyproject.toml` calls it."""
REPOSITORY = "__repository__"
"""What Dagster calls the only one of a code location."""

# As Dagster's history holds an origin, which every later version has to read: its class has no
# public name.
_ORIGIN = f"""{{
    "__class__": "ExternalPipelineOrigin",
    "external_repository_origin": {{
        "__class__": "ExternalRepositoryOrigin",
        "repository_location_origin": {{
            "__class__": "RegisteredRepositoryLocationOrigin",
            "location_name": "{CODE_LOCATION}"
        }},
        "repository_name": "{REPOSITORY}"
    }},
    "pipeline_name": "%s"
}}"""


def give_origin(instance: dg.DagsterInstance, job_name: str) -> None:
    """Let the runs of this job that the instance makes be the code location's."""
    origin = dg.deserialize_value(_ORIGIN % job_name)
    instance.create_run_for_job = partial(  # type: ignore[method-assign]
        instance.create_run_for_job, remote_job_origin=origin
    )
