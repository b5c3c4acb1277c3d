#!/usr/bin/env python3
"""A primary dies and its replica takes over: what was committed is in the replica, whatever Redis had answered."""
import time

from harness import Log, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN
from harness.proxy import Proxy

PER_SECOND = 5_000
PARTITIONS = 8


class Pair:
    """A primary and its replica, which has a replica too; penstock and the replica come by proxies."""

    def __init__(self, run):
        self.primary = run.redis("--repl-diskless-sync-delay", "0")
        self.link = Proxy(self.primary.port)  # of replication
        self.front = Proxy(self.primary.port)
        self.replica = run.redis("--repl-diskless-sync-delay", "0")
        follow(self.replica, self.link.port)
        self.last = run.redis("--repl-diskless-sync-delay", "0")
        follow(self.last, self.replica.port)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.front.port}"

    def fail(self):
        self.primary.kill()
        self.link.cut()
        self.replica.ask("REPLICAOF", "NO", "ONE")

    def go_on(self):
        self.front.target_port = self.replica.port
        self.front.cut()


def follow(redis, port):
    redis.ask("REPLICAOF", "127.0.0.1", port)
    wait_until(lambda: b"master_link_status:up" in redis.ask("INFO", "replication"), 60,
               "the replica follows")


def a_replica_takes_over(run):
    """The primary is killed while its replica lags behind, under load."""
    fail_over(run, "at_least_once")


def a_replica_takes_over_and_nothing_comes_twice(run):
    """The same with delivery = "exactly_once": what the replica has decides."""
    fail_over(run, "exactly_once")


def fail_over(run, delivery):
    kafka, pair = run.kafka(), Pair(run)
    log, producer, penstock = begin(run, kafka, pair, delivery=delivery)
    load = run.background(log.flow, producer, PER_SECOND)
    wait_until(lambda: sum(kafka.committed(run.group, run.topic).values()) > 2 * PER_SECOND, 60,
               "something is committed")
    run.note("the replica lags")
    pair.link.stall()
    wait_until(lambda: penstock.page("/readyz?verbose")[0] == 503
               and "wait(1): 0 replicas acknowledged" in penstock.page("/readyz?verbose")[1], 60,
               lambda: f"/readyz says why: {penstock.page('/readyz?verbose')}")
    time.sleep(0.5)
    answered = sum(len(part) for part in log.seen(pair.primary))
    run.note("kill the primary, promote the replica")
    pair.fail()
    time.sleep(1)  # a commit that was under way
    judge_committed(run, kafka, log, pair.replica, answered)
    pair.go_on()
    wait_until(penstock.ready, 60, "ready again")
    run.note("ready again")
    time.sleep(1)
    finish(run, log, producer, load, kafka, pair, penstock, delivery)


def judge_committed(run, kafka, log, redis, answered):
    """Every record below the committed offset is in `redis`; not all that was answered is."""
    committed = kafka.committed(run.group, run.topic)
    seen = log.seen(redis)
    there = sum(len(part) for part in seen)
    run.note(f"{answered} were answered, {there} of them are in the replica, "
             f"{sum(committed.values())} are committed")
    expect(there < answered, "nothing was lost: the fault did not happen")
    for number, offset in committed.items():
        missing = set(range(offset)) - set(seen[number])
        expect(not missing, f"partition {number}: committed {offset}, but {len(missing)} of them "
                            f"are not in the replica: {sorted(missing)[:5]}")


def begin(run, kafka, pair, **options):
    kafka.create(run.topic, PARTITIONS)
    log = Log(run.topic, PARTITIONS, 2000, run.random)
    producer = run.producer(kafka)
    penstock = run.penstock(conf(
        kafka, pair.url, run.group,
        [route("rides", run.topic, [SEEN, LAST], format="raw", all=True, **options)],
        source='workers = 2; commit_interval = "100ms";',
        sink='durable = "wait(1, 200ms)";'))
    return log, producer, penstock


def finish(run, log, producer, load, kafka, pair, penstock, delivery):
    log.end_flow()
    load.join()
    producer.close()
    log.wait_committed(kafka, run.group, 60)
    for redis in (pair.replica, pair.last):
        repeats = log.judge_repeats(redis, 0 if delivery == "exactly_once" else log.produced)
    run.note(f"of {log.produced} records {repeats} came to the new primary again")
    scrape = penstock.scrape()
    expect(scrape.total("penstock_barriers_total", outcome="reached") > 0, "barriers are counted")
    expect(scrape.total("penstock_barriers_total", outcome="short") > 0, "short ones too")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(a_replica_takes_over, a_replica_takes_over_and_nothing_comes_twice)
