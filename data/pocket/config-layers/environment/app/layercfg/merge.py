"""Lays one nested configuration over another."""


def merge(base, over):
    """A new configuration: `base` with the values of `over` laid on top.

    Mappings are merged key by key, everything else (lists too) is replaced. The result
    is the caller's own, it may be changed at will.
    """
    result = base
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = value
    return result
