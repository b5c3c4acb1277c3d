"""Family C: batches that are no longer what their producer wrote."""
import contextlib
from functools import partial

from stage import KAFKA_ERRORS, Fault, Void, row, wait_until
from stage.segment import Segment, flip, name_codec, name_magic, name_old_format

BATCHES, RECORDS, BAD = 4, 5, 2  # a partition's batches, the records of one, and which is broken
BASE = BAD * RECORDS

LZ4, NO_CODEC, NO_MAGIC = 3, 7, 9


class Broken(Fault):
    """One batch of each of these partitions is changed on the disk of a Kafka that is down."""

    def __init__(self, scene, ways):
        self.kafka, self.topic, self.ways = scene.kafka, scene.topic, ways
        self.ends, self.bad = {}, {}
        self.name = f"{len(ways)} batches are broken on Kafka's disk"

    def segment(self, number):
        return Segment(self.kafka, self.topic, number)

    def begin(self):
        self.ends = self.kafka.ends(self.topic)
        good = {number: self.segment(number).batch(BASE) for number in self.ways}
        self.kafka.stop()
        self.bad = {number: self.segment(number).change(BASE, way)
                    for number, way in self.ways.items()}
        self.kafka.start()
        wait_until(self.is_back, 20, "Kafka has all that it had", every=0.2)
        if any(good[number] == self.bad[number] for number in good):
            raise Void("a batch is what it was")

    def is_back(self):
        with contextlib.suppress(RuntimeError):
            return self.kafka.ends(self.topic) == self.ends
        return False

    def evidence(self):
        """Kafka has neither mended them nor cut them off."""
        there = self.is_back() and all(self.segment(number).batch(BASE) == batch
                                       for number, batch in self.bad.items())
        return "Kafka serves them" if there else ""


@row("C7", "1 2 3 5 7 10 11 13", seconds=60)
def broken_batches(scene):
    """A wrong CRC, lz4 that is none, an unknown codec, an unknown format: each partition is held at
    that batch, all before it is written and nothing behind it, the others flow; moved behind the
    batch it goes on."""
    ways = {1: partial(flip, what=b"payload-"), 2: partial(name_codec, codec=LZ4),
            3: partial(name_codec, codec=NO_CODEC), 4: partial(name_magic, magic=NO_MAGIC)}
    fill(scene, partitions=len(ways) + 1)
    scene.fate = lambda partition, offset, record: (
        "never" if partition in ways and BASE <= offset < BASE + RECORDS else "written")
    with scene.fault(Broken(scene, ways), shows=KAFKA_ERRORS, live=None):
        member = scene.join("penstock-1", wait=False)
        scene.unready("cannot be read")
        scene.run(2)
        told(scene, ways)
        scene.check("I2", scene.committed()[0] == BATCHES * RECORDS, "the good one is at its end")
    scene.check("I11", member.stop() == 0, "stopped with 0")
    for number in ways:
        scene.kafka.admin("commit", scene.group, scene.topic, number, BASE + RECORDS)
    member.start(wait=False)
    scene.drain()
    scene.judge()


@row("C7silent", "1 2 3 5 10 11 13", seconds=60)
def broken_batches_that_nobody_tells_of(scene):
    """librdkafka passes in silence over an unknown format that it meets in the middle of a batch,
    and Kafka fails at an old format that it is not: the log names these partitions as ones that
    stand still, the others flow, nothing behind is written; moved behind the batch one goes on."""
    ways = {1: partial(name_magic, magic=NO_MAGIC), 2: name_old_format}
    begins = {1: BASE + 2, 2: BASE}
    fill(scene, partitions=3)
    scene.fate = lambda partition, offset, record: (
        "never" if partition == 2 and offset >= BASE or offset < begins.get(partition, 0)
        or partition == 1 and offset < BASE + RECORDS else "written")
    for number, offset in begins.items():
        scene.kafka.admin("commit", scene.group, scene.topic, number, offset)
    with scene.fault(Broken(scene, ways), live=None):
        member = scene.join("penstock-1", wait=False)
        for number, offset in begins.items():
            line = f"partition={number} offset={offset} waiting={BATCHES * RECORDS - offset}"
            wait_until(lambda line=line: line in member.log(), 25, f"the log says {line}")
            said = f"[{number}]: {BATCHES * RECORDS - offset} offsets from {offset} on do not come"
            wait_until(lambda said=said: said in member.page("/readyz?verbose")[1], 3, said)
        scene.verdict("I10", [], "log and /readyz name both")
        committed, target = scene.committed(), scene.redis.read()
        for number, offset in begins.items():
            scene.check("I3", not target.offsets(number), f"nothing of partition {number} is there")
            scene.check("I1", committed[number] == offset, f"{number} stays at {offset}")
    scene.check("I11", member.stop() == 0, "stopped with 0")
    scene.kafka.admin("commit", scene.group, scene.topic, 1, BASE + RECORDS)
    scene.kafka.admin("commit", scene.group, scene.topic, 2, BATCHES * RECORDS)
    member.start(wait=False)
    scene.drain()
    scene.judge()


def told(scene, broken):
    """Each of them stands at its batch, and penstock says so."""
    said = scene.penstock.page("/readyz?verbose")[1]
    committed, target = scene.committed(), scene.redis.read()
    for number in broken:
        reason = f"[{number}]: offset {BASE} cannot be read: "
        scene.check("I10", reason in said, f"/readyz says {reason}")
        scene.check("I1", committed[number] == BASE, f"{BASE} is committed of partition {number}")
        scene.check("I3", target.offsets(number) == list(range(BASE)),
                    f"of partition {number} all before the batch is written, nothing behind it")


def fill(scene, partitions):
    """Every partition gets its batches, small enough to come in one response."""
    scene.start(members=0, partitions=partitions, keys=partitions, size=150,
                producer=("compression.type=none",))
    for _ in range(BATCHES):
        scene.send([scene.oracle.record_of(number)
                    for number in range(partitions) for _ in range(RECORDS)])
        scene.producer.flush()
