"""Suites, shown what they must catch and what they must accept."""
