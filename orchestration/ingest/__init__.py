"""From raw files to the schemas `raw` and `seeds`: DuckDB reads, a ledger remembers."""
