"""Runs: the run folder, models, budget, executors."""
