#!/usr/bin/env python3
"""What is counted goes on when a configuration makes workers join their group anew."""
from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame


def workers_that_join_again_go_on_counting_and_leave_no_gauge_behind(run):
    """A topic is given up while Redis hangs: what was in flight of it is nobody's any more."""
    kafka, redis = run.kafka(), run.redis()
    more = run.topic + ".more"
    kafka.create(run.topic, 2)
    kafka.create(more, 2)

    def text(topics):
        return conf(kafka, redis.url, run.group, [route("r", topics, ["SET k:%{$topic}:%{$key} %{$value}"])],
                    source='drain_timeout = "1s";')

    def total(name, **labels):
        return penstock.scrape().total(name, **labels)

    penstock = run.penstock(text("^" + run.topic))
    wait_until(lambda: total("penstock_kafka_partition_assigned") == 4, 30, "both are read")
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(0, b"k", b"v")) for _ in range(20)))
    producer.flush()
    wait_until(lambda: penstock.scrape().outcome("written") == 20, 30, "written")
    redis.hang()
    producer.send(more, b"".join(frame(Record(0, b"k", b"v")) for _ in range(10)))
    producer.close()
    wait_until(lambda: total("penstock_inflight_records") == 10, 30, "in flight")
    penstock.reload(text(run.topic))
    wait_until(lambda: total("penstock_inflight_records") == 0, 30, "nothing is in flight")
    redis.resume()
    wait_until(penstock.ready, 30, "it is ready")
    scrape = penstock.scrape()
    expect_equal(scrape.imbalance(), [], "records that became of nothing")
    expect_equal(scrape.total("penstock_kafka_partition_assigned"), 2, "assigned partitions")
    expect_equal(scrape.total("penstock_topic_workers", topic=more), 0, "workers that read the topic that is gone")
    expect(scrape.total("penstock_kafka_records_consumed_total") >= 30, "no count falls")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(workers_that_join_again_go_on_counting_and_leave_no_gauge_behind)
