"""From the warehouse to readers: builds, their pages, PostgreSQL."""
