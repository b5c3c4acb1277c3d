"""Watchers beside a row: what the process takes, and what the group has committed."""
import os
import subprocess
import threading
import time
from dataclasses import dataclass

from harness.child import BUILD, Child

EVERY_SECONDS = 0.1


@dataclass
class Life:
    """One process from its start to its end."""
    name: str
    pid: int
    first_files: int = 0
    most_files: int = 0
    last_files: int = 0
    most_bytes: int = 0


class Sampler(threading.Thread):
    """Samples every member's /proc ten times a second."""

    def __init__(self, members):
        super().__init__(daemon=True)
        self.members, self.lives, self.done = members, {}, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(EVERY_SECONDS):
            for member in list(self.members):
                try:
                    self._sample(member)
                except (OSError, IndexError, ValueError):
                    pass  # it is starting, or gone

    def _sample(self, member):
        pid = member.child.pid
        files, size = member.child.open_files(), member.child.rss_bytes()
        life = self.lives.setdefault((member.name, pid), Life(member.name, pid, files))
        if time.monotonic() - member.started < 3:
            life.first_files = files  # until it has its connections
        life.last_files, life.most_files = files, max(life.most_files, files)
        life.most_bytes = max(life.most_bytes, size)

    def stop(self):
        self.done.set()
        self.join(5)


class Commits(threading.Thread):
    """The committed offsets as Kafka tells them, five times a second, by kafka_admin."""

    def __init__(self, brokers, group, topic, folder):
        super().__init__(daemon=True)
        self.child = Child([os.path.join(BUILD, "tests", "kafka_admin"), brokers, "watch", group,
                            topic], os.path.join(folder, "watch.log"), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        self.trace = []
        self.start()

    def run(self):
        for line in self.child.process.stdout:
            offsets = enumerate(line.decode().split())
            self.trace.append({partition: int(word) for partition, word in offsets if word != "-"})

    def stop(self):
        self.child.process.stdin.close()
        self.child.terminate(5)
        self.join(5)


class Ahead(threading.Thread):
    """How far Redis is ahead of the commits, at most: what is read again where partitions are
    lost."""

    def __init__(self, redis, commits):
        super().__init__(daemon=True)
        self.redis, self.commits, self.most = redis, commits, 0
        self.committed, self.reached, self.seen = {}, {}, 0
        self.done = threading.Event()
        self.start()

    def run(self):
        connection = None
        while not self.done.wait(EVERY_SECONDS):
            try:
                connection = connection or self.redis.connect()
                self._sample(connection)
            except OSError:
                connection = None  # Redis is away, too

    def _sample(self, connection):
        for offsets in self.commits.trace[self.seen:]:
            self.committed.update(offsets)
            self.seen += 1
        for key in self.redis.keys_by(connection, "stream:*"):
            partition = int(key.partition(b":")[2])
            newest = connection.ask("XREVRANGE", key, "+", "-", "COUNT", 1)
            reached = max([self.reached.get(partition, 0)]
                          + [int(fields[1]) + 1 for _, fields in newest])
            self.reached[partition] = reached
        ahead = sum(max(0, reached - self.committed.get(partition, 0))
                    for partition, reached in self.reached.items())
        self.most = max(self.most, ahead)

    def stop(self):
        self.done.set()
        self.join(5)
        return self.most
