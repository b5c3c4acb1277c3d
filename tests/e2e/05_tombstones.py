#!/usr/bin/env python3
"""Writes and tombstones of the same keys, mixed 100 000 times: Redis holds the log's last word."""
import json
import os
import re
import subprocess

from harness import Log, Record, conf, expect, expect_equal, main, route
from harness.log import LAST, SEEN
from harness.penstock import PROGRAM

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


# Each keeps many records in one key: (command, how to ask what is left).
SHARED = {
    "hash": ("HSET orders:%{$key.customer} %{$key.order} %{total}", ("HKEYS", "orders:5")),
    "set": ("SADD open:%{$key.customer} %{$key.order}", ("SMEMBERS", "open:5")),
    "sorted": ("ZADD top:%{$key.customer} %{total} %{$key.order}", ("ZRANGE", "top:5", 0, -1)),
    "places": ("GEOADD map:%{$key.customer} 1 2 %{$key.order}", ("ZRANGE", "map:5", 0, -1)),
    "half": ("HSET half:%{$key.customer}:%{$key.order} total %{total}", ("KEYS", "half:5:*")),
}


def proposals(path):
    """What `check` proposes as del, for each route that it refuses."""
    done = subprocess.run([PROGRAM, "check", path], capture_output=True, text=True, timeout=20,
                          check=False)
    expect_equal(done.returncode, 78, f"status of check: {done.stderr}")
    return dict(zip(re.findall(r"error: route '(\w+)' must say with del", done.stderr),
                    re.findall(r'such as del = "([^"]*)"', done.stderr)))


def a_tombstone_takes_its_record_alone(run):
    """Three orders of a customer in one key: `check` refuses to guess what the third one's
    tombstone removes, and what it proposes removes the third alone."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)

    def text_of(dels):
        return conf(kafka, redis.url, run.group, [
            route(name, run.topic, [command], format="json",
                  **({"del": dels[name]} if name in dels else {}))
            for name, (command, _) in SHARED.items()])

    path = os.path.join(run.folder, "guess.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text_of({}).replace('del = "none";', ""))
    dels = proposals(path)
    expect_equal(set(dels), set(SHARED), "routes with a proposal")
    log = Log(run.topic, 1, 1, run.random)
    keys = [json.dumps({"customer": 5, "order": order}).encode() for order in (1, 2, 3)]
    records = [Record(0, key, b'{"total":7}') for key in keys] + [Record(0, keys[2], None)]
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(log.add(record) for record in records))
    producer.close()
    penstock = run.penstock(text_of(dels))
    log.wait_committed(kafka, run.group, 60)
    for name, (_, question) in SHARED.items():
        left = {answer.rsplit(b":", 1)[-1] for answer in redis.ask(*question)}
        expect_equal(left, {b"1", b"2"}, f"what {name} keeps after {dels[name]}")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(redis_holds_the_last_word, a_tombstone_takes_its_record_alone)
