import unittest

from pixelpad import Canvas, box, line


class CanvasTest(unittest.TestCase):
    def setUp(self):
        self.canvas = Canvas(3, 2)

    def test_paint(self):
        self.canvas.paint([(1, 0), (9, 9)], "#")
        self.assertEqual(str(self.canvas), ".#.\n...")

    def test_undo_filled_row(self):
        self.canvas.fill_row(0, "x")
        self.assertTrue(self.canvas.undo())
        self.assertEqual(str(self.canvas), "...\n...")

    def test_redo_filled_row(self):
        self.canvas.fill_row(1, "x")
        self.canvas.undo()
        self.assertTrue(self.canvas.redo())
        self.assertEqual(str(self.canvas), "...\nxxx")

    def test_undo_clear(self):
        self.canvas.fill_row(1, "x")
        self.canvas.clear()
        self.canvas.undo()
        self.assertEqual(str(self.canvas), "...\nxxx")

    def test_nothing_to_undo(self):
        self.assertFalse(self.canvas.undo())
        self.assertFalse(self.canvas.redo())

    def test_shapes(self):
        canvas = Canvas(4, 3)
        box(canvas, 0, 0, 4, 3, "+")
        line(canvas, 1, 1, 2, "-")
        self.assertEqual(str(canvas), "++++\n+--+\n++++")


if __name__ == "__main__":
    unittest.main()
