#!/usr/bin/env python3
"""The Redis user of docs/how-to/redis-user.md: its blocks go through redis-cli as they stand, and the
user may do all that the routes of README.md ask for, at least once and exactly once, and no more."""
import json
import os
import re
import subprocess

from harness import Record, expect, expect_equal, main, wait_until
from harness.child import SOURCE
from harness.kafka import frame
from harness.penstock import PROGRAM

PASSWORD = "sesame%40"
TOPICS = ("driver.location", "ride.status")


def blocks(page, beginning):
    """The fenced blocks of a page that begin so."""
    with open(os.path.join(SOURCE, page), encoding="utf-8") as file:
        found = re.findall(r"^```\w*\n(.*?)^```", file.read(), re.M | re.S)
    return [block for block in found if block.startswith(beginning)]


def pipe(redis, block):
    """Into redis-cli, as a user does."""
    said = subprocess.run(["redis-cli", "-p", str(redis.port)], input=block, capture_output=True,
                          text=True, check=True).stdout.split()
    expect_equal(said, ["OK"] * len(block.strip().splitlines()), f"what redis-cli says to {block}")


def checked(path):
    """What check --online finds of the sink, and its exit status."""
    check = subprocess.run([PROGRAM, "check", "--online", path], capture_output=True, text=True)
    return [line for line in check.stdout.splitlines() + check.stderr.splitlines()
            if " sink live: " in line], check.returncode


def readme(run, kafka, redis, delivery):
    """Its file, with the addresses and the user of the test."""
    text = blocks("README.md", "version = 1;")[0]
    group = f"{run.group}.{delivery}"
    text = text.replace("kafka:9092", kafka.brokers).replace("penstock.rides", group)
    for topic in TOPICS:
        text = text.replace(f'"{topic}"', f'"{run.topic}.{topic}"')
    text = text.replace('url = "redis://localhost:6379/0";',
                        f'url = "redis://127.0.0.1:{redis.port}/0"; username = "penstock"; '
                        f'password = "{PASSWORD}";')
    return text.replace('to = "live";', f'to = "live"; delivery = "{delivery}";').replace(
        f'group = "{group}";', f'group = "{group}"; start = "earliest";')


def flow(run, kafka, redis, delivery):
    """README's routes with this delivery: the check is content, the records arrive, and Redis had
    nothing to refuse."""
    redis.ask("FLUSHALL")
    redis.ask("ACL", "LOG", "RESET")
    penstock = run.penstock(readme(run, kafka, redis, delivery), delivery)
    found, status = checked(penstock.conf_path)
    expect_equal(status, 0, f"exit status of check --online: {found}")
    expect(all(": ok: " in line for line in found), f"nothing but ok: {found}")
    for command in ("ZREM", "GEOADD", "SET", "UNLINK"):
        expect(any(f"may run: {command} " in line for line in found), f"{command} in {found}")
    wait_until(lambda: redis.ask("GET", "ride:r1") == b"done" and redis.ask("EXISTS", "ride:r2") == 0
               and redis.ask("ZRANGE", "drivers:x", 0, -1) == [b"d1"], 60, "all of it is in Redis")
    wait_until(penstock.ready, 60, "it is ready")
    expect_equal(penstock.stop(), 0, "exit status")
    expect_equal(redis.ask("ACL", "LOG"), [], "what Redis refused")
    run.note(f"{delivery}: flows")


def the_user_of_the_page(run):
    """Each delivery with the blocks that the page names for it."""
    first, second = blocks("docs/how-to/redis-user.md", "ACL SETUSER")
    kafka, redis = run.kafka(), run.redis()
    for topic in TOPICS:
        kafka.create(f"{run.topic}.{topic}", 1)
    producer = run.producer(kafka)
    rows = [{"city": "x", "driver_id": driver, "lon": 13.4, "lat": 52.5, "status": status}
            for driver, status in (("d1", "free"), ("d2", "free"), ("d2", "offline"))]
    producer.send(f"{run.topic}.driver.location", b"".join(
        frame(Record(0, b"d", json.dumps(row).encode())) for row in rows))
    producer.send(f"{run.topic}.ride.status", b"".join(frame(Record(0, key, value)) for key, value in (
        (b"r1", b'{"status": "done"}'), (b"r2", b'{"status": "new"}'), (b"r2", None))))
    producer.close()
    pipe(redis, first.replace("PASSWORD", PASSWORD))
    flow(run, kafka, redis, "at_least_once")
    pipe(redis, second)
    flow(run, kafka, redis, "exactly_once")


def a_right_that_is_missing_is_told(run):
    """Of a command, of a key, and the right to ask: each is an error, and the exit status says so."""
    kafka, redis = run.kafka(), run.redis()
    for topic in TOPICS:
        kafka.create(f"{run.topic}.{topic}", 1)
    first = blocks("docs/how-to/redis-user.md", "ACL SETUSER")[0]
    path = os.path.join(run.folder, "missing.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(readme(run, kafka, redis, "at_least_once"))
    for right, words in (("-geoadd", "error: GEOADD"), ("resetkeys ~drivers:*", "error: SET ride:"),
                         ("-acl|dryrun", "error: rights of user 'penstock' not checked: it may not "
                                         "ask for them; ACL SETUSER penstock +acl|dryrun")):
        pipe(redis, first.replace("PASSWORD", PASSWORD) + f"ACL SETUSER penstock {right}\n")
        found, status = checked(path)
        expect(status != 0, f"{right}: exit status {status}")
        expect(any(words in line for line in found), f"{right}: {words} in {found}")
    run.note("a missing right is told")


if __name__ == "__main__":
    main(the_user_of_the_page, a_right_that_is_missing_is_told)
