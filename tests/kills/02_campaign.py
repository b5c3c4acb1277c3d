#!/usr/bin/env python3
"""kill -9 at random instants, again and again: sums, lists, scores and streams come out right.

PENSTOCK_TEST_KILLS is how often (default 200), in each mode of delivery.
"""
import os
import time

from harness import expect, expect_equal, main
from herd import COMMIT_MS, SESSION_MS, Herd

KILLS = int(os.environ.get("PENSTOCK_TEST_KILLS", "200"))
PER_SECOND = 3000
LIFE = 0.7          # seconds between a restart and the next kill, at most
TAKEOVER = 0.15     # the share of kills after which the other one takes the partitions over
BOTH = 0.15         # and of those that hit both at once
WITH_REDIS = 5      # each fifth time Redis falls silent, and dies too


def at_least_once_loses_nothing(run):
    """0 lost, order kept, and no more repeats than were uncommitted at the kills."""
    repeats = campaign(run, "at_least_once")
    expect(repeats > 0, "no kill hit a record in flight: the test shows nothing")


def exactly_once_applies_each_record_once(run):
    """0 lost, 0 twice: at each kill Redis holds what the records below its checkpoint make, and
    nothing else."""
    campaign(run, "exactly_once")


def campaign(run, delivery):
    herd = Herd(run, delivery, PER_SECOND)
    pair = [herd.member("one", wait=False), herd.member("two", wait=False)]
    for one in pair:
        one.wait_ready()
    for number in range(1, KILLS + 1):
        kill(herd, number, pair)
    repeats = herd.finish()
    expect(herd.hits >= KILLS / 4, f"{herd.hits} of {KILLS} kills hit records in flight")
    for one in pair:
        expect_equal(one.stop(), 0, f"exit status of {one.name}")
    return repeats


def kill(herd, number, pair):
    """One kill, its judgement, and the return of the dead."""
    random = herd.run.random
    time.sleep(random.uniform(0.0, LIFE))
    dead = pair if random.random() < BOTH else [random.choice(pair)]
    with_redis = number % WITH_REDIS == 0
    if with_redis:
        herd.redis.hang()
        time.sleep(random.uniform(0.0, 3 * COMMIT_MS / 1000))
    for one in dead:
        one.kill()
    (herd.kill_redis if with_redis else herd.judge_kill)(number, dead)
    if random.random() < TAKEOVER:
        time.sleep(SESSION_MS / 1000 + random.uniform(0.3, 1.0))
    for one in dead:
        one.start(wait=False)


if __name__ == "__main__":
    main(at_least_once_loses_nothing, exactly_once_applies_each_record_once)
