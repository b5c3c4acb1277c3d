#!/usr/bin/env python3
"""Redis is killed in mid-flow and restarted, Kafka too: nothing lost, order kept, nobody exits."""
import time

from harness import Flow, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN

PER_SECOND = 10_000
WINDOW = 512
IDLE_CPU = 0.10  # of one core


def redis_may_die(run):
    """redis-server is killed three times and comes back with its append-only file."""
    kills, workers = 3, 2
    kafka, redis = run.kafka(), run.redis(aof=True)
    flow, penstock = begin(run, kafka, redis, workers)
    for number in range(kills):
        time.sleep(run.random.uniform(0.8, 1.5))
        run.note(f"kill Redis, {number + 1}")
        redis.kill()
        wait_until(lambda: not penstock.ready(), 60, "/readyz says that Redis is away")
        cpu = idle_cpu(penstock)
        run.note(f"Redis is back; penstock took {cpu:.1%} of a core meanwhile")
        redis.start()
        expect(cpu < IDLE_CPU, f"{cpu:.1%} of a core while there was nothing to do")
        wait_until(penstock.ready, 60, "ready again")
        run.note("ready again")
    finish(run, flow, redis, penstock, kills * workers * WINDOW)
    expect(penstock.scrape().total("penstock_redis_reconnects_total") >= kills, "it reconnected")
    expect_equal(penstock.stop(), 0, "exit status")


def kafka_may_die(run):
    """The broker is killed twice in mid-flow; its log is still there when it comes back."""
    kills = 2
    kafka, redis = run.kafka(shared=False), run.redis()
    flow, penstock = begin(run, kafka, redis, 2)
    for number in range(kills):
        time.sleep(run.random.uniform(1.5, 2.5))
        run.note(f"kill Kafka, {number + 1}")
        kafka.kill()
        time.sleep(1)
        cpu = idle_cpu(penstock)
        run.note(f"start Kafka; penstock took {cpu:.1%} of a core meanwhile")
        expect(cpu < IDLE_CPU, f"{cpu:.1%} of a core while there was nothing to do")
        kafka.start()
        before = penstock.scrape().outcome("written")
        wait_until(lambda: penstock.scrape().outcome("written") > before, 60, "records flow again")
        run.note("records flow again")
    # What was applied and not committed when the broker died may be read again.
    finish(run, flow, redis, penstock, kills * (2 * WINDOW + PER_SECOND))
    expect_equal(penstock.stop(), 0, "exit status")


def begin(run, kafka, redis, workers):
    flow = Flow(run, kafka, 8, 5000, PER_SECOND)
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
        source=f'workers = {workers}; commit_interval = "200ms"; '
               "librdkafka = { reconnect_backoff_max_ms = 1000; };",
        sink=f"window_commands = {WINDOW};"))
    return flow, penstock


def idle_cpu(penstock, seconds=1.5):
    """The share of a core that it takes now."""
    before, began = penstock.child.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (penstock.child.cpu_seconds() - before) / (time.monotonic() - began)


def finish(run, flow, redis, penstock, may_repeat):
    flow.end()
    repeats = flow.log.judge_repeats(redis, may_repeat)
    run.note(f"{repeats} records came again, {may_repeat} might have")
    expect(penstock.child.running, "penstock exited")
    expect_equal(penstock.scrape().lag, 0, "lag")


if __name__ == "__main__":
    main(redis_may_die, kafka_may_die)
