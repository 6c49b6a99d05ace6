"""Feeds that live in a database: their rows become raw files, which ingest loads like any other."""
