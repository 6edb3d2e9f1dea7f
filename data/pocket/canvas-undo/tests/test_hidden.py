import random
import unittest

from pixelpad import Canvas, box, line


class CanvasTest(unittest.TestCase):
    def setUp(self):
        self.canvas = Canvas(4, 3)
        self.blank = str(self.canvas)

    def test_undo_row(self):
        self.canvas.fill_row(0, "x")
        self.canvas.undo()
        self.assertEqual(str(self.canvas), self.blank)

    def test_undo_paint(self):
        self.canvas.paint([(1, 1)], "#")
        self.canvas.undo()
        self.assertEqual(str(self.canvas), self.blank)

    def test_shapes_are_one_change(self):
        box(self.canvas, 0, 0, 3, 3, "+")
        boxed = str(self.canvas)
        line(self.canvas, 1, 0, 3, "|", down=True)
        self.canvas.undo()
        self.assertEqual(str(self.canvas), boxed)
        self.canvas.undo()
        self.assertEqual(str(self.canvas), self.blank)

    def test_redo(self):
        self.canvas.paint([(0, 0)], "a")
        self.canvas.paint([(0, 0)], "b")
        for _ in range(2):
            self.canvas.undo()
        self.canvas.redo()
        self.assertEqual(self.canvas.pixel(0, 0), "a")
        self.canvas.redo()
        self.assertEqual(self.canvas.pixel(0, 0), "b")
        self.assertFalse(self.canvas.redo())

    def test_a_change_after_undo_ends_redo(self):
        self.canvas.paint([(0, 0)], "a")
        self.canvas.undo()
        self.canvas.paint([(1, 0)], "b")
        self.assertFalse(self.canvas.redo())
        self.canvas.undo()
        self.assertEqual(str(self.canvas), self.blank)

    def test_long_history(self):
        draw = random.Random(5)
        seen = [self.blank]
        for _ in range(30):
            x, y, color = draw.randrange(4), draw.randrange(3), draw.choice("abc")
            change = draw.randrange(4)
            if change == 0:
                self.canvas.fill_row(y, color)
            elif change == 1:
                self.canvas.clear()
            else:
                self.canvas.paint([(x, y)], color)
            seen.append(str(self.canvas))
        for state in reversed(seen[:-1]):
            self.canvas.undo()
            self.assertEqual(str(self.canvas), state)
        for state in seen[1:]:
            self.canvas.redo()
            self.assertEqual(str(self.canvas), state)
