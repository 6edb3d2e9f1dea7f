"""Grading: a task's own tests, run after selection only."""
