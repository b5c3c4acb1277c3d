#!/usr/bin/env python3
"""Writes and tombstones of the same keys, mixed 100 000 times: Redis holds the log's last word."""
from harness import Log, Record, conf, expect, expect_equal, main, route
from harness.log import LAST, SEEN

RECORDS = 100_000
KEYS = 300


def redis_holds_the_last_word(run):
    """Four connections, an explicit `del` and the default one, two routes over one topic."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 4)
    log = Log(run.topic, 4, KEYS, run.random, size=120)
    producer = run.producer(kafka)
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("words", run.topic, [SEEN, LAST], format="raw", all=True,
               **{"del": ["UNLINK last:%{$key}", SEEN]}),
         route("rides", run.topic, ["HSET ride:%{$key} seq %{seq}"], format="json",
               key_format="raw")],
        source="workers = 2;", sink="connections = 4;"))
    log.send(producer, RECORDS, make=lambda: write_or_tombstone(log))
    producer.close()
    log.wait_committed(kafka, run.group, 60)
    log.judge_exact(redis)

    alive = {record.key: record.value is not None
             for records in log.partitions for record in records}
    expect(0 < sum(alive.values()) < KEYS, "there are keys that live and keys that are gone")
    expect_equal(redis.keys("ride:*"), {b"ride:" + key for key, lives in alive.items() if lives},
                 "the hashes")
    scrape = penstock.scrape()
    for name in ("words", "rides"):
        expect_equal(scrape.outcome("written", name), RECORDS, f"written by {name}")
    expect_equal(penstock.stop(), 0, "exit status")


def write_or_tombstone(log):
    record = log.json_record()
    if log.random.random() < 0.45:
        return Record(record.partition, record.key, None)
    return record


if __name__ == "__main__":
    main(redis_holds_the_last_word)
