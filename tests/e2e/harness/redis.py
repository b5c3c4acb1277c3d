"""A real redis-server, and a small client of our own: the test must not trust what it tests."""
import os
import signal
import socket
import tempfile
import time

from .child import Child, free_port

START_SECONDS = 20


class RedisError(Exception):
    """An error reply."""


class Connection:
    """One connection; commands are rows of words, replies bytes, ints, None, lists, RedisError."""

    def __init__(self, address, timeout=60):
        """`address` is a port of the loopback, or the path of a unix socket."""
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(("127.0.0.1", address), timeout)
        self.buffer = b""
        self.position = 0

    def close(self):
        self.socket.close()

    def send(self, *commands):
        parts = []
        for words in commands:
            parts.append(b"*%d\r\n" % len(words))
            for word in words:
                raw = word if isinstance(word, bytes) else str(word).encode()
                parts += [b"$%d\r\n" % len(raw), raw, b"\r\n"]
        self.socket.sendall(b"".join(parts))

    def _more(self):
        chunk = self.socket.recv(1 << 20)
        if not chunk:
            raise ConnectionError("Redis closed the connection")
        self.buffer = self.buffer[self.position:] + chunk
        self.position = 0

    def _line(self):
        while (end := self.buffer.find(b"\r\n", self.position)) < 0:
            self._more()
        line = self.buffer[self.position:end]
        self.position = end + 2
        return line

    def _bulk(self, length):
        while len(self.buffer) - self.position < length + 2:
            self._more()
        raw = self.buffer[self.position:self.position + length]
        self.position += length + 2
        return raw

    def read(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self._bulk(int(rest))
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        if kind == b"-":
            return RedisError(rest.decode("utf-8", "replace"))
        return rest

    def ask(self, *words):
        self.send(words)
        reply = self.read()
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def ask_all(self, commands):
        """The replies to many commands, a thousand in flight at a time."""
        replies = []
        for start in range(0, len(commands), 1000):
            part = commands[start:start + 1000]
            self.send(*part)
            replies += [self.read() for _ in part]
        return replies


class Redis:
    """A server with or without an append-only file, on TCP and on a unix socket."""

    def __init__(self, folder, *options, aof=False):
        self.port = free_port()
        self.folder = os.path.join(folder, f"redis-{self.port}")
        os.makedirs(self.folder, exist_ok=True)
        # A socket's path may be 107 bytes long: a folder deep in somebody's home is longer.
        self.socket_path = os.path.join(tempfile.gettempdir(), f"penstock-{self.port}.sock")
        # With "everysec" a slow disk lets Redis answer before it has written; a kill loses that.
        self.options = ["--save", "", "--appendonly", "yes" if aof else "no",
                        "--appendfsync", "no", *options]
        self.child = None
        self._connection = None
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    @property
    def unix_url(self):
        return f"unix://{self.socket_path}"

    def launch(self):
        """Starts it, and does not wait."""
        self.child = Child(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket",
             self.socket_path, "--dir", self.folder, *self.options],
            os.path.join(self.folder, "redis.log"))

    def answers(self):
        """Whether it serves."""
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def start(self):
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.child.running or time.monotonic() > deadline:
                raise RuntimeError("redis-server does not start:\n" + self.child.log_text()[-2000:])
            time.sleep(0.02)

    def connect(self):
        return Connection(self.port)

    def ask(self, *words):
        return self._ask(lambda connection: connection.ask(*words))

    def ask_all(self, commands):
        return self._ask(lambda connection: connection.ask_all(commands))

    def _ask(self, question):
        try:
            if not self._connection:
                self._connection = self.connect()
            return question(self._connection)
        except OSError:
            self._connection = None
            raise

    def keys(self, pattern="*"):
        """Every key that matches, by SCAN."""
        return self._ask(lambda connection: self.keys_by(connection, pattern))

    @staticmethod
    def keys_by(connection, pattern):
        cursor, found = b"0", set()
        while True:
            cursor, part = connection.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 10000)
            found.update(part)
            if cursor == b"0":
                return found

    def kill(self):
        self.child.kill()
        self._connection = None

    def stop(self):
        if self.child and self.child.running:
            self.child.terminate(10)
        if os.path.exists(self.socket_path):
            os.unlink(self.socket_path)

    def hang(self):
        self.child.signal(signal.SIGSTOP)

    def resume(self):
        self.child.signal(signal.SIGCONT)
