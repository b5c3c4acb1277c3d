#!/usr/bin/env python3
"""penstock dlq: letters are listed, shown, and go through their route again, once."""
import json
import os
import signal
import subprocess
import time

from harness import Log, Record, conf, expect, expect_equal, main, route, wait_until
from harness.child import Child
from harness.kafka import frame
from harness.penstock import PROGRAM

COMMANDS = [("op == 'add'", "INCRBY sum:%{$topic} %{n}"),
            "HSET text:%{$topic}:%{$partition} o%{$offset} %{n}"]
BAD, GOOD = 6, 30

PUSH = ["RPUSH text:%{$topic}:%{$partition} %{$offset}"]
MANY, KILLS = 6000, 3


class Bench:
    """A bridge whose records fail until their key's type is mended, and what "dlq" says of them."""

    def __init__(self, run, kind, commands=COMMANDS, good=GOOD, bad=BAD):
        self.run, self.kafka, self.redis = run, run.kafka(), run.redis()
        self.topic = f"{run.topic}.{kind}"
        self.group = f"{run.group}.{kind}"
        self.log = Log(self.topic, 2, 1, run.random)
        self.kafka.create(self.topic, 2, max_message_bytes=3_000_000)
        top = f'dlq = {{ sink = "live"; stream = "dead:{kind}"; }};'
        if kind == "topic":
            self.kafka.create(f"{self.topic}.dead", 2)
            top = f'dlq = {{ source = "main"; topic = "{self.topic}.dead"; }};'
        for partition in range(2):
            self.redis.ask("SET", f"text:{self.topic}:{partition}", "no hash")
        rows = [route("all", self.topic, commands, format="json", on_error="dlq")]
        self.penstock = run.penstock(conf(self.kafka, self.redis.url, self.group, rows, top=top),
                                     name=kind)
        producer = run.producer(self.kafka)
        for number in range(good):
            self.send(producer, number % 2, b'{"op":"add","n":1}')
        for number in range(bad):
            self.send(producer, number % 2, b'{"op":"set","n":"%d"}' % number)
        producer.close()
        wait_until(lambda: self.penstock.scrape().outcome("dead_lettered") == bad, 60, "letters")

    def send(self, producer, partition, value):
        record = Record(partition, b"k", value, (("trace", b"x"), ("trace", None)), 1_700_000_000_000)
        producer.send(self.topic, self.log.add(record))

    def dlq(self, *words, status=0):
        done = subprocess.run([PROGRAM, "dlq", *words[:1], "-c", self.penstock.conf_path, *words[1:]],
                              capture_output=True, text=True, timeout=60, check=False)
        expect_equal(done.returncode, status, f"status of dlq {' '.join(words)}: {done.stdout} {done.stderr}")
        return done.stdout.splitlines(), done.stderr

    def begin_retry(self, stdout=None):
        """"dlq retry --all", begun and not waited for."""
        return Child([PROGRAM, "dlq", "retry", "-c", self.penstock.conf_path, "--all"],
                     os.path.join(self.run.folder, "retry.log"), stdout=stdout)

    def mend(self):
        for partition in range(2):
            self.redis.ask("DEL", f"text:{self.topic}:{partition}")

    def written(self):
        return {(partition, field): value for partition in range(2) for field, value in
                pairs(self.redis.ask("HGETALL", f"text:{self.topic}:{partition}"))}

    def pushed(self):
        """Where the records came from that PUSH wrote."""
        return [(partition, int(offset)) for partition in range(2) for offset in
                self.redis.ask("LRANGE", f"text:{self.topic}:{partition}", 0, -1)]

    def pushed_count(self):
        return sum(self.redis.ask_all([("LLEN", f"text:{self.topic}:{partition}")
                                       for partition in range(2)]))

    def push_some(self, stdout=None):
        """A retry that has written some hundred letters, and has not come to their end."""
        wanted = self.pushed_count() + self.run.random.randrange(130, 370)
        child = self.begin_retry(stdout)
        wait_until(lambda: self.pushed_count() >= wanted or not child.running, 60,
                   "letters are sent", every=0.001)
        expect(child.running, "it was at the end before it could be ended")
        return child

    def judge_pushed(self, repeats):
        """Each letter was sent; how many of them came again."""
        pushed = self.pushed()
        expect_equal(set(pushed), {(number % 2, number // 2) for number in range(MANY)}, "letters")
        again = len(pushed) - MANY
        self.run.note(f"{self.topic}: {again} letters were sent again")
        expect(again <= repeats, f"{again} letters were sent again, at most {repeats} may be")


def pairs(items):
    return list(zip(items[::2], items[1::2]))


def judge_tool(bench):
    lines, summary = bench.dlq("list")
    expect_equal(len(lines), BAD, "letters listed")
    expect(all("WRONGTYPE" in line and bench.topic + "[" in line for line in lines), lines[0])
    expect(f"{BAD} letters; all: {BAD}" in summary, summary)
    expect_equal(bench.dlq("list", "--route", "none")[0], [], "letters of another route")
    expect_equal(len(bench.dlq("list", "--limit", "2")[0]), 2, "a limit")
    first = lines[0].split()[0]
    shown = "\n".join(bench.dlq("show", first)[0])
    expect("now       HSET text:" in shown and "trace = null" in shown and
           "__penstock.class = reject" in shown, shown)
    listed = [json.loads(line) for line in bench.dlq("list", "--json")[0]]
    expect_equal([letter["id"] for letter in listed], [line.split()[0] for line in lines], "the same letters")
    letter = json.loads(bench.dlq("show", "--json", first)[0][0])
    expect(letter["id"] == first and letter["route"] == "all" and letter["key"] == "k"
           and letter["headers"][0] == {"key": "trace", "value": "x"} and letter["headers"][1]["value"] is None
           and letter["commands"][0][0] == "HSET" and letter["now_error"] is None, f"{letter}")
    refused, summary = bench.dlq("retry", "--all", status=1)
    expect(len(refused) == BAD and all("stays: WRONGTYPE" in line for line in refused), refused)
    bench.mend()
    last = lines[-1].split()[0]
    would, _ = bench.dlq("retry", "--dry-run", last)
    expect(would[0] == f"{last} would be sent:" and "HSET text:" in would[1], would)
    expect_equal(bench.written(), {}, "a dry run writes nothing")
    expect_equal(bench.dlq("retry", last)[0], [f"{last} written"], "one letter")
    expect_equal(len(bench.written()), 1, "fields after one letter")
    expect_equal(len(bench.dlq("list")[0]), BAD - 1, "letters left")
    bench.redis.ask("SET", "mark", "1")
    expect_equal(len(bench.dlq("retry", "--all")[0]), BAD - 1, "the other letters")
    expect_equal(len(bench.written()), BAD, "fields after all of them")
    again, summary = bench.dlq("retry", "--all")
    expect_equal((again, "sent 0" in summary), ([], True), "a second run")
    expect_equal(int(bench.redis.ask("GET", f"sum:{bench.topic}")), GOOD, "the good ones")


def letters_of_a_topic_go_their_way_again(run):
    """Listed, shown, refused again, mended, sent; a second run sends none."""
    bench = Bench(run, "topic")
    judge_tool(bench)
    done, _ = bench.dlq("list", "--all")
    expect(len(done) == BAD and all(line.endswith("(sent)") for line in done), done)
    # The group's commit is the mark; a foreign record is none of ours, and stays.
    producer = run.producer(bench.kafka)
    producer.send(f"{bench.topic}.dead", frame(Record(0, b"x", b"not a letter", (), 1)))
    producer.close()
    lines, _ = bench.dlq("list")
    expect(len(lines) == 1 and "not a letter" in lines[0], lines)


def letters_of_a_stream_go_their_way_again(run):
    """The same where each letter that was sent leaves its stream."""
    bench = Bench(run, "stream")
    judge_tool(bench)
    expect_equal(bench.redis.ask("XLEN", "dead:stream"), 0, "entries left")
    bench.redis.ask("XADD", "dead:stream", "*", "headers", "[[", "value", "x")
    lines, _ = bench.dlq("list")
    expect(len(lines) == 1 and "not a letter" in lines[0], lines)


def a_letter_by_reference_is_read_where_it_is(run):
    """Its value is too large for the topic of letters."""
    bench = Bench(run, "topic")
    bench.mend()
    producer = run.producer(bench.kafka)
    large = json.dumps({"op": "add", "n": "x" * 1_500_000}).encode()
    bench.send(producer, 0, large)
    producer.close()
    wait_until(lambda: bench.penstock.scrape().outcome("dead_lettered") == BAD + 1, 60, "a letter")
    lines = [line for line in bench.dlq("list")[0] if "(by reference)" in line]
    expect_equal(len(lines), 1, "letters by reference")
    found, _ = bench.dlq("retry", lines[0].split()[0], status=1)
    expect("increment must be a whole number" in found[0], found)


def a_letter_whose_template_failed_is_shown(run):
    """With the reason in the place of the command that could not be made, one line a letter."""
    bench = Bench(run, "stream", ["SET a:%{nothing} %{n}"], 0, 3)
    lines, _ = bench.dlq("show")
    now = [line for line in lines if line.startswith("  now ")]
    expect_equal(now, ["  now       SET: missing field 'nothing'"] * 3, "what they become now")


def what_was_written_nowhere_stays(run):
    """An answer that is no error may say so, to a retry as to the bridge."""
    bench = Bench(run, "stream", ["LINSERT list:%{$topic} BEFORE pivot %{n}"], 0, 3)
    bench.redis.ask("RPUSH", f"list:{bench.topic}", "no pivot")
    bench.send(producer := run.producer(bench.kafka), 0, b'{"op":"set","n":"x"}')
    producer.close()
    wait_until(lambda: bench.penstock.scrape().outcome("dead_lettered") == 4, 60, "a letter")
    told, _ = bench.dlq("retry", "--all", status=1)
    expect(len(told) == 4 and all("stays: LINSERT answered -1" in line for line in told), told)


def an_entry_that_is_there_is_not_sent_again(run):
    """Redis refuses the ids, until somebody mends that. One entry was written by a retry that was
    killed before it could say so, another one has other fields."""
    bench = Bench(run, "stream", ["XADD ids:%{$topic}:%{$partition} %{$offset}-1 n %{n}"], 0, 0)
    streams = [f"ids:{bench.topic}:{partition}" for partition in range(2)]
    for stream in streams:
        bench.redis.ask("XADD", stream, "*", "by", "hand")
    producer = run.producer(bench.kafka)
    for number in range(6):
        bench.send(producer, number % 2, b'{"op":"set","n":"%d"}' % number)
    producer.close()
    wait_until(lambda: bench.penstock.scrape().outcome("dead_lettered") == 6, 60, "letters")
    bench.redis.ask("DEL", *streams)
    bench.redis.ask("XADD", streams[0], "0-1", "n", "0")
    bench.redis.ask("XADD", streams[1], "0-1", "n", "other")
    told, _ = bench.dlq("retry", "--all", status=1)
    expect(len([line for line in told if line.endswith(" written")]) == 5, told)
    expect(len([line for line in told if "stays: ERR The ID specified" in line]) == 1, told)
    expect_equal([bench.redis.ask("XLEN", stream) for stream in streams], [3, 3], "entries")


def many(run, kind):
    """Thousands of letters whose route works again."""
    bench = Bench(run, kind, PUSH, 0, MANY)
    run.note(f"{MANY} letters")
    bench.mend()
    return bench


def judge_kills(run, bench, repeats):
    """kill -9 in the midst of them, three times, and once more to the end."""
    for _ in range(KILLS):
        bench.push_some().kill()
    began = time.monotonic()
    left = len(bench.dlq("retry", "--all")[0])
    run.note(f"the last {left} letters in {time.monotonic() - began:.2f} s")
    bench.judge_pushed(KILLS * repeats)
    expect_equal(bench.dlq("retry", "--all")[0], [], "a second run")


def judge_stops(bench):
    """Ctrl-C and its like, and a reader of the output that goes away."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        child = bench.push_some()
        child.signal(number)
        expect_equal(child.wait(10), 1, f"exit status after signal {number}")
        expect("stopped before the end" in child.log_text(), "it says that it was stopped")
        bench.run.note(f"stopped by signal {number}")
    child = bench.push_some(subprocess.PIPE)
    child.process.stdout.close()
    expect(child.wait(10) is not None, "nobody reads what it prints: it ends")
    expect(len(bench.pushed()) < MANY, "it ended before the end")
    bench.dlq("retry", "--all")
    bench.judge_pushed(0)


def a_kill_repeats_a_hundred_of_a_topic_at_most(run):
    """As --help says."""
    judge_kills(run, many(run, "topic"), 100)


def a_kill_repeats_one_of_a_stream_at_most(run):
    """As --help says."""
    judge_kills(run, many(run, "stream"), 1)


def a_stop_repeats_none_of_a_topic(run):
    """What was sent is marked before it ends."""
    judge_stops(many(run, "topic"))


def a_stop_repeats_none_of_a_stream(run):
    """What was sent is gone before it ends."""
    judge_stops(many(run, "stream"))


def marks_of_another_log_are_none(run):
    """What was marked in a topic of that name that is gone hides no letter of the new one."""
    bench = Bench(run, "topic")
    group, dead = f"{bench.group}.dlq", f"{bench.topic}.dead"
    listed = bench.dlq("list")[0]
    for partition in range(2):
        bench.kafka.admin("commit", group, dead, partition, 1, "2-9")
    expect(len(bench.dlq("list")[0]) < len(listed), "marks without a log stand")
    for partition in range(2):
        bench.kafka.admin("commit", group, dead, partition, 1, "log=another/log 2-9")
    expect_equal(bench.dlq("list")[0], listed, "marks of another log are none")


def wrong_words_are_told(run):
    """Each with its exit status."""
    bench = Bench(run, "topic")
    for words, text in ((["list", "1-2"], "is not the id of a letter"), (["retry"], "which letters?"),
                        (["burn"], "list, show or retry?"), (["list", "--limit", "0"], "--limit"),
                        (["list", "--dry-run"], "goes with retry")):
        expect(text in bench.dlq(*words, status=64)[1], f"dlq {words}")
    expect("there is no letter 0@999" in bench.dlq("show", "0@999", status=65)[1], "a missing letter")


if __name__ == "__main__":
    main(letters_of_a_topic_go_their_way_again, letters_of_a_stream_go_their_way_again,
         a_letter_by_reference_is_read_where_it_is, a_letter_whose_template_failed_is_shown,
         what_was_written_nowhere_stays, an_entry_that_is_there_is_not_sent_again,
         a_kill_repeats_a_hundred_of_a_topic_at_most,
         a_kill_repeats_one_of_a_stream_at_most, a_stop_repeats_none_of_a_topic,
         a_stop_repeats_none_of_a_stream, marks_of_another_log_are_none,
         wrong_words_are_told)
