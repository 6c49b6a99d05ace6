"""The promises under fire: `make verify` (incremental = rebuild) and `make chaos` (faults)."""
