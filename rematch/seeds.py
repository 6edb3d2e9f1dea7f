"""Every random choice takes its seed from the run's seed and what it is for."""

import hashlib
import random


def derive_seed(seed: int, *purpose: object) -> int:
    """A 63-bit seed for one purpose, the same on every machine and Python.

    Args:
        seed: the run's seed.
        purpose: what is drawn, such as a task id, an iteration and "byes".
    """
    text = "\x1f".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def derive_random(seed: int, *purpose: object) -> random.Random:
    """A generator seeded for one purpose."""
    return random.Random(derive_seed(seed, *purpose))
