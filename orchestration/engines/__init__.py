"""Engines beside the embedded one: where the same dbt project is run on a cluster."""
