#!/usr/bin/env python3
"""Transactions: what was aborted is never written, what is open is waited for and shown."""
from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame


def records(begin, end):
    return b"".join(frame(Record(0, b"k", str(number).encode())) for number in range(begin, end))


class Transactions:
    """One topic of one partition, a transactional producer, and a penstock that pushes values."""

    def __init__(self, run):
        self.run, self.kafka, self.redis = run, run.kafka(), run.redis()
        self.kafka.create(run.topic, 1)
        self.producer = run.producer(self.kafka, f"transactional.id={run.topic}")
        self.penstock = run.penstock(conf(
            self.kafka, self.redis.url, run.group,
            [route("all", run.topic, ["RPUSH seen %{$value}"], format="raw")]))

    def begin(self, begin, end):
        """Records in a transaction that stays open, acknowledged by Kafka."""
        self.producer.begin()
        self.producer.send(self.run.topic, records(begin, end))
        self.producer.flush()

    def end(self, end):
        getattr(self.producer, end)()
        self.producer.flush()

    def whole(self, begin, end, how):
        self.begin(begin, end)
        self.end(how)

    def wait_seen(self, wanted):
        wait_until(lambda: len(self.seen()) >= len(wanted), 60, f"{len(wanted)} records arrive")
        expect_equal(self.seen(), wanted, "what Redis holds")

    def seen(self):
        return [int(number) for number in self.redis.ask("LRANGE", "seen", 0, -1)]

    def unstable(self):
        return self.penstock.scrape().total("penstock_kafka_unstable_offsets")

    def wait_at_end(self):
        """Committed to the very end of the log, and no lag."""
        end = self.kafka.ends(self.run.topic)
        wait_until(lambda: self.kafka.committed(self.run.group, self.run.topic) == end, 60,
                   f"committed up to {end}")
        wait_until(lambda: self.penstock.scrape().lag == 0, 60, "lag 0")


def an_open_transaction_is_shown_and_waited_for(run):
    """The metric and /readyz say what waits, and that nothing is wrong; then it is committed."""
    log = Transactions(run)
    log.whole(0, 10, "commit")
    log.wait_seen(list(range(10)))
    log.wait_at_end()
    expect_equal(log.unstable(), 0, "offsets that wait")
    log.begin(10, 30)
    run.note("20 records are in an open transaction")
    wait_until(lambda: log.unstable() == 20, 60, "the metric says how many wait")
    wait_until(lambda: "20 offsets from 11 on wait for the end of a transaction"
               in log.penstock.page("/readyz?verbose")[1], 60, "/readyz says it, too")
    expect_equal(log.penstock.page("/readyz")[0], 200, "/readyz")
    expect_equal(len(log.seen()), 10, "records in Redis")
    expect_equal(log.penstock.scrape().lag, 20, "lag")
    log.end("commit")
    log.wait_seen(list(range(30)))
    wait_until(lambda: log.unstable() == 0, 60, "nothing waits any more")
    log.wait_at_end()
    log.producer.close()
    expect_equal(log.penstock.stop(), 0, "exit status")


def what_was_aborted_is_never_written(run):
    """Between and behind committed records; the offset ends at the log's end, the lag at 0."""
    log = Transactions(run)
    log.whole(0, 10, "commit")
    log.whole(10, 20, "abort")
    log.whole(20, 30, "commit")
    wanted = list(range(10)) + list(range(20, 30))
    log.wait_seen(wanted)
    log.whole(30, 40, "abort")
    log.wait_at_end()
    expect_equal(log.seen(), wanted, "what Redis holds")
    log.producer.close()
    expect_equal(log.penstock.stop(), 0, "exit status")


def a_restart_before_markers_ends_at_the_logs_end(run):
    """All that lies behind the committed offset is no record: it is passed, and committed."""
    log = Transactions(run)
    log.whole(0, 10, "commit")
    log.wait_seen(list(range(10)))
    log.wait_at_end()
    expect_equal(log.penstock.stop(), 0, "exit status")
    log.whole(10, 20, "abort")
    expect_equal(log.kafka.committed(run.group, run.topic), {0: 11}, "committed")
    log.penstock.start()
    log.wait_at_end()
    expect_equal(log.kafka.committed(run.group, run.topic), {0: 22}, "committed")
    log.whole(20, 30, "commit")
    log.wait_seen(list(range(10)) + list(range(20, 30)))
    log.wait_at_end()
    log.producer.close()
    expect(not log.penstock.scrape().total("penstock_kafka_records_lost_total"), "records lost")
    expect_equal(log.penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(an_open_transaction_is_shown_and_waited_for, what_was_aborted_is_never_written,
         a_restart_before_markers_ends_at_the_logs_end)
