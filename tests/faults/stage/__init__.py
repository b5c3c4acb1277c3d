"""What the rows of tests/faults share: the scene with its servers, its faults, and the judge.

The servers, penstock's process and the little clients are those of tests/e2e/harness.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../e2e"))

from harness import Failure, expect, expect_equal, wait_until  # noqa: E402
from .fault import Ask, Fault, Kill, Pause  # noqa: E402
from .network import Drop, Lose, Refuse, Resets  # noqa: E402
from .row import Cannot, Void, row  # noqa: E402

__all__ = [
    "Ask", "Cannot", "Drop", "Failure", "Fault", "Kill", "Lose", "Pause", "Refuse", "Resets",
    "Void", "expect", "expect_equal", "row", "wait_until",
]
