import unittest

from tryagain import Policy, call, retrying


class Flaky:
    """Fails the given number of times, then says hello."""

    def __init__(self, failures, error=ConnectionError):
        self.calls, self.failures, self.error = 0, failures, error

    def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"attempt {self.calls}")
        return "hello"


class CallTest(unittest.TestCase):
    def setUp(self):
        self.pauses = []

    def test_success_after_failures(self):
        self.assertEqual(call(Flaky(2), sleep=self.pauses.append), "hello")
        self.assertEqual(self.pauses, [0.1, 0.2])

    def test_gives_up(self):
        flaky = Flaky(9)
        with self.assertRaises(ConnectionError):
            call(flaky, sleep=self.pauses.append)
        self.assertEqual(flaky.calls, 3)

    def test_other_errors_are_not_retried(self):
        flaky = Flaky(9, ValueError)
        with self.assertRaises(ValueError):
            call(flaky, sleep=self.pauses.append)
        self.assertEqual(flaky.calls, 1)

    def test_delays_are_capped(self):
        self.assertEqual([Policy().delay(n) for n in (1, 2, 9)], [0.1, 0.2, 5.0])

    def test_decorator(self):
        flaky = Flaky(1)
        greet = retrying(Policy(attempts=2), sleep=self.pauses.append)(lambda name: flaky() + name)
        self.assertEqual(greet(" ada"), "hello ada")


if __name__ == "__main__":
    unittest.main()
