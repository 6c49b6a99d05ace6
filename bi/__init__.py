"""What BI tools and analysts start from: Superset's dashboards, a notebook, an R script."""
