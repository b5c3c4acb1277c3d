"""What the rows of tests/faults share: the scene with its servers, its faults, and the judge.

The servers, penstock's process and the little clients are those of tests/e2e/harness.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../e2e"))

from harness import Failure, Record, expect, expect_equal, wait_until  # noqa: E402
from .crumble import Cuts, Late, Narrow, Silent, Slices  # noqa: E402
from .fault import Again, Ask, Call, Fault, Kill, Pause  # noqa: E402
from .network import Drop, Lose, Refuse, Resets  # noqa: E402
from .oracle import RAW_DELETE, RAW_TRACE, TRACE  # noqa: E402
from .row import Cannot, Void, row  # noqa: E402
from .spokesman import Says, Spokesman  # noqa: E402
from .scene import FAILED_COMMITS, KAFKA_ERRORS, REBALANCES  # noqa: E402
from .trial import RECONNECTS  # noqa: E402

__all__ = [
    "FAILED_COMMITS", "KAFKA_ERRORS", "REBALANCES", "RAW_DELETE",
    "RAW_TRACE", "RECONNECTS", "Record", "TRACE", "Again", "Ask", "Call", "Cannot",
    "Cuts", "Drop", "Failure", "Fault", "Kill", "Late", "Lose", "Narrow", "Pause", "Refuse",
    "Resets", "Says", "Silent", "Slices", "Spokesman", "Void", "expect", "expect_equal", "row", "wait_until",
]
