#!/usr/bin/env python3
"""A whole log goes through two workers: every record once, in order, and committed to the end."""
import json

from harness import Log, conf, expect_equal, main, route
from harness.log import LAST, SEEN

RECORDS = 200_000


def every_record_arrives_once_and_in_order(run):
    """200 000 JSON records, 8 partitions, 2 workers; group offsets at the end, asked of Kafka."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 8)
    log = Log(run.topic, 8, 5000, run.random)
    producer = run.producer(kafka)
    log.send(producer, RECORDS)
    producer.close()
    run.note(f"{RECORDS} records are in Kafka")

    penstock = run.penstock(conf(
        kafka, redis.url, run.group,
        [route("rides", run.topic, [SEEN, LAST, "HSET ride:%{key} seq %{seq} city %{city}"],
               format="json", all=True)],
        source="workers = 2;"))
    log.wait_committed(kafka, run.group, 60)
    run.note("all is committed")

    log.judge_exact(redis)
    judge_hashes(log, redis)
    scrape = penstock.scrape()
    expect_equal(scrape.lag, 0, "lag")
    expect_equal(scrape.outcome("written"), RECORDS, "records written")
    expect_equal(scrape.total("penstock_inflight_records"), 0, "records in flight")
    expect_equal(kafka.members(run.group), ("Stable", 2), "the group")
    expect_equal(penstock.stop(), 0, "exit status")
    expect_equal(kafka.committed(run.group, run.topic), log.ends(), "offsets after the stop")


def judge_hashes(log, redis):
    """What the route took out of the JSON is what the JSON said."""
    last = {}
    for records in log.partitions:
        for record in records:
            last[record.key] = record.value
    asked = redis.ask_all([("HMGET", b"ride:" + key, "seq", "city") for key in last])
    for (key, value), got in zip(last.items(), asked):
        ride = json.loads(value)
        expect_equal(got, [str(ride["seq"]).encode(), ride["city"].encode()], key)


if __name__ == "__main__":
    main(every_record_arrives_once_and_in_order)
