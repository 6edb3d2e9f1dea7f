"""Agents: who produces rollouts."""
