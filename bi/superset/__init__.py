"""Superset on the published file: dashboards as files, its settings, and how it is started."""
