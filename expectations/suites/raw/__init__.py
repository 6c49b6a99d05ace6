"""Suites of the tables in schema `raw`."""
