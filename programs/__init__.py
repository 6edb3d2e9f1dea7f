"""Programs: the paper's algorithm as DSPy modules."""
