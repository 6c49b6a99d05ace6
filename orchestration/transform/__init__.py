"""How dbt is run, what it made, and what that was made of."""
