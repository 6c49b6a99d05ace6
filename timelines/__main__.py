"""Compile what is to be compiled: `make` does so with the environment, and no build waits."""

from __future__ import annotations

from timelines import best, search

if __name__ == "__main__":
    for entry in (search.search, best.outdone):
        entry.compile()
