#!/usr/bin/env python3
"""kill -9 in mid-flow, ten times: nothing lost, order kept, repeats no more than the window."""
import time

from harness import Flow, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN

PER_SECOND = 10_000
ROUNDS = 10
WINDOW = 512
COMMIT_SECONDS = 0.1


def a_kill_loses_nothing(run):
    """At each kill every committed record is in Redis, and few beyond those."""
    kafka, redis = run.kafka(), run.redis()
    flow, penstock = begin(run, kafka, redis)
    may_repeat = 0
    for number in range(ROUNDS):
        caught_up = number % 2 == 0
        penstock.wait_flowing()
        if caught_up:
            wait_until(lambda: penstock.scrape().lag < WINDOW, 60, "caught up")
            time.sleep(3 * COMMIT_SECONDS)  # what it caught up with is committed, too
        time.sleep(run.random.uniform(0.0, 0.5))
        penstock.kill()
        ahead = judge_kill(kafka, redis, run, flow.log)
        run.note(f"kill {number + 1}: {ahead} records in Redis were not committed")
        if caught_up:
            limit = WINDOW + PER_SECOND * (COMMIT_SECONDS + 0.3)
            expect(ahead <= limit, f"{ahead} records may come again, more than {limit:.0f}")
        may_repeat += ahead
        penstock.start(wait=False)
    repeats = finish(run, flow, redis, penstock, may_repeat)
    expect(repeats > 0, "no kill hit a record in flight: the test shows nothing")


def nothing_is_committed_before_redis_answers(run):
    """Redis falls silent with commands unread, then both are killed: what it never read is lost
    with it, and so must not have been committed."""
    kafka, redis = run.kafka(), run.redis(aof=True)
    flow, penstock = begin(run, kafka, redis)
    may_repeat = 0
    for number in range(3):
        penstock.wait_flowing()
        redis.hang()
        inflight = wait_until(lambda: penstock.scrape().total("penstock_inflight_records"), 60,
                              "something is in flight when Redis falls silent")
        time.sleep(5 * COMMIT_SECONDS)
        redis.kill()
        penstock.kill()
        redis.start()
        may_repeat += judge_kill(kafka, redis, run, flow.log)
        run.note(f"both were killed, {number + 1}; {inflight:.0f} records had no answer")
        penstock.start(wait=False)
    finish(run, flow, redis, penstock, may_repeat)


def begin(run, kafka, redis):
    flow = Flow(run, kafka, 8, 5000, PER_SECOND)
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
        source=f'commit_interval = "{COMMIT_SECONDS * 1000:.0f}ms"; librdkafka = {{ '
               "session_timeout_ms = 1000; heartbeat_interval_ms = 200; };",
        sink=f"window_commands = {WINDOW};"))
    return flow, penstock


def finish(run, flow, redis, penstock, may_repeat):
    flow.end()
    repeats = flow.log.judge_repeats(redis, may_repeat)
    run.note(f"{repeats} records came again, {may_repeat} might have")
    expect_equal(penstock.stop(), 0, "exit status")
    return repeats


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
    main(a_kill_loses_nothing, nothing_is_committed_before_redis_answers)
