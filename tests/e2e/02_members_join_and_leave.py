#!/usr/bin/env python3
"""A second process joins the group in mid-flow, and one leaves: nothing lost or odd, and nothing
twice but what Redis left without an answer."""
import time

from harness import Log, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN

RECORDS = 200_000
PER_SECOND = 20_000


def partitions_of(penstock):
    return penstock.scrape().total("penstock_kafka_partition_assigned")


def clean_moves_repeat_nothing(run):
    """20 000 records a second while a second process joins, and later the first one leaves."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 8)
    text = conf(kafka, redis.url, run.group,
                [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
                source="workers = 2; librdkafka = { heartbeat_interval_ms = 500; };")
    log = Log(run.topic, 8, 5000, run.random)
    producer = run.producer(kafka)
    first = run.penstock(text, "first")
    load = run.background(log.send, producer, RECORDS, per_second=PER_SECOND)
    time.sleep(2)

    second = run.penstock(text, "second")
    wait_until(lambda: partitions_of(second) == 4 and partitions_of(first) == 4, 60,
               "each has half of the partitions")
    run.note("each has half of the partitions")
    time.sleep(2)

    run.note("stop first")
    expect_equal(first.stop(), 0, "exit status of the first")
    wait_until(lambda: partitions_of(second) == 8, 60, "the second has all partitions")
    run.note("the second has all partitions")

    load.join()
    producer.close()
    log.wait_committed(kafka, run.group, 60)
    log.judge_exact(redis)
    expect(second.scrape().total("penstock_kafka_rebalances_total", event="assign") >= 2,
           "there was a rebalance")
    expect_equal(second.scrape().lag, 0, "lag")
    expect_equal(second.stop(), 0, "exit status of the second")


def what_redis_left_unanswered_is_not_committed_by_a_revoke(run):
    """Redis falls silent, and the partitions are taken away with work in flight: what it never
    read dies with it, and is read again by the next owner."""
    kafka, redis = run.kafka(), run.redis(aof=True)
    kafka.create(run.topic, 8)
    text = conf(kafka, redis.url, run.group,
                [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
                source='drain_timeout = "1s"; commit_interval = "100ms"; '
                       "librdkafka = { heartbeat_interval_ms = 200; };")
    log = Log(run.topic, 8, 5000, run.random)
    producer = run.producer(kafka)
    first = run.penstock(text, "first")
    load = run.background(log.flow, producer, PER_SECOND // 4)
    first.wait_flowing()

    redis.hang()
    run.note("Redis is silent")
    wait_until(lambda: first.scrape().total("penstock_inflight_records") > 0, 60,
               "something is in flight")
    time.sleep(0.5)
    inflight = first.scrape().total("penstock_inflight_records")
    second = run.penstock(text, "second", wait=False)
    wait_until(lambda: partitions_of(first) == 4, 60, "the first has half of the partitions")
    run.note(f"the first has half of the partitions; {inflight:.0f} records had no answer")
    redis.kill()
    redis.start()
    run.note("Redis is back")

    second.wait_ready()
    log.end_flow()
    load.join()
    producer.close()
    log.wait_committed(kafka, run.group, 60)
    repeats = log.judge_repeats(redis, inflight + PER_SECOND)
    run.note(f"{repeats} records came again")
    for penstock in (first, second):
        expect_equal(penstock.stop(), 0, f"exit status of the {penstock.name}")


if __name__ == "__main__":
    main(clean_moves_repeat_nothing, what_redis_left_unanswered_is_not_committed_by_a_revoke)
