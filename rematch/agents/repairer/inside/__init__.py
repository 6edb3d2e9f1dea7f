"""Scripts that run inside the sandbox, sent as text.

They do without pathlib: importing it would cost a run of the tests a fifth of its time.
"""
