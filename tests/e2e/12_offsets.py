#!/usr/bin/env python3
"""Where penstock begins: topics that come later, records that are gone, offsets that never were."""
import time

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame

RECORDS = 1000
GONE = 300


def push(number):
    return Record(0, b"k", str(number).encode())


def produce(run, kafka, begin, end):
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(push(number)) for number in range(begin, end)))
    producer.close()


def text(run, kafka, redis, source=""):
    return conf(kafka, redis.url, run.group,
                [route("all", run.topic, ["RPUSH seen:%{$topic} %{$value}"], format="raw")], source)


def seen(run, redis):
    return [int(number) for number in redis.ask("LRANGE", f"seen:{run.topic}", 0, -1)]


def lost(penstock):
    return penstock.scrape().total("penstock_kafka_records_lost_total")


def a_topic_that_comes_later(run):
    """The topic is made while penstock runs: it says once that it waits, and goes on by itself."""
    kafka, redis = run.kafka(), run.redis()
    penstock = run.penstock(text(run, kafka, redis), wait=False)
    wait_until(lambda: "UNKNOWN_TOPIC" in penstock.log(), 60, "it says what it waits for")
    run.note("make the topic")
    kafka.create(run.topic, 1)
    produce(run, kafka, 0, RECORDS)
    wait_until(lambda: len(seen(run, redis)) == RECORDS, 60, "every record arrives")
    expect_equal(seen(run, redis), list(range(RECORDS)), "in order")
    expect_equal(penstock.log().count("UNKNOWN_TOPIC"), 1, "lines about it")
    expect_equal(penstock.stop(), 0, "exit status")


def gone_records(run):
    """A group whose next records were deleted while it was away."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    produce(run, kafka, 0, RECORDS)
    penstock = run.penstock(text(run, kafka, redis), name="before")
    wait_until(lambda: len(seen(run, redis)) == RECORDS, 60, "the first records arrive")
    expect_equal(penstock.stop(), 0, "exit status")
    produce(run, kafka, RECORDS, 2 * RECORDS)
    run.note(f"delete {GONE} records that nobody has read")
    kafka.admin("delete-records", run.topic, 0, RECORDS + GONE)
    return kafka, redis


def records_that_are_gone_stop_their_partition(run):
    """on_out_of_range = "stop": held, counted, nothing committed; /readyz says why."""
    kafka, redis = gone_records(run)
    penstock = run.penstock(text(run, kafka, redis), wait=False)
    wait_until(lambda: "out of range" in penstock.page("/readyz?verbose")[1], 60, "/readyz says why")
    expect_equal(penstock.page("/readyz")[0], 503, "/readyz")
    wait_until(lambda: lost(penstock) == GONE, 60, "the lost ones are counted")
    expect_equal(penstock.stop(), 0, "exit status")
    expect_equal(kafka.committed(run.group, run.topic), {0: RECORDS}, "committed")
    expect_equal(len(seen(run, redis)), RECORDS, "records in Redis")


def records_that_are_gone_are_counted(run):
    """on_out_of_range = "earliest": it goes on with what is left, and says how many are lost."""
    kafka, redis = gone_records(run)
    penstock = run.penstock(text(run, kafka, redis, 'on_out_of_range = "earliest";'))
    wait_until(lambda: len(seen(run, redis)) == 2 * RECORDS - GONE, 60, "the rest arrives")
    wait_until(lambda: lost(penstock) == GONE, 60, "the lost ones are counted")
    expect(f"lost={GONE}" in penstock.log(), "the log says how many")
    wait_until(lambda: penstock.scrape().lag == 0, 60, "lag 0")
    expect_equal(penstock.stop(), 0, "exit status")
    expect_equal(kafka.committed(run.group, run.topic), {0: 2 * RECORDS}, "committed")


def a_time_to_start_from(run):
    """start = "@time": the first record of that time or later, where nothing is committed."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    producer = run.producer(kafka)
    day = 86_400_000
    records = [Record(0, b"k", str(number).encode(), timestamp=1_769_817_600_000 + number * day)
               for number in range(10)]  # from 2026-01-31T00:00:00Z, one a day
    producer.send(run.topic, b"".join(frame(record) for record in records))
    producer.close()
    made = text(run, kafka, redis).replace('start = "earliest"', 'start = "@2026-02-03T12:00:00Z"')
    penstock = run.penstock(made)
    wait_until(lambda: len(seen(run, redis)) >= 6, 60, "the later ones arrive")
    expect_equal(seen(run, redis), list(range(4, 10)), "those from then on")
    expect_equal(penstock.stop(), 0, "exit status")


def latest(run, kafka, redis, topics):
    """start = "latest", and partitions and topics that come later are seen within a second."""
    made = text(run, kafka, redis, "librdkafka = { topic_metadata_refresh_interval_ms = 500; };")
    return made.replace('start = "earliest"', 'start = "latest"').replace(
        f'"{run.topic}"', f'"{topics}"', 1)


def send(run, kafka, topic, partition, words):
    producer = run.producer(kafka)
    producer.send(topic, b"".join(frame(Record(partition, b"k", word.encode())) for word in words))
    producer.close()


def latest_is_not_for_what_appears_later(run):
    """start = "latest": a partition and a topic that appear later begin at their start."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    send(run, kafka, run.topic, 0, ["1"])
    penstock = run.penstock(latest(run, kafka, redis, f"^{run.topic}"))
    wait_until(lambda: kafka.committed(run.group, run.topic) == {0: 1}, 60, "the group begins")
    kafka.admin("grow", run.topic, 2)
    send(run, kafka, run.topic, 1, ["2", "3"])
    kafka.create(f"{run.topic}.more", 1)
    send(run, kafka, f"{run.topic}.more", 0, ["4", "5"])
    run.note("a partition more, a topic more")
    wait_until(lambda: len(seen(run, redis)) >= 2, 60, "what the partition held is written")
    expect_equal(seen(run, redis), [2, 3], "records of the known topic")
    wait_until(lambda: len(redis.ask("LRANGE", f"seen:{run.topic}.more", 0, -1)) == 2, 60,
               "what the topic held is written")
    expect_equal(penstock.log().count("partition begins"), 3, "lines, one for each that begins")
    expect_equal(penstock.stop(), 0, "exit status")


def latest_is_for_what_is_there(run):
    """start = "latest", two workers that begin one after the other: nothing old is read."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 4)
    for partition in range(4):
        send(run, kafka, run.topic, partition, ["1"])
    time.sleep(1.5)  # clocks differ: what is younger than a second may be read
    first = run.penstock(latest(run, kafka, redis, run.topic), "one")
    second = run.penstock(latest(run, kafka, redis, run.topic), "two")
    wait_until(lambda: kafka.committed(run.group, run.topic) == {0: 1, 1: 1, 2: 1, 3: 1}, 60,
               "the group begins everywhere")
    for partition in range(4):
        send(run, kafka, run.topic, partition, ["2"])
    wait_until(lambda: len(seen(run, redis)) >= 4, 60, "what is written from then on")
    expect_equal(seen(run, redis), [2, 2, 2, 2], "and nothing else")
    for penstock in (first, second):
        expect_equal(penstock.stop(), 0, "exit status")


def a_topic_that_came_while_nobody_looked(run):
    """start = "latest", stopped; a topic that fits is made meanwhile: it begins at its start."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    penstock = run.penstock(latest(run, kafka, redis, f"^{run.topic}"))
    wait_until(lambda: "partition begins" in penstock.log(), 60, "the group begins")
    expect_equal(penstock.stop(), 0, "exit status")
    kafka.create(f"{run.topic}.more", 1)
    send(run, kafka, f"{run.topic}.more", 0, ["4", "5"])
    penstock.start()
    wait_until(lambda: len(redis.ask("LRANGE", f"seen:{run.topic}.more", 0, -1)) == 2, 60,
               "what the topic held is written")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(latest_is_not_for_what_appears_later, latest_is_for_what_is_there,
         a_topic_that_came_while_nobody_looked, a_topic_that_comes_later, records_that_are_gone_stop_their_partition,
         records_that_are_gone_are_counted, a_time_to_start_from)
