"""Reports: tables of what a run did."""
