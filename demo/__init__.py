"""Feeds made of public data sets, to see the whole line at work."""
