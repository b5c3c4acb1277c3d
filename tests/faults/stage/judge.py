"""The judge: the invariants I1 to I13 over plain data. Each answers a list of what is wrong.

I1  no loss       what is below a committed offset is in the target, at each kill and at the end
I2  drained       after healing all records arrive within a time, lag 0
I3  order         first occurrences rise; the last value is that of the highest offset
I4  duplicates    at least once: no more than the counted faults explain; exactly once: none
I5  integrity     keys and values byte by byte, and nothing that was not produced
I6  fencing       what a former owner sends is never applied
I7  commits       a committed offset never falls
I8  bounded       memory, files and log within their bounds
I9  live          a fresh record passes after each heal; no busy loop while the target is away
I10 honest        metrics, health and exit status tell what is
I11 clean stop    SIGTERM drains and commits within its limit, exit status 0
I12 quiet         no payload, no secret in the log; no flood of lines
I13 real          the fault was observed
"""
import re
from collections import Counter
from dataclasses import dataclass, field

SHOWN = 3  # examples of what is wrong


@dataclass
class Target:
    """What Redis holds: per partition the stream of (offset, key, value), per key the rest."""
    streams: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)
    last: dict = field(default_factory=dict)
    sums: dict = field(default_factory=dict)

    def offsets(self, partition):
        return [offset for offset, _, _ in self.streams.get(partition, [])]

    def joined(self, read):
        """A read() of this, which a server has forgotten, with all that it has had since."""

        def both():
            after = read()
            streams, lists = ({key: before.get(key, []) + since.get(key, [])
                               for key in {*before, *since}}
                              for before, since in ((self.streams, after.streams),
                                                    (self.lists, after.lists)))
            sums = {key: self.sums.get(key, 0) + after.sums.get(key, 0)
                    for key in {*self.sums, *after.sums}}
            return Target(streams, lists, {**self.last, **after.last}, sums)

        return both


def some(things):
    text = ", ".join(str(thing) for thing in things[:SHOWN])
    return text + (f" and {len(things) - SHOWN} more" if len(things) > SHOWN else "")


def content(record, name):
    """A whole number of a record's value."""
    return int(re.search(rb'"%s":(-?\d+)' % name.encode(), record.value).group(1))


def of_keys(acknowledged, tombstones=False):
    """{key: its records in the order of their offsets}."""
    keys = {}
    for records in acknowledged.values():
        for record in records.values():
            if tombstones or record.value is not None:
                keys.setdefault(record.key, []).append(record)
    return keys


def no_loss(acknowledged, target, committed):
    """I1: what was committed has arrived."""
    wrong = []
    for partition, end in committed.items():
        have = set(target.offsets(partition))
        lost = [offset for offset in acknowledged.get(partition, {})
                if offset < end and offset not in have]
        if lost:
            wrong.append(f"partition {partition}: {end} is committed, and {len(lost)} records "
                         f"below it are not in Redis: {some(lost)}")
    return wrong


def drained(acknowledged, target, committed, ends):
    """I2: everything has arrived, and is committed."""
    wrong = [f"partition {partition}: committed {committed.get(partition)}, its end is {end}"
             for partition, end in ends.items() if committed.get(partition) != end]
    for partition, records in acknowledged.items():
        missing = sorted(set(records) - set(target.offsets(partition)))
        if missing:
            wrong.append(f"partition {partition}: {len(missing)} of {len(records)} records did not "
                         f"arrive: {some(missing)}")
    for key, records in of_keys(acknowledged if target.lists else {}).items():
        missing = sorted({content(record, "seq") for record in records}
                         - set(target.lists.get(key, [])))
        if missing:
            wrong.append(f"the list of {key} lacks {some(missing)}")
        lack = sum(content(record, "n") for record in records) - target.sums.get(key, 0)
        if lack > 0:
            wrong.append(f"the sum of {key} is {lack} too small")
    return wrong


def firsts(sequence):
    return list(dict.fromkeys(sequence))


def falls(sequence):
    """The pairs of first occurrences that stand in the wrong order."""
    once = firsts(sequence)
    return [pair for pair in zip(once, once[1:]) if pair[1] < pair[0]]


def order(acknowledged, target):
    """I3: first occurrences rise, and the last word of a key is its newest record's."""
    wrong = []
    for partition in target.streams:
        if pairs := falls(target.offsets(partition)):
            wrong.append(f"partition {partition}: offsets fall: {some(pairs)}")
    for key, sequence in target.lists.items():
        if pairs := falls(sequence):
            wrong.append(f"the list of {key} falls: {some(pairs)}")
    for key, records in of_keys(acknowledged if target.last else {}, tombstones=True).items():
        if target.last.get(key) != records[-1].value:
            wrong.append(f"the last value of {key} is not that of its newest record")
    return wrong


def skips(acknowledged, target):
    """I3, for one owner at a time: who goes back takes every record from there again."""
    wrong = []
    for partition, records in acknowledged.items():
        place = {offset: number for number, offset in enumerate(records)}
        offsets = [offset for offset in target.offsets(partition) if offset in place]
        pairs = [pair for pair in zip([None] + offsets, offsets)
                 if place[pair[1]] > (-1 if pair[0] is None else place[pair[0]]) + 1]
        if pairs:
            wrong.append(f"partition {partition}: a record was passed over between {some(pairs)}")
    return wrong


def repeats(target):
    """How often a record came again: by the stream and by the lists, whichever is more."""
    streams = sum(len(entries) - len(set(target.offsets(partition)))
                  for partition, entries in target.streams.items())
    lists = sum(len(sequence) - len(set(sequence)) for sequence in target.lists.values())
    return max(streams, lists)


def duplicates(acknowledged, target, limit):
    """I4: no more repeats than `limit`; with 0, each sum is exact."""
    wrong = []
    if (count := repeats(target)) > limit:
        wrong.append(f"{count} records came again, at most {limit} may")
    for key, records in of_keys(acknowledged if target.sums else {}).items():
        excess = target.sums.get(key, 0) - sum(content(record, "n") for record in records)
        if excess > 0 and limit == 0:
            wrong.append(f"the sum of {key} is {excess} too large")
    return wrong


def integrity(acknowledged, target, sent):
    """I5: what is there is what was sent, under its offset, byte by byte. `sent`: every record, as
    one that was not acknowledged may have arrived, too."""
    wrong = []
    known = {(record.key, record.value or b"") for record in sent}
    for partition, entries in target.streams.items():
        for offset, key, value in entries:
            record = acknowledged.get(partition, {}).get(offset)
            if record and (record.key, record.value or b"") != (key, value):
                wrong.append(f"partition {partition}, offset {offset}: other bytes than were sent")
            if not record and (key, value) not in known:
                wrong.append(f"partition {partition}, offset {offset}: nobody sent this")
    keys = {record.key for record in sent}
    for what, held in (("list", target.lists), ("last value", target.last), ("sum", target.sums)):
        if strange := sorted(set(held) - keys):
            wrong.append(f"the {what} of a key that nobody sent: {some(strange)}")
    return wrong


def unwanted(acknowledged, target):
    """I5: nothing of what must not arrive did."""
    return [f"partition {partition}: {len(found)} records arrived that must not: {some(found)}"
            for partition, records in acknowledged.items()
            if (found := sorted(set(records) & set(target.offsets(partition))))]


def commits(trace):
    """I7: `trace` is a row of {partition: offset}; none falls."""
    wrong, highest = [], {}
    for offsets in trace:
        for partition, offset in offsets.items():
            if offset < highest.get(partition, offset):
                wrong.append(f"partition {partition}: committed {offset} after "
                             f"{highest[partition]}")
            highest[partition] = offset
    return wrong


_TIME = re.compile(r"ts=\S+?T(\d\d):(\d\d):(\d\d)")
_SHAPE = re.compile(r'ts=\S+|\d+|"[^"]*(?:\d)[^"]*"')
LINES_OF_A_SHAPE = 30  # in any ten seconds
LOG_BYTES = 256 * 1024


def quiet(log, secrets):
    """I12: nothing secret, no flood: of one kind of line no more than a few in ten seconds."""
    wrong = [f"the log shows {secret!r}" for secret in secrets if secret in log]
    if len(log) > LOG_BYTES:
        wrong.append(f"the log has {len(log)} bytes")
    counts, life = Counter(), 0
    for line in log.splitlines():
        life += 'msg="admin port open"' in line  # the process began anew
        if found := _TIME.match(line):
            hours, minutes, seconds = map(int, found.groups())
            window = (hours * 3600 + minutes * 60 + seconds) // 10
            counts[life, window, _SHAPE.sub("#", line)] += 1
    wrong += [f"{count} lines in ten seconds like {shape[:150]}"
              for (*_, shape), count in counts.items() if count > LINES_OF_A_SHAPE]
    return wrong
