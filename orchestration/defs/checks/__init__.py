"""The Great Expectations suites as blocking checks of their tables."""
