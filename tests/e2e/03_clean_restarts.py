#!/usr/bin/env python3
"""SIGTERM in mid-flow and a new start, ten times: nothing lost, nothing twice."""
import time

from harness import Flow, conf, expect, expect_equal, main, route
from harness.log import LAST, SEEN

PER_SECOND = 12_000
ROUNDS = 10


def a_clean_stop_repeats_nothing(run):
    """Ten stops while records flow; RPUSH would show any record that came twice."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, 8, 5000, PER_SECOND)
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
        source="workers = 2; librdkafka = { heartbeat_interval_ms = 500; };"))
    for number in range(ROUNDS):
        penstock.wait_flowing()
        time.sleep(run.random.uniform(0.0, 0.6))
        run.note(f"stop {number + 1}, {penstock.written()} records after its start")
        began = time.monotonic()
        expect_equal(penstock.stop(), 0, "exit status")
        expect(time.monotonic() - began < 20, "the stop took 20 seconds and more")  # drain_timeout: 30
        penstock.start(wait=False)
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(a_clean_stop_repeats_nothing)
