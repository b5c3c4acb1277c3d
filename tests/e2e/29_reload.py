#!/usr/bin/env python3
"""The configuration is read again while records flow; RELOAD_SECONDS makes the load last longer."""
import os
import signal
import subprocess
import time

from harness import Flow, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN
from harness.penstock import PROGRAM

SECONDS = float(os.environ.get("RELOAD_SECONDS", "5"))
EVERY = 0.2
PER_SECOND = 4000
GROWTH = 16 << 20  # more resident memory than this is a leak


def _under_load(run, delivery):
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, 8, 5000, PER_SECOND)

    def text(number):
        """Another template, another window, and every third time one route more."""
        routes = [route("rides", run.topic, [SEEN, f"SET word {number}", LAST], format="raw", all=True, delivery=delivery)]
        if number % 3 == 0:
            routes.append(route("more", run.topic, [f"INCR more:{number % 5}"], format="raw", delivery=delivery))
        return conf(kafka, redis.url, run.group, routes, sink=f"window_commands = {1000 + number % 7};")

    penstock = run.penstock(text(1))
    penstock.wait_flowing()
    resident, number, until = None, 1, time.monotonic() + SECONDS
    while time.monotonic() < until:
        number += 1
        penstock.write(text(number))
        penstock.child.signal(signal.SIGHUP)
        time.sleep(EVERY)
        if number == 12:
            resident = penstock.scrape().total("process_resident_memory_bytes")
    run.note(f"{number - 1} reloads")
    flow.end()
    flow.log.judge_exact(redis)
    scrape = penstock.scrape()
    expect(scrape.total("penstock_reloads_total", result="ok") > SECONDS, "it was reloaded")
    expect_equal(scrape.total("penstock_reloads_total", result="refused"), 0, "refused")
    expect_equal(scrape.total("penstock_kafka_rebalances_total", event="revoke"), 0, "rebalances")
    expect_equal(scrape.total("penstock_redis_reconnects_total"), 0, "reconnects")
    if resident:
        grown = scrape.total("process_resident_memory_bytes") - resident
        run.note(f"resident: {resident / 2**20:.1f} MiB after 12 reloads, {grown / 2**20:+.1f} MiB at the end")
        expect(grown < GROWTH, f"the process grew by {grown}")
    expect_equal(penstock.stop(), 0, "exit status")


def nothing_is_lost_or_repeated_at_least_once(run):
    """Other templates, limits and routes five times a second."""
    _under_load(run, "at_least_once")


def nothing_is_lost_or_repeated_exactly_once(run):
    """The same; a checkpoint of the routes before is carried on."""
    _under_load(run, "exactly_once")


def a_rotated_password_is_read_again(run):
    """New connections need the new one; those that are there go on until they have it."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, 4, 1000, PER_SECOND)
    secret = os.path.join(run.folder, "password")
    with open(secret, "w", encoding="utf-8") as file:
        os.chmod(secret, 0o600)
        file.write("one")
    redis.ask("ACL", "SETUSER", "bridge", "on", ">one", "~*", "&*", "+@all")
    text = conf(kafka, redis.url, run.group, [route("rides", run.topic, [SEEN, LAST], format="raw", all=True)],
                sink=f'username = "bridge"; password = "${{file:{secret}}}";')
    penstock = run.penstock(text)
    penstock.wait_flowing()
    redis.ask("ACL", "SETUSER", "bridge", "<one", ">two")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("two")
    penstock.reload(text)
    wait_until(lambda: penstock.scrape().total("penstock_redis_reconnects_total") >= 1, 60, "it connects again")
    flow.end()
    flow.log.judge_exact(redis)
    expect_equal(penstock.stop(), 0, "exit status")


def _replace(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        os.chmod(path + ".new", 0o600)
        file.write(text)
    os.replace(path + ".new", path)


def what_is_watched_is_read_again_by_itself(run):
    """A password, then a template, while records flow; nobody sends a signal."""
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, 4, 1000, PER_SECOND)
    secret = os.path.join(run.folder, "password")
    _replace(secret, "one")
    redis.ask("ACL", "SETUSER", "bridge", "on", ">one", "~*", "&*", "+@all")

    def text(word):
        return "watch = true;\n" + conf(kafka, redis.url, run.group,
                                        [route("rides", run.topic, [SEEN, f"SET word {word}", LAST], format="raw", all=True)],
                                        sink=f'username = "bridge"; password = "${{file:{secret}}}";')

    penstock = run.penstock(text(1))
    penstock.wait_flowing()
    redis.ask("ACL", "SETUSER", "bridge", "<one", ">two")
    _replace(secret, "two")
    wait_until(lambda: penstock.scrape().total("penstock_redis_reconnects_total") >= 1, 60, "it connects with the new password")
    wait_until(lambda: penstock.scrape().total("penstock_reloads_total", result="ok") == 1, 60, "the change of the secret was seen")
    with open(penstock.conf_path, encoding="utf-8") as file:
        _replace(penstock.conf_path, file.read().replace("SET word 1", "SET word 2"))
    wait_until(lambda: redis.ask("GET", "word") == b"2", 60, "records are written by the new template")
    flow.end()
    flow.log.judge_exact(redis)
    scrape = penstock.scrape()
    expect_equal(scrape.total("penstock_reloads_total", result="ok"), 2, "reloads")
    expect_equal(scrape.total("penstock_kafka_rebalances_total", event="revoke"), 0, "rebalances")
    expect_equal(penstock.stop(), 0, "exit status")


def mistakes_change_nothing_and_other_topics_join_again(run):
    """What a file may do: be refused, be read by new members, wait for a restart."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 2)
    kafka.create(run.topic + ".more", 2)

    def text(topics):
        return conf(kafka, redis.url, run.group, [route("r", topics, ["SET k:%{$topic}:%{$key} %{$value}"])])

    penstock = run.penstock(text(run.topic))
    penstock.reload(text(run.topic) + "\ncolour = 1;", "refused")
    expect("unknown setting 'colour'" in penstock.log(), "the log has the mistake")
    expect(penstock.ready(), "it runs as before")
    penstock.reload(text("^" + run.topic))
    wait_until(lambda: penstock.scrape().total("penstock_kafka_partition_assigned") == 4, 60, "the other topic is read")
    expect("^" + run.topic in penstock.page("/api/v1/routes")[1], "the API shows the routes that run")
    penstock.reload(text("^" + run.topic) + '\nlog = { format = "json"; };')
    expect_equal(penstock.scrape().total("penstock_config_restart_needed"), 1, "needs a restart")
    expect_equal(penstock.stop(), 0, "exit status")


def what_needs_a_restart_is_named_by_the_answer(run):
    """Each setting that options.def calls RESTART, one after the other; the one before is taken back."""
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, 2)
    socket = f'socket = "{run.folder}/ctl.sock";'
    same = conf(kafka, redis.url, run.group, [route("r", run.topic, ["SET k:%{$key} %{$value}"])])
    penstock = run.penstock(same, admin=socket)

    def answer(text, admin=socket, listen=None):
        penstock.admin = admin
        penstock.write(text)
        if listen:
            with open(penstock.conf_path, encoding="utf-8") as file:
                other = file.read().replace(f'listen = "127.0.0.1:{penstock.port}"', f'listen = "{listen}"')
            _replace(penstock.conf_path, other)
        done = subprocess.run([PROGRAM, "ctl", "--admin", f"{run.folder}/ctl.sock", "reload"], capture_output=True, text=True,
                              check=False, timeout=30)
        expect_equal(done.returncode, 0, f"exit status: {done.stdout}{done.stderr}")
        return done.stdout

    for setting, said in [
            ("admin.hosts", answer(same, socket + ' hosts = [ "bridge" ];')),
            ("admin.listen", answer(same, listen="127.0.0.1:1")),
            ("admin.open", answer(same, socket + ' open = "probes";')),
            ("admin.socket", answer(same, f'socket = "{run.folder}/other.sock";')),
            ("admin.token", answer(same, socket + ' token = "of-the-test-0123456789";')),
            ("admin.startup", answer(same, socket + ' startup = "warm";')),
            ("admin.startup_lag", answer(same, socket + " startup_lag = 5;")),
            ("admin.startup_age", answer(same, socket + ' startup_age = "5s";')),
            ("admin.startup_notify", answer(same, socket + " startup_notify = true;")),
            ("log.format", answer(same + '\nlog = { format = "json"; };')),
            ("sources.main.workers", answer(same.replace('start = "earliest";', 'start = "earliest"; workers = 2;')))]:
        expect(f"needs a restart: {setting}\n" in said, f"{setting}: {said}")
        expect_equal(penstock.scrape().total("penstock_config_restart_needed"), 1, setting)
    expect("restart" not in answer(same), "nothing waits once all is taken back")
    expect_equal(penstock.scrape().total("penstock_config_restart_needed"), 0, "penstock_config_restart_needed")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(nothing_is_lost_or_repeated_at_least_once, nothing_is_lost_or_repeated_exactly_once,
         a_rotated_password_is_read_again, what_is_watched_is_read_again_by_itself,
         mistakes_change_nothing_and_other_topics_join_again, what_needs_a_restart_is_named_by_the_answer)
