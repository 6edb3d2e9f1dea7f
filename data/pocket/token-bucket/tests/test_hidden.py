import unittest

from throttle import Limiter, TokenBucket


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class ThrottleTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()

    def burst(self, bucket, cost=1):
        count = 0
        while count < 50 and bucket.allow(cost):
            count += 1
        return count

    def test_first_burst(self):
        self.assertEqual(self.burst(TokenBucket(3, 1, clock=self.clock)), 3)
        self.assertEqual(self.burst(TokenBucket(1, 1, clock=self.clock)), 1)

    def test_later_bursts_are_as_long(self):
        bucket = TokenBucket(3, 1, clock=self.clock)
        for _ in range(3):
            self.assertEqual(self.burst(bucket), 3)
            self.clock.now += 100

    def test_a_part_of_a_token_is_not_enough(self):
        bucket = TokenBucket(2, 1, clock=self.clock)
        self.burst(bucket)
        self.clock.now += 0.5
        self.assertFalse(bucket.allow())
        self.clock.now += 0.5
        self.assertTrue(bucket.allow())
        self.assertFalse(bucket.allow())

    def test_costs(self):
        self.assertEqual(self.burst(TokenBucket(10, 1, clock=self.clock), cost=5), 2)
        self.assertEqual(self.burst(TokenBucket(9, 1, clock=self.clock), cost=5), 1)
        self.assertFalse(TokenBucket(2, 1, clock=self.clock).allow(2.5))
        self.assertEqual(self.burst(TokenBucket(1, 1, clock=self.clock), cost=0.25), 4)

    def test_turned_away_takes_nothing(self):
        bucket = TokenBucket(3, 1, clock=self.clock)
        self.assertFalse(bucket.allow(4))
        self.assertEqual(bucket.level, 3)

    def test_level_never_exceeds_capacity_or_falls_below_zero(self):
        bucket = TokenBucket(2, 4, clock=self.clock)
        self.assertEqual(bucket.level, 2)
        self.burst(bucket)
        self.assertEqual(bucket.level, 0)
        self.clock.now += 9
        self.assertEqual(bucket.level, 2)

    def test_who_waits_as_told_gets_in(self):
        limiter = Limiter(2, 4, clock=self.clock)
        while limiter.allow("ada", 1):
            pass
        self.assertEqual(limiter.retry_after("ada", 2), 0.5)
        self.clock.now += 0.5
        self.assertTrue(limiter.allow("ada", 2))
