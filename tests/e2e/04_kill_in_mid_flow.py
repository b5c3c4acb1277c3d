#!/usr/bin/env python3
"""kill -9 in mid-flow, ten times: nothing lost, order kept, repeats no more than the window."""
import time

from harness import Log, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN

PER_SECOND = 10_000
ROUNDS = 10
WINDOW = 512
COMMIT_SECONDS = 0.1


def a_kill_loses_nothing(run):
    """At each kill every committed record is in Redis, and few beyond those."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 8)
    log = Log(run.topic, 8, 5000, run.random)
    producer = run.producer(kafka)
    load = run.background(log.flow, producer, PER_SECOND)
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
        source=f'commit_interval = "{COMMIT_SECONDS * 1000:.0f}ms"; librdkafka = {{ '
               "session_timeout_ms = 1000; heartbeat_interval_ms = 200; };",
        sink=f"window_commands = {WINDOW};"))
    may_repeat = 0
    for number in range(ROUNDS):
        caught_up = number % 2 == 0
        penstock.wait_flowing()
        if caught_up:
            wait_until(lambda: penstock.scrape().lag < WINDOW, 20, "caught up")
        time.sleep(run.random.uniform(0.0, 0.5))
        penstock.kill()
        ahead = judge_kill(kafka, redis, run, log)
        run.note(f"kill {number + 1}: {ahead} records in Redis were not committed")
        if caught_up:
            limit = WINDOW + PER_SECOND * (COMMIT_SECONDS + 0.3)
            expect(ahead <= limit, f"{ahead} records may come again, more than {limit:.0f}")
        may_repeat += ahead
        penstock.start(wait=False)
    log.end_flow()
    load.join()
    producer.close()
    run.note(f"{log.produced} records were produced")
    log.wait_committed(kafka, run.group, 60)
    repeats = log.judge_repeats(redis, may_repeat)
    run.note(f"{repeats} records came again, {may_repeat} might have")
    expect(repeats > 0, "no kill hit a record in flight: the test shows nothing")
    expect_equal(penstock.stop(), 0, "exit status")


def judge_kill(kafka, redis, run, log):
    """Every committed record is in Redis; how many are there beyond."""
    committed = kafka.committed(run.group, log.topic)
    ahead = 0
    for number, offsets in enumerate(log.seen(redis)):
        have = set(offsets)
        lost = [offset for offset in range(committed[number]) if offset not in have]
        expect(not lost, f"partition {number}: committed up to {committed[number]}, but "
                         f"{lost[:5]} are not in Redis")
        ahead += len(have) - committed[number]
    return ahead


if __name__ == "__main__":
    main(a_kill_loses_nothing)
