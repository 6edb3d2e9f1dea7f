"""A bill with its positions."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from tally.split import CENT, share


@dataclass
class Bill:
    """Positions that people ordered, and a tip in percent on top."""

    tip_percent: Decimal = Decimal(0)
    orders: list = field(default_factory=list)

    def order(self, person, price):
        """Note a position."""
        self.orders.append((person, Decimal(price)))

    @property
    def net(self):
        return sum((price for _, price in self.orders), Decimal("0.00"))

    @property
    def total(self):
        """What the table pays, tip included."""
        tip = self.net * self.tip_percent / 100
        return self.net + tip.quantize(CENT, ROUND_HALF_UP)

    def shares(self):
        """What each person pays, in proportion to what they ordered."""
        spent = {}
        for person, price in self.orders:
            spent[person] = spent.get(person, 0) + price
        return dict(zip(spent, share(self.total, list(spent.values()))))
