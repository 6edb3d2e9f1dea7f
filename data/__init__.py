"""Data: records, suites, trajectory formats."""
