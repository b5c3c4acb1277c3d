#!/usr/bin/env python3
"""A record's trace, by its traceparent header: in /metrics, in the log, in dead letters and what comes of them."""
import os
import re
import subprocess

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame
from harness.metrics import fetch
from harness.penstock import PROGRAM

OPENMETRICS = os.path.join(os.path.dirname(__file__), "../support/openmetrics")
ADD = "INCRBY sum:%{$topic}:%{n} %{n}"
KEEP = "HSET trace:%{$topic}:%{n} parent %{$header.traceparent} state %{$header.tracestate}"


def trace(number):
    return f"{number + 1:032x}"


def headers(number, flags="01"):
    parent = f"00-{trace(number)}-{number + 1:016x}-{flags}"
    return (("traceparent", parent.encode()), ("tracestate", b"vendor=%d" % number))


def send(run, kafka, topic, rows):
    """`rows` are (value, headers); offset is index."""
    producer = run.producer(kafka)
    producer.send(topic, b"".join(frame(Record(0, b"k", value, own)) for value, own in rows))
    producer.close()


def lines(penstock, event):
    """{offset: trace_id or None} of the lines about one record."""
    found = {}
    for line in penstock.log().splitlines():
        if event in line:
            offset, name = re.search(r"\boffset=(\d+)", line), re.search(r"\btrace_id=(\S+)", line)
            if offset:
                found[int(offset[1])] = name and name[1]
    return found


def exemplars_lead_from_the_latency_to_a_trace(run):
    """Only of records that were sampled; a parser that others wrote reads them."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    send(run, kafka, run.topic, [(b'{"n":1}', ()), (b'{"n":1}', (("traceparent", b"00-malformed"),)),
                                 (b'{"n":1}', headers(2, "00"))])
    penstock = run.penstock(conf(kafka, redis.url, run.group, [route("all", run.topic, [ADD], format="json")]))

    def parsed():
        page = fetch(penstock.port, "/metrics", accept="application/openmetrics-text;version=1.0.0")[1]
        lint = subprocess.run([OPENMETRICS], input=page, capture_output=True, text=True, check=False)
        expect_equal(lint.returncode, 0, f"{lint.stdout}{lint.stderr}")
        return lint.stdout.splitlines()

    wait_until(lambda: penstock.written() == 3, 60, "the first records are written")
    expect(parsed()[0].endswith(", 0 exemplars"), parsed()[0])
    send(run, kafka, run.topic, [(b'{"n":1}', headers(number)) for number in range(3, 10)])
    wait_until(lambda: penstock.written() == 10, 60, "all is written")
    found = parsed()
    expect(1 <= len(found) - 1 <= 7, f"{found}")
    expect(all(re.fullmatch(r"\d+\.\d+ span_id=0{15}[4-9a] trace_id=0{31}[4-9a]", line) for line in found[1:]), f"{found}")
    expect(" # {" not in fetch(penstock.port, "/metrics")[1], "the text format has no exemplars")


def lines_about_a_record_name_its_trace(run):
    """Dropped, a dead letter, held: each line has the trace of its record, and no other one."""
    kafka, redis = run.kafka(), run.redis()
    topics = [f"{run.topic}.{name}" for name in ("skip", "dlq", "stop")]
    for topic in topics:
        kafka.create(topic, 1)
    kafka.create(run.topic + ".dead", 1)
    for topic in topics[:2]:
        redis.ask("SET", f"sum:{topic}:9", "no number")
        send(run, kafka, topic, [(b'{"n":1}', headers(0)), (b'{"n":"x"}', headers(1)), (b'{"n":"x"}', ()),
                                 (b"{", headers(3, "00")), (b"{", (("traceparent", b"00-nonsense"),)),
                                 (b'{"n":9}', headers(5)), (b'{"n":9}', ())])
    send(run, kafka, topics[2], [(b'{"n":"x"}', headers(7))])
    rows = [route(name, topic, [ADD], format="json", on_error=name)
            for name, topic in zip(("skip", "dlq", "stop"), topics)]
    penstock = run.penstock(conf(kafka, redis.url, run.group, rows,
                                 top=f'dlq = {{ source = "main"; topic = "{run.topic}.dead"; }};'), wait=False)
    want = {1: trace(1), 2: None, 3: trace(3), 4: None, 5: trace(5), 6: None}
    for event in "record dropped", "record becomes a dead letter":
        wait_until(lambda event=event: len(lines(penstock, event)) == len(want), 60, f"lines: {event}")
        expect_equal(lines(penstock, event), want, event)
    wait_until(lambda: lines(penstock, "partition held"), 60, "the partition is held")
    expect_equal(lines(penstock, "partition held"), {0: trace(7)}, "partition held")
    expect_equal(penstock.stop(), 0, "exit status")


def a_dead_letter_keeps_the_trace(run):
    """In a topic and in a stream; "dlq show" has it, and "dlq retry" brings it back to the route."""
    kafka, redis = run.kafka(), run.redis()
    for kind in "topic", "stream":
        topic = f"{run.topic}.{kind}"
        kafka.create(topic, 1)
        top = f'dlq = {{ sink = "live"; stream = "dead:{kind}"; }};'
        if kind == "topic":
            kafka.create(topic + ".dead", 1)
            top = f'dlq = {{ source = "main"; topic = "{topic}.dead"; }};'
        key = f"trace:{topic}:5"
        redis.ask("SET", key, "no hash")
        send(run, kafka, topic, [(b'{"n":5}', headers(5))])
        penstock = run.penstock(conf(kafka, redis.url, f"{run.group}.{kind}",
                                     [route("all", topic, [KEEP], format="json", on_error="dlq")], top=top), name=kind)

        def dlq(*words, made=penstock):
            done = subprocess.run([PROGRAM, "dlq", words[0], "-c", made.conf_path, *words[1:]],
                                  capture_output=True, text=True, timeout=60, check=False)
            expect_equal(done.returncode, 0, f"dlq {words}: {done.stdout}{done.stderr}")
            return done.stdout

        wait_until(lambda made=penstock: made.scrape().outcome("dead_lettered") == 1, 60, "a letter")
        shown = dlq("show", dlq("list").split()[0])
        for name, value in headers(5):
            expect(f"{name} = {value.decode()}" in shown, shown)
        redis.ask("DEL", key)
        dlq("retry", "--all")
        wrote = [bytes(part).decode() for part in redis.ask("HGETALL", key)]
        expect_equal(wrote, ["parent", headers(5)[0][1].decode(), "state", "vendor=5"], "what the retry wrote")


if __name__ == "__main__":
    main(exemplars_lead_from_the_latency_to_a_trace, lines_about_a_record_name_its_trace, a_dead_letter_keeps_the_trace)
