"""Calls a function until it works or the policy ends."""

import functools
import time

from tryagain.policy import Policy


def call(func, policy=Policy(), *, sleep=time.sleep, on_retry=None):
    """What `func()` returns, if one of the attempts succeeds.

    Before each further attempt `on_retry(attempt, error)` is told about the failed one.
    When no attempt succeeds, the error of the last one reaches the caller. Errors that
    the policy does not list reach the caller at once.
    """
    for attempt in range(1, policy.attempts + 1):
        try:
            return func()
        except policy.retry_on as error:
            if attempt == policy.attempts:
                break
            if on_retry is not None:
                on_retry(attempt, error)
            sleep(policy.delay(attempt))


def retrying(policy=Policy(), **options):
    """Decorator: every call of the function follows the policy."""

    def decorate(func):
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            return call(lambda: func(*args, **kwargs), policy, **options)

        return wrapper

    return decorate
