#!/usr/bin/env python3
"""What is said when Kafka goes, or takes away what was read: /readyz, /metrics, and the alerts of watch.md."""
import glob
import os
import subprocess

from harness import Kafka, Record, alerts, conf, expect, expect_equal, main, route, wait_until
from harness.child import BUILD
from harness.kafka import frame

RECORDS = 100
SOON = 40  # seconds: a grace of ten, questions each three and each nine, a busy machine
RIGHTS = ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
          "allow.everyone.if.no.acl.found=true")


def begin(run, *settings):
    """A Kafka of its own, two topics, and a bridge that has read both."""
    kafka, redis = Kafka(run.folder, shared=False, settings=settings), run.redis()
    run.made.append(kafka)
    topics = [run.topic, run.topic + ".other"]
    for topic in topics:
        kafka.create(topic, 1)
        producer = run.producer(kafka)
        producer.send(topic, b"".join(frame(Record(0, b"k%d" % number, b"x")) for number in range(RECORDS)))
        producer.close()
    penstock = run.penstock(conf(kafka, redis.url, run.group, [
        route(f"route{number}", topic, ["RPUSH seen:%{$topic} %{$value}"], format="raw")
        for number, topic in enumerate(topics)]))
    wait_until(lambda: penstock.written() == 2 * RECORDS, SOON, "the records arrive")
    for topic in topics:
        wait_until(lambda: states(penstock, topic) == {"assigned": 1}, SOON, f"{topic} is assigned")
    return kafka, penstock, topics


def states(penstock, topic):
    """{state: workers} of a topic, without those of which there are none."""
    return {labels["state"]: value for name, labels, value in penstock.scrape().samples
            if name == "penstock_topic_workers" and labels["topic"] == topic and value}


def fires(run, before, penstock, *wanted):
    """These alerts, and perhaps others, fire in a situation that lasts."""
    found = alerts.firing(run.folder, before, penstock.scrape())
    run.note(f"alerts: {sorted(found)}")
    expect(set(wanted) <= found, f"{sorted(wanted)} fire: {sorted(found)}")


def kafka_is_killed(run):
    """kill -9 of the only broker: not ready within the grace, the lag is called unknown, and it is over once it is back."""
    kafka, penstock, _ = begin(run)
    before = penstock.scrape()
    kafka.kill()
    wait_until(lambda: not penstock.ready(), 60, "it is not ready")
    wait_until(lambda: penstock.scrape().values("penstock_kafka_lag_unknown") == [1, 1], 60,
               "both lags are unknown")
    fires(run, before, penstock, "PenstockNotReady", "PenstockKafkaAway", "PenstockLagUnknown")
    kafka.start()
    wait_until(penstock.ready, SOON, lambda: f"it is ready again: {penstock.page('/readyz?verbose')}")
    wait_until(lambda: penstock.scrape().values("penstock_kafka_lag_unknown") == [0, 0], SOON,
               "both lags are known")


def a_topic_is_deleted(run):
    """One of two is deleted: the other one flows, and the bridge is not ready."""
    kafka, penstock, topics = begin(run)
    before = penstock.scrape()
    kafka.admin("delete", topics[1])
    wait_until(lambda: states(penstock, topics[1]) == {"missing": 1}, SOON,
               lambda: f"it is missing: {states(penstock, topics[1])}")
    wait_until(lambda: not penstock.ready(), SOON, "it is not ready")
    wait_until(lambda: f"[-]topic {topics[1]} of source main: it does not exist" in
               penstock.page("/readyz?verbose")[1], SOON, "it is named")
    expect_equal(states(penstock, topics[0]), {"assigned": 1}, "the other one")
    fires(run, before, penstock, "PenstockNotReady", "PenstockTopicNotRead")


def a_right_is_taken_back(run):
    """The right to read one of two: the bridge is not ready, and is again once it has the right."""
    kafka, penstock, topics = begin(run, *RIGHTS)
    before = penstock.scrape()

    def rule(what):
        jars = ":".join(glob.glob(os.path.join(BUILD, "kafka", "*.jar")))
        subprocess.run(["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", jars,
                        "org.apache.kafka.tools.AclCommand", "--bootstrap-server", kafka.brokers, what,
                        "--deny-principal", "User:ANONYMOUS", "--operation", "Read", "--topic",
                        topics[1], *(["--force"] if what == "--remove" else [])],
                       check=True, capture_output=True)

    rule("--add")
    wait_until(lambda: states(penstock, topics[1]) == {"forbidden": 1}, SOON,
               lambda: f"it is forbidden: {states(penstock, topics[1])}")
    wait_until(lambda: not penstock.ready(), SOON, "it is not ready")
    fires(run, before, penstock, "PenstockNotReady", "PenstockTopicNotRead")
    rule("--remove")
    wait_until(lambda: penstock.ready() and states(penstock, topics[1]) == {"assigned": 1}, SOON,
               lambda: f"it is ready again: {penstock.page('/readyz?verbose')}")


if __name__ == "__main__":
    main(kafka_is_killed, a_topic_is_deleted, a_right_is_taken_back)
