import unittest

from tryagain import Policy, call, retrying


class Script:
    """Raises or returns one outcome a call."""

    def __init__(self, *outcomes):
        self.outcomes, self.calls = outcomes, 0

    def __call__(self):
        outcome = self.outcomes[self.calls]
        self.calls += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def no_sleep(seconds):
    pass


class CallTest(unittest.TestCase):
    def test_the_last_error_itself_is_raised(self):
        errors = [ConnectionError("one"), TimeoutError("two"), OSError(28, "disk full")]
        script = Script(*errors)
        with self.assertRaises(OSError) as caught:
            call(script, sleep=no_sleep)
        self.assertIs(caught.exception, errors[-1])
        self.assertEqual((caught.exception.errno, script.calls), (28, 3))

    def test_no_pause_and_no_news_after_the_last(self):
        pauses, news = [], []
        with self.assertRaises(OSError):
            call(
                Script(OSError(1, "a"), OSError(2, "b")),
                Policy(attempts=2),
                sleep=pauses.append,
                on_retry=lambda attempt, error: news.append((attempt, error.errno)),
            )
        self.assertEqual((pauses, news), ([0.1], [(1, 1)]))

    def test_single_attempt(self):
        with self.assertRaises(OSError):
            call(Script(OSError("x")), Policy(attempts=1), sleep=no_sleep)

    def test_none_is_a_fine_result(self):
        self.assertIsNone(call(Script(OSError("x"), None), sleep=no_sleep))

    def test_success_in_the_last_attempt(self):
        self.assertEqual(call(Script(OSError(), OSError(), "ok"), sleep=no_sleep), "ok")

    def test_unlisted_error_on_the_way(self):
        script = Script(OSError(), KeyError("k"), "never")
        with self.assertRaises(KeyError):
            call(script, sleep=no_sleep)
        self.assertEqual(script.calls, 2)

    def test_own_list_of_errors(self):
        policy = Policy(attempts=2, retry_on=(KeyError, ValueError))
        self.assertEqual(call(Script(ValueError(), 5), policy, sleep=no_sleep), 5)
        last = KeyError("k")
        with self.assertRaises(KeyError) as caught:
            call(Script(ValueError(), last), policy, sleep=no_sleep)
        self.assertIs(caught.exception, last)

    def test_decorator(self):
        script = Script(OSError("a"), OSError("b"))
        with self.assertRaisesRegex(OSError, "b"):
            retrying(Policy(attempts=2), sleep=no_sleep)(script.__call__)()
