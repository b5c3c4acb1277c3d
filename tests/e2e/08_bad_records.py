#!/usr/bin/env python3
"""Bad records between good ones, and odd ones that are good: `skip` drops them, `stop` holds."""
import json

from harness import Log, Record, conf, expect, expect_equal, main, route, wait_until

MARK = "payload-that-no-log-may-show"
BY_REDIS = ("wrong_type", "overflow")
ODD_KEY = b"odd\x00\r\n*1\r\n$4\r\nPING\r\n\xff"
BIG = b'{"op":"set","pad":"' + b"b" * (5 << 20) + b'"}'

# One topic's commands: what a record asks for is in its `op`.
COMMANDS = [
    ("op == 'push'", "RPUSH order:%{$topic} %{n}"),
    ("op == 'incr'", "INCRBY count:%{$topic} %{n}"),
    ("op == 'hash'", "HSET text:%{$topic} n %{n}"),
    "SET value:%{$topic}:%{$key} %{*|json}",
]

# name: (key, value, what its log line must name)
BAD = {
    "broken_json": (b"k", b'{"op":"push","n":"%s"' % MARK.encode(), "json: "),
    "not_utf8": (b"k", b'{"op":"push","n":"\xff%s"}' % MARK.encode(), "json: "),
    "empty_value": (b"k", b"", "json: "),
    "missing_field": (b"k", b'{"op":"push","m":"%s"}' % MARK.encode(), "missing field"),
    "null_key": (None, b'{"op":"set","m":"%s"}' % MARK.encode(), "missing field"),
    "wrong_type": (b"k", b'{"op":"hash","n":"%s"}' % MARK.encode(), "WRONGTYPE"),
    "not_an_integer": (b"k", b'{"op":"incr","n":"%s"}' % MARK.encode(), "whole number"),
    "overflow": (b"k", b'{"op":"incr","n":9223372036854775807}', "would overflow"),
    "too_large": (b"k", b'{"op":"set","m":"%s"}' % (MARK.encode() * 330_000), "max_record"),
}


def push(number, partition=0):
    return Record(partition, b"k", json.dumps({"op": "push", "n": number}).encode())


def fill(run, kafka, producer, topic, records, partitions):
    kafka.create(topic, partitions, max_message_bytes=16_000_000)
    log = Log(topic, partitions, 1, run.random)
    producer.send(topic, b"".join(log.add(record) for record in records))
    return log


def begin(run):
    kafka, redis = run.kafka(), run.redis()
    return kafka, redis, run.producer(kafka)


def skip_drops_the_bad_ones_alone(run):
    """Each kind of bad record between good ones; the good ones arrive in order and once."""
    kafka, redis, producer = begin(run)
    topic = run.topic
    records, bad_offsets = [], {}
    for number, (name, (key, value, _)) in enumerate(BAD.items()):
        records += [push(2 * number), push(2 * number + 1)]
        bad_offsets[name] = len(records)
        records.append(Record(0, key, value))
    records += [push(2 * len(BAD)), Record(0, ODD_KEY, b'{"op":"set"}'), Record(0, b"big", BIG)]
    redis.ask("MSET", f"text:{topic}", "not a hash", f"count:{topic}", 1)
    log = fill(run, kafka, producer, topic, records, 1)
    producer.close()
    penstock = run.penstock(conf(kafka, redis.url, run.group, [
        route("all", topic, COMMANDS, format="json", key_format="raw", on_error="skip")]))
    log.wait_committed(kafka, run.group, 60)

    order = [int(number) for number in redis.ask("LRANGE", f"order:{topic}", 0, -1)]
    expect_equal(order, list(range(2 * len(BAD) + 1)), "the good neighbours")
    expect_equal(redis.ask("GET", f"value:{topic}:".encode() + ODD_KEY), b'{"op":"set"}', "odd key")
    expect(redis.ask("GET", f"value:{topic}:big") == BIG, "5 MB arrived byte for byte")
    scrape = penstock.scrape()
    expect_equal(scrape.outcome("dropped"), len(BAD), "dropped")
    expect_equal(scrape.outcome("written"), len(records) - len(BAD), "written")
    expect_equal(penstock.stop(), 0, "exit status")
    judge_lines(penstock.log(), topic, bad_offsets)


def judge_lines(text, topic, bad_offsets):
    """Every bad record has its line, with its place and reason, and none shows a payload."""
    expect(MARK not in text, "the log shows a payload")
    for name, offset in bad_offsets.items():
        lines = [line for line in text.splitlines()
                 if topic in line and f"offset={offset}" in line.split()]
        expect(lines, f"no line about {name}, offset {offset}")
        expect(any(BAD[name][2] in line and "route=all" in line for line in lines),
               f"{name}: the line does not say {BAD[name][2]!r}: {lines}")


def stop_holds_the_partition_alone(run):
    """Each kind in its own topic: its partition waits uncommitted while the others flow."""
    kafka, redis, producer = begin(run)
    good, logs, routes = 50, {}, []
    for name, (key, value, _) in BAD.items():
        topic = f"{run.topic}.{name}"
        records = [push(number) for number in range(good)] + [Record(0, key, value)]
        records += [push(number) for number in range(good, 2 * good)]
        records += [push(1000 + number, 1) for number in range(2 * good)]
        logs[name] = fill(run, kafka, producer, topic, records, 2)
        redis.ask("MSET", f"text:{topic}", "not a hash", f"count:{topic}", 1)
        routes.append(route(name, topic, COMMANDS, format="json", key_format="raw",
                            on_error="%s"))
    producer.close()
    text = conf(kafka, redis.url, run.group, routes)
    penstock = run.penstock(text.replace("%s", "stop"), wait=False)
    for name, log in logs.items():
        wait_until(lambda log=log: kafka.committed(run.group, log.topic) == {0: good, 1: 2 * good},
                   60, lambda name=name, log=log: f"{name}: committed "
                   f"{kafka.committed(run.group, log.topic)}")
    run.note("the bad ones hold their partitions, the others are through")
    behind = judge_held(penstock, redis, logs, good)
    expect_equal(penstock.stop(), 0, "exit status")
    expect(MARK not in penstock.log(), "the log shows a payload")

    second = run.penstock(text.replace("%s", "skip"), "second")
    for name, log in logs.items():
        log.wait_committed(kafka, run.group, 60)
        again = list(range(good, good + behind[name]))
        expect_equal(pushed(redis, log, 0), list(range(good)) + again + list(range(good, 2 * good)),
                     f"{log.topic}[0] in the end")
    expect_equal(second.scrape().outcome("dropped"), len(BAD), "dropped by skip")
    expect_equal(second.stop(), 0, "exit status of the second")


def judge_held(penstock, redis, logs, good):
    """How many records behind the bad one are in Redis: only one that Redis itself refused may
    have some, which were on their way; they stand."""
    status, page = penstock.page("/readyz?verbose")
    expect_equal(status, 503, "/readyz while partitions are held")
    scrape, behind = penstock.scrape(), {}
    for name, log in logs.items():
        numbers = pushed(redis, log, 0)
        behind[name] = len(numbers) - good
        expect_equal(numbers, list(range(len(numbers))), f"{log.topic}[0]")
        expect(behind[name] == 0 if name not in BY_REDIS else behind[name] >= 0,
               f"{log.topic}[0]: {behind[name]} records behind the bad one")
        expect_equal(pushed(redis, log, 1), list(range(1000, 1000 + 2 * good)), f"{log.topic}[1]")
        for partition, held in (("0", 1), ("1", 0)):
            said = scrape.values("penstock_kafka_partition_held", topic=log.topic,
                                 partition=partition)
            expect_equal(said, [held], f"{log.topic}[{partition}] is held")
        lines = [line for line in penstock.log().splitlines()
                 if f"topic={log.topic} partition=0 " in line and f"offset={good} " in line]
        expect(lines, f"the log says where {log.topic} is held")
        expect(f"{log.topic}[0]" in page, f"/readyz says that {log.topic} is held: {page}")
    return behind


def pushed(redis, log, partition):
    """The numbers that a partition pushed, in the order of their arrival."""
    numbers = [int(number) for number in redis.ask("LRANGE", f"order:{log.topic}", 0, -1)]
    return [number for number in numbers if (number >= 1000) == bool(partition)]


if __name__ == "__main__":
    main(skip_drops_the_bad_ones_alone, stop_holds_the_partition_alone)
