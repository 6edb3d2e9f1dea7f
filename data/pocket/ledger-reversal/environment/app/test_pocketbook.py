import unittest

from pocketbook import Book, BookError, Overdrawn


class BookTest(unittest.TestCase):
    def setUp(self):
        self.book = Book(ada=1000, bob=200)

    def test_transfer(self):
        self.book.transfer("ada", "bob", 300)
        self.assertEqual(self.book.balances, {"ada": 700, "bob": 500})

    def test_new_account(self):
        self.book.transfer("ada", "cy", 1)
        self.assertEqual(self.book.balances["cy"], 1)

    def test_overdrawn(self):
        with self.assertRaises(Overdrawn):
            self.book.transfer("bob", "ada", 201)

    def test_reversal_restores_the_balances(self):
        entry = self.book.transfer("ada", "bob", 300)
        self.book.reverse(entry.number)
        self.assertEqual(self.book.balances, {"ada": 1000, "bob": 200})

    def test_reversed_once(self):
        entry = self.book.transfer("ada", "bob", 300)
        self.book.reverse(entry.number)
        with self.assertRaises(BookError):
            self.book.reverse(entry.number)

    def test_audit(self):
        self.book.transfer("ada", "bob", 300)
        self.assertTrue(self.book.audit())


if __name__ == "__main__":
    unittest.main()
