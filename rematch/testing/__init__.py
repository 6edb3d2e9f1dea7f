"""Testing: the scripted model endpoint."""
