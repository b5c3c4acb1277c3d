#!/usr/bin/env python3
"""A topic is deleted and made anew: no position of the old log is used in the new one."""
import time

from harness import Record, conf, expect_equal, main, route, wait_until
from harness.kafka import frame

OLD, NEW = 50, 200  # the new log is the longer one: no offset is out of range
REPLACED = "penstock_kafka_logs_replaced_total"


def produce(run, kafka, word, count):
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(0, b"k", f"{word}{number}".encode()))
                                      for number in range(count)))
    producer.close()


def created(run, kafka):
    try:
        kafka.create(run.topic, 1)
        return True
    except RuntimeError:
        return False


def anew(run, kafka, empty=0):
    """For so many seconds the new log is empty, so that every position is out of its range."""
    kafka.admin("delete", run.topic)
    wait_until(lambda: created(run, kafka), 60, "the topic can be made anew", every=0.02)
    time.sleep(empty)
    produce(run, kafka, "new", NEW)
    run.note(f"the topic is made anew, with {NEW} records")


def text(run, kafka, redis, delivery, policy, source=""):
    return conf(kafka, redis.url, run.group,
                [route("all", run.topic, ["RPUSH seen %{$value}"], format="raw",
                       delivery=delivery)],
                f'on_out_of_range = "{policy}"; commit_interval = "200ms"; {source}')


def begin(run, delivery, policy="earliest", source=""):
    """penstock has written and committed the whole old log."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    produce(run, kafka, "old", OLD)
    penstock = run.penstock(text(run, kafka, redis, delivery, policy, source))
    wait_until(lambda: kafka.committed(run.group, run.topic) == {0: OLD}, 60, "all is committed")
    return kafka, redis, penstock


def seen(redis):
    return [value.decode() for value in redis.ask("LRANGE", "seen", 0, -1)]


def arrives(redis, what="every record of the new log arrives, in order"):
    """Some may be there twice: those that were written before it was noticed."""
    wanted = [f"new{number}" for number in range(NEW)]
    wait_until(lambda: seen(redis)[-NEW:] == wanted, 60, lambda: f"{what}: {seen(redis)[-NEW:]}")


def told(penstock):
    """It is logged and counted, once for the one partition."""
    wait_until(lambda: penstock.scrape().total(REPLACED) == 1 and penstock.scrapes() > 0, 60,
               "it is counted")
    expect_equal(penstock.log().count("topic is another log"), 1, "lines that say so")


def goes_on(run, delivery):
    kafka, redis, penstock = begin(run, delivery)
    anew(run, kafka)
    arrives(redis)
    told(penstock)
    wait_until(lambda: kafka.committed(run.group, run.topic) == {0: NEW}, 60, "all is committed")
    expect_equal(penstock.stop(), 0, "exit status")


def while_it_runs(run):
    """on_out_of_range = "earliest": the new log is read from its beginning."""
    goes_on(run, "at_least_once")


def while_it_runs_exactly_once(run):
    """The same, exactly once: the checkpoint is of the old log."""
    goes_on(run, "exactly_once")


def while_it_runs_at_most_once(run):
    """The same, at most once."""
    goes_on(run, "at_most_once")


def it_stops_and_stays_so(run):
    """on_out_of_range = "stop": held, whatever is restarted, until the file says how to go on."""
    kafka, redis, penstock = begin(run, "at_least_once", "stop")
    anew(run, kafka)
    is_held(penstock)
    told(penstock)
    expect_equal(penstock.stop(), 0, "exit status")
    penstock = run.penstock(text(run, kafka, redis, "at_least_once", "stop"), "again", wait=False)
    is_held(penstock)
    expect_equal(penstock.stop(), 0, "exit status")
    penstock = run.penstock(text(run, kafka, redis, "at_least_once", "earliest"), "earliest")
    arrives(redis)
    told(penstock)


def it_stops_out_of_range(run):
    """Kafka says first that the position is out of range: it is another log all the same."""
    kafka, redis, penstock = begin(run, "at_least_once", "stop", "librdkafka = { topic_metadata_refresh_fast_interval_ms = 10; };")
    anew(run, kafka, empty=3)
    is_held(penstock)
    told(penstock)
    expect_equal(penstock.stop(), 0, "exit status")
    penstock = run.penstock(text(run, kafka, redis, "at_least_once", "stop"), "again", wait=False)
    is_held(penstock)


def it_stops_exactly_once(run):
    """The same, exactly once: the checkpoint remembers the old log."""
    kafka, redis, penstock = begin(run, "exactly_once", "stop")
    penstock.stop()
    anew(run, kafka)
    penstock = run.penstock(text(run, kafka, redis, "exactly_once", "stop"), "again", wait=False)
    is_held(penstock)
    expect_equal(len(seen(redis)), OLD, "records in Redis")
    expect_equal(penstock.stop(), 0, "exit status")
    run.penstock(text(run, kafka, redis, "exactly_once", "earliest"), "earliest")
    arrives(redis)
    expect_equal(len(seen(redis)), OLD + NEW, "records in Redis: none twice")


def is_held(penstock):
    wait_until(lambda: "is of another log than the topic has now" in
               penstock.page("/readyz?verbose")[1], 60, "/readyz says why it is held")
    expect_equal(penstock.page("/readyz")[0], 503, "/readyz")


def the_latest_is_counted(run):
    """on_out_of_range = "latest": what the new log holds already is passed over and counted."""
    kafka, redis, penstock = begin(run, "exactly_once", "latest")
    expect_equal(penstock.stop(), 0, "exit status")
    anew(run, kafka)
    penstock = run.penstock(text(run, kafka, redis, "exactly_once", "latest"), "again")
    told(penstock)
    wait_until(lambda: penstock.scrape().total("penstock_kafka_records_lost_total") == NEW, 60,
               "what is passed over is counted")
    produce(run, kafka, "more", 1)
    wait_until(lambda: seen(redis)[-1] == "more0", 60, "it goes on")


def while_it_is_held(run):
    """The record that holds the partition is gone with its log: the new one flows."""
    kafka, redis, penstock = begin(run, "at_least_once")
    redis.ask("SET", "seen", "not a list")
    produce(run, kafka, "wrong", 1)
    wait_until(lambda: "WRONGTYPE" in penstock.page("/readyz?verbose")[1], 60, "it is held")
    redis.ask("DEL", "seen")
    anew(run, kafka)
    arrives(redis)
    told(penstock)
    wait_until(lambda: penstock.ready(), 60, "it is ready again")


def while_the_sink_is_away(run):
    """Records of the old log wait for Redis; they are written, and then those of the new one."""
    kafka, redis, penstock = begin(run, "at_least_once")
    redis.hang()
    produce(run, kafka, "late", 10)
    wait_until(lambda: penstock.scrape().total("penstock_inflight_records") == 10, 60,
               "they are in flight")
    anew(run, kafka)
    redis.resume()
    arrives(redis)
    told(penstock)
    expect_equal([value for value in seen(redis) if value.startswith("late")],
                 [f"late{number}" for number in range(10)], "what waited is written")


def an_offset_that_the_operator_sets_stands(run):
    """Held, and the group's offset set by hand: it goes on there."""
    kafka, redis, penstock = begin(run, "at_least_once", "stop")
    anew(run, kafka)
    is_held(penstock)
    expect_equal(penstock.stop(), 0, "exit status")
    kafka.admin("commit", run.group, run.topic, 0, NEW - 1)
    run.penstock(text(run, kafka, redis, "at_least_once", "stop"), "again")
    wait_until(lambda: seen(redis)[-1] == f"new{NEW - 1}", 60, "the record there is written")


if __name__ == "__main__":
    main(while_it_runs, while_it_runs_exactly_once, while_it_runs_at_most_once,
         it_stops_and_stays_so, it_stops_out_of_range, it_stops_exactly_once, the_latest_is_counted, while_it_is_held,
         while_the_sink_is_away, an_offset_that_the_operator_sets_stands)
