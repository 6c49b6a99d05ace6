"""Suites of the tables in schema `facts`."""
