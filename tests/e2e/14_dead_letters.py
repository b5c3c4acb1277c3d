#!/usr/bin/env python3
"""Dead letters on a real Kafka: every poison record is a letter, none is lost, and its neighbours arrive."""
import time

from harness import Log, Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame

PARTITIONS = 4
TIMESTAMP = 1_700_000_000_123
BOUND = (48 << 20) + 24_000_000  # the default of "memory", and what the process needs besides
COMMANDS = [("op == 'wrong'", "HSET text:%{$topic} n %{n}"),
            "RPUSH seen:%{$topic}:%{$partition} %{$offset}"]


class Topic:
    """A topic of good and bad records; `bad` is {(partition, offset): record}."""

    def __init__(self, run, kafka, name, partitions=PARTITIONS):
        self.log = Log(name, partitions, 1, run.random)
        self.random, self.kafka, self.bad = run.random, kafka, {}
        kafka.create(name, partitions, max_message_bytes=16_000_000)

    def make(self, partition, value=None):
        """The next record of a partition; bad where `value` says so."""
        good = b'{"op":"push","n":%d}' % self.log.produced
        record = Record(partition, b"k%d" % self.log.produced, value or good,
                        (("trace", b"%d" % self.log.produced), ("trace", None)), TIMESTAMP)
        if value:
            self.bad[(partition, len(self.log.partitions[partition]))] = record
        return record

    def mixed(self, part):
        """Now and then a record that is no JSON, lacks a field, or meets a key of another type."""
        kinds = [b'{"op":"push",', b'{"op":"wrong"}', b'{"op":"wrong","n":"1"}']
        bad = self.random.random() < part
        return self.make(self.random.randrange(self.log.count),
                         kinds[self.random.randrange(3)] if bad else None)

    def judge_letters(self, dead, repeats=False):
        """Each bad record is in the topic `dead`, as it was; none is there that was good."""
        seen = {}
        for letter in self.kafka.read(dead):
            place, facts, own = unfold(letter)
            if facts["__connect.errors.topic"] != self.log.topic:
                continue
            expect(place in self.bad, f"{place} is a letter and was no bad record")
            record = self.bad[place]
            expect_equal((letter["key"].encode(), (letter["payload"] or "").encode(), letter["ts"]),
                         (record.key, record.value, record.timestamp), f"the letter of {place}")
            expect_equal(own, [(name, value and value.decode()) for name, value in record.headers],
                         f"the headers of {place}")
            seen[place] = seen.get(place, 0) + 1
        missing = sorted(set(self.bad) - set(seen))
        expect(not missing, f"{len(missing)} bad records are no letters: {missing[:10]}")
        more = sum(count - 1 for count in seen.values())
        expect(repeats or not more, f"{more} letters came twice")
        return more

    def judge_good(self, redis, repeats=False):
        """The good ones are there in order, the bad ones are not."""
        for number, offsets in enumerate(self.log.seen(redis)):
            wanted = [offset for offset in range(len(self.log.partitions[number]))
                      if (number, offset) not in self.bad]
            if repeats:
                offsets = sorted(set(offsets))
            expect(offsets == wanted, f"partition {number}: {len(offsets)} of {len(wanted)} good "
                   "records, or another order")


def unfold(letter):
    """(partition, offset), the facts, the record's own headers."""
    pairs = list(zip(letter["headers"][::2], letter["headers"][1::2]))
    first = max(index for index, pair in enumerate(pairs) if pair[0] == "__connect.errors.topic")
    facts = dict(pairs[first:])
    place = int(facts["__connect.errors.partition"]), int(facts["__connect.errors.offset"])
    return place, facts, pairs[:first]


def begin(run, dead=True, **config):
    kafka, redis = run.kafka(), run.redis()
    topic = Topic(run, kafka, run.topic)
    redis.ask("SET", f"text:{run.topic}", "not a hash")
    if dead:
        kafka.create(f"{run.topic}.dead", 2, **config)
    return kafka, redis, topic


def bridge(run, kafka, redis, routes=None, source="", **options):
    rows = routes or [route("all", run.topic, COMMANDS, format="json", on_error="dlq")]
    top = f'dlq = {{ source = "main"; topic = "{run.topic}.dead"; }};'
    return run.penstock(conf(kafka, redis.url, run.group, rows, source=source, top=top), **options)


def each_bad_record_is_a_letter_and_its_neighbours_arrive(run):
    """One record in fifty is bad."""
    kafka, redis, topic = begin(run)
    producer = run.producer(kafka)
    topic.log.send(producer, 40_000, lambda: topic.mixed(0.02))
    producer.close()
    penstock = bridge(run, kafka, redis)
    topic.log.wait_committed(kafka, run.group, 60)
    topic.judge_letters(f"{run.topic}.dead")
    topic.judge_good(redis)
    scrape = penstock.scrape()
    expect_equal(scrape.outcome("dead_lettered"), len(topic.bad), "dead_lettered")
    expect_equal(scrape.outcome("written"), topic.log.produced - len(topic.bad), "written")
    expect_equal(scrape.total("penstock_dead_letters_waiting"), 0, "waiting")
    for _, facts, _ in map(unfold, kafka.read(f"{run.topic}.dead")):
        expect_equal(facts["__penstock.route"], "all", "the route of a letter")
        if facts["__penstock.class"] == "reject":
            expect_equal(facts["__penstock.command"], COMMANDS[0][1], "the command of a letter")
    run.note(f"{len(topic.bad)} letters")
    expect_equal(penstock.stop(), 0, "exit status")


def without_its_topic_only_the_partitions_with_letters_wait(run):
    """The topic is not there at first, then goes away with letters under way, and comes back."""
    kafka, redis, topic = begin(run, dead=False)
    producer = run.producer(kafka)
    good = 200
    for number in range(4 * good):
        bad = number == 2 * good
        producer.send(run.topic, topic.log.add(topic.make(0 if bad else number % PARTITIONS,
                                                          b"{" if bad else None)))
    producer.flush()
    penstock = bridge(run, kafka, redis, wait=False)
    bad_offset = next(iter(topic.bad))[1]
    held = {**topic.log.ends(), 0: bad_offset}
    wait_until(lambda: kafka.committed(run.group, run.topic) == held, 60,
               lambda: f"committed {kafka.committed(run.group, run.topic)}, not {held}")
    wait_until(lambda: "[-]dlq: " in penstock.page("/readyz?verbose")[1], 60, "/readyz tells")
    wait_until(lambda: f"{run.topic}[0]: dead letters wait" in penstock.page("/readyz?verbose")[1], 60,
               "/readyz tells of the partition")
    time.sleep(2)
    expect_equal(kafka.committed(run.group, run.topic), held, "nothing of the letter is committed")
    kafka.create(f"{run.topic}.dead", 1)
    run.note("the topic is there")
    topic.log.wait_committed(kafka, run.group, 60)
    penstock.wait_ready()
    topic.judge_letters(f"{run.topic}.dead")
    topic.judge_good(redis)

    kafka.admin("delete", f"{run.topic}.dead")
    topic.bad.clear()
    producer.send(run.topic, topic.log.add(topic.make(1, b"{")))
    producer.send(run.topic, b"".join(topic.log.add(topic.make(1)) for _ in range(good)))
    producer.flush()
    wait_until(lambda: "[-]dlq: " in penstock.page("/readyz?verbose")[1], 60, "/readyz tells again")
    kafka.create(f"{run.topic}.dead", 1)
    run.note("the topic is there again")
    topic.log.wait_committed(kafka, run.group, 60)
    topic.judge_letters(f"{run.topic}.dead")
    producer.close()
    expect_equal(penstock.stop(), 0, "exit status")


def a_kill_loses_no_letter(run):
    """kill -9, five times, while one record in twenty is bad."""
    kafka, redis, topic = begin(run)
    producer = run.producer(kafka)
    load = run.background(topic.log.send, producer, 40_000, lambda: topic.mixed(0.05), 4_000)
    penstock = bridge(run, kafka, redis, source='instance_id = "m"; commit_interval = "100ms";')
    for number in range(5):
        penstock.wait_flowing()
        time.sleep(run.random.uniform(0.1, 1.0))
        penstock.kill()
        run.note(f"kill {number + 1}")
        penstock.start(wait=False)
    load.join()
    producer.close()
    topic.log.wait_committed(kafka, run.group, 60)
    again = topic.judge_letters(f"{run.topic}.dead", repeats=True)
    topic.judge_good(redis, repeats=True)
    run.note(f"{len(topic.bad)} bad records, {again} letters came again")
    expect_equal(penstock.stop(), 0, "exit status")


def a_wrong_route_stops_before_the_whole_topic_is_letters(run):
    """Every record is bad, a hundred a minute may be."""
    kafka, redis, topic = begin(run)
    producer = run.producer(kafka)
    topic.log.send(producer, 10_000, lambda: topic.make(run.random.randrange(PARTITIONS), b"{"))
    producer.close()
    rows = [route("all", run.topic, COMMANDS, format="json", on_error="dlq")[:-2] +
            '\n    tolerance = { records = 100; per = "1m"; }; }']
    penstock = bridge(run, kafka, redis, rows, wait=False)
    text = "route all: more than 100 records failed within 1m"
    wait_until(lambda: penstock.page("/readyz?verbose")[1].count(text) == PARTITIONS, 60,
               lambda: penstock.page("/readyz?verbose"))
    wait_until(lambda: sum(kafka.ends(f"{run.topic}.dead").values()) == 100, 60, "100 letters")
    wait_until(lambda: sum(kafka.committed(run.group, run.topic).values()) == 100, 60, "they are committed")
    time.sleep(1)
    expect_equal(sum(kafka.ends(f"{run.topic}.dead").values()), 100, "letters")
    expect_equal(sum(kafka.committed(run.group, run.topic).values()), 100, "committed")
    expect_equal(penstock.stop(), 0, "exit status")


def a_value_above_the_topics_own_limit_goes_by_reference(run):
    """Only the broker knows it; small letters of the same batch are whole."""
    kafka, redis, topic = begin(run, max_message_bytes=20_000)
    producer = run.producer(kafka)
    values = [b"{" + run.random.randbytes(25_000 if number % 10 == 0 else 1_500).hex().encode()
              for number in range(100)]
    for value in values:
        producer.send(run.topic, topic.log.add(topic.make(0, value)))
    producer.close()
    penstock = bridge(run, kafka, redis)
    topic.log.wait_committed(kafka, run.group, 60)
    letters = {unfold(letter)[0][1]: letter for letter in kafka.read(f"{run.topic}.dead")}
    expect_equal(sorted(letters), list(range(100)), "the offsets of the letters")
    for offset, letter in letters.items():
        _, facts, own = unfold(letter)
        large = offset % 10 == 0
        expect(letter["payload"] == (None if large else values[offset].decode()),
               f"the value of {offset}")
        expect_equal(facts.get("__penstock.reference"),
                     f"{run.topic}[0]@{offset}" if large else None, "the reference")
        expect_equal(len(own), 2, "the headers")
    expect_equal(penstock.stop(), 0, "exit status")


def a_revoke_waits_for_letters(run):
    """A second member joins while letters wait for a stream whose Redis hangs: none comes twice."""
    kafka, redis, topic = begin(run)
    dead = run.redis()
    producer = run.producer(kafka)
    text = conf(kafka, redis.url, run.group,
                [route("all", run.topic, COMMANDS, format="json", on_error="dlq")],
                top='dlq = { sink = "aside"; stream = "dead"; };').replace(
                    "sinks = {", f'sinks = {{ aside = {{ url = "{dead.url}"; }}; ')
    first = run.penstock(text, "first")
    dead.hang()
    for partition in range(PARTITIONS):
        producer.send(run.topic, topic.log.add(topic.make(partition, b"{")))
    producer.close()
    wait_until(lambda: first.scrape().total("penstock_dead_letters_waiting") == PARTITIONS, 60,
               "letters wait")
    second = run.penstock(text, "second", wait=False)
    wait_until(lambda: 'msg="partitions revoked"' in first.log(), 60, "partitions are revoked")
    time.sleep(1)
    expect_equal(sum(kafka.committed(run.group, run.topic).values()), 0, "committed")
    dead.resume()
    topic.log.wait_committed(kafka, run.group, 60)
    wait_until(second.ready, 60, "the second one is ready")
    expect_equal(dead.ask("XLEN", "dead"), PARTITIONS, "letters")
    expect_equal(first.scrape().outcome("dead_lettered"), PARTITIONS, "dead_lettered by the first")
    expect_equal(second.scrape().outcome("dead_lettered"), 0, "dead_lettered by the second")
    expect_equal(first.stop(), 0, "exit status")
    expect_equal(second.stop(), 0, "exit status of the second")


def memory_is_bounded_while_nobody_takes_letters(run):
    """Every record is bad, large and small, and the topic is not there; then it is."""
    kafka, redis = run.kafka(), run.redis()
    for name, size, count in (("large", 900_000, 200), ("small", 100, 100_000)):
        topic = f"{run.topic}.{name}"
        kafka.create(topic, PARTITIONS, max_message_bytes=16_000_000)
        producer = run.producer(kafka)
        value = b"{" + run.random.randbytes(size // 2).hex().encode()
        frames = [frame(Record(number % PARTITIONS, b"k", value)) for number in range(PARTITIONS)]
        for _ in range(count // PARTITIONS):
            producer.send(topic, b"".join(frames))
        producer.close()
        rows = [route("all", topic, COMMANDS, format="json", on_error="dlq")]
        top = f'dlq = {{ source = "main"; topic = "{topic}.dead"; }};'
        penstock = run.penstock(conf(kafka, redis.url, run.group + name, rows, top=top), name,
                                wait=False)
        wait_until(lambda: penstock.page("/readyz?verbose")[1].count("dead letters wait") ==
                   PARTITIONS, 60, lambda: penstock.page("/readyz?verbose"))
        waiting = penstock.scrape().total("penstock_dead_letters_waiting")
        expect(0 < waiting < count, f"{waiting} letters wait")
        kafka.create(f"{topic}.dead", 1, max_message_bytes=2_000_000)
        wait_until(lambda: sum(kafka.committed(run.group + name, topic).values()) == count, 60,
                   lambda: f"committed {kafka.committed(run.group + name, topic)}")
        expect_equal(sum(kafka.ends(f"{topic}.dead").values()), count, "letters")
        peak = penstock.child.peak_bytes()
        run.note(f"{name}: {waiting:.0f} letters waited, {peak / 1e6:.0f} MB at most")
        expect(peak <= BOUND, f"{name}: {peak / 1e6:.0f} MB resident")
        expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(each_bad_record_is_a_letter_and_its_neighbours_arrive,
         without_its_topic_only_the_partitions_with_letters_wait, a_kill_loses_no_letter,
         a_wrong_route_stops_before_the_whole_topic_is_letters,
         a_value_above_the_topics_own_limit_goes_by_reference,
         a_revoke_waits_for_letters, memory_is_bounded_while_nobody_takes_letters)
