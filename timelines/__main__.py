"""Compile what is to be compiled: `make` does so with the environment, and no build waits."""

from __future__ import annotations

from timelines import best, search

__all__ = ["best", "search"]
