#!/usr/bin/env python3
"""Memory stays within its bound, whatever the records are and whether Redis answers or not."""
import os
import time

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame

MEMORY = 48 << 20      # the default of "memory"
SLACK = 24_000_000     # what the process needs besides
MEGABYTES = 120        # of each kind of record
CGROUP = "/sys/fs/cgroup/memory"

KINDS = {
    "random.large": (1_000_000, lambda random, size: random.randbytes(size)),
    "letters.large": (1_000_000, lambda random, size: b"x" * size),
    "random.small": (200, lambda random, size: random.randbytes(size)),
    "letters.small": (200, lambda random, size: b"x" * size),
}


def fill(run, kafka, topic, size, value, megabytes=MEGABYTES):
    """The same few records again and again; how many Kafka has of them: now and then librdkafka 2.0.2
    reports one large record more as delivered."""
    kafka.create(topic, 8)
    producer = run.producer(kafka)
    count = max(8, min(16, 4_000_000 // size)) if size > 1000 else 20_000
    block = b"".join(frame(Record(number % 8, b"key", value)) for number in range(count))
    blocks = megabytes * 1_000_000 // (count * size)
    for _ in range(blocks):
        producer.send(topic, block)
    producer.close()
    return sum(kafka.ends(topic).values())


def text(run, kafka, redis, topic, top=""):
    return conf(kafka, redis.url, run.group + topic,
                [route("all", topic, ["SET last:%{$partition} %{$value}"], format="raw")],
                sink='response_timeout = "60s";', top=top)


def expect_bounded(run, penstock, what, bound=MEMORY + SLACK):
    peak = penstock.child.peak_bytes()
    run.note(f"{what}: {peak / 1e6:.0f} MB at most")
    expect(peak <= bound, f"{what}: {peak / 1e6:.0f} MB resident, {bound / 1e6:.0f} may be")


def memory_is_bounded_whatever_the_records_are(run):
    """1 MB and 200 bytes, packed hardly and very well by lz4; first Redis takes none, then all."""
    kafka, redis = run.kafka(), run.redis()
    for name, (size, make) in KINDS.items():
        topic = f"{run.topic}.{name}"
        count = fill(run, kafka, topic, size, make(run.random, size))
        redis.ask("CLIENT", "PAUSE", 60_000, "WRITE")
        penstock = run.penstock(text(run, kafka, redis, topic), name)
        wait_until(lambda: penstock.watch.peak_inflight > 0, 60, "records are in flight")
        time.sleep(1.5)
        expect_equal(penstock.written(), 0, "records written")
        expect_bounded(run, penstock, f"{name}, Redis is silent")
        redis.ask("CLIENT", "UNPAUSE")
        wait_until(lambda: penstock.written() >= count, 60, f"{name}: all {count} are written")
        expect_bounded(run, penstock, name)
        expect_equal(penstock.stop(), 0, "exit status")


def memory_is_bounded_while_dead_letters_wait(run):
    """Every record is refused by Redis, and the server that takes dead letters is silent."""
    kafka, redis, dead = run.kafka(), run.redis(), run.redis()
    redis.ask("SET", "wrong", "type")
    for name in ("random.large", "random.small"):
        size, make = KINDS[name]
        topic = f"{run.topic}.{name}"
        fill(run, kafka, topic, size, make(run.random, size))
        dead.ask("CLIENT", "PAUSE", 60_000, "WRITE")
        file = conf(kafka, redis.url, run.group + name,
                    [route("all", topic, ["RPUSH wrong %{$value}"], format="raw", on_error="dlq")],
                    top='dlq = { sink = "dead"; stream = "letters"; };')
        file = file.replace("sinks = {", f'sinks = {{ dead = {{ url = "{dead.url}"; '
                            'response_timeout = "60s"; };')
        penstock = run.penstock(file, name, wait=False)
        wait_until(lambda: penstock.watch.peak_inflight > 0, 60, "records are in flight")
        time.sleep(4)
        expect_bounded(run, penstock, f"{name}, dead letters wait")
        expect_equal(penstock.scrape().outcome("dead_lettered"), 0, "letters delivered")
        penstock.kill()
        dead.ask("CLIENT", "UNPAUSE")


def limit_cgroup(run, penstock, limit):
    """Moves the process into a memory cgroup of its own: its folder; None where there is none."""
    folder = os.path.join(CGROUP, f"penstock-test-{os.getpid()}")
    try:
        os.mkdir(folder)
        write(os.path.join(folder, "memory.limit_in_bytes"), limit)
        write(os.path.join(folder, "cgroup.procs"), penstock.child.pid)
    except OSError as failure:
        run.note(f"no memory cgroup can be made here, so there is none: {failure}")
        return None
    return folder


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def a_memory_cgroup_at_the_bound_is_survived(run):
    """memory.limit_in_bytes = the bound, 1 MB values that lz4 packs 250 times smaller."""
    kafka, redis = run.kafka(), run.redis()
    topic = run.topic
    count = fill(run, kafka, topic, 1_000_000, b"x" * 1_000_000, megabytes=600)
    penstock = run.penstock(text(run, kafka, redis, topic), wait=False)
    folder = limit_cgroup(run, penstock, MEMORY + SLACK)
    try:
        wait_until(lambda: penstock.written() >= count or not penstock.child.running, 60,
                   f"all {count} are written")
        expect(penstock.child.running, "it was killed")
        expect_equal(penstock.stop(), 0, "exit status")
    finally:
        penstock.kill()
        if folder:
            os.rmdir(folder)


def limited(run, text, name, limit):
    """A penstock with so many bytes of addresses (ulimit -v)."""
    return run.penstock(text, name, wait=False,
                        wrap=["bash", "-c", f'ulimit -v {limit // 1024}; exec "$@"', "bash"])


def a_limit_of_addresses_is_survived(run):
    """ulimit -v: with enough of them all goes well; with too few the process ends, having
    committed nothing that is not in Redis, and the next one goes on."""
    kafka, redis = run.kafka(), run.redis()
    topic = run.topic
    count = fill(run, kafka, topic, 1_000_000, b"x" * 1_000_000, megabytes=400)
    pushed = conf(kafka, redis.url, run.group,
                  [route("all", topic, ["RPUSH seen:%{$partition} %{$offset}"], format="raw")],
                  source="librdkafka = { session_timeout_ms = 1000; "
                         "heartbeat_interval_ms = 200; };")
    few = limited(run, pushed, "few", 200 << 20)
    wait_until(lambda: not few.child.running or few.written() >= count, 60,
               "it ends, or is through")
    expect("ulimit -v is low" in few.log(), "the log warns")
    few.kill()
    run.made.remove(few)  # it may have ended before its metrics could be read
    judge_committed(kafka, redis, run)
    enough = limited(run, pushed, "enough", MEMORY + (320 << 20))
    wait_until(lambda: len(seen(redis)) == count, 60, "all arrive")
    expect("ulimit -v is low" not in enough.log(), "the log does not warn")
    expect_equal(enough.stop(), 0, "exit status")


def seen(redis):
    return {(number, offset) for number in range(8)
            for offset in redis.ask("LRANGE", f"seen:{number}", 0, -1)}


def judge_committed(kafka, redis, run):
    have = seen(redis)
    for number, committed in kafka.committed(run.group, run.topic).items():
        lost = [offset for offset in range(committed) if (number, b"%d" % offset) not in have]
        expect(not lost, f"partition {number}: {lost[:5]} are committed and not in Redis")


def trees_are_bounded(run):
    """8 MiB of JSON that is all commas: an error of the record, not 160 MB."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    values = [b'{"id":1,"n":[]}', b'{"id":2,"n":[' + b"1," * 3_500_000 + b"1]}",
              b'{"id":3,"n":[' + b"1," * 400_000 + b"1]}"]
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(0, b"key", value)) for value in values))
    producer.close()
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("json", run.topic, ["RPUSH ids %{id}"], format="json", on_error="skip")]))
    wait_until(lambda: redis.ask("LRANGE", "ids", 0, -1) == [b"1", b"3"], 60, "1 and 3 arrive")
    expect("json: more than 629145 values" in penstock.log(), "the log says why 2 did not")
    expect_equal(penstock.scrape().outcome("dropped"), 1, "records dropped")
    expect_bounded(run, penstock, "trees")
    expect_equal(penstock.stop(), 0, "exit status")


def what_cannot_be_received_holds_its_partition(run):
    """A record of 60 MB among small ones: its partition is held and says why, the others flow."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 4, max_message_bytes=100_000_000)
    producer = run.producer(kafka, "message.max.bytes=100000000",
                            "queue.buffering.max.kbytes=200000")

    def small():
        producer.send(run.topic, b"".join(frame(Record(number % 4, b"key", b"small"))
                                          for number in range(400)))
        producer.flush()

    small()
    producer.send(run.topic, frame(Record(2, b"key", run.random.randbytes(60_000_000))))
    small()
    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("all", run.topic, ["INCR seen:%{$partition}"], format="raw")]), wait=False)
    wait_until(lambda: penstock.written() == 700, 60, "all but what lies behind the large one")
    wait_until(lambda: "[2]: offset 100: Kafka sends its batch in a response of 600"
               in penstock.page("/readyz?verbose")[1], 60, "the partition is held and says why")
    run.note("partition 2 is held")
    expect_equal(len(penstock.page("/readyz?verbose")[1].split("[-]partition")), 2, "only that one")
    expect_bounded(run, penstock, "60 MB")
    began = time.monotonic()
    small()
    wait_until(lambda: penstock.written() == 1000, 60, "the others flow")
    run.note(f"the others flow: after {time.monotonic() - began:.1f} s")
    expect_equal(penstock.stop(), 0, "exit status")
    expect_equal(kafka.committed(run.group, run.topic), {0: 300, 1: 300, 2: 100, 3: 300},
                 "committed")
    producer.close()


if __name__ == "__main__":
    main(memory_is_bounded_whatever_the_records_are, memory_is_bounded_while_dead_letters_wait,
         a_memory_cgroup_at_the_bound_is_survived, a_limit_of_addresses_is_survived,
         trees_are_bounded, what_cannot_be_received_holds_its_partition)
