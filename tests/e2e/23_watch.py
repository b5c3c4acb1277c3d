#!/usr/bin/env python3
"""What is said of a bridge that does not read what it ought to: /readyz, /metrics, and the alerts of watch.md."""
import os
import signal
import subprocess

from harness import Record, alerts, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame
from harness.metrics import Scrape, fetch

OPENMETRICS = os.path.join(os.path.dirname(__file__), "../support/openmetrics")
RECORDS, GONE = 100, 60
SOON = 30  # seconds: a grace of ten, a question each three, a busy machine


def produce(run, kafka, topic, count=RECORDS, value=b"x"):
    producer = run.producer(kafka)
    producer.send(topic, b"".join(frame(Record(0, b"k%d" % number, value)) for number in range(count)))
    producer.close()


def push(topic, **more):
    return route(topic.replace(".", "_"), topic, ["RPUSH seen:%{$topic} %{$value}"], format="raw", **more)


def states(penstock, topic):
    """{state: workers} of a topic, without those of which there are none."""
    if not penstock.page("/livez")[0]:
        return {}
    return {labels["state"]: value for name, labels, value in penstock.scrape().samples
            if name == "penstock_topic_workers" and labels["topic"] == topic and value}


def lags(penstock):
    """The lag of each partition; none where the page does not answer yet."""
    try:
        return penstock.scrape().values("penstock_kafka_consumer_lag_records")
    except OSError:
        return []


def fires(run, before, during, *wanted):
    """Exactly these alerts fire in a situation that lasts."""
    expect_equal(alerts.firing(run.folder, before, during), set(wanted), "the alerts that fire")


def a_member_without_partitions_is_ready(run):
    """One partition, two members: both are well, no alert fires."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    produce(run, kafka, run.topic)
    made = conf(kafka, redis.url, run.group, [push(run.topic)])
    first, second = run.penstock(made, name="first"), run.penstock(made, name="second")
    wait_until(lambda: {"assigned", "elsewhere"} == {*states(first, run.topic), *states(second, run.topic)},
               SOON, lambda: f"one reads, one knows: {states(first, run.topic)} {states(second, run.topic)}")
    for penstock in first, second:
        expect(penstock.ready(), f"{penstock.name} is ready: {penstock.page('/readyz?verbose')}")
        scrape = penstock.scrape()
        fires(run, scrape, scrape)


def a_misspelt_topic_is_told(run):
    """One topic of two, and a pattern, that nothing is: not ready, and an alert for each."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    produce(run, kafka, run.topic)
    well = run.penstock(conf(kafka, redis.url, run.group, [push(run.topic)]), name="well")
    wait_until(lambda: states(well, run.topic) == {"assigned": 1}, SOON, "the topic is assigned")
    before = well.scrape()
    expect_equal(well.stop(), 0, "exit status")
    wrong, pattern = run.topic + ".misspelt", "^nothing[.]of[.]this$"
    penstock = run.penstock(conf(kafka, redis.url, run.group, [
        push(run.topic), push(wrong), route("pattern", pattern, ["SET k %{$value}"], format="raw")]), wait=False)
    wait_until(lambda: states(penstock, wrong) == {"missing": 1}, SOON, "it is missing")
    wait_until(lambda: states(penstock, run.topic) == {"assigned": 1}, SOON, "the other one is read")
    expect_equal(states(penstock, pattern), {"unmatched": 1}, "the pattern's state")
    named = f"[-]topic {wrong} of source main: it does not exist"
    wait_until(lambda: named in penstock.page("/readyz?verbose")[1], SOON, lambda: f"it is named: {penstock.page('/readyz?verbose')}")
    expect_equal(penstock.page("/readyz")[0], 503, "/readyz")
    fires(run, before, penstock.scrape(), "PenstockNotReady", "PenstockTopicNotRead")
    run.note("make the topic")
    kafka.create(wrong, 1)
    wait_until(lambda: states(penstock, wrong) == {"assigned": 1}, SOON, "it is read")


def both_formats_are_those_of_prometheus(run):
    """A bridge at work, read by parsers that others wrote; the same series in both formats."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 2)
    produce(run, kafka, run.topic)
    penstock = run.penstock(conf(kafka, redis.url, run.group, [push(run.topic)]))
    wait_until(lambda: penstock.written() == RECORDS, SOON, "all is written")
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    text, opened = (fetch(penstock.port, "/metrics", accept=wanted)[1] for wanted in ("*/*", accept))
    for parser, page in (["promtool", "check", "metrics"], text), ([OPENMETRICS], opened):
        lint = subprocess.run(parser, input=page, capture_output=True, text=True, check=False)
        expect_equal(lint.returncode, 0, f"{parser}: {lint.stdout}{lint.stderr}")
    series = [{(name, *sorted(labels.items())) for name, labels, _ in Scrape(page).samples} for page in (text, opened)]
    expect_equal(series[0] ^ series[1], set(), "series that only one format has")


def a_held_partition_has_a_lag(run):
    """Held out of range: what waits is counted, also what comes later."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    produce(run, kafka, run.topic)
    made = conf(kafka, redis.url, run.group, [push(run.topic)])
    penstock = run.penstock(made, name="before")
    wait_until(lambda: penstock.written() == RECORDS, SOON, "the first records arrive")
    before = penstock.scrape()
    expect_equal(penstock.stop(), 0, "exit status")
    produce(run, kafka, run.topic)
    kafka.admin("delete-records", run.topic, 0, RECORDS + GONE)
    penstock = run.penstock(made, wait=False)
    wait_until(lambda: lags(penstock) == [RECORDS - GONE], SOON, lambda: f"what waits: {lags(penstock)}")
    produce(run, kafka, run.topic, 10)
    wait_until(lambda: penstock.scrape().lag == RECORDS - GONE + 10, SOON, "what comes later counts too")
    expect_equal(penstock.page("/readyz")[0], 503, "/readyz")
    fires(run, before, penstock.scrape(), "PenstockNotReady", "PenstockPartitionHeld", "PenstockStalled",
          "PenstockRecordsLost")


def dead_letters_are_told(run):
    """Records that cannot be delivered, and a topic for letters that is there."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    kafka.create(run.topic + ".dlq", 1)
    made = conf(kafka, redis.url, run.group,
                [route("bad", run.topic, ["HSET %{$key} a %{a}"], format="json",
                       on_error="dlq")],
                top=f'dlq = {{ source = "main"; topic = "{run.topic}.dlq"; }};')
    penstock = run.penstock(made)
    before = penstock.scrape()
    produce(run, kafka, run.topic, 5, b"no json")
    wait_until(lambda: penstock.scrape().outcome("dead_lettered") == 5, SOON, "five letters")
    wait_until(lambda: sum(lags(penstock)) == 0, SOON, "their offsets are committed")
    expect(penstock.ready(), "it is ready")
    fires(run, before, penstock.scrape(), "PenstockDeadLetters")


def redis_is_away(run):
    """The server ends, and stays away."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    produce(run, kafka, run.topic)
    penstock = run.penstock(conf(kafka, redis.url, run.group, [push(run.topic)]))
    wait_until(lambda: penstock.written() == RECORDS, SOON, "the records arrive")
    before = penstock.scrape()
    redis.stop()
    wait_until(lambda: not penstock.ready(), SOON, "it is not ready")
    produce(run, kafka, run.topic)
    wait_until(lambda: penstock.scrape().lag == RECORDS, SOON, "records wait")
    fires(run, before, penstock.scrape(), "PenstockNotReady", "PenstockRedisAway", "PenstockStalled")


def a_refused_configuration_is_told(run):
    """Read again with a mistake: it runs on, and an alert fires until the file is right."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    penstock = run.penstock(conf(kafka, redis.url, run.group, [push(run.topic)]))
    before = penstock.scrape()
    with open(penstock.conf_path, encoding="utf-8") as file:
        good = file.read()
    for text, refused in (good + "colour = 1;\n", 1), (good, 0):
        with open(penstock.conf_path, "w", encoding="utf-8") as file:
            file.write(text)
        penstock.child.signal(signal.SIGHUP)
        wait_until(lambda: penstock.scrape().total("penstock_config_refused") == refused, SOON,  # pylint: disable=cell-var-from-loop
                   f"penstock_config_refused {refused}")
        expect(penstock.ready(), "it is ready")
        fires(run, before, penstock.scrape(), *["PenstockConfigRefused"] * refused)


if __name__ == "__main__":
    main(both_formats_are_those_of_prometheus, a_member_without_partitions_is_ready, a_misspelt_topic_is_told, a_held_partition_has_a_lag,
         dead_letters_are_told, redis_is_away, a_refused_configuration_is_told)
