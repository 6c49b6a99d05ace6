"""A process that builds when told to, and tells each step: made to be killed.

It reads one command a line from its standard input: `{"anew": false, "environment": {...}}`;
it writes one event a line: `{"kind": "start", "name": "fct_events"}`.
"""

from __future__ import annotations

import json
import os
import sys

from orchestration.ingest.loader import ingest
from orchestration.project import Settings
from orchestration.store.warehouse import WarehouseError
from verify.dbt import Dbt, DbtError


def main() -> None:
    # Libraries write to the standard streams: those go to the log, and events keep the pipe.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(kind: str, name: str) -> None:
        out.write(json.dumps({"kind": kind, "name": name}) + "\n")
        out.flush()

    dbt = Dbt()
    for line in sys.stdin:
        command = json.loads(line)
        settings = Settings.from_environment(command["environment"])
        try:
            tell("ingest", "begins")
            report = ingest(settings, lambda sentence: tell("ingest", sentence))
            tell("ingested", f"{report.rows_loaded}")
            dbt.transform(settings, tell, anew=command["anew"])
        except (DbtError, WarehouseError) as error:
            tell("failed", str(error))
        else:
            tell("done", "")


if __name__ == "__main__":
    main()
