"""The oracle of the kills: lists, sums, scores and streams, recomputed from what was produced.

Four routes take each record, in this order, and none can apply it twice unseen:

    RPUSH list:PARTITION OFFSET             the offsets in the order of their arrival
    INCRBY sum:PARTITION:KEY AMOUNT
    ZINCRBY top:PARTITION AMOUNT KEY
    XADD stream:PARTITION * OFFSET VALUE    the order again, with the record byte for byte

A few records are poison: "sum" and "top" send them to the dead letters. Of some no command can be
made; some have 1e400, which "sum" does not put into a command and Redis refuses of "top".

So at any moment, also after a cut in the middle of a record, a sum has every record that the stream
has, and none that the list has not.
"""
from array import array
from dataclasses import dataclass, field

from harness import Log, Record, expect, expect_equal, route
from harness.kafka import frame

PARTITIONS = 8
KEYS = 12  # of each partition
LARGEST = 1000

COMMANDS = {
    "list": "RPUSH list:%{$partition} %{$offset}",
    "sum": "INCRBY sum:%{$partition}:%{$key} %{n}",
    "top": "ZINCRBY top:%{$partition} %{n} %{$key}",
    "stream": "XADD stream:%{$partition} * %{$offset} %{$value}",
}


def routes(topic, **options):
    return [route(name, topic, [command], format="json", **options)
            for name, command in COMMANDS.items()]


BROKEN, REFUSED = 0, -1  # in the place of an amount: no JSON; a number too large
POISONED = ("sum", "top")


def value_of(partition, offset, amount):
    """The one value that the record can have; also quotes, and letters of several bytes."""
    if amount == BROKEN:
        return f'{{"n":broken {partition}@{offset}'.encode()
    if amount == REFUSED:
        return f'{{"n":"1e400","of":"{partition}@{offset}"}}'.encode()
    return f'{{"n":{amount},"of":"{partition}@{offset}","é\\"":"ü\\r\\n%"}}'.encode()


class Ledger(Log):
    """What was produced."""

    def __init__(self, topic, random, poison=0.0):
        """`poison` is the share of records that only the dead letters can take."""
        super().__init__(topic, PARTITIONS, KEYS, random)
        self.poison = poison
        self.partitions = [array("i") for _ in range(PARTITIONS)]  # the amounts, by offset
        self.key_of = [array("b") for _ in range(PARTITIONS)]

    def json_record(self):
        number, key = self.random.randrange(PARTITIONS), self.random.randrange(KEYS)
        amount = self.random.randint(1, LARGEST)
        if self.random.random() < self.poison:
            amount = self.random.choice((BROKEN, REFUSED))
        value = value_of(number, len(self.partitions[number]), amount)
        self.key_of[number].append(key)
        self.partitions[number].append(amount)
        return Record(number, b"k%d" % key, value)

    def add(self, record):
        self.produced += 1
        return frame(record)

    def amount(self, partition, offset):
        return max(0, self.partitions[partition][offset])

    def poisoned(self, partition, end):
        """The offsets below `end` of the records that nobody can add up."""
        return [offset for offset, amount in enumerate(self.partitions[partition][:end])
                if amount <= 0]


class Track:
    """The offsets of one partition as one list, or stream, shows them."""

    def __init__(self, ledger, number, name):
        self.ledger, self.number, self.name = ledger, number, f"{name}:{number}"
        self.length = self.next = self.repeats = 0
        self.repeated = None  # the offset that came again last
        self.sums = [0] * KEYS  # of all that came, repeats too

    def arrive(self, offset):
        expect(offset <= self.next,
               f"{self.name}: offset {offset} arrived when {self.next} was the next")
        expect(offset < len(self.ledger.partitions[self.number]),
               f"{self.name}: offset {offset} was never produced")
        self.length += 1
        if offset == self.next:
            self.next += 1
        else:
            self.repeats += 1
            self.repeated = offset
        self.sums[self.ledger.key_of[self.number][offset]] += \
            self.ledger.amount(self.number, offset)


@dataclass
class Picture:
    """What Redis held of one partition at one moment."""
    checkpoint: int
    sums: list = field(default_factory=list)
    scores: list = field(default_factory=list)


class Judge:
    """Reads what came since the last look, and compares."""

    def __init__(self, ledger, redis, kafka, group):
        self.ledger, self.redis, self.kafka, self.group = ledger, redis, kafka, group
        self.lists = [Track(ledger, number, "list") for number in range(PARTITIONS)]
        self.streams = [Track(ledger, number, "stream") for number in range(PARTITIONS)]
        self.last_ids = [b"-"] * PARTITIONS
        self.may_repeat = [0] * PARTITIONS
        self.prefix = [[0] * KEYS for _ in range(PARTITIONS)]  # the sums of [0, prefix_end)
        self.prefix_end = [0] * PARTITIONS

    # --- looking -------------------------------------------------------------------------------

    def _checkpoint(self, number):
        return f"penstock:{{{self.group}}}:{self.ledger.topic}:{number}"

    def _questions(self, number):
        return [("HGET", self._checkpoint(number), "next"),
                ("MGET", *(f"sum:{number}:k{key}" for key in range(KEYS))),
                ("ZMSCORE", f"top:{number}", *(f"k{key}" for key in range(KEYS))),
                ("LRANGE", f"list:{number}", self.lists[number].length, -1),
                ("XRANGE", f"stream:{number}", self.last_ids[number], "+")]

    def look(self):
        """A picture of each partition, all of the same moment."""
        asked = [question for number in range(PARTITIONS) for question in self._questions(number)]
        answers = self.redis.ask_all([("MULTI",), *asked, ("EXEC",)])[-1]
        expect_equal(len(answers), len(asked), "answers of Redis")
        return [self._picture(number, *answers[5 * number:5 * number + 5])
                for number in range(PARTITIONS)]

    def _picture(self, number, checkpoint, sums, scores, offsets, entries):
        for offset in offsets:
            self.lists[number].arrive(int(offset))
        for entry, (offset, value) in entries:
            self.last_ids[number] = b"(" + entry
            self.streams[number].arrive(int(offset))
            amount = self.ledger.partitions[number][int(offset)]
            expect_equal(value, value_of(number, int(offset), amount), f"stream:{number}: {entry}")
        return Picture(int(checkpoint or 0), [int(text or 0) for text in sums],
                       [int(text or 0) for text in scores])

    def _sums_until(self, number, end):
        """The sums of the records before `end`; the ends asked for never fall by much."""
        sums, at = self.prefix[number], self.prefix_end[number]
        keys = self.ledger.key_of[number]
        for offset in range(at, end):
            sums[keys[offset]] += self.ledger.amount(number, offset)
        for offset in range(end, at):
            sums[keys[offset]] -= self.ledger.amount(number, offset)
        self.prefix_end[number] = end
        return sums

    def committed(self):
        return self.kafka.committed(self.group, self.ledger.topic)

    def unsettled(self):
        """(partition, offset) of what was carried out while nobody has seen the answers yet."""
        found = set()
        for number in range(PARTITIONS):
            settled, end = self.redis.ask("HMGET", self._checkpoint(number), "settled", "next")
            found |= {(number, offset) for offset in range(int(settled or 0), int(end or 0))}
        return found

    def letters(self, read, committed, unseen):
        """Every poisoned record that is committed has its letters, and no other record has one.
        `read()` has a (facts, value) for each letter. Of those that Redis refused, in a unit whose
        answers nobody saw, nobody can know: (partition, offset) in `unseen`."""
        letters = {}
        for facts, value in read():
            number = int(facts["__connect.errors.partition"])
            offset = int(facts["__connect.errors.offset"])
            letters[facts["__penstock.route"], number, offset] = value
        for (name, number, offset), value in letters.items():
            amount = self.ledger.partitions[number][offset]
            expect(name in POISONED and amount <= 0, f"a letter of {name} for {number}@{offset}")
            expect_equal(value, value_of(number, offset, amount).decode(), "a letter's value")
        for number, end in committed.items():
            lost = [(name, offset) for offset in self.ledger.poisoned(number, end)
                    for name in POISONED if (name, number, offset) not in letters
                    and not (self.ledger.partitions[number][offset] == REFUSED
                             and (number, offset) in unseen)]
            expect(not lost, f"partition {number}: committed up to {end}, without the letters of "
                             f"{lost[:5]}")
        return len(letters)

    # --- at least once -------------------------------------------------------------------------

    def at_least(self, committed):
        """What was committed is in Redis; how many records beyond that may come again."""
        ahead = 0
        for number, picture in enumerate(self.look()):
            self._judge_sums(number, picture, committed[number])
            for track in (self.lists[number], self.streams[number]):
                expect(committed[number] <= track.next,
                       f"{track.name}: committed up to {committed[number]}, but offset "
                       f"{track.next} never came")
            self.may_repeat[number] += self.lists[number].next - committed[number]
            ahead += self.lists[number].next - committed[number]
        return ahead

    def _judge_sums(self, number, picture, least_end):
        least = self._sums_until(number, least_end)
        low, high = self.streams[number].sums, self.lists[number].sums
        for what, got in (("sum", picture.sums), ("top", picture.scores)):
            for key in range(KEYS):
                name = f"{what}:{number}, key {key}"
                expect(got[key] >= least[key],
                       f"{name}: {got[key]}, but the records below {least_end} make {least[key]}")
                expect(low[key] <= got[key] <= high[key],
                       f"{name}: {got[key]}; the stream has {low[key]}, the list {high[key]}")

    def at_end(self):
        """Everything came, nothing else; how many records came again, none without a kill."""
        self._judge_keys()
        repeats = 0
        for number, picture in enumerate(self.look()):
            end = len(self.ledger.partitions[number])
            self._judge_sums(number, picture, end)
            for track in (self.lists[number], self.streams[number]):
                expect_equal(track.next, end, f"{track.name}: next")
                expect(track.repeats <= self.may_repeat[number],
                       f"{track.name}: {track.repeats} came again, not more than "
                       f"{self.may_repeat[number]} were uncommitted at the kills")
            repeats += self.lists[number].repeats
        return repeats

    def _judge_keys(self):
        wanted = {f"{name}:{number}".encode() for number in range(PARTITIONS)
                  for name in ("list", "top", "stream")}
        wanted |= {f"sum:{number}:k{key}".encode() for number in range(PARTITIONS)
                   for key in set(self.ledger.key_of[number])}
        got = {key for key in self.redis.keys() if not key.startswith(b"penstock:")}
        expect(got == wanted, f"keys that differ: {sorted(got ^ wanted)[:5]}")

    # --- exactly once --------------------------------------------------------------------------

    def exactly(self, committed):
        """Everything in Redis is what the records below the checkpoint make, at this moment; how
        many records it is ahead of Kafka's commit."""
        ahead = 0
        for number, picture in enumerate(self.look()):
            end = picture.checkpoint
            expect(committed[number] <= end,
                   f"partition {number}: committed {committed[number]}, checkpoint {end}")
            for track in (self.lists[number], self.streams[number]):
                expect_equal((track.next, track.repeats), (end, 0),
                             f"{track.name}: next and repeats, at checkpoint {end}; offset "
                             f"{track.repeated} came again")
            exact = self._sums_until(number, end)
            expect_equal(picture.sums, exact, f"sum:{number} at checkpoint {end}")
            expect_equal(picture.scores, exact, f"top:{number} at checkpoint {end}")
            ahead += end - committed[number]
        return ahead

    def exactly_at_end(self):
        self._judge_keys()
        self.exactly(self.committed())
        ends = [track.next for track in self.lists]
        expect_equal(ends, list(self.ledger.ends().values()), "ends")
        return 0
