"""From the warehouse to readers."""
