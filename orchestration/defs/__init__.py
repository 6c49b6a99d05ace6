"""Definitions by layer of the flow; Dagster loads every module here by itself."""
