#!/usr/bin/env python3
"""penstock top, in a terminal (a pty), in a pipe, and for a program."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from harness import Record, conf, expect, expect_equal, main, route, wait_until
from harness.kafka import frame
from harness.penstock import PROGRAM

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
ESCAPE = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")
RECORDS, PARTITIONS = 5000, 24


class Terminal:
    """A terminal with a program in it."""

    def __init__(self, words, width=80, height=24, env=()):
        self.master, self.slave = pty.openpty()
        self.size(width, height)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([PROGRAM, "top", *map(str, words)], stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True,
                                        env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **dict(env)})
        self.said = b""

    def size(self, width, height):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.said += os.read(self.master, 65536)
        return self.said

    def frames(self):
        """Each as its lines, without what moves the cursor or colours; the last one is whole."""
        whole = self.read().rpartition(b"\x1b[J")[0].decode()
        return [[ESCAPE.sub("", line) for line in text.split("\r\n")] for text in whole.split("\x1b[H")[1:]]

    def comes(self, count):
        wait_until(lambda: len(self.frames()) >= count, 60, lambda: f"{count} frames: {self.said!r}")
        return self.frames()[-1]

    def ends(self, status):
        """And the terminal is as it was."""
        def gone():
            self.read()
            return self.process.poll() is not None
        wait_until(gone, 60, "it ends")
        expect_equal(self.process.returncode, status, "status")
        said = self.read()
        expect(said.startswith(ENTER) and said.endswith(LEAVE), f"it gives the screen back: {said[-200:]!r}")
        expect_equal(said.count(ENTER), said.count(LEAVE), "it gives back what it took")
        expect_equal(termios.tcgetattr(self.slave), self.before, "the terminal's settings")
        os.close(self.master)
        os.close(self.slave)


def bench(run):
    kafka, redis = run.kafka(), run.redis()
    kafka.create(run.topic, PARTITIONS)
    bridge = run.penstock(conf(kafka, redis.url, run.group, [
        route("cache", run.topic, ["SET k:%{$key} %{$value}"], format="raw")]))
    producer = run.producer(kafka)
    producer.send(run.topic, b"".join(frame(Record(n % PARTITIONS, b"k%d" % n, b"v", (), int(time.time() * 1000)))
                                      for n in range(RECORDS)))
    producer.close()
    wait_until(lambda: bridge.written() == RECORDS, 60, "all is written")
    return bridge, redis


def fits(lines, width, height):
    expect(len(lines) <= height, f"{len(lines)} lines on {height}: {lines}")
    expect(all(len(line) <= width for line in lines), f"{width} columns: {lines}")


def a_terminal_shows_it_and_is_given_back(run):
    """At 80x24 and other sizes; by q, signals, a crash, its own end."""
    bridge, redis = bench(run)
    address = ["--admin", f"127.0.0.1:{bridge.port}", "--interval", "200ms"]
    terminal = Terminal(address)
    lines = terminal.comes(2)
    fits(lines, 80, 24)
    expect(any(re.search(r"[[]\d+[]] +\d", line) for line in lines), f"a long topic leaves its partition's number: {lines}")
    expect("ready" in lines[0] and lines[1].startswith("written "), f"the head: {lines}")
    expect(any(line.startswith("cache ") and " 5000 " in line for line in lines), f"the route: {lines}")
    expect(any(re.match(r"live +\S+ +1 ", line) for line in lines), f"the sink: {lines}")
    expect(lines[-2].startswith("and ") and lines[-2].endswith(" more"), f"more partitions than lines: {lines}")
    expect("\u2581" in "".join(lines) and b"\x1b[1m" in terminal.said, "curves and colours")
    seen = len(terminal.frames())
    terminal.size(60, 60)
    os.kill(terminal.process.pid, signal.SIGWINCH)
    wait_until(lambda: len(terminal.frames()[-1]) > 30, 60, "it takes the room")
    fits(terminal.frames()[-1], 60, 60)
    expect(len(terminal.frames()) > seen, "it was drawn again")
    redis.kill()
    wait_until(lambda: any(re.match(r"live .* away ", line) for line in terminal.frames()[-1]), 60, "Redis is away")
    redis.start()
    os.write(terminal.master, b"q")
    terminal.ends(0)
    for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0),
                           (signal.SIGSEGV, -signal.SIGSEGV), (signal.SIGABRT, -signal.SIGABRT)):
        terminal = Terminal(address)
        terminal.comes(1)
        os.kill(terminal.process.pid, number)
        terminal.ends(status)
    terminal = Terminal([*address, "-n", 2], env=[("NO_COLOR", "1"), ("LC_ALL", "C"), ("LANG", "C")])
    terminal.comes(2)
    expect(b"m" not in re.findall(rb"\x1b\[[0-9;]*([a-zA-Z])", terminal.said), "no colour")
    terminal.said.decode("ascii")
    terminal.ends(0)
    stopped = Terminal(address)
    stopped.comes(1)
    os.kill(stopped.process.pid, signal.SIGTSTP)
    wait_until(lambda: stopped.read().endswith(LEAVE), 60, "it gives the screen back while it is stopped")
    os.kill(stopped.process.pid, signal.SIGCONT)
    seen = len(stopped.frames())
    stopped.comes(seen + 1)
    os.write(stopped.master, b"q")
    stopped.ends(0)


def a_pipe_gets_plain_text_and_a_program_json(run):
    """The figures are those of /metrics."""
    bridge, _ = bench(run)
    address = ["--admin", f"127.0.0.1:{bridge.port}", "--interval", "200ms"]
    done = subprocess.run([PROGRAM, "top", *address, "-n", "2"], capture_output=True, text=True, timeout=20, check=True)
    expect("\x1b" not in done.stdout and done.stdout.count("PARTITION") == 2, done.stdout)
    expect_equal(done.stdout.count(run.topic[:20]), 2 * PARTITIONS, "partitions")
    done = subprocess.run([PROGRAM, "top", "-c", bridge.conf_path, "-i", "200ms", "-n", "3", "--json"],
                          capture_output=True, text=True, timeout=20, check=True)
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    expect_equal(len(looks), 3, "looks")
    last, scrape = looks[-1], bridge.scrape()
    expect_equal((last["error"], last["ready"], last["lag"]), (None, True, 0), "state")
    expect_equal([(row["route"], row["written"]) for row in last["routes"]], [("cache", scrape.outcome("written"))], "routes")
    expect_equal([(row["sink"], row["connections"]) for row in last["sinks"]], [("live", 1)], "sinks")
    expect_equal(sorted(row["partition"] for row in last["partitions"]), list(range(PARTITIONS)), "partitions")
    words = [PROGRAM, "top", *address, "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        child.stdout.readline()
        bridge.stop()
        wait_until(lambda: json.loads(child.stdout.readline())["error"], 60, "it says that nobody answers")
        child.terminate()
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    expect(done.returncode == 69 and "Connection refused" in done.stderr, f"{done.returncode}: {done.stderr}")
    for wrong, said in ((["-i", "1"], "--interval takes"), (["-n", "0"], "--iterations takes"), (["a", "b"], "one configuration")):
        done = subprocess.run([PROGRAM, "top", *wrong], capture_output=True, text=True, timeout=20, check=False)
        expect(done.returncode == 64 and said in done.stderr, f"{wrong}: {done.returncode}: {done.stderr}")


main(a_terminal_shows_it_and_is_given_back, a_pipe_gets_plain_text_and_a_program_json)
