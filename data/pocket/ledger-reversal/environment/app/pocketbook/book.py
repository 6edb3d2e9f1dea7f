"""The book: accounts, and a journal of all transfers between them."""

from pocketbook.model import BookError, Entry, Overdrawn


class Book:
    """Accounts in cents. What is in the journal explains every balance."""

    def __init__(self, **opening):
        self._opening = dict(opening)
        self.balances = dict(opening)
        self.journal = []

    def transfer(self, payer, payee, amount):
        """Move an amount from one account to another and return the entry."""
        return self._enter(payer, payee, amount)

    def reverse(self, number):
        """Take a transfer back by an entry of its own, which is returned.

        Raises:
            Overdrawn: the money has been spent since.
            BookError: it was taken back before, or is a reversal itself.
        """
        entry = self.journal[number]
        if entry.reverses is not None:
            raise BookError(f"entry {number} is a reversal")
        if any(later.reverses == number for later in self.journal):
            raise BookError(f"entry {number} was reversed before")
        return self._enter(entry.payer, entry.payee, entry.amount, reverses=number)

    def audit(self):
        """Whether opening balances and journal give the balances."""
        expected = dict(self._opening)
        for entry in self.journal:
            expected[entry.payer] -= entry.amount
            expected[entry.payee] = expected.get(entry.payee, 0) + entry.amount
        return expected == self.balances

    def _enter(self, payer, payee, amount, reverses=None):
        if amount <= 0:
            raise BookError(f"an amount must be positive: {amount}")
        if self.balances.get(payer, 0) < amount:
            raise Overdrawn(f"{payer} has only {self.balances.get(payer, 0)}")
        self.balances[payer] -= amount
        self.balances[payee] = self.balances.get(payee, 0) + amount
        entry = Entry(len(self.journal), payer, payee, amount, reverses)
        self.journal.append(entry)
        return entry
