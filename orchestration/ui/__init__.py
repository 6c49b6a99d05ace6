"""What Dagster and people are told: names, links, runs, alerts."""
