"""The oracle: which record was sent, and under which offset Kafka acknowledged it."""
import os
import threading
import zlib

from harness import Log, Producer, Record
from harness.kafka import frame

# What the target keeps of each record, so that it tells what happened and in which order.
TRACE = [
    "XADD stream:%{$partition} * o %{$offset} k %{$key} v %{$value}",
    "RPUSH list:%{$key} %{seq}",
    "SET last:%{$key} %{$value}",
    "INCRBY sum:%{$key} %{n}",
]


# The same for values that are not JSON, and for tombstones.
RAW_TRACE = [TRACE[0], TRACE[2]]
RAW_DELETE = ["XADD stream:%{$partition} * o %{$offset} k %{$key} v ''", "UNLINK last:%{$key}"]


class Oracle(Log):
    """Sends records, and knows of each its number; Kafka's acknowledgements name the number."""

    def __init__(self, topic, partitions, keys, random, folder, size=300):
        super().__init__(topic, partitions, keys, random, size)
        self.records = []
        self.mark = f"payload-{random.getrandbits(48):012x}"  # which no log may show
        self.path = os.path.join(folder, "acknowledged.log")
        self.lock = threading.Lock()  # the load and a probe both send

    def producer(self, kafka, folder, *properties):
        return Producer(kafka, folder, f"acknowledged={self.path}",
                        "topic.metadata.refresh.interval.ms=1000", *properties)

    def json_record(self):
        number = self.random.randrange(self.keys)
        return self.record_of(number)

    def record_of(self, number, **fields):
        """The next record of one key: its sequence number rises by one."""
        self.sequence[number] += 1
        fields = {"seq": self.sequence[number], "n": self.random.randrange(100), **fields}
        value = f'{{"key":"k{number}","mark":"{self.mark}"'
        value += "".join(f',"{name}":{content}' for name, content in fields.items()) + ',"pad":"'
        value += "x" * max(0, self.size - len(value) - 2) + '"}'
        record = Record(number % self.count, b"k%d" % number, value.encode())
        return record

    def grow(self, partitions):
        """The topic has more partitions; the keys keep theirs, and so the new ones stay empty until
        a row sends to them."""
        self.partitions += [[] for _ in range(partitions - len(self.partitions))]

    def add(self, record):
        self.records.append(record)
        self.partitions[record.partition].append(record)
        self.produced += 1
        return frame(record)

    def send_records(self, producer, records):
        with self.lock:
            producer.send(self.topic, b"".join(self.add(record) for record in records))

    def send(self, producer, count, make=None, per_second=None):
        with self.lock:
            super().send(producer, count, make, per_second)

    def acknowledged(self):
        """{partition: {offset: record}}, in the order of the offsets."""
        found = {number: {} for number in range(len(self.partitions))}
        for line in self._lines():
            topic, partition, offset, number, crc = line.split()
            record = self.records[int(number)]
            if topic != self.topic or int(partition) != record.partition:
                raise RuntimeError(f"the oracle's log is wrong: {line}")
            if int(crc, 16) != zlib.crc32(record.value or b""):
                raise RuntimeError(f"Kafka acknowledged other bytes than were sent: {line}")
            found[record.partition][int(offset)] = record
        return {number: dict(sorted(part.items())) for number, part in found.items()}

    def _lines(self):
        """The complete lines so far."""
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="ascii") as file:
            return file.read().rpartition("\n")[0].splitlines()
