"""Dates that come back every month."""

from duedates.months import add_months, workday
from duedates.plan import Plan

__all__ = ["Plan", "add_months", "workday"]
