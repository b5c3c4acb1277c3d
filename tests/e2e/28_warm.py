#!/usr/bin/env python3
"""A cache is warm: /startupz waits until Redis has what Kafka had at the start (admin.startup); WARM_RECORDS makes it a larger one."""
import os
import time

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import Kafka, frame

PARTITIONS, KEYS = 3, 20000
RECORDS = int(os.environ.get("WARM_RECORDS", "240000"))
WARM = 'startup = "warm";'


def _produce(producer, topic, numbers):
    """Record n is the value n of the key n % KEYS: what is newer is greater."""
    numbers = list(numbers)
    for first in range(0, len(numbers), 5000):
        producer.send(topic, b"".join(
            frame(Record(n % KEYS % PARTITIONS, b"k%d" % (n % KEYS), b"%d" % n)) for n in numbers[first:first + 5000]))


def _compacted(run):
    """A broker that compacts within seconds."""
    kafka = Kafka(run.folder, shared=False, settings=("log.cleaner.backoff.ms=200",))
    run.made.append(kafka)
    kafka.create(run.topic, PARTITIONS, cleanup_policy="compact", segment_bytes=1 << 20,
                 min_cleanable_dirty_ratio="0.01")
    return kafka


def _older_than(redis, newest):
    """The keys whose value is not yet, or not any more, at least the one that the log had at the start."""
    values = redis.ask_all([("GET", f"k:k{key}") for key in range(KEYS)])
    return [key for key, value in enumerate(values) if value is None or int(value) < newest[key]]


def a_compacted_topic_under_load_is_whole_in_redis_when_the_start_is_over(run):
    """Producers go on; what Kafka had when penstock started is in Redis at the first 200."""
    kafka, redis = _compacted(run), run.redis()
    producer = run.producer(kafka)
    _produce(producer, run.topic, range(RECORDS))
    producer.flush()
    newest = {n % KEYS: n for n in range(RECORDS - KEYS, RECORDS)}
    time.sleep(2)  # some of it is compacted
    load, stop = run.producer(kafka), []

    def go_on():
        n = RECORDS
        while not stop:
            _produce(load, run.topic, range(n, n + 200))
            load.flush()
            n += 200
            time.sleep(0.01)

    background = run.background(go_on)
    redis.ask("CLIENT", "PAUSE", "20000", "WRITE")  # it can be reached, and takes nothing yet
    penstock = run.penstock(conf(kafka, redis.url, run.group, [
        route("r", run.topic, ["SET k:%{$key} %{$value}"], format="raw")]), wait=False, admin=WARM)
    looks = []
    wait_until(penstock.ready, 60, lambda: f"ready: {penstock.page('/readyz?verbose')}")
    looks.append(penstock.page("/startupz"))
    redis.ask("CLIENT", "UNPAUSE")
    while looks[-1][0] != 200:
        looks.append(penstock.page("/startupz"))
        expect(len(looks) < 6000, f"the start is over: {looks[-1]}")
        time.sleep(0.01)
    old = _older_than(redis, newest)
    stop.append(True)
    background.join()
    load.close()
    producer.close()
    expect(not old, f"{len(old)} keys are not warm at /startupz 200, such as k{old[:1]}")
    cold = [text for code, text in looks if code == 503 and "[-]warm: " in text]
    expect(cold, f"before that it said how far it was: {looks[-3:]}")
    wait_until(lambda: "partitions=3 took_ms=" in penstock.log(), 60, "the log says so")
    scrape = penstock.scrape()
    expect_equal(scrape.total("penstock_started"), 1, "penstock_started")
    expect_equal(scrape.total("penstock_kafka_startup_remaining_records"), 0, "what remains")
    expect(scrape.total("penstock_kafka_startup_records") >= RECORDS, "what it began with")
    taken = scrape.total("penstock_kafka_records_consumed_total")
    run.note(f"{taken} records read, {len(looks)} looks, {len(cold)} of them cold; {cold[-1].splitlines()[-2]}")


def a_held_partition_is_named_by_a_start_that_waits_for_it(run):
    """A record that Redis refuses, before the end: in the list, in the log, and in the metrics."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 2)
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(n % 2, b"k%d" % n, b"%d" % n)) for n in range(100)))
    producer.close()
    redis.ask("RPUSH", "k:k51", "no string")
    penstock = run.penstock(conf(kafka, redis.url, run.group, [
        route("r", run.topic, ["APPEND k:%{$key} %{$value}"], format="raw")]), wait=False, admin=WARM)
    wait_until(lambda: penstock.page("/startupz")[0] and penstock.scrape().total("penstock_kafka_partition_held") == 1,
               60, lambda: f"it is held: {penstock.page('/startupz')}")
    wait_until(lambda: "[-]warm: " in penstock.page("/startupz")[1] and ", 1 of 2 partitions not warm" in
               penstock.page("/startupz")[1], 60, lambda: f"one of two: {penstock.page('/startupz')}")
    code, text = penstock.page("/startupz")
    expect_equal(code, 503, "/startupz")
    expect(f"[-]partition {run.topic}[1]: offset 25: route r: " in text, f"the reason: {text}")
    expect_equal(penstock.scrape().values("penstock_kafka_startup_remaining_records", partition="0"), [0], "the other one")
    expect_equal(penstock.scrape().values("penstock_kafka_startup_remaining_records", partition="1"), [25], "the held one")
    wait_until(lambda: "held_partitions=1" in penstock.log(), 60, "the log says what it waits for")


if __name__ == "__main__":
    main(a_compacted_topic_under_load_is_whole_in_redis_when_the_start_is_over,
         a_held_partition_is_named_by_a_start_that_waits_for_it)
