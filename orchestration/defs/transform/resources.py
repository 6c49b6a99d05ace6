"""What the dbt assets run with."""

import dagster as dg

from orchestration.project import DBT_PROJECT_DIR
from orchestration.transform.dbt_resource import WarehouseDbt
from orchestration.transform.dbt_runs import dbt_of_a_build


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={
            "dbt": WarehouseDbt(
                project_dir=str(DBT_PROJECT_DIR),
                profiles_dir=str(DBT_PROJECT_DIR),
                dbt_executable=dbt_of_a_build(),
                # Every statement of a build is 16 MB of log, and 6 s of its time. What went
                # wrong is logged all the same, and the SQL stands in the target folder.
                global_config_flags=["--log-level-file=info"],
            )
        }
    )
