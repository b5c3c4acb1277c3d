"""An example as its user runs it: by its one command, with a terminal's input and output."""
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

from harness import Failure, expect, wait_until
from harness.child import BUILD, SOURCE, Child, free_port
from harness.redis import Connection

START_SECONDS = 120
END_SECONDS = 30


class Example:
    """`examples/NAME/run` with `options`; ended by `stop()`, at the latest with the test."""

    def __init__(self, run, name, *options):
        self.port = free_port()  # of its page, or its application
        self.folder = os.path.join(run.folder, "tmp")
        os.makedirs(self.folder)
        self.child = Child([os.path.join(SOURCE, "examples", name, "run"), "--port", str(self.port), *options],
                           os.path.join(run.folder, "example.log"), stdin=subprocess.PIPE,
                           env={"PENSTOCK": os.path.join(BUILD, "penstock"), "TMPDIR": self.folder})
        run.made.append(self)

    def said(self, pattern, seconds=START_SECONDS, times=1):
        """Waits until it has said so, that many times; the last match."""
        def look():
            expect(self.child.running, f"it goes on: {self.child.log_text()[-3000:]}")
            found = list(re.finditer(pattern, self.child.log_text()))
            return found[-1] if len(found) >= times else None
        return wait_until(look, seconds, lambda: f"it says {pattern!r}: {self.child.log_text()[-3000:]}")

    def type(self, *lines):
        """Types lines at its terminal."""
        self.child.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.child.process.stdin.flush()

    def brokers(self):
        return self.said(r"Kafka is .* on (\S+),")[1]

    def redis(self):
        return Connection(int(self.said(r"Redis listens on 127\.0\.0\.1:(\d+)")[1]))

    def penstock_pid(self):
        return int(self.said(r"penstock (?:is|runs again,) process (\d+)")[1])

    def kill_penstock(self):
        """kill -9, and waits until it runs again; its new process."""
        lives = len(re.findall("penstock runs again", self.child.log_text()))
        os.kill(self.penstock_pid(), signal.SIGKILL)
        self.said("penstock was killed by signal 9")
        self.said("penstock runs again", times=lives + 1)

    def ask(self, path, method="GET"):
        """(status, what the JSON says) of its page; (0, reason) if nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError as failure:
            return 0, str(failure)

    def family(self):
        """The processes that it has started, and theirs."""
        children = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            children.setdefault(_stat(pid)[1], []).append(int(pid))
        found, wanted = [], [self.child.pid]
        while wanted:
            wanted = [child for pid in wanted for child in children.get(pid, [])]
            found += wanted
        return found

    def end(self, number):
        """Sends it that signal; waits until all is gone. Its exit status."""
        family = self.family()
        self.child.signal(number)
        status = self.child.wait(END_SECONDS)
        if status is None:
            raise Failure(f"it ends within {END_SECONDS} s of signal {number}")
        wait_until(lambda: not any(_stat(pid)[0] in "RSDT" for pid in family), END_SECONDS, f"nothing stays of {family}")
        self.child.forget()
        return status

    def stop(self):
        if self.child.running:
            self.end(signal.SIGTERM)


def _stat(pid):
    """(state, parent) of a process; ("-", 0) if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[1])
    except OSError:
        return "-", 0


def read(brokers, topic, partitions):
    """Every record that a topic holds: (partition, offset, key, payload), payload None for a tombstone. What
    compaction took is not there."""
    found = []
    for partition in range(partitions):
        done = subprocess.run(["kcat", "-C", "-b", brokers, "-t", topic, "-p", str(partition), "-o", "beginning", "-e", "-q",
                               "-J"], capture_output=True, text=True, check=True, timeout=60)
        rows = map(json.loads, done.stdout.splitlines())
        found += [(row["partition"], row["offset"], row["key"], row["payload"]) for row in rows]
    return found
