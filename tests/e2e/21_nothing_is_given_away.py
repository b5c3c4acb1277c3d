#!/usr/bin/env python3
"""Secrets and payloads are planted everywhere; no output of any command shows one."""
import os
import re
import subprocess

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame
from harness.penstock import PROGRAM

SECRET = "hunter2"  # in every planted secret
PAYLOAD = "xyzzy"  # in every key, value and header
PLACE = "512.98765"  # a longitude that Redis refuses, and repeats

# Each in a partition of its own: (format, command, ttl, key, value).
KINDS = {
    "broken_json": ("json", "SET k %{a}", None, "k", '{"a":"xyzzy'),
    "no_json": ("json", "SET k %{a}", None, "k", "xyzzy"),
    "bad_key": ("json", "SET k:%{$key.id} %{a}", None, '{"id":xyzzy}', '{"a":"xyzzy"}'),
    "missing_field": ("json", "SET k %{b}", None, "xyzzy", '{"a":"xyzzy"}'),
    "no_time": ("json", "SET k %{a|strftime('%Y')}", None, "xyzzy", '{"a":"xyzzy"}'),
    "no_number": ("json", "SET k %{a|round(2)}", None, "xyzzy", '{"a":"xyzzy"}'),
    "no_ttl": ("json", "SET k %{a}", "%{a}", "xyzzy", '{"a":"xyzzy"}'),
    "no_integer": ("raw", "INCRBY count %{$value}", None, "xyzzy", "xyzzy"),
    "wrong_type": ("raw", "HSET text %{$key} %{$value}", None, "xyzzy", "xyzzy"),
    "unknown_command": ("raw", "NOSUCH %{$key} %{$value}", None, "xyzzy", "xyzzy"),
    "subcommand": ("raw", "XGROUP CREATE %{$key} %{$value}", None, "xyzzy", "xyzzy"),
    "no_place": ("json", "GEOADD places %{lon} 1 %{a}", None, "xyzzy",
                 '{"lon":%s,"a":"xyzzy"}' % PLACE),
    "no_stream_id": ("raw", "XADD stream %{$value} f v", None, "xyzzy", "xyzzy"),
    "no_expire_time": ("raw", "SET k v EX %{$value}", None, "xyzzy", "xyzzy"),
    "forbidden_key": ("raw", "SET forbidden:%{$key} %{$value}", None, "xyzzy", "xyzzy"),
}


def shows(text, where):
    """Fails where the text shows what it must not."""
    for planted in (SECRET, PAYLOAD, PLACE):
        at = text.find(planted)
        expect(at < 0, f"{where} shows {planted}: ...{text[max(0, at - 200):at + 100]}...")


def routes_of(run, on_error):
    rows = []
    for partition, (name, (form, command, ttl, _, _)) in enumerate(KINDS.items()):
        options = {"format": form, "on_error": on_error, "when": f"$partition == {partition}",
                   "del": "none"}
        if ttl:
            options["ttl"] = ttl
        rows.append(route(f"{on_error}.{name}", run.topic, [command], **options))
    return rows


def settings_of(run, redis):
    """A sink whose password is literal, and a source with librdkafka's own talk and secrets."""
    redis.ask("ACL", "SETUSER", "bridge", "on", f">{SECRET}-sink", "+@all", "~*", "-debug")
    redis.ask("ACL", "SETUSER", "bridge", "resetkeys", "~k*", "~count", "~text", "~places",
              "~stream", "~xyzzy")
    redis.ask("SET", "text", "not a hash")
    os.environ["PENSTOCK_TEST_TOKEN"] = f"{SECRET}-environment"
    secret_file = os.path.join(run.folder, "secret")
    with open(secret_file, "w", encoding="ascii") as file:
        file.write(f"{SECRET}-file\n")
    source = ('librdkafka = { debug = "conf,security,feature"; sasl_username = "bridge"; '
              f'sasl_password = "{SECRET}-kafka"; ssl_key_password = "${{file:{secret_file}}}"; '
              'sasl_oauthbearer_client_secret = "${PENSTOCK_TEST_TOKEN}"; };')
    return source.replace('sasl_oauthbearer_client_secret = "${PENSTOCK_TEST_TOKEN}"; ', ""), \
        f'username = "bridge"; password = "{SECRET}-sink";'


def fill(run, kafka):
    producer = run.producer(kafka)
    kafka.create(run.topic, len(KINDS))
    producer.send(run.topic, b"".join(
        frame(Record(partition, key.encode(), value.encode(), (("xyzzy", b"xyzzy"),)))
        for partition, (_, _, _, key, value) in enumerate(KINDS.values())))
    producer.close()


def pages_of(penstock):
    return {path: penstock.page(path)[1] for path in
            ("/", "/metrics", "/livez?verbose", "/readyz?verbose", "/startupz", "/xyz")}


def held(penstock):
    """How many partitions are held; -1 where nobody answers yet."""
    try:
        return sum(penstock.scrape().values("penstock_kafka_partition_held"))
    except OSError:
        return -1


def started(run, on_error):
    kafka, redis = run.kafka(), run.redis()
    source, sink = settings_of(run, redis)
    fill(run, kafka)
    text = conf(kafka, redis.url, f"{run.group}.{on_error}", routes_of(run, on_error), source, sink,
                'log = { level = "debug"; };')
    return kafka, redis, run.penstock(text, wait=False)


def no_log_page_or_metric_shows_one(run):
    """Fifteen kinds of bad records, held, the log at debug; then Redis changes its password."""
    kafka, redis, penstock = started(run, "stop")
    wait_until(lambda: held(penstock) == len(KINDS), 60,
               lambda: f"all are held: {pages_of(penstock)}")
    shows(penstock.log(), "the log")
    for path, page in pages_of(penstock).items():
        shows(page, path)
    lines = [line for line in penstock.log().splitlines() if "partition held" in line]
    for name in KINDS:
        expect(any(f"stop.{name}" in line for line in lines), f"{name} is in the log: {lines}")
    redis.ask("ACL", "SETUSER", "bridge", "resetpass", f">{SECRET}-changed")
    redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait_until(lambda: "WRONGPASS" in penstock.page("/readyz?verbose")[1], 60, "it is refused")
    for path, page in pages_of(penstock).items():
        shows(page, path)
    expect_equal(penstock.stop(), 0, "exit status")
    shows(penstock.log(), "the log")
    run.note(f"{len(KINDS)} kinds; {kafka.brokers}")


def no_line_about_skipped_records_shows_one(run):
    """The same, skipped."""
    _, _, penstock = started(run, "skip")
    wait_until(lambda: penstock.page("/metrics")[0] == 200 and penstock.scrape().outcome("dropped")
               + held(penstock) == len(KINDS), 60,
               lambda: f"all are dropped, or held for rights: {pages_of(penstock)}")
    for path, page in pages_of(penstock).items():
        shows(page, path)
    expect_equal(penstock.stop(), 0, "exit status")
    shows(penstock.log(), "the log")


def said_by(*words, stdin=""):
    done = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.stdout + done.stderr


def no_command_shows_a_secret(run):
    """check, check --online and explain, of a good file, a wrong one, and broken ones."""
    kafka, redis = run.kafka(), run.redis()
    source, sink = settings_of(run, redis)
    kafka.create(run.topic, len(KINDS))
    good = conf(kafka, redis.url, run.group, routes_of(run, "stop"), source, sink)
    path = os.path.join(run.folder, "one.conf")
    for name, text in {
            "good": good,
            "wrong password": good.replace(f"{SECRET}-sink", f"{SECRET}-wrong"),
            "url": good.replace(redis.url, f"redis://bridge:{SECRET}@127.0.0.1:x/0"),
            "open quote": good.replace(f'"{SECRET}-sink"', f'"{SECRET}-sink'),
            "open group": good.replace(f'"{SECRET}-sink";', f'"{SECRET}-sink"; passwrod = '
                                                            f'"{SECRET}";'),
            "number": good.replace(f'"{SECRET}-kafka"', "{ a = \"hunter2\"; }"),
    }.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
        for words in (["check", path], ["check", "--online", path],
                      ["explain", "-c", path, "stop.missing_field", "--value", '{"b":1}'],
                      ["version"] if name in ("good", "wrong password") else ["run", "-c", path]):
            said = said_by(*words)
            expect(SECRET not in said, f"{name}: {' '.join(words)}: {said}")
            expect(said, f"{name}: {' '.join(words)} says something")
    said = said_by("explain", "-c", path.replace("one", "two"), "x")
    expect(SECRET not in said, said)


def no_explanation_shows_a_secret(run):
    """A secret file in each text of a route, as text and as JSON; good records and bad ones."""
    path, secret = os.path.join(run.folder, "one.conf"), os.path.join(run.folder, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write(f"{SECRET}\n")
    held = f"${{file:{secret}}}"
    rows = {"key": ([f"SET {held}:%{{$key}} %{{a}}"], {}),
            "value": ([f"SET k:%{{$key}} {held}-%{{a}}"], {"del": f"SET k {held}"}),
            "field": ([f"SET k:%{{$key}} %{{{held}}}"], {"del": "none"}),
            "default": ([f"SET k:%{{$key}} %{{b|default('{held}')|upper}}"], {"del": "none"}),
            "when": (["SET k:%{$key} %{a}"], {"when": f"a != '{held}'", "del": "none"}),
            "whens": ([(f"a != '{held}'", "SET k:%{$key} %{a}")], {"del": "none"}),
            "name": ([f"{held} %{{$key}} %{{a}}"], {"del": "UNLINK k"}),
            "expiry": (["HSET k:%{$key} a %{a}"], {"ttl": f"%{{{held}|default('1s')}}", "del": "none"})}
    with open(path, "w", encoding="utf-8") as file:
        file.write('version = 1;\nsources = { main = { brokers = "h:1"; group = "g"; }; };\n'
                   'sinks = { live = { url = "redis://h"; }; };\nroutes = (\n' + ",\n".join(
                       route(name, name, commands, format="json", **options)
                       for name, (commands, options) in rows.items()) + "\n);")
    for name in rows:
        for given in (["--value", '{"a":1}'], ["--value", "{}"], ["--value", "{"], ["--tombstone"]):
            for form in ([], ["--json"]):
                words = ["explain", "-c", path, *form, name, "--key", "7", *given]
                said = said_by(*words)
                shown = re.search(SECRET, said, re.I)
                expect(said and not shown, f"{' '.join(words)}: {said}")
                expect("***" in said or given == ["--tombstone"], f"{' '.join(words)}: {said}")


if __name__ == "__main__":
    main(no_log_page_or_metric_shows_one, no_line_about_skipped_records_shows_one,
         no_command_shows_a_secret, no_explanation_shows_a_secret)
