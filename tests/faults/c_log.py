"""Family C: what the log holds, and offsets that do not fit it."""
import signal
import time

from harness import Failure, Record
from harness.kafka import frame

from stage import Call, RAW_TRACE, expect, row, wait_until

LOST = ("penstock_kafka_records_lost_total",)


def lag(scene):
    return scene.penstock.scrape().lag


# --- records that are gone -----------------------------------------------------------------------

def retention(scene, policy):
    """Penstock is stopped, and Kafka removes the next 300 records of one partition."""
    scene.start(source=f'on_out_of_range = "{policy}";')
    scene.load(1000)
    scene.run(1)
    scene.end_load()
    wait_until(scene.is_drained, 20, "drained")
    scene.check("I11", scene.penstock.stop() == 0, "stopped with 0")
    end = scene.committed()[0]
    scene.load(1000)
    scene.run(2)
    scene.end_load()
    scene.fate = lambda partition, offset, record: (
        "never" if partition == 0 and end <= offset < end + 300 else "written")
    return Call("Kafka removes 300 records that nobody has read",
                lambda: scene.kafka.admin("delete-records", scene.topic, 0, end + 300))


@row("C1", "1 3 5 10 13", seconds=30)
def retention_passes_by(scene):
    """The next records are gone, on_out_of_range = "earliest": it goes on with what is left, and
    counts what is lost."""
    fault = retention(scene, "earliest")
    with scene.fault(fault, live=None):
        scene.penstock.start(wait=False)
        wait_until(lambda: scene.metric(*LOST) > 0, 20, "the loss is counted")
    scene.drain()
    lost = scene.metric(*LOST)
    scene.check("I10", lost == 300, f"{lost:.0f} of 300 counted as lost")
    scene.judge()


@row("C1stop", "1 10 13", seconds=30)
def retention_passes_by_and_it_stops(scene):
    """The next records are gone, on_out_of_range = "stop": the partition is held, the others flow;
    started with another policy it goes on."""
    fault = retention(scene, "stop")
    with scene.fault(fault, live=None):
        scene.penstock.start(wait=False)
        scene.unready("out of range", 20)
        before = scene.committed()[0]
        scene.run(2)
        scene.check("I1", scene.committed()[0] == before, "nothing is committed of it")
        scene.check("I2", all(offset == scene.kafka.ends(scene.topic)[partition]
                              for partition, offset in scene.committed().items() if partition),
                    "the other partitions are at their ends")
    scene.check("I11", scene.penstock.stop() == 0, "stopped with 0")
    scene.retire(scene.penstock)
    scene.join("penstock-2", scene.text.replace('"stop"', '"earliest"', 1), wait=False)
    scene.drain()
    scene.judge()


@row("C2", "10 13", seconds=60)
def a_topic_made_anew(scene):
    """The topic is deleted and made anew, smaller, while penstock runs: it says that it is out of
    range, and holds; it does not begin anew by itself."""
    scene.start()
    scene.load(1000)
    scene.run(3)
    scene.end_load()
    wait_until(scene.is_drained, 20, "drained")
    scene.judge_loss("before")
    written = scene.penstock.written()
    with scene.fault(Call("the topic is made anew, with 10 records a partition",
                          lambda: anew(scene, 10)), live=None):
        scene.unready("", 30)
        scene.run(3)
    state = scene.penstock.page("/readyz?verbose")[1]
    scene.note(" / ".join(state.split("\n"))[:300])
    scene.check("I10", "out of range" in state or "another log" in state,
                "/readyz says that the offset is not of this log")
    scene.check("I3", scene.penstock.written() == written, "nothing of the new topic is written")
    scene.stop_members()


def create(scene):
    try:
        scene.kafka.create(scene.topic, 4)
        return True
    except RuntimeError:
        return False


def anew(scene, count):
    """The topic is deleted and made anew, with `count` records a partition."""
    scene.kafka.admin("delete", scene.topic)
    wait_until(lambda: create(scene), 20, "the topic can be made anew", every=0.05)
    producer = scene.oracle.producer(scene.kafka, scene.folder)
    producer.send(scene.topic, b"".join(frame(Record(partition, b"new", b'{"seq":1,"n":1}'))
                                        for partition in range(4) for _ in range(count)))
    producer.close()


def all_of_the_new_log(scene, count):
    """Every partition's stream ends with all records of the new log, told by their key."""
    streams = scene.redis.read().streams
    return all([offset for offset, key, _ in streams[partition] if key == b"new"][-count:]
               == list(range(count)) for partition in range(4))


def longer_log(scene, meanwhile, session=6000):
    """All is written and committed; then the topic is made anew, longer than it was, while
    something else is the matter. Every record of the new log must arrive, in order."""
    scene.start(source='on_out_of_range = "earliest";', session=session)
    scene.load(1000)
    scene.run(2)
    scene.end_load()
    wait_until(scene.is_drained, 20, "drained")
    scene.judge_loss("before")
    count = max(scene.kafka.ends(scene.topic).values()) + 100
    with scene.fault(Call(f"the topic is made anew, with {count} records a partition",
                          lambda: meanwhile(lambda: anew(scene, count))), live=None):
        pass
    try:
        wait_until(lambda: all_of_the_new_log(scene, count), 30, "the new log is written")
        scene.verdict("I2", [], "every record of the new log is written, in order")
    except Failure as failure:
        scene.verdict("I2", [str(failure)], "")
    replaced = scene.metric("penstock_kafka_logs_replaced_total")
    refused = scene.penstock.log().count('msg="offset out of range"')  # the new log was empty yet
    scene.check("I10", replaced + refused >= 4,
                f"{replaced:.0f} of 4 logs counted as replaced, {refused} offsets were refused")
    scene.stop_members()


def frozen(scene, remake):
    scene.penstock.child.signal(signal.SIGSTOP)
    remake()
    scene.run(12)
    scene.penstock.child.signal(signal.SIGCONT)


@row("C11", "2 10 13", seconds=60, both=True)
def a_longer_topic_made_anew(scene):
    """The topic is made anew while penstock runs, and is longer than the old one before penstock
    looks: no record of it is passed over."""
    longer_log(scene, lambda remake: remake())


@row("C12", "2 10 13", seconds=90, both=True)
def a_longer_topic_made_anew_while_frozen(scene):
    """The same while penstock is frozen for 12 s, beyond its session."""
    longer_log(scene, lambda remake: frozen(scene, remake))


@row("C12long", "2 10 13", seconds=90, both=True)
def a_longer_topic_made_anew_within_a_session(scene):
    """The same with a session of 30 s: the group does not notice that penstock was frozen."""
    longer_log(scene, lambda remake: frozen(scene, remake), session=30000)


@row("C13", "2 10 13", seconds=60, both=True)
def a_longer_topic_made_anew_while_redis_is_away(scene):
    """The same while Redis hangs."""
    def hang(remake):
        scene.redis.hang()
        remake()
        scene.run(4)
        scene.redis.resume()
    longer_log(scene, hang)


# --- checkpoints ---------------------------------------------------------------------------------

def stopped_in_the_middle(scene):
    """Everything is written and committed, and penstock is stopped."""
    scene.start()
    scene.load(1000)
    scene.run(2)
    scene.end_load()
    wait_until(scene.is_drained, 20, "drained")
    scene.check("I11", scene.penstock.stop() == 0, "stopped with 0")


def checkpoint(scene, partition):
    return f"penstock:{{{scene.group}}}:{scene.topic}:{partition}"


@row("C3", "1 2 3 4 13", seconds=40, delivery="exactly_once")
def checkpoints_are_gone(scene):
    """FLUSHALL while penstock is away: it goes on at the offset that Kafka has."""
    stopped_in_the_middle(scene)
    kept = scene.redis.read()
    scene.redis.ask("FLUSHALL")
    scene.load(1000)
    with scene.fault(Call("FLUSHALL", lambda: None,
                          happened=lambda: f"{len(kept.last)} keys were there")):
        scene.penstock.start(wait=False)
    scene.run(1)
    scene.drain()
    scene.redis.read = kept.joined(scene.redis.read)
    scene.judge()


@row("C3ahead", "1 3 4 10 13", seconds=40, delivery="exactly_once")
def a_checkpoint_beyond_the_log(scene):
    """A checkpoint that is beyond the log's end: that partition is held and /readyz says why, the
    others flow; it goes on once the checkpoint is right."""
    stopped_in_the_middle(scene)
    key = checkpoint(scene, 0)
    right = scene.redis.ask("HGET", key, "next")
    scene.redis.ask("HSET", key, "next", 1_000_000)
    scene.load(500)
    with scene.fault(Call("a checkpoint beyond the log's end", lambda: None), live=None):
        scene.penstock.start(wait=False)
        scene.unready("checkpoint", 20)
        scene.run(1)
        scene.note(scene.penstock.page("/readyz?verbose")[1].replace("\n", " / ")[:400])
        scene.check("I1", scene.committed()[0] == int(right), "nothing is committed of it")
        scene.check("I9", scene.penstock.written() > 0, "the others flow")
    scene.check("I11", scene.penstock.stop() == 0, "stopped with 0")
    scene.redis.ask("HSET", key, "next", right)
    scene.penstock.start(wait=False)
    scene.drain()
    scene.judge()


@row("F12", "4 6 10 13", seconds=40, delivery="exactly_once")
def another_file_with_the_same_group(scene):
    """A penstock of the same group with other routes: it does not take over the checkpoints of the
    first, and says so."""
    stopped_in_the_middle(scene)
    before = scene.redis.read()
    other = scene.text.replace('name = "trace"', 'name = "other"')
    scene.load(500)
    with scene.fault(Call("the same group, other routes", lambda: None), live=None):
        stranger = scene.join("stranger", other, wait=False)
        wait_until(lambda: stranger.page("/readyz?verbose")[0] == 503
                   and "route" in stranger.page("/readyz?verbose")[1], 20, "it says so")
        scene.note(stranger.page("/readyz?verbose")[1].replace("\n", " / ")[:400])
        scene.run(1)
        scene.check("I6", scene.redis.read().streams == before.streams, "it has written nothing")
        scene.check("I11", stranger.stop() == 0, "stopped with 0")
    scene.retire(stranger)
    scene.penstock.start(wait=False)
    scene.drain()
    scene.judge()


# --- transactions and gaps -----------------------------------------------------------------------

def transaction(scene, count, end):
    """`count` records in one transaction, which ends by C or A; the records of an aborted one are
    remembered."""
    first = len(scene.oracle.records)
    scene.say("B")
    scene.send([scene.oracle.json_record() for _ in range(count)])
    scene.say("F")
    if end == "A":
        scene.aborted.update(id(record) for record in scene.oracle.records[first:])
    scene.say(end)


def transactional(scene, **options):
    scene.aborted = set()
    scene.fate = lambda partition, offset, record: (
        "never" if id(record) in scene.aborted else "written")
    scene.start(producer=(f"transactional.id={scene.topic}",), **options)


@row("C4", "1 2 3 7 13", seconds=30, both=True)
def gaps_of_markers(scene):
    """Transactions leave markers between the records: no gap counts as lost, the commit reaches the
    log's end and the lag 0."""
    transactional(scene)
    for _ in range(30):
        transaction(scene, 50, "C")
    scene.drain()
    scene.check("I13", sum(scene.kafka.ends(scene.topic).values()) > scene.oracle.produced,
                "the log is longer than its records")
    scene.check("I10", scene.metric(*LOST) == 0, "nothing counts as lost")
    scene.check("I2", lag(scene) == 0, "the lag is 0")
    scene.judge()


@row("C4compact", "1 2 3 13", seconds=60)
def gaps_of_compaction(scene):
    """A compacted log has gaps: what is left is taken, in order, and nothing counts as lost."""
    scene.start(members=0, keys=20, commands=RAW_TRACE, format="raw", topic_config={
        "cleanup.policy": "compact", "segment.ms": "500", "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "1000"})
    for _ in range(8):
        scene.send([scene.oracle.json_record() for _ in range(500)])
        scene.producer.flush()
        scene.run(0.7)
    scene.run(8)
    member = scene.join("penstock-1")
    # What compaction has removed, the oracle cannot know: what is there must be the rest.
    wait_until(lambda: scene.kafka.committed(scene.group, scene.topic)
               == scene.kafka.ends(scene.topic), 20, "the commit reaches the log's end")
    target = scene.redis.read()
    left = {partition: set(target.offsets(partition)) for partition in range(4)}
    scene.fate = lambda partition, offset, record: (
        "written" if offset in left[partition] else "never")
    removed = scene.count("never")
    scene.check("I13", removed > 1000, f"compaction removed {removed} records")
    newest = {record.key: record.value for records in scene.oracle.acknowledged().values()
              for record in records.values()}
    scene.check("I3", target.last == newest, "the newest value of every key is there")
    scene.check("I10", member.scrape().total(*LOST) == 0, "nothing counts as lost")
    scene.check("I2", lag(scene) == 0, "the lag is 0")
    scene.drain()
    scene.judge()


@row("C5", "1 2 3 5 9 10 13", seconds=45, both=True)
def aborted_and_open_transactions(scene):
    """Of aborted transactions nothing is written; one that stays open holds the partition back,
    which the lag shows, until it is committed."""
    transactional(scene)
    for number in range(20):
        transaction(scene, 50, "A" if number % 3 == 1 else "C")
    wait_until(scene.is_drained, 20, "drained")
    scene.say("B")
    scene.send([scene.oracle.json_record() for _ in range(200)])
    scene.say("F")
    scene.run(3)
    expect(scene.aborted, "nothing was aborted")
    scene.check("I5", scene.redis.arrived() == scene.count("written") - 200,
                "nothing of the open transaction is written")
    scene.note(f"lag {lag(scene):.0f} while a transaction is open")
    scene.say("C")
    wait_until(lambda: scene.redis.arrived() == scene.count("written"), 10, "it is written at last")
    scene.verdict("I9", [], "what was open is written once it is committed")
    scene.drain()
    scene.check("I13", scene.count("never") > 0, f"{scene.count('never')} records were aborted")
    scene.check("I2", lag(scene) == 0, "the lag is 0")
    scene.judge()


@row("C6", "1 2 7 13", seconds=45)
def only_markers_at_the_end(scene):
    """Behind the last record there is only an aborted transaction: a restart neither loops nor
    skips."""
    transactional(scene)
    transaction(scene, 200, "C")
    transaction(scene, 100, "A")
    scene.run(2)
    for _ in range(2):
        scene.check("I11", scene.penstock.stop() == 0, "stopped with 0")
        scene.penstock.start()
        scene.run(1)
        scene.idle(1)
    transaction(scene, 200, "C")
    scene.drain()
    scene.verdict("I13", [], f"{scene.count('never')} records were aborted")
    scene.judge()


# --- strange records -----------------------------------------------------------------------------

@row("C8", "5 10 13", seconds=30)
def times_that_cannot_be(scene):
    """Timestamps that fall, of 1970, of the year 10000, of now: the metrics stay sane, TTLs do not
    come from them."""
    scene.start(topic_config={"message.timestamp.before.max.ms": str(2**62),
                              "message.timestamp.after.max.ms": str(2**62)}, ttl="1h")
    year_10000 = 253402300800000
    now = int(time.time() * 1000)
    for number, stamp in enumerate((1, year_10000, 1_700_000_000_000, 1_600_000_000_000, now) * 40):
        record = scene.oracle.record_of(number % scene.oracle.keys)
        record.timestamp = stamp
        scene.send([record])
    scene.drain()
    scrape = scene.penstock.scrape()
    latency = scrape.total("penstock_end_to_end_latency_seconds_sum")
    count = scrape.total("penstock_end_to_end_latency_seconds_count")
    left_out = scrape.total("penstock_latency_unmeasured_total")
    scene.check("I10", count == 40 and left_out == 160 and 0 <= latency < 40 * 60,
                f"latency: {latency:.0f} s over {count:.0f} records, {left_out:.0f} left out")
    lags = scrape.values("penstock_kafka_consumer_lag_seconds")
    scene.check("I10", all(0 <= value < 1e10 for value in lags), f"lag in seconds: {lags}")
    times = [scene.redis.ask("TTL", key) for key in scene.redis.keys("last:*")]
    scene.check("I5", all(3000 < seconds <= 3600 for seconds in times),
                f"TTLs from {min(times)} to {max(times)} s")
    scene.verdict("I13", [], "200 records had strange times")
    scene.judge()


@row("C10", "2 3 13", seconds=40)
def a_hot_partition(scene):
    """One key has 99 % of the records, and Redis is slow: the other worker's partitions do not wait
    behind it."""
    scene.start(proxy=True, partitions=4, keys=40, source="workers = 2;")
    hot = [scene.oracle.record_of(0) for _ in range(20000)]
    scene.proxy.limit(500_000)
    with scene.fault(Call("20000 records of one key", lambda: scene.send(hot)), live=None):
        scene.producer.flush()
        scene.run(1)
        cold = [scene.oracle.record_of(number) for number in (1, 2, 3)]
        scene.send(cold)
        scene.producer.flush()
        wait_until(lambda: sum(scene.redis.ask("EXISTS", b"last:" + record.key) for record in cold)
                   >= 2, 5, "the records of the other worker's partitions pass")
        left = lag(scene)
    scene.check("I2", left > 5000, f"they passed while {left:.0f} records waited")
    scene.proxy.limit(0)
    scene.drain(30)
    scene.judge()
