"""Family D: records as nobody would wish them."""
import glob
import json
import os

from harness import Record
from harness.child import SOURCE

from stage import RAW_DELETE, RAW_TRACE, TRACE, Call, row, wait_until

SUITE = os.path.join(SOURCE, "tests/data/jsontestsuite/test_parsing")


def numbered(scene, number, key, value, **more):
    """A record of the row's own, with a sequence number by key where the value is JSON."""
    return Record(number % scene.oracle.count, key, value, **more)


@row("D1", "1 2 5 10 13", seconds=30)
def strange_keys(scene):
    """Keys that are null, empty, binary, 1 MB: a null one is a record error, the others arrive byte
    by byte, and never as "null"."""
    scene.fate = lambda partition, offset, record: "dropped" if record.key is None else "written"
    scene.start(on_error="skip", commands=RAW_TRACE, format="raw")
    keys = [None, b"", b"\0", b"a\r\nb", b"*3\r\n$3\r\nDEL\r\n", b"\xff\xfe\x80", b" ",
            b"%{$value}", b"k" * 1_000_000, "\u2603 \U0001f600".encode()]
    scene.load(200)
    for again in range(5):
        scene.send([numbered(scene, number, key, b"value %d" % again)
                    for number, key in enumerate(keys)])
        scene.run(0.3)
    scene.drain()
    scene.check("I5", b"null" not in scene.redis.read().last, "no key is called null")
    scene.verdict("I13", [], f"{len(keys)} strange keys")
    scene.judge()


@row("D2", "1 2 3 5 13", seconds=30, both=True)
def tombstones_among_writes(scene):
    """Tombstones between writes of the same keys: each deletes what came before it, and nothing
    that came after."""
    scene.start(commands=RAW_TRACE, format="raw", **{"del": RAW_DELETE})
    for _ in range(40):
        numbers = [scene.random.randrange(100) for _ in range(100)]
        values = [None if scene.random.random() < 0.3 else b"v%d" % scene.random.randrange(10**9)
                  for _ in numbers]
        scene.send([numbered(scene, number, b"k%d" % number, value)
                    for number, value in zip(numbers, values)])
    scene.drain()
    deleted = sum(record.value is None for record in scene.oracle.records)
    scene.check("I13", deleted > 500, f"{deleted} tombstones")
    scene.judge()


@row("D2members", "1 2 3 5 13", seconds=30, both=True)
def tombstones_of_members(scene):
    """Many keys are fields of one hash and members of one set: a tombstone takes its own, and
    leaves the others."""
    scene.start(format="raw", commands=RAW_TRACE + [
        "HSET hash:%{$partition} %{$key} %{$value}", "SADD set:%{$partition} %{$key}"],
        **{"del": RAW_DELETE + ["HDEL hash:%{$partition} %{$key}", "SREM set:%{$partition} %{$key}"]})
    last = {partition: {} for partition in range(scene.oracle.count)}
    for _ in range(20):
        records = []
        for number in (scene.random.randrange(100) for _ in range(100)):
            value = None if scene.random.random() < 0.3 else b"v%d" % scene.random.randrange(10**9)
            records.append(numbered(scene, number, b"k%d" % number, value))
            last[records[-1].partition][records[-1].key] = value
        scene.send(records)
    scene.drain()
    for partition, values in last.items():
        kept = {key: value for key, value in values.items() if value is not None}
        pairs = scene.redis.ask("HGETALL", f"hash:{partition}")
        members = scene.redis.ask("SMEMBERS", f"set:{partition}")
        scene.check("I13", dict(zip(pairs[::2], pairs[1::2])) == kept and set(members) == set(kept),
                    f"partition {partition} keeps {len(kept)} of {len(values)} keys")
    scene.judge()


@row("D3", "1 2 5 8 10 13", seconds=60)
def values_of_every_size(scene):
    """Values of 0 bytes, of 1, of 1 MB, and above max_record: those are record errors, and cost no
    memory."""
    limit = 2 << 20
    scene.fate = lambda partition, offset, record: (
        "dropped" if len(record.value) + len(record.key) > limit else "written")
    scene.start(on_error="skip", commands=RAW_TRACE, format="raw", top='max_record = "2MiB";')
    sizes = [0, 1, 2, 4095, 4096, 65535, 65536, 1 << 20, limit - 3, limit + 1, 5 << 20, 10 << 20]
    for again in range(3):
        for number, size in enumerate(sizes):
            scene.send([numbered(scene, number, b"k%02d" % number, scene.random.randbytes(size))])
        scene.run(0.2)
    scene.drain(30)
    scene.verdict("I13", [], f"values up to {max(sizes)} bytes, max_record is {limit}")
    scene.judge()


@row("D4", "2 5 10 13", seconds=40)
def json_of_every_kind(scene):
    """All of JSONTestSuite, and worse: what must be taken is taken, what must be refused is
    refused, digits are never changed."""
    scene.start(on_error="skip", partitions=1,
                commands=["RPUSH seen %{$offset}", "SET copy:%{$offset} %{*|json}"])
    good, bad = [], []
    for path in sorted(glob.glob(os.path.join(SUITE, "*.json"))):
        with open(path, "rb") as file:
            # An object's member, so that a route can look at it.
            content = b'{"v":' + file.read() + b"}"
        kind = os.path.basename(path)[0]
        (good if kind == "y" else bad if kind == "n" else []).append(content)
    nested = [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
              b'{"v":' + b"[" * 100_000, b'{"v":1} x', b"\xef\xbb\xbf{}", b'{"v":NaN}',
              b'{"v":' + b"1" * 100]
    good.append(b"9" * 1_000_000)
    digits = [b'{"v":12345678901234567890}', b'{"v":-0}', b'{"v":1e400}',
              b'{"v":0.1000000000000000055}']
    # Some n_ files are only wrong at the top: wrapped, they are right.
    bad = [content for content in bad if not valid_wrapped(content)]
    contents = good + bad + nested + digits
    scene.send([Record(0, b"k", content) for content in contents])
    scene.drain(20)
    seen = {int(offset) for offset in scene.redis.ask("LRANGE", "seen", 0, -1)}
    lacking = sorted(set(range(len(good))) - seen)
    scene.check("I5", not lacking, f"all {len(good)} that must be taken are: {lacking[:3]}")
    refused = range(len(good), len(good) + len(bad) + len(nested))
    wrong = [contents[number][:60] for number in refused if number in seen]
    scene.check("I5", not wrong, f"all {len(refused)} that must be refused are: {wrong[:3]}")
    for number in range(len(contents) - len(digits), len(contents)):
        copy = scene.redis.ask("GET", f"copy:{number}")
        scene.check("I5", copy == contents[number], f"{contents[number]} stays as it is: {copy}")
    scrape = scene.penstock.scrape()
    scene.check("I10", scrape.outcome("written") + scrape.outcome("dropped") == len(contents),
                f"each of {len(contents)} is counted once")
    scene.check("I2", scene.is_drained(), "all is committed")
    scene.verdict("I13", [], f"{len(bad) + len(nested)} records were not JSON")
    scene.stop_members()


def valid_wrapped(content):
    """Whether another parser takes it: wrapping made it good."""
    try:
        json.loads(content, parse_constant=lambda name: 1 / 0)
        return True
    except (ValueError, RecursionError, ZeroDivisionError):
        return False


@row("D7", "9 13", seconds=30)
def a_pattern_that_explodes(scene):
    """A condition with a pattern that takes exponential time elsewhere: each record has its answer
    soon."""
    scene.start(commands=TRACE)
    text = scene.text.replace('to = "live";', '''to = "live"; when = "v.matches('^(a+)+$')";''', 1)
    text = text.replace(scene.group, scene.group + ".2")
    member = scene.join("penstock-2", text)
    value = b'{"seq":1,"n":1,"v":"' + b"a" * 5000 + b'b"}'
    before = member.child.cpu_seconds()
    scene.send([numbered(scene, number, b"k%d" % number, value) for number in range(50)])
    scene.producer.flush()
    wait_until(lambda: member.scrape().outcome("filtered") >= 50, 10, "all of them are filtered")
    cost = member.child.cpu_seconds() - before
    scene.check("I9", cost < 5, f"{cost:.2f} s of CPU for 50 records")
    scene.check("I11", member.stop() == 0, "stopped with 0")
    scene.retire(member)
    scene.drain()
    scene.verdict("I13", [], "50 records met the pattern")
    scene.judge()


@row("D8", "1 2 3 10 13", seconds=30, both=True)
def keys_of_the_wrong_type(scene):
    """One record in ten is refused by Redis (WRONGTYPE, no longitude), or by penstock before it is
    sent (a score that is no number): it alone is dropped and counted, its neighbours in the
    pipeline are applied."""
    poison, unsent = set(), set()
    scene.fate = lambda partition, offset, record: (
        "dropped" if id(record) in poison else "written")
    scene.start(on_error="skip", commands=[
        TRACE[0], "GEOADD places %{lon} 1 %{$key}", "ZADD scores %{score} %{$key}",
        "SADD type:%{$key} %{seq}", *TRACE[1:]])
    scene.redis.ask("SET", "type:wrong", "a string")
    records = []
    for number in range(3000):
        record = scene.oracle.record_of(number % 100, lon=20, score=1)
        records.append(record)
        if scene.random.random() < 0.1:
            key, wrong = scene.random.choice((
                (b"poison", b'"lon":200,"score":1'), (b"poison", b'"lon":20,"score":"much"'),
                (b"wrong", b'"lon":20,"score":1')))
            records.append(Record(0, key, b'{"seq":%d,"n":1,%s}' % (number, wrong)))
            poison.add(id(records[-1]))
            if b"much" in wrong:
                unsent.add(id(records[-1]))
    scene.send(records)
    scene.drain()
    scene.check("I13", len(poison) > 200, f"{len(poison)} records were refused")
    errors = scene.redis.errors("ERR") + scene.redis.errors("WRONGTYPE")
    scene.check("I13", errors == len(poison) - len(unsent), f"Redis answered {errors} errors")
    scene.judge()


def graves(scene):
    """A topic for dead letters, and the line of the file that names it."""
    topic = scene.topic + ".dlq"
    return topic, f'dlq = {{ source = "main"; topic = "{topic}"; }};'


def poison(scene, number, partition=0):
    """A record that Redis refuses: its field n is no number."""
    return Record(partition, b"poison", b'{"seq":%d,"n":"x","mark":"%s"}'
                  % (number, scene.oracle.mark.encode()))


@row("D8dlq", "1 2 3 10 12 13", seconds=40, both=True)
def refused_records_become_letters(scene):
    """One record in ten is refused: it alone becomes a dead letter, byte by byte and with its
    place; its neighbours are applied."""
    topic, line = graves(scene)
    scene.kafka.create(topic, 1)
    scene.fate = lambda partition, offset, record: (
        "dead_lettered" if record.key == b"poison" else "written")
    scene.start(on_error="dlq", top=line)
    for number in range(200):
        scene.send([scene.oracle.json_record() for _ in range(9)] + [poison(scene, number)])
    scene.drain()
    letters = scene.letters(topic)
    places = {(int(letter["headers"]["__connect.errors.partition"]),
               int(letter["headers"]["__connect.errors.offset"])): letter for letter in letters}
    dead = {(partition, offset): record
            for partition, records in scene.expected("dead_lettered").items()
            for offset, record in records.items()}
    scene.check("I1", set(places) == set(dead), f"{len(letters)} letters of {len(dead)} records")
    scene.check("I4", len(letters) == len(dead), "no letter came twice")
    scene.check("I5", all(letter["payload"].encode() == dead[place].value
                          for place, letter in places.items() if place in dead),
                "every letter has the record's bytes")
    scene.verdict("I13", [], f"{len(dead)} records were refused")
    scene.judge()


@row("D9", "1 2 9 10 13", seconds=60, both=True)
def nobody_takes_the_letters(scene):
    """A record is refused and the topic of dead letters was deleted: its partition waits, the
    others flow, nothing is dropped; it resumes once the topic is there again."""
    topic, line = graves(scene)
    scene.fate = lambda partition, offset, record: (
        "dead_lettered" if record.key == b"poison" else "written")
    scene.kafka.create(topic, 1)
    scene.start(on_error="dlq", top=line)
    scene.kafka.admin("delete", topic)
    scene.load(500)
    scene.run(1)
    with scene.fault(Call("the topic of dead letters is away",
                          lambda: scene.send([poison(scene, 1)]),
                          lambda: scene.kafka.create(topic, 1)), live=30):
        scene.run(5)
        before = scene.committed()
        scene.run(3)
        after = scene.committed()
        scene.check("I1", after[0] == before[0], "its partition waits")
        scene.check("I9", all(after[partition] > before[partition] for partition in (1, 2, 3)),
                    "the others flow")
    scene.run(1)
    scene.drain(40)
    letters = {letter["headers"]["__connect.errors.offset"] for letter in scene.letters(topic)}
    scene.check("I1", len(letters) == 1, "the letter is there")  # twice, it may be
    scene.may_repeat += 5000  # the partition was read again
    scene.counts_once = False
    scene.judge()


@row("D10dlq", "8 10 12 13", seconds=40)
def more_poison_than_is_tolerated(scene):
    """Every record is refused, and 50 a minute are tolerated: it stops there, says so, and has not
    dead-lettered the topic."""
    topic, line = graves(scene)
    scene.kafka.create(topic, 1)
    scene.start(on_error="dlq", top=line, partitions=1,
                extra='tolerance = { records = 50; per = "1m"; };')
    scene.send([poison(scene, number) for number in range(2000)])
    scene.producer.flush()
    scene.unready("", 20)
    scene.run(2)
    scene.note(scene.penstock.page("/readyz?verbose")[1].replace("\n", " / ")[:300])
    scene.idle()
    letters = len(scene.letters(topic))
    scene.check("I10", 40 <= letters <= 60, f"{letters} letters of 2000 records")
    scene.check("I8", scene.committed()[0] <= 60, f"committed {scene.committed()[0]}")
    scene.verdict("I13", [], "2000 records were refused")
    scene.judge_bounds()
    log = scene.penstock.log()
    scene.check("I12", scene.oracle.mark not in log and len(log.splitlines()) < 150,
                f"{len(log.splitlines())} lines of log, without payloads")
    scene.stop_members()


@row("D10", "8 10 12 13", seconds=30)
def nothing_but_poison(scene):
    """Every record is refused: all are counted, the log stays short, nothing else comes to a
    stop."""
    scene.fate = lambda partition, offset, record: "dropped"
    scene.start(on_error="skip")
    value = b"not json " + scene.oracle.mark.encode()
    for _ in range(20):
        scene.send([numbered(scene, number, b"k%d" % number, value) for number in range(500)])
    scene.drain()
    dropped = scene.penstock.scrape().outcome("dropped")
    scene.check("I10", dropped == 10_000, f"{dropped} of 10000 are counted")
    lines = len(scene.penstock.log().splitlines())
    scene.check("I12", lines < 200, f"{lines} lines of log")
    scene.verdict("I13", [], "10000 records were no JSON")
    scene.judge()


@row("D11", "2 5 13", seconds=30)
def a_thousand_headers(scene):
    """A thousand headers, names that come twice, values that are null: the record passes, the last
    one of a name counts, and a null one is missing."""
    scene.start(on_error="skip", commands=RAW_TRACE + ["SET head:%{$key} %{$header.twice}"],
                format="raw")
    many = [(f"h{number}", b"v") for number in range(1000)]
    twice = [("twice", b"one"), ("twice", b"two"), ("none", None), ("empty", b""), ("", b"no name")]
    for number in range(20):
        scene.send([numbered(scene, number, b"k%d" % number, b"v", headers=tuple(many + twice))])
    missing = [numbered(scene, number, b"null%d" % number, b"v", headers=(("twice", None),))
               for number in range(4)]
    scene.send(missing)
    lost = {id(record) for record in missing}
    scene.fate = lambda partition, offset, record: (
        "dropped" if id(record) in lost else "written")
    scene.drain()
    heads = [scene.redis.ask("GET", f"head:k{number}") for number in range(20)]
    scene.check("I5", heads == [b"two"] * 20, f"the last header of a name: {set(heads)}")
    scene.verdict("I13", [], "20 records with 1005 headers")
    scene.judge()
