#!/usr/bin/env python3
"""A password is rotated under a running bridge that nobody reloads: it is read again when a login is refused."""
import os
import time

from harness import Certificates, Flow, conf, expect, expect_equal, main, route, wait_until
from harness.log import LAST, SEEN

PER_SECOND = 2000
USER = "bridge"
HEALS = 30  # seconds: librdkafka tells a refused login at most so often


class Secret:
    """A file, as the configuration names it."""

    def __init__(self, run, text):
        self.path = os.path.join(run.folder, "secret")
        self.write(text)

    def write(self, text):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            os.chmod(file.name, 0o600)
            file.write(text + "\n")
        os.rename(self.path + ".new", self.path)

    def __str__(self):
        return f"${{file:{self.path}}}"


class At:
    """A broker's address, as conf() takes it."""

    def __init__(self, port):
        self.brokers = f"127.0.0.1:{port}"


def _told(penstock, count):
    """The log has a line for each rotation, nothing of a password, and no reload was asked for."""
    expect_equal(penstock.log().count("secrets read again, because a login was refused"), count, "lines of the log")
    expect_equal(penstock.scrape().total("penstock_reloads_total", result="secrets"), count, "secrets read again")
    expect_equal(penstock.scrape().total("penstock_reloads_total", result="ok"), 0, "reloads")
    for word in ("word-one", "word-two", "word-three"):
        expect(word not in penstock.log(), f"the log has {word}")


def _written_more(penstock):
    before = penstock.written()
    wait_until(lambda: penstock.written() > before + PER_SECOND, HEALS, "records flow again")


def _refused(penstock, words):
    wait_until(lambda: words in penstock.page("/readyz?verbose")[1], 60, lambda: f"{words} in {penstock.page('/readyz?verbose')[1]}")


def _redis(run, delivery, judge):
    kafka, redis = run.kafka(), run.redis()
    flow = Flow(run, kafka, 4, 1000, PER_SECOND)
    secret = Secret(run, "word-one")
    redis.ask("ACL", "SETUSER", USER, "on", ">word-one", "~*", "&*", "+@all")

    def rotate(old, new):
        """Connections stay logged in, so they are closed, too."""
        redis.ask("ACL", "SETUSER", USER, "<" + old, ">" + new)
        redis.ask("CLIENT", "KILL", "USER", USER)

    penstock = run.penstock(conf(kafka, redis.url, run.group,
                                 [route("rides", run.topic, [SEEN, LAST], format="raw", all=True, delivery=delivery)],
                                 sink=f'username = "{USER}"; password = "{secret}";'))
    penstock.wait_flowing()
    run.note("the file first")
    secret.write("word-two")
    rotate("word-one", "word-two")
    _written_more(penstock)
    _told(penstock, 1)
    run.note("Redis first")
    rotate("word-two", "word-three")
    _refused(penstock, "WRONGPASS")
    secret.write("word-three")
    _written_more(penstock)
    flow.end()
    judge(flow.log, redis)
    _told(penstock, 2)
    expect_equal(penstock.scrape().total("penstock_kafka_rebalances_total", event="revoke"), 0, "rebalances")
    expect_equal(penstock.stop(), 0, "exit status")


def a_password_of_redis_at_least_once(run):
    """Rotated before its file is written, and after."""
    _redis(run, "at_least_once", lambda log, redis: run.note(f"{log.judge_repeats(redis, 20000)} records came again"))


def a_password_of_redis_exactly_once(run):
    """The same, and nothing is repeated."""
    _redis(run, "exactly_once", lambda log, redis: log.judge_exact(redis))


def a_password_of_kafka(run):
    """A broker that comes back with another password, before its file is written, and after."""
    made = Certificates(run.folder)
    made.issue("broker")
    kafka = run.kafka(secure=(made.folder, USER, "word-one"))
    redis, secret = run.redis(), Secret(run, "word-one")
    flow = Flow(run, kafka, 4, 1000, PER_SECOND)
    dead = run.topic + ".dead"
    kafka.create(dead, 1)
    routes = [route("rides", run.topic, [SEEN, LAST], format="raw", all=True, delivery="exactly_once")]
    source = (f'librdkafka = {{ security_protocol = "sasl_plaintext"; sasl_mechanism = "PLAIN"; '
              f'sasl_username = "{USER}"; sasl_password = "{secret}"; }};')
    penstock = run.penstock(conf(At(kafka.sasl_port), redis.url, run.group, routes, source))
    penstock.wait_flowing()

    def restart(password):
        kafka.secure["KAFKA_PASSWORD"] = password
        kafka.stop()
        kafka.start()

    run.note("the file first")
    secret.write("word-two")
    restart("word-two")
    _written_more(penstock)
    _told(penstock, 1)
    run.note("Kafka first")
    refused = penstock.scrape().total("penstock_kafka_logins_refused_total")
    restart("word-three")
    wait_until(lambda: penstock.scrape().total("penstock_kafka_logins_refused_total") > refused, HEALS, "a login is refused")
    time.sleep(1)  # it was read once in vain
    run.note("then the file")
    secret.write("word-three")
    _written_more(penstock)
    flow.end()
    flow.log.judge_exact(redis)
    _told(penstock, 2)
    expect_equal(penstock.log().count("penstock starts"), 1, "starts")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(a_password_of_redis_at_least_once, a_password_of_redis_exactly_once, a_password_of_kafka)
