#!/usr/bin/env python3
"""Kafka with tokens (OAUTHBEARER): rotated under load, expired, refused, printed by a program."""
import base64
import http.server
import json
import os
import re
import subprocess
import threading
import time

from harness import Log, Record, conf, expect, expect_equal, main, route, wait_until
from harness.penstock import PROGRAM

LIVES = 6  # seconds of a token that is rotated
FLOW_SECONDS = 9


def token(seconds, **claims):
    """An unsigned JWT, as Kafka's own handler for tests takes it."""
    now = time.time()
    parts = {"alg": "none"}, {"sub": "bridge", "iat": now - 1, "exp": now + seconds} | claims
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


class Bench:
    """A Kafka that wants tokens, a file for one, and a bridge that reads it."""

    def __init__(self, run):
        self.run, self.kafka, self.redis = run, run.kafka(token=True), run.redis()
        self.kafka.create(run.topic, 2)
        self.log = Log(run.topic, 2, 1, run.random)
        self.producer = run.producer(self.kafka)
        self.path = os.path.join(run.folder, "kafka.jwt")

    def write(self, text, path=None):
        """Replaced at once, as secrets are."""
        path = path or self.path
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.rename(path + ".new", path)

    def conf(self, where=None, group="", key="kept"):
        at = type("At", (), {"brokers": f"127.0.0.1:{self.kafka.token_port}"})
        return conf(at, self.redis.url, self.run.group + group,
                    [route("keep", self.run.topic, [f"SET {key}:%{{$partition}}:%{{$offset}} %{{$value}}"])],
                    self.login(where or f'file = "{self.path}";'))

    @staticmethod
    def login(where, more=""):
        return (f'librdkafka = {{ security_protocol = "sasl_plaintext"; sasl_mechanism = "OAUTHBEARER"; {more} }}; '
                + (f"token = {{ {where} }};" if where else ""))

    def send(self, count):
        self.producer.send(self.run.topic, b"".join(self.log.add(Record(n % 2, b"k", b"v")) for n in range(count)))
        self.producer.flush()

    def all_there(self, seconds=40):
        wait_until(lambda: self.redis.ask("DBSIZE") == self.log.produced, seconds,
                   lambda: f"{self.redis.ask('DBSIZE')} of {self.log.produced} records are in Redis")


def logs_in_again():
    """Whether the librdkafka in use does so over an open connection (KIP-368, 2.2 and newer)."""
    said = subprocess.run([PROGRAM, "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)", said).groups())) >= (2, 2)


def logs_in_too_soon(line):
    """Kafka takes no second login within a second, and a token that ends in the next one wants it: these tokens are very short."""
    return logs_in_again() and "Request not valid in current SASL state" in line


def a_token_is_rotated_under_load(run):
    """Kafka closes a connection whose token has ended. librdkafka logs in again over it from 2.2 on; before, it makes a
    new one at once. In either case with the new token: nothing is refused, lost, or moved."""
    bench, over = Bench(run), threading.Event()
    bench.write(token(LIVES))

    def rotate():
        while not over.wait(LIVES / 4):
            bench.write(token(LIVES))

    rotation = threading.Thread(target=rotate, daemon=True)
    rotation.start()
    penstock = run.penstock(bench.conf())
    began = time.monotonic()
    while time.monotonic() < began + FLOW_SECONDS:
        bench.send(100)
        time.sleep(0.1)
    bench.all_there()
    expect(penstock.ready(), "it is ready")
    over.set()
    rotation.join()
    for line in penstock.log().splitlines():
        if not logs_in_too_soon(line):
            for words in ("kafka refuses", "request failed") + (("kafka cannot be reached",) if logs_in_again() else ()):
                expect(words not in line, f"{words}: {penstock.log()}")
    expect_equal(penstock.log().count("partitions assigned"), 1, "assignments")
    expect_equal(penstock.stop(), 0, "exit status")
    run.note(f"{bench.log.produced} records, a token of {LIVES} s for {FLOW_SECONDS} s")


def a_bad_token_is_told_first(run):
    """Expired, or refused by the broker: in the log and /readyz; a good one in its place heals it, without a hand."""
    bench = Bench(run)
    bad = {"expired": (token(-5), "the token expired at"), "refused": (token(600, sub=""), "the broker refuses the token")}
    bridges = []
    for name, (text, words) in bad.items():
        path = os.path.join(run.folder, name + ".jwt")
        bench.write(text, path)
        made = bench.conf(f'file = "{path}";', group=name, key=name)
        bridges.append((name, path, words, run.penstock(made, name=name, wait=False)))
    for name, _, words, penstock in bridges:
        wait_until(lambda: "kafka refuses" in penstock.log(), 60, lambda: f"{name} is told: {penstock.log()}")
        line = next(line for line in penstock.log().splitlines() if "level=error" in line or "level=warn" in line)
        expect(words in line and "kafka refuses" in line, f"the first line: {line}")
        wait_until(lambda: words in penstock.page("/readyz?verbose")[1], 60,
                   lambda: f"/readyz says why: {penstock.page('/readyz?verbose')[1]}")
    for _, path, _, _ in bridges:
        bench.write(token(600), path)
    bench.send(10)
    wait_until(lambda: bench.redis.ask("DBSIZE") == 20, 60, "both write everything")
    for name, _, _, penstock in bridges:
        penstock.wait_ready()
        for text in penstock.log(), penstock.page("/readyz?verbose")[1]:
            expect("eyJ" not in text, f"{name}: a token is shown: {text}")
        expect_equal(penstock.stop(), 0, "exit status")


def a_program_prints_the_token(run):
    """Not for `check`, which runs nothing; for `check --online` and `run`."""
    bench = Bench(run)
    bench.send(10)
    bench.write(token(600))
    program, marks = os.path.join(run.folder, "print-token"), os.path.join(run.folder, "runs")
    with open(program, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\necho "$1" >>{marks}\ncat {bench.path}\n')
    os.chmod(program, 0o755)
    made = bench.conf(f'command = [ "{program}", "--audience=kafka" ];')
    path = os.path.join(run.folder, "check.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(made)

    def check(*words):
        done = subprocess.run([PROGRAM, "check", *words, path], capture_output=True, text=True, timeout=60, check=False)
        expect_equal(done.returncode, 0, f"check {words}: {done.stdout}{done.stderr}")
        return os.path.exists(marks)

    expect(not check(), "check runs nothing")
    expect(check("--online"), "check --online runs it")
    penstock = run.penstock(made)
    bench.all_there()
    with open(marks, encoding="utf-8") as file:
        expect_equal(set(file.read().split()), {"--audience=kafka"}, "its arguments")
    expect_equal(penstock.stop(), 0, "exit status")


class Provider(http.server.ThreadingHTTPServer):
    """An OpenID provider: a short token for each one who says the right name and secret."""

    class Asked(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name # its name is given
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.asked.append((self.path, self.headers["Authorization"], form))
            text = json.dumps({"access_token": token(LIVES), "token_type": "Bearer", "expires_in": LIVES}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Asked)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def properties(self):
        return ('sasl_oauthbearer_method = "oidc"; sasl_oauthbearer_client_id = "bridge"; sasl_oauthbearer_client_secret = "s3cret"; '
                f'sasl_oauthbearer_token_endpoint_url = "http://127.0.0.1:{self.server_port}/token"; sasl_oauthbearer_scope = "kafka";')


def an_openid_provider_gives_the_token(run):
    """librdkafka fetches it by itself, and again before it ends. Debian 12's cannot, and check says so."""
    bench, provider = Bench(run), Provider()
    made = bench.conf().replace(bench.login(f'file = "{bench.path}";'), bench.login("", provider.properties()))
    path = os.path.join(run.folder, "check.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(made)
    done = subprocess.run([PROGRAM, "check", path], capture_output=True, text=True, timeout=60, check=False)
    expect(not provider.asked, "check asks nobody")
    if done.returncode:
        expect("OAuth/OIDC depends on libcurl" in done.stderr, f"check says why: {done.stderr}")
        run.note("this librdkafka has no OIDC")
    else:
        penstock = run.penstock(made)
        began = time.monotonic()
        while time.monotonic() < began + FLOW_SECONDS:
            bench.send(100)
            time.sleep(0.1)
        bench.all_there()
        basic = "Basic " + base64.b64encode(b"bridge:s3cret").decode()
        expect_equal({(path, login) for path, login, _ in provider.asked}, {("/token", basic)}, "who asks")
        expect("grant_type=client_credentials" in provider.asked[0][2] and "scope=kafka" in provider.asked[0][2], provider.asked[0][2])
        expect(len(provider.asked) > 1, "it was asked again")
        expect(all(logs_in_too_soon(line) for line in penstock.log().splitlines() if "kafka refuses" in line), penstock.log())
        expect_equal(penstock.log().count("partitions assigned"), 1, "assignments")
        expect_equal(penstock.stop(), 0, "exit status")
        run.note(f"{bench.log.produced} records, {len(provider.asked)} tokens of {LIVES} s")
    provider.shutdown()
    provider.server_close()


if __name__ == "__main__":
    main(a_token_is_rotated_under_load, a_bad_token_is_told_first, a_program_prints_the_token,
         an_openid_provider_gives_the_token)
