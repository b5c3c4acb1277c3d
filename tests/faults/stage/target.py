"""The target: a real Redis that the test reaches by its unix socket, whatever the network does."""
from harness import Redis
from harness.redis import Connection, RedisError

from .judge import Target


class TargetRedis(Redis):
    """The server that the judge reads."""

    def connect(self):
        return Connection(self.socket_path)

    def arrived(self):
        """How many entries the streams have had; -1 where it does not answer."""
        try:
            return sum(self.ask("XLEN", key) for key in self.keys("stream:*"))
        except (OSError, RedisError):
            return -1

    def counted(self, name):
        """A number of INFO."""
        for line in self.ask("INFO", "everything").decode().splitlines():
            if line.startswith(name + ":"):
                return int(line.split(":")[1])
        return 0

    def errors(self, word):
        """How often it has answered with this error."""
        for line in self.ask("INFO", "errorstats").decode().splitlines():
            if line.startswith(f"errorstat_{word}:count="):
                return int(line.split("=")[1])
        return 0

    def checkpoints(self, group, topic):
        """{partition: next offset} that exactly-once delivery has stored."""
        stem = f"penstock:{{{group}}}:{topic}:"
        keys = [key for key in self.keys(f"penstock:*:{topic}:*") if not key.endswith(b":epoch")]
        return {int(key[len(stem):]): int(self.ask("HGET", key, "next") or 0) for key in keys}

    def read(self):
        """All that the judge wants to know."""
        target = Target()
        for key in self.keys("stream:*"):
            partition = int(key.partition(b":")[2])
            target.streams[partition] = [
                (int(fields[1]), fields[3], fields[5])
                for _, fields in self.ask("XRANGE", key, "-", "+")]
        for key, sequence in self._all("list:", lambda key: ("LRANGE", key, 0, -1)):
            target.lists[key] = [int(number) for number in sequence]
        target.last = dict(self._all("last:", lambda key: ("GET", key)))
        target.sums = {key: int(total)
                       for key, total in self._all("sum:", lambda key: ("GET", key))}
        return target

    def _all(self, prefix, question):
        keys = sorted(self.keys(prefix + "*"))
        replies = self.ask_all([question(key) for key in keys])
        return [(key[len(prefix):], reply) for key, reply in zip(keys, replies)]
