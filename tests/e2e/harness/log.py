"""The oracle: what was produced, and the judge of what is in Redis.

Every route of the judged scenarios does this, so that Redis tells what happened and in which order:

    RPUSH seen:%{$topic}:%{$partition} %{$offset}      the offsets in the order of their arrival
    SET last:%{key} %{$value}                          the last word for a key
"""
import time
from dataclasses import dataclass

from .check import expect, wait_until
from .kafka import frame

SEEN = "RPUSH seen:%{$topic}:%{$partition} %{$offset}"
LAST = "SET last:%{$key} %{$value}"


@dataclass(slots=True)
class Record:
    """One record as it was produced."""
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple = ()
    timestamp: int = 0


class Log:
    """Everything that was produced to one topic, by partition: an offset is an index."""

    def __init__(self, topic, partitions, keys, random, size=310):
        self.topic, self.count, self.keys, self.size = topic, partitions, keys, size
        self.random = random
        self.partitions = [[] for _ in range(partitions)]
        self.sequence = [0] * keys
        self.produced = 0
        self.flowing = False

    def json_record(self):
        """The next record: JSON, a sequence number that rises by key; a key has its partition."""
        number = self.random.randrange(self.keys)
        self.sequence[number] += 1
        value = (f'{{"key":"k{number}","seq":{self.sequence[number]},"n":{self.produced},'
                 f'"city":"c{number % 7}","lat":{number % 90}.5,"speed":{self.produced % 130},'
                 f'"ok":true,"pad":"')
        value += "x" * (self.size - len(value) - 2) + '"}'
        return Record(number % self.count, b"k%d" % number, value.encode())

    def add(self, record):
        self.partitions[record.partition].append(record)
        self.produced += 1
        return frame(record)

    def send(self, producer, count, make=None, per_second=None):
        """Produces `count` records, at a steady rate where one is given."""
        make = make or self.json_record
        chunk = max(1, min(2000, per_second // 50 if per_second else 2000))
        began, sent = time.monotonic(), 0
        while sent < count:
            part = min(chunk, count - sent)
            producer.send(self.topic, b"".join(self.add(make()) for _ in range(part)))
            sent += part
            if per_second:
                time.sleep(max(0.0, began + sent / per_second - time.monotonic()))

    def flow(self, producer, per_second):
        """Produces at a steady rate until end_flow()."""
        self.flowing = True
        while self.flowing:
            self.send(producer, max(1, per_second // 10), per_second=per_second)

    def end_flow(self):
        self.flowing = False

    # --- what must hold ------------------------------------------------------------------------

    def ends(self):
        return {number: len(records) for number, records in enumerate(self.partitions)}

    def wait_committed(self, kafka, group, seconds):
        """Waits until the group has committed the end of every partition, as Kafka says."""
        wait_until(lambda: kafka.committed(group, self.topic) == self.ends(), seconds,
                   lambda: f"committed {kafka.committed(group, self.topic)}, ends {self.ends()}",
                   every=0.1)

    def seen(self, redis):
        """The offsets of each partition in the order in which Redis got them."""
        lists = redis.ask_all([("LRANGE", f"seen:{self.topic}:{number}", 0, -1)
                               for number in range(self.count)])
        return [[int(offset) for offset in offsets] for offsets in lists]

    def judge_exact(self, redis):
        """Everything arrived, in order, once."""
        for number, offsets in enumerate(self.seen(redis)):
            records = len(self.partitions[number])
            expect(offsets == list(range(records)),
                   f"partition {number}: {describe(offsets, records)}")
        self.judge_last(redis)

    def judge_repeats(self, redis, limit):
        """Everything arrived, and none before the one ahead of it; a partition may have gone back,
        but no more than `limit` records came again. Returns how many did."""
        repeats = 0
        for number, offsets in enumerate(self.seen(redis)):
            records = len(self.partitions[number])
            expect(set(offsets) == set(range(records)),
                   f"partition {number}: {describe(offsets, records)}")
            skips = [pair for pair in zip([-1] + offsets, offsets) if pair[1] > pair[0] + 1]
            expect(not skips, f"partition {number}: arrived out of order: {skips[:5]}")
            repeats += len(offsets) - records
        expect(repeats <= limit, f"{repeats} records came again, at most {limit} may")
        self.judge_last(redis)
        return repeats

    def judge_last(self, redis):
        """Redis holds the last word for each key, byte for byte, and nothing that has none."""
        last = {}
        for records in self.partitions:
            for record in records:
                last[b"last:" + record.key] = record.value
        last = {key: value for key, value in last.items() if value is not None}
        keys = list(last)
        expect(redis.keys("last:*") == set(keys), "Redis holds other keys than were produced")
        for key, value in zip(keys, redis.ask_all([("GET", key) for key in keys])):
            expect(value == last[key], f"{key}: got {value!r}, expected {last[key]!r}")


class Flow:
    """A topic that a producer fills at a steady rate until end(): `log` has its records."""

    def __init__(self, run, kafka, partitions, keys, per_second):
        kafka.create(run.topic, partitions)
        self.run, self.kafka = run, kafka
        self.log = Log(run.topic, partitions, keys, run.random)
        self.producer = run.producer(kafka)
        self.load = run.background(self.log.flow, self.producer, per_second)

    def end(self):
        """Produces no more, and waits until the group has committed all of it."""
        self.log.end_flow()
        self.load.join()
        self.producer.close()
        self.run.note(f"{self.log.produced} records were produced")
        self.log.wait_committed(self.kafka, self.run.group, 60)


def describe(offsets, records):
    """Where a list of offsets departs from 0, 1, 2 ..."""
    missing = sorted(set(range(records)) - set(offsets))
    text = f"{len(offsets)} arrived of {records}, {len(missing)} are missing {missing[:5]}"
    for index, offset in enumerate(offsets):
        if offset != index:
            return f"{text}; the first odd one is {offset} at place {index}"
    return text
