"""Speed and memory of the whole line on generated events: `make bench`."""
