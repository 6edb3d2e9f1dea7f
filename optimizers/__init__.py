"""Optimizers: examples, metrics, tuning and search."""
