#!/usr/bin/env python3
"""Redis is made slow with 2 million records waiting: memory stays bounded, nothing is lost."""
import struct
import time

from harness import Log, Proxy, conf, expect, expect_equal, main, route
from harness.log import SEEN

RECORDS = 2_000_000
PARTITIONS = 8
BLOCK = 40_000  # records, which are produced again and again
RSS_LIMIT = 64_000_000
SLOW_BYTES = 200_000  # a second


def memory_is_bounded_and_speed_comes_back(run):
    """CLIENT PAUSE, then a proxy that passes 200 kB/s, then full speed again at once."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    log = Log(run.topic, PARTITIONS, 1, run.random)
    fill(log, run.producer(kafka), run.random)
    run.note(f"{RECORDS} records are in Kafka")
    proxy = Proxy(redis.port)
    proxy.limit(SLOW_BYTES)  # until it is ready
    penstock = run.penstock(conf(
        kafka, f"redis://127.0.0.1:{proxy.port}", run.group,
        [route("all", run.topic, [SEEN], format="raw")],
        source='commit_interval = "200ms";', sink='response_timeout = "20s";'))
    proxy.limit(0)
    fast = rate(penstock, 0.3)
    run.note(f"free: {fast:.0f} records/s")

    redis.ask("CLIENT", "PAUSE", 60_000, "WRITE")
    time.sleep(0.5)
    paused = rate(penstock, 2.0)
    run.note(f"paused: {paused:.0f} records/s")
    redis.ask("CLIENT", "UNPAUSE")
    time.sleep(1.0)
    proxy.limit(SLOW_BYTES)
    time.sleep(3.5)  # what was in the sockets' buffers goes first
    slow = rate(penstock, 2.0)
    run.note(f"{SLOW_BYTES} B/s: {slow:.0f} records/s, "
             f"{penstock.child.rss_bytes() / 1e6:.0f} MB resident")
    left = RECORDS - penstock.scrape().outcome("written")
    proxy.limit(0)
    again = rate(penstock, 0.5)
    run.note(f"free again: {again:.0f} records/s, {left} were waiting")

    log.wait_committed(kafka, run.group, 60)
    run.note(f"all is committed; peak {penstock.watch.peak_rss / 1e6:.0f} MB resident")
    log_is_there(log, redis)
    expect(paused < fast / 20, "the pause was one")
    expect(0 < slow < fast / 5, "the slow proxy was one")
    expect(left > RECORDS / 10, "records were waiting when it was over")
    expect(again > fast / 3, f"{again:.0f} records/s after it, {fast:.0f} before")
    expect(penstock.watch.peak_rss <= RSS_LIMIT,
           f"{penstock.watch.peak_rss} bytes resident, the bound is {RSS_LIMIT}")
    expect_equal(penstock.scrape().total("penstock_redis_reconnects_total"), 0, "reconnects")
    expect_equal(penstock.stop(), 0, "exit status")


def fill(log, producer, random):
    """Values of 128 letters that no compression makes much smaller: librdkafka unpacks as a whole
    what one fetch brings."""
    head = struct.Struct("<ciqiiH")
    for number in range(PARTITIONS):
        log.partitions[number] = range(RECORDS // PARTITIONS)
    block = b"".join(head.pack(b"R", number % PARTITIONS, 0, 3, 128, 0) + b"key"
                     + random.randbytes(64).hex().encode() for number in range(BLOCK))
    for _ in range(RECORDS // BLOCK):
        producer.send(log.topic, block)
    producer.close()


def rate(penstock, seconds):
    """Records a second that are written now."""
    began, before = time.monotonic(), penstock.scrape().outcome("written")
    time.sleep(seconds)
    return (penstock.scrape().outcome("written") - before) / (time.monotonic() - began)


def log_is_there(log, redis):
    for number, offsets in enumerate(log.seen(redis)):
        expect(offsets == list(range(len(log.partitions[number]))),
               f"partition {number}: lost, repeated or out of order")


if __name__ == "__main__":
    main(memory_is_bounded_and_speed_comes_back)
