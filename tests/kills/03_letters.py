#!/usr/bin/env python3
"""What takes the dead letters falls silent, and dies with the bridge: no record is forgotten."""
import os
import time

from harness import expect, expect_equal, main, wait_until
from herd import COMMIT_MS, Herd

PER_SECOND = 2000
POISON = 0.005
ROUNDS = int(os.environ.get("PENSTOCK_TEST_ROUNDS", "3")) or 1


def a_letter_that_did_not_arrive_holds_back_the_commit(run):
    """A commit stays behind each record whose letter has not arrived."""
    herd = Herd(run, "at_least_once", PER_SECOND, POISON, stream=True)
    bridge = herd.member("one")
    dead = herd.letters.redis
    for number in range(1, ROUNDS + 1):
        bridge.wait_flowing()
        wait_until(lambda: waiting(bridge) == 0, 20, "all letters have arrived")
        dead.hang()
        wait_until(lambda: waiting(bridge) > 5, 20, "letters wait")
        time.sleep(3 * COMMIT_MS / 1000)
        letters = waiting(bridge)
        dead.kill()
        bridge.kill()
        dead.start()
        herd.judge_kill(f"{number}, with {letters} letters that wait", [bridge])
        bridge.start(wait=False)
    expect(herd.finish() > 0, "no record came again: the test shows nothing")
    expect_equal(bridge.stop(), 0, "exit status")


def waiting(bridge):
    try:
        return int(bridge.scrape().total("penstock_dead_letters_waiting"))
    except OSError:
        return 0


if __name__ == "__main__":
    main(a_letter_that_did_not_arrive_holds_back_the_commit)
