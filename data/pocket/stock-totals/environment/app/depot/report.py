"""What the office wants to know."""


def summary(depot):
    """{sku: total} of every article in stock."""
    totals = {sku: depot.total(sku) for sku in depot.articles()}
    return {sku: total for sku, total in totals.items() if total}


def low_stock(depot, least=5):
    """Articles with fewer than `least` pieces, the scarcest first."""
    short = [(depot.total(sku), sku) for sku in depot.articles()]
    return [sku for total, sku in sorted(short) if total < least]
