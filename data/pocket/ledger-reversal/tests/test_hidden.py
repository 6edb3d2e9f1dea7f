import unittest

from pocketbook import Book, BookError, Entry, Overdrawn


class BookTest(unittest.TestCase):
    def setUp(self):
        self.book = Book(ada=1000, bob=200)
        self.book.transfer("ada", "bob", 300)

    def test_balances(self):
        self.book.reverse(0)
        self.assertEqual(self.book.balances, {"ada": 1000, "bob": 200})

    def test_entry(self):
        entry = self.book.reverse(0)
        self.assertEqual(entry, Entry(1, "bob", "ada", 300, reverses=0))
        self.assertEqual(self.book.journal[1], entry)
        self.assertEqual(len(self.book.journal), 2)

    def test_audit(self):
        self.book.reverse(0)
        self.assertTrue(self.book.audit())

    def test_spent_since(self):
        self.book.transfer("bob", "cy", 450)
        with self.assertRaises(Overdrawn):
            self.book.reverse(0)
        self.assertEqual(self.book.balances, {"ada": 700, "bob": 50, "cy": 450})
        self.assertEqual(len(self.book.journal), 2)

    def test_payer_may_be_broke(self):
        self.book.transfer("ada", "cy", 700)
        self.book.reverse(0)
        self.assertEqual(self.book.balances, {"ada": 300, "bob": 200, "cy": 700})

    def test_only_once_and_no_reversal_of_a_reversal(self):
        self.book.reverse(0)
        for number in (0, 1):
            with self.assertRaises(BookError):
                self.book.reverse(number)

    def test_the_right_one_of_many(self):
        self.book.transfer("bob", "ada", 10)
        self.book.transfer("ada", "bob", 20)
        self.book.reverse(1)
        self.assertEqual(self.book.balances, {"ada": 680, "bob": 520})
        self.assertTrue(self.book.audit())
