#!/usr/bin/env python3
"""At most once: kill -9 in mid-flow, again and again, repeats nothing."""
import time

from harness import Flow, conf, expect, expect_equal, main, route
from harness.log import SEEN

PER_SECOND = 8000
ROUNDS = 6


def a_kill_repeats_nothing(run):
    """What a kill finds in flight may be missing; nothing comes twice, and the order stands."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, 4, 2000, PER_SECOND)
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("rides", run.topic, [SEEN], format="raw", delivery="at_most_once")],
        source='librdkafka = { session_timeout_ms = 1000; heartbeat_interval_ms = 200; };',
        sink="window_commands = 200;"))
    for number in range(ROUNDS):
        penstock.wait_flowing()
        time.sleep(run.random.uniform(0.0, 0.5))
        penstock.kill()
        run.note(f"kill {number + 1}")
        penstock.start(wait=False)
    flow.end()
    expect_equal(penstock.stop(), 0, "exit status")
    missing = 0
    for number, offsets in enumerate(flow.log.seen(redis)):
        falls = [pair for pair in zip(offsets, offsets[1:]) if pair[1] <= pair[0]]
        expect(not falls, f"partition {number}: came again, or out of order: {falls[:5]}")
        missing += len(flow.log.partitions[number]) - len(offsets)
    run.note(f"{missing} records are missing")
    expect(missing > 0, "no kill hit a record in flight: the test shows nothing")


if __name__ == "__main__":
    main(a_kill_repeats_nothing)
