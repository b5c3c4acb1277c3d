"""How a scenario says what must hold."""
import time


class Failure(AssertionError):
    """A promise that did not hold."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def expect_equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, expected {wanted!r}")


def wait_until(condition, seconds, what, every=0.05):
    """Waits until `condition()` holds; its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)
    return value
