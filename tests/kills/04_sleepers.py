#!/usr/bin/env python3
"""A process sleeps longer than its session and wakes up: what it still sends is not carried out."""
import os
import signal
import time

from harness import expect, expect_equal, main, wait_until
from herd import Herd
from ledger import PARTITIONS

PER_SECOND = 3000
ROUNDS = int(os.environ.get("PENSTOCK_TEST_ROUNDS", "3")) or 1


def exactly_once_a_sleeper_writes_nothing_more(run):
    """Another one takes its partitions over meanwhile; 0 lost, 0 twice, at each waking."""
    herd = Herd(run, "exactly_once", PER_SECOND)
    pair = [herd.member("one", wait=False), herd.member("two", wait=False)]
    for number in range(1, ROUNDS + 1):
        wait_until(lambda: all(assigned(one) == PARTITIONS / 2 for one in pair), 30,
                   "each has half of the partitions")
        sleeper, other = run.random.sample(pair, 2)
        inflight = fall_asleep(herd, sleeper)
        wait_until(lambda: assigned(other) == PARTITIONS, 30, "the other one has all partitions")
        before = other.written()
        wait_until(lambda: other.written() > before, 30, "the other one writes")
        sleeper.child.signal(signal.SIGCONT)
        herd.judge_now(f"{sleeper.name} wakes up, with {inflight} records in its hands")
        wait_until(lambda: assigned(other) == PARTITIONS / 2, 30, "they share again")
        herd.judge_now("they share again")
    herd.finish()
    for one in pair:
        expect_equal(one.stop(), 0, f"exit status of {one.name}")


def fall_asleep(herd, sleeper):
    """It stops in mid-flow: the records that it has begun and not finished."""
    wait_until(lambda: sleeper.written() > 0, 30, "it writes")
    herd.redis.hang()
    time.sleep(0.3)
    inflight = int(sleeper.scrape().total("penstock_inflight_records"))
    sleeper.child.signal(signal.SIGSTOP)
    herd.redis.resume()
    expect(inflight > 0, "nothing was in flight when it fell asleep")
    return inflight


def assigned(one):
    try:
        return one.scrape().total("penstock_kafka_partition_assigned")
    except OSError:
        return 0


if __name__ == "__main__":
    main(exactly_once_a_sleeper_writes_nothing_more)
