"""`make metrics`: MetricFlow's `mf`, asked of what readers see.

    python -m orchestration.commands.metrics list metrics
    python -m orchestration.commands.metrics query --metrics dau,stickiness --group-by metric_time

The semantic models and metrics stand in the YAML of the marts. `mf` is dbt's own command; this
gives it the published file, read-only, so that it waits for no build, and keeps it from looking
for a newer version of itself on the network.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

from dbt_metricflow.cli import main as command
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtArtifacts

from orchestration.project import DBT_PROJECT_DIR, Settings, SettingsError
from orchestration.publish.builds import current_build
from orchestration.transform.dbt_runs import dbt_environment, project_hash, target_dir

TARGET = "published"


class MetricsError(RuntimeError):
    """The metrics cannot be asked; the message says why."""


class PublishedMetrics(CLIConfiguration):
    """What `mf` works with: the target `published`, and a manifest that was parsed for it."""

    @cached_property
    def dbt_artifacts(self) -> dbtArtifacts:  # type: ignore[override]
        """As in `CLIConfiguration`, but the manifest is where we had dbt write it."""
        from dbt.adapters.factory import get_adapter_by_type
        from metricflow_semantics.model.dbt_manifest_parser import (
            parse_manifest_from_dbt_generated_manifest,
        )

        metadata = self.dbt_project_metadata
        text = semantic_manifest_path().read_text(encoding="utf-8")
        return dbtArtifacts(
            profile=metadata.profile,
            project=metadata.project,
            adapter=get_adapter_by_type(metadata.profile.credentials.type),
            semantic_manifest=parse_manifest_from_dbt_generated_manifest(text),
        )


def semantic_manifest_path() -> Path:
    """Path of the semantic manifest of the project as its files are now.

    Its tables are named as in the published file. Raises `MetricsError` with dbt's message when
    the project does not parse.
    """
    from dbt.cli.main import dbtRunner

    folder = target_dir() / "metrics"
    path, made_of = folder / "semantic_manifest.json", folder / "project_hash"
    wanted = project_hash()
    if path.exists() and made_of.exists() and made_of.read_text(encoding="utf-8") == wanted:
        return path
    result = dbtRunner().invoke(
        ["--quiet", "--log-level-file=none", "parse", f"--target={TARGET}",
         f"--project-dir={DBT_PROJECT_DIR}", f"--target-path={folder}"]
    )  # fmt: skip
    if not result.success:
        raise MetricsError(f"the dbt project does not parse: {result.exception}")
    made_of.write_text(wanted, encoding="utf-8")
    return path


def published_metrics(settings: Settings) -> PublishedMetrics:
    """MetricFlow on the published file. It reads these settings from the environment too.

    Raises `MetricsError` while nothing is published.
    """
    if current_build(settings) is None:
        raise MetricsError(f"Nothing is published in {settings.publish_dir} yet: make build")
    os.environ.update(dbt_environment(settings))
    os.environ |= {"DBT_TARGET": TARGET, "DBT_LOG_PATH": str(target_dir() / "metrics")}
    configuration = PublishedMetrics()
    configuration.setup(DBT_PROJECT_DIR, DBT_PROJECT_DIR, configure_file_logging=False)
    return configuration


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of `mf`. 1: nothing is published. 2: a setting cannot be used."""
    try:
        configuration = published_metrics(Settings.from_environment())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except MetricsError as error:
        print(error, file=sys.stderr)
        return 1
    command.UpdateChecker = lambda: SimpleNamespace(check=lambda *_: None)
    given = sys.argv[1:] if arguments is None else list(arguments)
    result = command.cli.main(given, prog_name="mf", obj=configuration, standalone_mode=False)
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
