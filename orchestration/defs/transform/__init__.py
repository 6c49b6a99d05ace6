"""dbt's models and tests: staging to marts."""
