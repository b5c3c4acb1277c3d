#!/usr/bin/env python3
"""Kafka with passwords and over TLS, Redis over TLS: good ones flow, bad ones are told."""
import re
import shutil
import signal
import subprocess

from harness import Certificates, Log, Record, conf, expect, expect_equal, main, route, wait_until
from harness.child import free_port
from harness.penstock import PROGRAM

USER, PASSWORD = "bridge", "hunter2-of-kafka"
RECORDS = 200


def begin(run, secure=True):
    """(certificates, a Kafka, `secure`: which wants credentials, a Redis), a topic of records."""
    made = Certificates(run.folder)
    made.issue("broker")
    made.issue("redis")
    made.issue("client", "DNS:bridge")
    made.authority("stranger")
    made.issue("strange", "DNS:bridge", "stranger")
    kafka = run.kafka(secure=(made.folder, USER, PASSWORD) if secure else None)
    kafka.create(run.topic, 2)
    log = Log(run.topic, 2, 1, run.random)
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(
        log.add(Record(n % 2, b"k%d" % n, b"v%d" % n)) for n in range(RECORDS)))
    producer.close()
    return made, kafka, run.redis()


class At:
    """A broker's address, as conf() takes it."""

    def __init__(self, port):
        self.brokers = f"127.0.0.1:{port}"


def source(**properties):
    rows = " ".join(f'{name} = "{value}";' for name, value in properties.items())
    return f"librdkafka = {{ {rows} }};"


def sasl(mechanism, password=PASSWORD):
    return source(security_protocol="sasl_plaintext", sasl_mechanism=mechanism,
                  sasl_username=USER, sasl_password=password)


def tls(made, certificate="client", authority="ca"):
    mine = {"ssl_certificate_location": made.path(f"{certificate}.pem"),
            "ssl_key_location": made.path(f"{certificate}.key")} if certificate else {}
    return source(security_protocol="ssl", ssl_ca_location=made.path(f"{authority}.pem"), **mine)


def of(run, kafka, redis, settings, group, url=None, sink=""):
    return conf(kafka, url or redis.url, f"{run.group}.{group}",
                [route("keep", run.topic, [f"SET {group}:%{{$key}} %{{$value}}"])], settings, sink)


def flows(run, redis, penstock, group):
    wait_until(lambda: len(redis.keys(f"{group}:*")) == RECORDS, 60, "every record is in Redis")
    expect(penstock.ready(), "it is ready")
    expect_equal(penstock.stop(), 0, "exit status")
    said = penstock.log()
    expect(PASSWORD not in said, f"the password is in the log: {said}")
    run.note(f"{group}: {RECORDS} records")


def waits(run, penstock, words, name):
    """It says why, is not ready, and goes on trying."""
    wait_until(lambda: any(word in penstock.log() for word in words), 60,
               f"{name}: one of {words} is said: {penstock.log()}")
    wait_until(lambda: penstock.scrapes() > 0 and "kafka: " in penstock.page("/readyz?verbose")[1],
               60, f"{name}: /readyz tells of Kafka")
    status, page = penstock.page("/readyz?verbose")
    expect("/1 brokers are down\n" not in page, f"{name}: /readyz says why: {page}")
    expect(status == 503, f"{name}: not ready: {status} {page}")
    expect(penstock.child.running, f"{name}: it runs")
    expect_equal(penstock.page("/livez")[0], 200, f"{name}: live")
    expect_equal(penstock.stop(), 0, f"{name}: exit status")
    for text in (penstock.log(), page):
        expect("hunter2" not in text, f"{name}: a password is shown: {text}")
    run.note(f"{name}: told")


def has_scram():
    """Whether the librdkafka in use can log in to this Kafka by SCRAM (2.6.1 and newer)."""
    said = subprocess.run([PROGRAM, "version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", said).groups()
    return tuple(map(int, version)) >= (2, 6, 1)


def kafka_with_a_password(run):
    """SASL_PLAINTEXT with PLAIN and SCRAM-SHA-512: the right password flows, others are told."""
    _, kafka, redis = begin(run)

    def start(name, settings, wait=True):
        return run.penstock(of(run, At(kafka.sasl_port), redis, settings, name), name, wait=wait)

    flows(run, redis, start("plain", sasl("PLAIN")), "plain")
    if has_scram():
        flows(run, redis, start("scram", sasl("SCRAM-SHA-512")), "scram")
    else:
        old = start("scram", sasl("SCRAM-SHA-512"), wait=False)
        waits(run, old, ["remedy=\"this librdkafka cannot log in by SCRAM"], "an old librdkafka")
        expect("cannot log in by SCRAM to Kafka 4.0 or newer" in old.log(), "it is warned of")
    for mechanism in ("PLAIN", "SCRAM-SHA-512"):
        wrong = start(f"wrong.{mechanism}", sasl(mechanism, "hunter2-and-wrong"), wait=False)
        waits(run, wrong, ["uthentication failed"], f"wrong password by {mechanism}")
    waits(run, start("none", "", wait=False), ["isconnected", "are address and"], "no credentials")


def kafka_with_tls(run):
    """SSL with a client certificate: a good pair flows; unknown, missing and strange are told."""
    made, kafka, redis = begin(run)
    secure = At(kafka.ssl_port)
    flows(run, redis, run.penstock(of(run, secure, redis, tls(made), "tls"), "tls"), "tls")
    dead = f"{run.topic}.dlq"
    kafka.create(dead, 1)
    letters = run.penstock(conf(
        secure, redis.url, f"{run.group}.letters",
        [route("bad", run.topic, ["INCRBY count %{$value}"], on_error="dlq")], tls(made),
        top=f'dlq = {{ source = "main"; topic = "{dead}"; }};'), "letters")
    wait_until(lambda: kafka.ends(dead) == {0: RECORDS}, 60, "every dead letter is in Kafka")
    expect_equal(letters.stop(), 0, "exit status")
    for name, settings, words in (
            ("unknown", tls(made, authority="stranger"), ["certificate verify failed"]),
            ("missing", tls(made, certificate=None), ["certificate required", "bad certificate"]),
            ("strange", tls(made, certificate="strange"), ["unknown ca", "certificate unknown",
                                                           "bad certificate"])):
        penstock = run.penstock(of(run, secure, redis, settings, name), name, wait=False)
        waits(run, penstock, words, name)


def redis_over_tls(run, made):
    """(server, its URL, the sink's settings) with a client certificate that is wanted."""
    tls_port = free_port()
    server = run.redis("--tls-port", str(tls_port), "--tls-cert-file", made.path("redis.crt"),
                       "--tls-key-file", made.path("redis.key"),
                       "--tls-ca-cert-file", made.path("ca.pem"))
    shutil.copy(made.path("client.key"), made.path("mine.key"))
    return server, f"rediss://localhost:{tls_port}", (
        f'tls = {{ ca = "{made.path("ca.pem")}"; cert = "{made.path("client.pem")}"; '
        f'key = "{made.path("mine.key")}"; }};')


def redis_with_tls(run):
    """rediss:// from a file, through a reload of short-lived certificates by SIGHUP."""
    made, kafka, _ = begin(run, secure=False)
    server, url, settings = redis_over_tls(run, made)
    penstock = run.penstock(of(run, kafka, server, "", "rediss", url, settings))
    wait_until(lambda: len(server.keys("rediss:*")) == RECORDS, 60, "every record is in Redis")

    def reload(key, said):
        shutil.copy(made.path(key), made.path("mine.key"))
        penstock.child.signal(signal.SIGHUP)
        wait_until(lambda: said in penstock.log(), 60, f"'{said}' is logged")
        server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        wait_until(penstock.ready, 60, "it is ready again")

    reload("strange.key", "key values mismatch")
    reload("client.key", "certificate files read again")
    expect_equal(penstock.stop(), 0, "exit status")


def everything_else_to_redis_with_tls(run):
    """Exactly-once, barriers and a stream of dead letters take the same way."""
    made, kafka, replica = begin(run, secure=False)
    server, url, settings = redis_over_tls(run, made)
    replica.ask("REPLICAOF", "127.0.0.1", server.port)
    routes = [route("count", run.topic, ["INCRBY %{$key} 1"], delivery="exactly_once")]
    text = conf(kafka, url, run.group, routes, "", settings + ' durable = "wait(1, 500ms)";')
    penstock = run.penstock(text)
    wait_until(lambda: len(server.keys("k*")) == RECORDS, 60, "every record is in Redis")
    server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    penstock.child.signal(signal.SIGHUP)
    wait_until(penstock.ready, 60, "it is ready again")
    expect_equal(penstock.stop(), 0, "exit status")
    expect_equal(set(server.ask("MGET", *sorted(server.keys("k*")))), {b"1"}, "counts")

    letters = conf(kafka, url, run.group + ".letters",
                   [route("bad", run.topic, ["INCRBY count %{$value}"], on_error="dlq")], "",
                   settings, top='dlq = { sink = "live"; stream = "letters"; };')
    penstock = run.penstock(letters, "letters")
    wait_until(lambda: server.ask("XLEN", "letters") == RECORDS, 60, "every letter is there")
    expect_equal(penstock.stop(), 0, "exit status")


if __name__ == "__main__":
    main(kafka_with_a_password, kafka_with_tls, redis_with_tls,
         everything_else_to_redis_with_tls)
