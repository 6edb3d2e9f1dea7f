import unittest

from wireframe import LIMIT, FrameError, Reader, encode

TEXTS = ["", "plain", "café", "naïve Ω", "日本語", "🙂🙂", "mixed: é日🙂", "\ufeffbom", "e\u0301"]


class FrameTest(unittest.TestCase):
    def test_bytes_on_the_wire(self):
        self.assertEqual(encode("hi"), b"\x01\x00\x00\x00\x02hi")
        self.assertEqual(encode("é", "topic"), b"\x02\x00\x00\x00\x02\xc3\xa9")
        self.assertEqual(encode("日"), b"\x01\x00\x00\x00\x03\xe6\x97\xa5")

    def test_round_trips(self):
        for text in TEXTS:
            self.assertEqual(Reader().feed(encode(text)), [("text", text)], text)

    def test_stream(self):
        data = b"".join(encode(text) for text in TEXTS)
        self.assertEqual([text for _, text in Reader().feed(data)], TEXTS)

    def test_byte_by_byte(self):
        reader, found = Reader(), []
        for byte in b"".join(encode(text, "topic") for text in TEXTS):
            found += reader.feed(bytes([byte]))
        self.assertEqual(found, [("topic", text) for text in TEXTS])
        self.assertEqual(reader.waiting, 0)

    def test_frames_of_other_clients(self):
        frame = b"\x01\x00\x00\x00\x05caf\xc3\xa9"
        self.assertEqual(Reader().feed(frame + frame[:3]), [("text", "café")])

    def test_limit_is_in_bytes(self):
        self.assertEqual(Reader().feed(encode("é" * (LIMIT // 2))), [("text", "é" * (LIMIT // 2))])
        with self.assertRaises(FrameError):
            encode("é" * (LIMIT // 2) + "x")

    def test_not_a_frame(self):
        with self.assertRaises(FrameError):
            Reader().feed(b"\x09\x00\x00\x00\x00")
        with self.assertRaises(FrameError):
            Reader().feed(b"\x01\xff\xff\xff\xff")
