"""Suites of the tables in schema `marts`."""
