"""Counts articles on shelves."""


class OutOfStock(Exception):
    """A shelf has fewer pieces than were asked for."""


class Depot:
    """Pieces of each article (sku) on each shelf.

    Totals over all shelves are asked for all day and change rarely, so they are kept
    until the article's count changes.
    """

    def __init__(self):
        self._count = {}
        self._totals = {}

    def receive(self, sku, shelf, pieces):
        """Put pieces on a shelf."""
        self._count[sku, shelf] = self.on_shelf(sku, shelf) + pieces
        self._totals.pop(sku, None)

    def ship(self, sku, shelf, pieces):
        """Take pieces from a shelf."""
        left = self.on_shelf(sku, shelf) - pieces
        if left < 0:
            raise OutOfStock(f"{sku}: {pieces} wanted, {left + pieces} on {shelf}")
        self._count[sku, shelf] = left
        self._totals.pop(sku, None)

    def move(self, sku, source, target, pieces):
        """Carry pieces to another shelf."""
        self.ship(sku, source, pieces)
        self.receive(sku, target, pieces)

    def rename(self, old, new):
        """Give an article another number; what lies under the new number is added up."""
        for sku, shelf in list(self._count):
            if sku == old:
                pieces = self._count.pop((sku, shelf))
                self._count[new, shelf] = self.on_shelf(new, shelf) + pieces

    def recount(self, counts):
        """Replace everything with the result of a stocktaking: {(sku, shelf): pieces}."""
        self._count = dict(counts)
        self._totals.clear()

    def on_shelf(self, sku, shelf):
        """Pieces of an article on one shelf."""
        return self._count.get((sku, shelf), 0)

    def total(self, sku):
        """Pieces of an article on all shelves."""
        if sku not in self._totals:
            self._totals[sku] = sum(n for (found, _), n in self._count.items() if found == sku)
        return self._totals[sku]

    def articles(self):
        """Article numbers known here, sorted."""
        return sorted({sku for sku, _ in self._count})
