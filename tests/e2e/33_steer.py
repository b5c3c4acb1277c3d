#!/usr/bin/env python3
"""An operator pauses, resumes, retries and skips by penstock ctl while records flow and members come and go."""
import json
import os
import subprocess
import time

from harness import Flow, Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame
from harness.log import LAST, SEEN
from harness.penstock import PROGRAM

PARTITIONS = 8
PER_SECOND = 4000
POISON = 30  # the offset of the record that Redis refuses
RECORDS = 100


def start(run, text, name, wait=True):
    return run.penstock(text, name, wait, admin=f'socket = "{run.folder}/{name}.sock";')


def ctl(penstock, *words, status=0):
    """What it prints, with this exit status."""
    done = subprocess.run([PROGRAM, "ctl", "-c", penstock.conf_path, *words], capture_output=True, text=True, check=False, timeout=30)
    expect_equal(done.returncode, status, f"exit status of ctl {words}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def partitions(penstock):
    return json.loads(ctl(penstock, "partitions", "--json"))["partitions"]


def has(penstock, **wanted):
    """How many partitions of it are so."""
    return sum(all(one[name] == value for name, value in wanted.items()) for one in partitions(penstock))


def stands_still(penstock):
    """What is in flight is answered, and no more comes."""
    time.sleep(0.2)  # the metrics are those of the turn before
    wait_until(lambda: penstock.scrape().total("penstock_inflight_records") == 0, 60, "nothing is in flight")
    before = penstock.written()
    time.sleep(0.5)
    expect_equal(penstock.written(), before, "records written while all is paused")


def paused_in_full_flow(run, delivery, sink=""):
    kafka, redis = run.kafka(), run.redis("--repl-diskless-sync-delay", "0")
    if sink:
        follower = run.redis()
        follower.ask("REPLICAOF", "127.0.0.1", redis.port)
        wait_until(lambda: b"master_link_status:up" in follower.ask("INFO", "replication"), 20, "the replica follows")
    flow = Flow(run, kafka, PARTITIONS, 2000, PER_SECOND)
    text = conf(kafka, redis.url, run.group, [route("rides", run.topic, [SEEN, LAST], format="raw", all=True, delivery=delivery)],
                source="workers = 2; librdkafka = { heartbeat_interval_ms = 200; };", sink=sink)
    first = start(run, text, "first")
    first.wait_flowing()
    for _ in range(3):
        run.note(ctl(first, "pause", "rides").strip())
        stands_still(first)
        expect(first.ready(), "a pause is no fault")
        ctl(first, "resume", "rides")
        time.sleep(0.3)
    ctl(first, "pause", "rides")
    second = start(run, text, "second")
    wait_until(lambda: has(first, assigned=True) == has(second, assigned=True) == PARTITIONS // 2, 60, "each has half of the partitions")
    second.wait_flowing()
    expect_equal(has(first, assigned=True, paused=True), PARTITIONS // 2, "paused partitions of the first")
    expect_equal(second.stop(), 0, "exit status of the second")
    wait_until(lambda: has(first, assigned=True, paused=True) == PARTITIONS, 60, "those that came back are paused")
    stands_still(first)
    run.note("resume")
    expect_equal(has(first, assigned=True, held=True), 0, "held partitions")
    ctl(first, "resume", "rides")
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(has(first, paused=True), 0, "paused partitions")
    expect("route paused" in first.log() and "by=" in first.log(), "the log says who")
    expect_equal(first.stop(), 0, "exit status of the first")
    flow.log.judge_exact(redis)


def a_pause_loses_and_repeats_nothing(run):
    """At least once: paused and resumed under load; a member comes and goes while all is paused."""
    paused_in_full_flow(run, "at_least_once")


def nor_does_one_of_an_exactly_once_route(run):
    """The same exactly once."""
    paused_in_full_flow(run, "exactly_once")


def nor_does_one_of_a_durable_sink(run):
    """The same, and what was written before the pause is confirmed by a replica."""
    paused_in_full_flow(run, "at_least_once", 'durable = "wait(1, 5s)";')


def skipped(run, delivery):
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(0, b"k", b"poison" if number == POISON else b"x")) for number in range(RECORDS)))
    producer.close()
    redis.ask("SET", "text", "x")
    commands = [("$value == 'poison'", "RPUSH text %{$offset}"), ("true", SEEN)]
    penstock = start(run, conf(kafka, redis.url, run.group, [route("rides", run.topic, commands, format="raw", delivery=delivery)]), "bridge", wait=False)
    wait_until(lambda: penstock.page("/readyz")[0] and has(penstock, held=True) == 1, 60, "the record holds its partition")
    wait_until(lambda: kafka.committed(run.group, run.topic) == {0: POISON}, 60, "all before it is committed")
    run.note(ctl(penstock, "partitions").splitlines()[1])
    said = ctl(penstock, "skip", run.topic, "0", str(POISON - 1), status=1)
    expect(f"is held by the record at offset {POISON}, not {POISON - 1}" in said, f"it names the record: {said}")
    if delivery == "exactly_once":  # else it repeats what is behind the record, as a restart does
        ctl(penstock, "retry", run.topic, "0")
        time.sleep(1)
        wait_until(lambda: has(penstock, held=True) == 1, 60, "it is held again")
    expect_equal(kafka.committed(run.group, run.topic), {0: POISON}, "committed after a wrong offset")
    run.note(ctl(penstock, "skip", f"{run.topic}[0]@{POISON}").strip())
    wait_until(lambda: kafka.committed(run.group, run.topic) == {0: RECORDS}, 60, "all is committed")
    judge_skipped(run, penstock, redis)
    expect_equal(penstock.stop(), 0, "exit status")


def judge_skipped(run, penstock, redis):
    seen = [int(offset) for offset in redis.ask("LRANGE", f"seen:{run.topic}:0", 0, -1)]
    expect_equal(seen, [number for number in range(RECORDS) if number != POISON], "offsets in Redis")
    scrape = penstock.scrape()
    expect_equal(scrape.total("penstock_records_skipped_total"), 1, "skipped")
    expect_equal(scrape.outcome("dropped"), 1, "dropped")
    expect(f"record skipped\" topic={run.topic} partition=0 offset={POISON}" in penstock.log(), "the log names the record")


def a_poison_record_is_skipped(run):
    """At least once: the wrong offset is refused, the right one is dropped and counted."""
    skipped(run, "at_least_once")


def so_is_one_of_an_exactly_once_route(run):
    """The same exactly once."""
    skipped(run, "exactly_once")


def by_address(where, *words):
    """penstock ctl without a configuration."""
    return subprocess.run([PROGRAM, "ctl", "--admin", where, *words], capture_output=True, text=True, check=False, timeout=30)


def who_may_not_is_told(run):
    """No such route, nobody there; without a socket the port answers, and steers with the token."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    penstock = start(run, conf(kafka, redis.url, run.group, [route("rides", run.topic, [SEEN], format="raw")]), "bridge")
    expect("did you mean rides?" in ctl(penstock, "pause", "rids", status=1), "did you mean")
    expect("ready" in ctl(penstock, "status"), "status")
    expect("rides" in ctl(penstock, "routes"), "routes")
    expect_equal(penstock.stop(), 0, "exit status")
    expect("no penstock listens there" in ctl(penstock, "status", status=69), "nobody there")
    bare = run.penstock(conf(kafka, redis.url, run.group, [route("rides", run.topic, [SEEN], format="raw")]), admin='token = "of-the-test-0123456789";')
    expect("ready" in ctl(bare, "status"), "by the port of the file")
    expect("paused" in ctl(bare, "pause", "rides"), "with the token of the file")
    for where in f"127.0.0.1:{bare.port}", f"http://127.0.0.1:{bare.port}/":
        done = by_address(where, "status")
        expect(done.returncode == 0 and "ready" in done.stdout, f"{where}: {done.stdout}{done.stderr}")
    done = by_address(f"127.0.0.1:{bare.port}", "resume", "rides")
    expect(done.returncode == 69 and "--token-file FILE" in done.stderr, f"without a token: {done.stderr}")
    with open(os.path.join(run.folder, "token"), "w", encoding="utf-8") as file:
        file.write("of-the-test-0123456789\n")
    done = by_address(f"127.0.0.1:{bare.port}", "resume", "rides", "--token-file", file.name)
    expect(done.returncode == 0 and "resumed" in done.stdout, f"with the token of a file: {done.stdout}{done.stderr}")
    done = by_address(os.path.join(run.folder, "nowhere.sock"), "status")
    expect(done.returncode == 69 and "no penstock listens there" in done.stderr, f"a socket: {done.stderr}")


def the_environment_may_name_the_socket(run):
    """As systemd's units do, whatever the configuration says: ctl asks there, unless it is given a configuration."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 1)
    env = {"PENSTOCK_SOCKET": f"{run.folder}/service.sock"}
    penstock = run.penstock(conf(kafka, redis.url, run.group, [route("rides", run.topic, [SEEN], format="raw")]), env=env)

    def asked(*words):
        return subprocess.run([PROGRAM, "ctl", *words, "reload"], capture_output=True, text=True, check=False, timeout=30,
                              env={**os.environ, **env})

    expect_equal((asked().returncode, asked().stdout), (0, "The configuration is as before.\n"), "the service answers")
    expect("admin.token" in asked("-c", penstock.conf_path).stderr, "with a configuration its port is asked")
    with open(penstock.conf_path, "a", encoding="utf-8") as file:
        file.write("colour = 1;\n")
    expect_equal(asked().returncode, 1, "a mistake of the file")
    expect("error: unknown setting 'colour'" in asked().stderr, asked().stderr)
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(a_pause_loses_and_repeats_nothing, nor_does_one_of_an_exactly_once_route, nor_does_one_of_a_durable_sink,
         a_poison_record_is_skipped, so_is_one_of_an_exactly_once_route, who_may_not_is_told, the_environment_may_name_the_socket)
