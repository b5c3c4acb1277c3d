#!/usr/bin/env python3
"""The log as its reader needs it: who starts, why something waits, which records were dropped, how it stops."""
import os
import re
import signal
import subprocess
import time

from harness import conf, expect, expect_equal, main, route
from harness.check import wait_until
from harness.log import Record, frame
from harness.penstock import PROGRAM


def _send(run, kafka, values, partition=0):
    """Writes `values` in order to one partition."""
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(
        frame(Record(partition, b"k%d" % number, value)) for number, value in enumerate(values)))
    producer.close()


def _lines(penstock, *words):
    """The lines of the log that have each of `words`."""
    return [line for line in penstock.log().splitlines() if all(word in line for word in words)]


def _line(penstock, *words, seconds=60):
    """The first such line, waited for."""
    wait_until(lambda: _lines(penstock, *words), seconds, lambda: f"{words}: {penstock.log()}")
    return _lines(penstock, *words)[0]


def the_first_line_says_who_starts(run):
    """Version, file, libraries, pid; then the group and its brokers; what is connected for what."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 2)
    text = conf(kafka, redis.url, run.group,
                [route("r", run.topic, ["SET k:%{$key} %{$value}"], on_error="dlq")],
                top='dlq = { sink = "live"; stream = "penstock:dlq"; };')
    penstock = run.penstock(text)
    first = penstock.log().splitlines()[0]
    for fact in ('msg="penstock starts"', "version=", f"config={penstock.conf_path}", "librdkafka=",
                 "hiredis=", "libevent=", f"pid={penstock.child.pid}"):
        expect(fact in first, f"{fact} in {first}")
    assigned = _line(penstock, 'msg="partitions assigned"')
    expect(f"group={run.group}" in assigned and f"brokers={kafka.brokers}" in assigned, assigned)
    connected = [line.split(" ", 1)[1] for line in _lines(penstock, 'msg="connected to redis"')]
    expect(len(connected) > 1 and len(set(connected)) == len(connected), f"told apart: {connected}")
    _line(penstock, 'msg="ready"')


def a_held_partition_is_an_error_with_route_and_remedy(run):
    """One line that says where, by which route, why, and what to do; and a stop that names it."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    _send(run, kafka, [b"1", b"2", b"3"])
    redis.ask("SET", "list", "text")
    penstock = run.penstock(conf(kafka, redis.url, run.group,
                                 [route("lists", run.topic, ["RPUSH list %{$value}"])]), wait=False)
    line = _line(penstock, 'msg="partition held"')
    for fact in ("level=error", f"topic={run.topic}", "partition=0", "offset=0", "route=lists",
                 "WRONGTYPE", "remedy="):
        expect(fact in line, f"{fact} in {line}")
    page = penstock.page("/readyz?verbose")[1]
    expect(f"[-]partition {run.topic}[0]: offset 0: route lists: WRONGTYPE" in page, page)
    line = _line(penstock, "started, but not ready yet", seconds=20)
    expect(f"partition {run.topic}[0]: offset 0" in line, f"the reason: {line}")
    expect_equal(penstock.stop(), 0, "exit status")
    line = _line(penstock, "stopped with work left")
    expect("held_partitions=1" in line and f"{run.topic}[0]: offset 0" in line, line)
    expect_equal(len(_lines(penstock, 'msg="partition held"')), 1, "told once")


def every_dropped_record_can_be_found(run):
    """The first twenty by themselves, the others as ranges, also where the stop comes at once."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    bad = [number for number in range(1000) if number % 10 or number > 500]
    _send(run, kafka, [b"[]" if number in set(bad) else b'{"a":1}' for number in range(1000)])
    penstock = run.penstock(conf(kafka, redis.url, run.group,
                                 [route("r", run.topic, ["SET k:%{$key} %{a}"], on_error="skip",
                                        format="json")]))
    wait_until(lambda: penstock.scrape().outcome("dropped") == len(bad), 60, "all are dropped")
    expect_equal(penstock.stop(), 0, "exit status")
    named = []
    for line in _lines(penstock, 'msg="record dropped"', f"topic={run.topic}", "partition=0", "route=r"):
        one, many = re.search(r" offset=(\d+)", line), re.search(r" offsets=(\S+)", line)
        if one:
            named.append(int(one.group(1)))
        for part in many.group(1).split(",") if many else []:
            first, _, last = part.partition("-")
            named += range(int(first), int(last or first) + 1)
    expect_equal(sorted(named), bad, "every offset that was dropped")


def a_member_that_is_fenced_names_its_id(run):
    """Two processes of one instance_id: the one that goes says which."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    text = conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"])],
                source='instance_id = "bridge";')
    first = run.penstock(text)
    second = run.penstock(text, "second", wait=False)
    expect(first.child.wait(30) is not None, "the first one ends")
    line = _line(first, 'msg="worker failed"')
    expect("'bridge-0'" in line and run.group in line and "instance_id of its own" in line, line)
    first.stop()
    second.stop()


def a_redis_that_was_never_reached_does_not_hold_up_a_stop(run):
    """Two seconds, the group is left, and the next start gets its partitions at once."""
    kafka = run.kafka()
    kafka.create(run.topic, 4)
    _send(run, kafka, [b"1", b"2", b"3"])
    text = conf(kafka, "redis://127.0.0.1:1", run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"])])
    penstock = run.penstock(text, wait=False)
    _line(penstock, 'msg="partitions assigned"')
    time.sleep(1)
    began = time.monotonic()
    penstock.child.signal(signal.SIGINT)
    expect_equal(penstock.child.wait(30), 0, "exit status")
    took = time.monotonic() - began
    expect(took < 15, f"the stop took {took:.1f} s")  # drain_timeout: 30
    expect("Connection refused" in _line(penstock, "stopped with work left", "records_read_again=3"), "why")
    expect_equal(kafka.members(run.group)[1], 0, "members of the group after the stop")
    penstock.stop()
    redis = run.redis()
    again = run.penstock(text.replace("redis://127.0.0.1:1", redis.url), "again", wait=False)
    again.wait_ready(60)
    wait_until(lambda: redis.ask("DBSIZE") == 3, 60, "all is written")
    again.stop()


def another_reason_of_the_same_outage_is_told_at_once(run):
    """A Redis that comes back with another password: WRONGPASS within seconds, not after a minute."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    redis.stop()
    penstock = run.penstock(conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"])],
                                 sink='username = "nobody"; password = "wrong";'), wait=False)
    _line(penstock, "does not accept commands", "Connection refused")
    redis.start()
    began = time.monotonic()
    _line(penstock, "does not accept commands", "WRONGPASS", seconds=30)
    run.note(f"told after {time.monotonic() - began:.1f} s")
    wait_until(penstock.scrapes, 60, "it was scraped")


def a_topic_of_dead_letters_that_is_missing_is_told_at_start(run):
    """By name and with what to do, in the log and in /readyz, before there is a letter; and when it is there."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    text = conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"], on_error="dlq")],
                top=f'dlq = {{ source = "main"; topic = "{run.topic}.dlq"; }};')
    penstock = run.penstock(text, wait=False)
    line = _line(penstock, 'msg="dead letters could not be delivered"', "level=error", f"topic {run.topic}.dlq")
    expect("Unknown topic" in line and "create the topic" in line, line)
    wait_until(lambda: f"[-]dlq: topic {run.topic}.dlq: " in penstock.page("/readyz?verbose")[1], 60, "/readyz")
    kafka.create(f"{run.topic}.dlq", 1)
    _line(penstock, 'msg="dead letters can be delivered"')
    penstock.wait_ready(60)


def check_online_counts_and_names_what_it_finds(run):
    """A group that began and has finished nothing; then a broker whose advertised name does not resolve."""
    kafka, redis = run.kafka(shared=False), run.redis()
    kafka.create(run.topic, 4)
    text = conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"], on_error="dlq")],
                top='dlq = { source = "main"; topic = "none.dlq"; };')
    nowhere = os.path.join(run.folder, "nowhere.conf")
    with open(nowhere, "w", encoding="utf-8") as file:
        file.write(text.replace(kafka.brokers, "nowhere.invalid:9092"))
    letters = subprocess.Popen([PROGRAM, "dlq", "list", "-c", nowhere], stderr=subprocess.PIPE, text=True)
    penstock = run.penstock(text, wait=False)
    _line(penstock, 'msg="partitions assigned"')
    wait_until(lambda: all(int(committed) >= 0 for _, committed, _, _ in kafka.admin("offsets", run.group, run.topic)),
               60, "the group begins")
    penstock.stop()
    path = os.path.join(run.folder, "online.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

    def check():
        return subprocess.run([PROGRAM, "check", "--online", path], capture_output=True, text=True, timeout=60,
                              check=False)
    done = check()
    expect("4 of 4 partitions have a committed offset, 4 of them only that at which the group began" in done.stdout,
           done.stdout)
    expect("topic none.dlq, of the dlq: Broker: Unknown topic or partition: create the topic" in done.stdout,
           done.stdout)
    kafka.stop()
    kafka.settings = f"advertised.listeners=PLAINTEXT://nowhere.invalid:{kafka.port}"
    kafka.start()
    done = check()
    expect_equal(done.returncode, 69, "exit status")
    expect(f"broker 1 at nowhere.invalid:{kafka.port}, its advertised address: " in done.stdout and
           "resolve" in done.stdout, done.stdout)
    expect("Timed out" not in done.stdout, done.stdout)
    said = letters.communicate(timeout=30)[1]
    expect(letters.returncode == 69 and "Failed to resolve 'nowhere.invalid:9092'" in said, f"dlq: {said}")


if __name__ == "__main__":
    main(the_first_line_says_who_starts, a_held_partition_is_an_error_with_route_and_remedy,
         every_dropped_record_can_be_found, a_member_that_is_fenced_names_its_id,
         a_redis_that_was_never_reached_does_not_hold_up_a_stop,
         another_reason_of_the_same_outage_is_told_at_once,
         a_topic_of_dead_letters_that_is_missing_is_told_at_start, check_online_counts_and_names_what_it_finds)
