"""The files that the line keeps: the warehouse, its locks and marks, Dagster's folder."""
