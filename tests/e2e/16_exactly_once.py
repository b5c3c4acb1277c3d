#!/usr/bin/env python3
"""Exactly once, though it is killed, stopped and taken over: every count is what the log adds up to."""
import signal
import time

from harness import Log, conf, expect, expect_equal, main, route, wait_until
from harness.log import SEEN, describe

PARTITIONS = 8
PER_SECOND = 4000
COUNTED = [SEEN,
           "INCRBY sum:%{$topic}:%{$partition} %{$offset}",
           "ZINCRBY board:%{$topic}:%{$partition} 1 %{$key}",
           "XADD stream:%{$topic}:%{$partition} * offset %{$offset}"]


def kills_repeat_and_lose_nothing(run):
    """Two processes, one of them killed at a random instant, again and again."""
    kafka, redis = run.kafka(), run.redis()
    log, producer, load = begin(run, kafka)
    members = [member(run, kafka, redis, name) for name in ("one", "two")]
    for number in range(12):
        victim = members[number % 2]
        victim.wait_flowing()
        time.sleep(run.random.uniform(0.0, 1.2))
        victim.kill()
        run.note(f"kill {number + 1}: {victim.name}")
        time.sleep(run.random.uniform(0.0, 0.3))
        victim.start(wait=False)
    finish(run, log, producer, load, kafka, redis, members)


def a_woken_zombie_writes_nothing(run):
    """One of two is stopped for longer than its session; the other goes on with its partitions."""
    kafka, redis = run.kafka(), run.redis()
    log, producer, load = begin(run, kafka)
    members = [member(run, kafka, redis, name) for name in ("one", "two")]
    kept = 0
    for number in range(4):
        zombie, other = members[number % 2], members[1 - number % 2]
        wait_until(lambda: assigned(zombie) and assigned(other), 60, "both have partitions")
        zombie.wait_flowing()
        before = zombie.scrape().outcome("returned")
        redis.hang()  # so that there is more in its hands than it has sent
        time.sleep(0.4)
        zombie.child.signal(signal.SIGSTOP)
        redis.resume()
        wait_until(lambda: assigned(other) == PARTITIONS, 60, "the other has all partitions")
        wait_until(lambda: other.scrape().lag < PER_SECOND, 60, "the other caught up")
        zombie.child.signal(signal.SIGCONT)
        time.sleep(1)
        returned, fenced = zombie.scrape().outcome("returned") - before, fences(zombie)
        run.note(f"{zombie.name} was stopped and woken with {returned:.0f} records in its hands; "
                 f"fenced {fenced:.0f} times so far")
        kept += returned
    finish(run, log, producer, load, kafka, redis, members)
    expect(kept > 0, "no zombie had a record in its hands: the test shows nothing")


def other_routes_of_the_same_group_do_not_go_on(run):
    """A second configuration under the group's name is told apart, and its partitions are held."""
    kafka, redis = run.kafka(), run.redis()
    log, producer, load = begin(run, kafka)
    right = member(run, kafka, redis, "right")
    wait_until(lambda: all(log.seen(redis)), 60, "the right one writes to every partition")
    wrong = member(run, kafka, redis, "wrong", name="renamed", wait=False)
    wait_until(lambda: "is of other routes" in wrong.page("/readyz?verbose")[1], 60,
               "the wrong one is not ready, and says why")
    expect_equal(wrong.written(), 0, "records that the wrong one wrote")
    expect_equal(wrong.stop(), 0, "exit status of the wrong one")
    finish(run, log, producer, load, kafka, redis, [right])


def begin(run, kafka):
    kafka.create(run.topic, PARTITIONS)
    log = Log(run.topic, PARTITIONS, 2000, run.random)
    producer = run.producer(kafka)
    return log, producer, run.background(log.flow, producer, PER_SECOND)


def member(run, kafka, redis, process, name="counts", wait=True):
    text = conf(kafka, redis.url, run.group,
                [route(name, run.topic, COUNTED, format="raw", all=True, delivery="exactly_once")],
                source='commit_interval = "100ms"; librdkafka = { '
                       "session_timeout_ms = 1000; heartbeat_interval_ms = 200; };")
    return run.penstock(text, name=process, wait=wait)


def assigned(penstock):
    """How many partitions it believes to own; 0 where it does not answer."""
    try:
        return int(penstock.scrape().total("penstock_kafka_partition_assigned"))
    except OSError:
        return 0


def fences(penstock):
    return penstock.scrape().total("penstock_fenced_total")


def finish(run, log, producer, load, kafka, redis, members):
    log.end_flow()
    load.join()
    producer.close()
    run.note(f"{log.produced} records were produced")
    log.wait_committed(kafka, run.group, 60)
    judge(redis, log)
    for penstock in members:
        expect_equal(penstock.stop(), 0, f"exit status of {penstock.name}")
    judge(redis, log)


def judge(redis, log):
    """Every list, sum, board and stream is what the log adds up to."""
    for number, offsets in enumerate(log.seen(redis)):
        records = log.partitions[number]
        expect(offsets == list(range(len(records))),
               f"partition {number}: {describe(offsets, len(records))}")
        where = f"{log.topic}:{number}"
        expect_equal(int(redis.ask("GET", f"sum:{where}")), sum(range(len(records))),
                     f"the sum of partition {number}")
        entries = redis.ask("XRANGE", f"stream:{where}", "-", "+")
        expect_equal([int(fields[1]) for _, fields in entries], offsets,
                     f"the stream of partition {number}")
        judge_board(redis.ask("ZRANGE", f"board:{where}", 0, -1, "WITHSCORES"), records, number)


def judge_board(rows, records, number):
    wanted = {}
    for record in records:
        wanted[record.key] = wanted.get(record.key, 0) + 1
    got = {rows[i]: int(rows[i + 1]) for i in range(0, len(rows), 2)}
    expect_equal(got, wanted, f"the board of partition {number}")


if __name__ == "__main__":
    main(kills_repeat_and_lose_nothing, a_woken_zombie_writes_nothing,
         other_routes_of_the_same_group_do_not_go_on)
