"""Dagster code location of Yunying: ingest, transform, checks, publish, automation."""
