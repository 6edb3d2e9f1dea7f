"""Evidence: facts read from a trajectory without a model."""
