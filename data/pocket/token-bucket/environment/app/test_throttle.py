import unittest

from throttle import Limiter, TokenBucket


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class ThrottleTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()

    def test_burst_up_to_the_capacity(self):
        bucket = TokenBucket(3, 1, clock=self.clock)
        self.assertEqual([bucket.allow() for _ in range(5)], [True, True, True, False, False])

    def test_refills_with_time(self):
        bucket = TokenBucket(2, 1, clock=self.clock)
        while bucket.allow():
            pass
        self.clock.now += 60
        self.assertTrue(bucket.allow())

    def test_wait(self):
        bucket = TokenBucket(4, 2, clock=self.clock)
        self.assertEqual(bucket.wait(4), 0)
        with self.assertRaises(ValueError):
            bucket.wait(5)

    def test_clients_do_not_share(self):
        limiter = Limiter(2, 1, clock=self.clock)
        while limiter.allow("ada"):
            pass
        self.assertTrue(limiter.allow("bob"))

    def test_sweep_keeps_busy_clients(self):
        limiter = Limiter(2, 1, clock=self.clock)
        limiter.allow("ada")
        self.assertEqual(limiter.sweep(), 0)
        self.clock.now += 5
        self.assertEqual(limiter.sweep(), 1)


if __name__ == "__main__":
    unittest.main()
