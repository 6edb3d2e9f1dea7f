import unittest

from wireframe import LIMIT, FrameError, Reader, encode


class FrameTest(unittest.TestCase):
    def test_round_trip(self):
        self.assertEqual(Reader().feed(encode("hello")), [("text", "hello")])

    def test_kind(self):
        self.assertEqual(Reader().feed(encode("news", "topic")), [("topic", "news")])

    def test_accents(self):
        self.assertEqual(Reader().feed(encode("café")), [("text", "café")])

    def test_pieces(self):
        reader, data = Reader(), encode("hello") + encode("", "bye")
        self.assertEqual(reader.feed(data[:7]), [])
        self.assertEqual(reader.waiting, 7)
        self.assertEqual(reader.feed(data[7:]), [("text", "hello"), ("bye", "")])

    def test_too_long(self):
        with self.assertRaises(FrameError):
            encode("x" * (LIMIT + 1))


if __name__ == "__main__":
    unittest.main()
