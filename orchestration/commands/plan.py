"""`make plan`: rows of `event_names.csv` for events that came and are in no plan, with what each
seems to be.

Exit code 0: they are written, or there is none. 1: there is no warehouse, or no file to write to.
2: a setting cannot be used.
"""

from __future__ import annotations

import sys

from orchestration.project import Settings, SettingsError


def main() -> int:
    """Print what came, and write a row for each event that has none."""
    import duckdb

    from orchestration.ingest import planning
    from orchestration.ingest.seeds import read_seeds
    from orchestration.store.warehouse import WarehouseError, connect
    from orchestration.transform.dbt_runs import relative_to_root

    try:
        settings = Settings.from_environment()
        if not settings.warehouse.exists():
            raise WarehouseError(f"There is no warehouse at {settings.warehouse} yet: make build")
        written = read_seeds(settings).tables[planning.PLAN.name].rows
        with connect(settings, read_only=True) as connection:
            known = connection.execute("select event_name, role from seeds.dim_event_names")
            roles = dict(known.fetchall())
            roles |= {row.values["event_name"]: row.values["role"] for row in written}
            rows = planning.rows(planning.seen(connection), roles)
        for row in rows:
            print(f"{row['event_name']}: {row['role'] or 'no role'}, {row['area']}; {row['note']}")
        if not rows:
            print("Each event that came has its row.")
            return 0
        path = relative_to_root(planning.write(settings, rows))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (planning.PlanError, WarehouseError) as error:
        print(error, file=sys.stderr)
        return 1
    except duckdb.CatalogException:
        print("The warehouse holds no events yet: make build", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The plan cannot be written: {error.strerror or error}", file=sys.stderr)
        return 1
    print(
        f"{len(rows):,} row(s) written into {path}. Roles are guesses from names: look at each, "
        "and at the labels; then make build."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
