#!/usr/bin/env python3
"""The configuration is read again just when something else happens: a start, a rebalance, a stop; and changes that touch the sink itself."""
import signal
import time

from harness import Certificates, Flow, conf, expect, expect_equal, main, route, wait_until
from harness.child import free_port
from harness.log import LAST, SEEN

PER_SECOND = 3000
PARTITIONS = 8


def _routes(run, number, delivery="exactly_once"):
    return [route("rides", run.topic, [SEEN, f"SET word {number}", LAST], format="raw", all=True, delivery=delivery)]


def _in_use(penstock, count):
    wait_until(lambda: penstock.log().count("configuration is in use") >= count, 30, f"{count} configurations came into use")


def a_sink_becomes_durable_and_plain_again(run):
    """Under load: the workers drain and begin anew; commits wait for the replica, then no more."""
    kafka, redis = run.kafka(), run.redis("--repl-diskless-sync-delay", "0")
    replica = run.redis()
    replica.ask("REPLICAOF", "127.0.0.1", redis.port)
    wait_until(lambda: b"master_link_status:up" in replica.ask("INFO", "replication"), 20, "the replica follows")
    flow = Flow(run, kafka, PARTITIONS, 2000, PER_SECOND)

    def text(durable, window=2048):
        return conf(kafka, redis.url, run.group, _routes(run, 1, "at_least_once"), "workers = 2;",
                    f'durable = "{durable}"; window_commands = {window};')

    def reached():
        return penstock.scrape().total("penstock_barriers_total", outcome="reached")

    penstock = run.penstock(text("none"))
    penstock.wait_flowing()
    for count, (durable, window) in enumerate([("wait(1, 5s)", 2048), ("wait(1, 4s)", 2048), ("wait(1, 4s)", 500), ("none", 500)], 1):
        run.note(durable)
        before = reached()
        penstock.reload(text(durable, window))
        _in_use(penstock, count)
        if durable != "none":
            wait_until(lambda: reached() > before, 20, "the replica confirms")
    time.sleep(0.5)
    before = reached()
    time.sleep(1)
    expect_equal(reached(), before, "barriers of a plain sink")
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(penstock.stop(), 0, "exit status")


def tls_is_switched_on_and_off(run):
    """rediss:// instead of redis:// under load, another port of the same server: the same records, and no rebalance."""
    made = Certificates(run.folder)
    made.issue("redis")
    port = free_port()
    kafka = run.kafka()
    redis = run.redis("--tls-port", str(port), "--tls-cert-file", made.path("redis.crt"), "--tls-key-file", made.path("redis.key"),
                      "--tls-ca-cert-file", made.path("ca.pem"), "--tls-auth-clients", "no")
    flow = Flow(run, kafka, PARTITIONS, 2000, PER_SECOND)
    plain = conf(kafka, redis.url, run.group, _routes(run, 1))
    secure = conf(kafka, f"rediss://localhost:{port}", run.group, _routes(run, 1), sink=f'tls = {{ ca = "{made.path("ca.pem")}"; }};')

    penstock = run.penstock(plain)
    penstock.wait_flowing()

    def by(port):
        return [line for line in redis.ask("CLIENT", "LIST").decode().splitlines() if "name=penstock:" in line and f"laddr=127.0.0.1:{port} " in line]

    for count, (text, here, there) in enumerate([(secure, port, redis.port), (plain, redis.port, port), (secure, port, redis.port)], 1):
        penstock.reload(text)
        _in_use(penstock, count)
        wait_until(lambda: by(here) and not by(there), 20, lambda: f"all come by port {here}: {by(there)}")
        before = penstock.written()
        wait_until(lambda: penstock.written() > before + 1000, 20, "records flow")
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(penstock.scrape().total("penstock_kafka_rebalances_total", event="revoke"), 0, "rebalances")
    expect_equal(penstock.stop(), 0, "exit status")


def while_it_warms(run):
    """Five times a second while /startupz still waits: what was warm at the start stays the goal."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, PARTITIONS, 2000, PER_SECOND)
    wait_until(lambda: flow.log.produced > 3 * PER_SECOND, 20, "there is something to warm")
    redis.ask("CLIENT", "PAUSE", "20000", "WRITE")
    penstock = run.penstock(conf(kafka, redis.url, run.group, _routes(run, 0)), wait=False, admin='startup = "warm";')
    wait_until(lambda: "[-]warm: " in penstock.page("/startupz")[1], 20, lambda: f"it warms: {penstock.page('/startupz')}")
    goal = penstock.scrape().total("penstock_kafka_startup_records")
    for number in range(1, 6):
        penstock.reload(conf(kafka, redis.url, run.group, _routes(run, number), sink=f"window_commands = {1000 + number};"))
        _in_use(penstock, number)
        expect_equal(penstock.page("/startupz")[0], 503, "/startupz while nothing is written")
        time.sleep(0.2)
    expect_equal(penstock.scrape().total("penstock_kafka_startup_records"), goal, "the goal")
    redis.ask("CLIENT", "UNPAUSE")
    wait_until(lambda: penstock.page("/startupz")[0] == 200, 20, lambda: f"it is warm: {penstock.page('/startupz')}")
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(redis.ask("GET", "word"), b"5", "the newest template")
    expect_equal(penstock.stop(), 0, "exit status")


def while_members_come_and_go(run):
    """Both are reloaded five times a second while a second one joins and leaves twice."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, PARTITIONS, 2000, PER_SECOND)
    members, stop = [], []

    def text(number):
        return conf(kafka, redis.url, run.group, _routes(run, number), "workers = 2; librdkafka = { heartbeat_interval_ms = 200; };",
                    sink=f"window_commands = {1000 + number};")

    def reload_all():
        number = 0
        while not stop:
            number += 1
            for penstock in list(members):
                penstock.write(text(number))
                penstock.child.signal(signal.SIGHUP)
            time.sleep(0.2)

    members.append(run.penstock(text(0), "first"))
    members[0].wait_flowing()
    reloads = run.background(reload_all)
    for number in range(2):
        second = run.penstock(text(0), f"second-{number}")
        members.append(second)
        second.wait_flowing()
        time.sleep(1)
        members.remove(second)
        expect_equal(second.stop(), 0, "exit status of the second")
    stop.append(True)
    reloads.join()
    flow.end()
    flow.log.judge_exact(redis)
    scrape = members[0].scrape()
    expect(scrape.total("penstock_kafka_rebalances_total", event="revoke") >= 2, "there were rebalances")
    expect(scrape.total("penstock_reloads_total", result="ok") >= 10, "there were reloads")
    expect_equal(scrape.total("penstock_reloads_total", result="refused"), 0, "refused")
    expect_equal(members[0].stop(), 0, "exit status")


def while_it_drains(run):
    """Before, and just after SIGTERM, while Redis lets it wait: it ends as if nobody had asked."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, PARTITIONS, 2000, PER_SECOND)
    penstock = run.penstock(conf(kafka, redis.url, run.group, _routes(run, 0)))
    for number in range(3):
        penstock.wait_flowing()
        redis.ask("CLIENT", "PAUSE", "700", "WRITE")
        wait_until(lambda: penstock.scrape().total("penstock_inflight_records") > 0, 10, "something is in flight")
        penstock.write(conf(kafka, redis.url, run.group, _routes(run, number + 1), sink=f"window_commands = {900 + number};"))
        penstock.child.signal(signal.SIGHUP)
        penstock.child.signal(signal.SIGTERM)
        for _ in range(5):
            time.sleep(0.05)
            penstock.child.signal(signal.SIGHUP)
        expect_equal(penstock.stop(), 0, "exit status")
        expect('msg="stopped" ' in penstock.log() and "work left" not in penstock.log(), f"it drained: {penstock.log()[-500:]}")
        penstock.start()
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(a_sink_becomes_durable_and_plain_again, tls_is_switched_on_and_off, while_it_warms, while_members_come_and_go, while_it_drains)
