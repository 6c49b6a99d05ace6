"""When the line runs by itself."""
